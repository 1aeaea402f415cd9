/*
 * A domain dies while another has its frames mapped and is bound to its ports. The frames live on until the last
 * mapping goes, and no longer; what is left of the domain goes with them. The port is open again, to nobody.
 *
 * That all frames come back, dom0 sees: there are more of them than it overlooks.
 */
#include "roles.h"

#define FRAMES 32

static void give(void)
{
    domid_t taker = meet();

    tell((ulong)need(event_alloc_unbound(DOMID_SELF, taker)));
    for ( unsigned int i = 0; i < FRAMES; i++ )
    {
        char *page = page_alloc();

        memset(page, (int)i + 1, PAGE_SIZE);
        tell(grant_give(taker, virt_to_mfn(page), false));
    }
    hear();
}

static bool page_has(const volatile char *page, char byte)
{
    for ( unsigned int i = 0; i < PAGE_SIZE; i++ )
    {
        if ( page[i] != byte )
            return false;
    }
    return true;
}

static unsigned int port_status(evtchn_port_t port)
{
    struct evtchn_status status = { .dom = DOMID_SELF, .port = port };

    need(hypercall(event_channel_op, EVTCHNOP_status, &status));
    return status.status;
}

/* Debian's Xen lets one do so, while something is left of them. */
static void map_from_dead(ulong where, domid_t giver, grant_ref_t ref)
{
    grant_handle_t handle;
    int status = grant_take(where, giver, ref, 0, &handle);

    if ( status == GNTST_okay )
        need(-grant_drop(where, handle));
    else
        expect_eq(status, GNTST_bad_domain, "the dead grant nothing any more");
}

static void take(void)
{
    domid_t giver = meet();
    evtchn_port_t far = (evtchn_port_t)hear(),
                  port = (evtchn_port_t)need(event_bind_interdomain(giver, far));
    ulong window = table_window();
    grant_handle_t handles[FRAMES];
    grant_ref_t refs[FRAMES];

    for ( unsigned int i = 0; i < FRAMES; i++ )
    {
        refs[i] = (grant_ref_t)hear();
        need(-grant_take(window + i * PAGE_SIZE, giver, refs[i], 0, &handles[i]));
    }
    expect_eq(port_status(port), EVTCHNSTAT_interdomain, "we are bound to a port of the giver's");
    tell(0);
    hear_dead();

    for ( unsigned int i = 0; i < FRAMES; i++ )
    {
        volatile char *page = (char *)window + i * PAGE_SIZE;

        expect(page_has(page, (char)(i + 1)), "the frame is as the giver left it");
        page[0] = 'x';
        expect_eq(page[0], 'x', "and ours to write to");
    }
    map_from_dead(window + FRAMES * PAGE_SIZE, giver, refs[0]);
    expect_eq(port_status(port), EVTCHNSTAT_unbound, "our port is unbound");
    expect_eq(event_send(port), 0, "a send on it is dropped");
    expect_eq(event_bind_interdomain(giver, far), -EINVAL, "the dead have no ports");
    expect(hear_nothing(50 * NS_PER_MS), "what we use of the giver keeps it from being gone");

    for ( unsigned int i = 0; i < FRAMES; i++ )
        expect_eq(grant_drop(window + i * PAGE_SIZE, handles[i]), GNTST_okay, "unmap it");
    hear_gone();
}

void test_main(void)
{
    static const struct role roles[] = { { "giver", give }, { "taker", take } };

    ROLES_PLAY(roles);
}
