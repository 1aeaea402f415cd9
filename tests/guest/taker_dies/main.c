/*
 * A domain dies with frames of another mapped, and bound to its ports. The granter gets back what it gave: its grants
 * are out of use, its frames have no writer any more, its port is unbound and can be bound by whom it is open to.
 */
#include "roles.h"

#define FRAMES 32

/* A frame that somebody may write to can't become a table. */
static bool becomes_table(void *page)
{
    memset(page, 0, PAGE_SIZE);
    need(page_protect(page, PTE_KERNEL_RO));
    return table_pin(page, 1) == 0 && table_unpin(page) == 0;
}

static unsigned int port_status(evtchn_port_t port)
{
    struct evtchn_status status = { .dom = DOMID_SELF, .port = port };

    need(hypercall(event_channel_op, EVTCHNOP_status, &status));
    return status.status;
}

static void give(void)
{
    domid_t taker = meet();
    evtchn_port_t port = (evtchn_port_t)need(event_alloc_unbound(DOMID_SELF, taker));
    char *pages[FRAMES];
    grant_ref_t refs[FRAMES];

    tell(port);
    for ( unsigned int i = 0; i < FRAMES; i++ )
    {
        pages[i] = page_alloc();
        refs[i] = grant_give(taker, virt_to_mfn(pages[i]), false);
        tell(refs[i]);
    }
    hear();
    expect_eq(port_status(port), EVTCHNSTAT_interdomain, "the taker is bound to our port");
    for ( unsigned int i = 0; i < FRAMES; i++ )
        expect(!grant_end(refs[i]), "it has this frame mapped");
    tell(0);
    hear_dead();
    hear_gone();

    expect_eq(port_status(port), EVTCHNSTAT_unbound, "our port is unbound");
    expect_eq(event_send(port), 0, "a send on it is dropped");
    expect_eq(event_close(port), 0, "it closes");
    for ( unsigned int i = 0; i < FRAMES; i++ )
    {
        expect_eq(pages[i][0], 't', "the taker wrote this");
        expect(grant_end(refs[i]), "the grant is out of use");
        expect(becomes_table(pages[i]), "nobody can write to the frame");
    }
}

static void take(void)
{
    domid_t giver = meet();
    ulong window = table_window();
    grant_handle_t handle;

    need(event_bind_interdomain(giver, (evtchn_port_t)hear()));
    for ( unsigned int i = 0; i < FRAMES; i++ )
    {
        volatile char *page = (char *)window + i * PAGE_SIZE;

        need(-grant_take((ulong)page, giver, (grant_ref_t)hear(), 0, &handle));
        page[0] = 't';
    }
    tell(0);
    hear();
    expect_end("crash", "with another's frames mapped");
    shutdown(SHUTDOWN_crash);
}

void test_main(void)
{
    static const struct role roles[] = { { "giver", give }, { "taker", take } };

    ROLES_PLAY(roles);
}
