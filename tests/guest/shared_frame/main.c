/*
 * Two domains share what one of them grants, and nothing stands in their way: frames mapped writable and read-only,
 * bytes copied both ways, signals both ways.
 *
 * What the other tests of two domains are refused is refused for want of a grant, then, and not because it never
 * works.
 */
#include "roles.h"

static volatile unsigned int signals;

static void count(evtchn_port_t port, void *data)
{
    signals++;
}

/* --- The giver --- */

/* A frame that somebody may write to can't become a table, even if we see it read-only. */
static bool no_longer_writable(char *page)
{
    memset(page, 0, PAGE_SIZE);
    need(page_protect(page, PTE_KERNEL_RO));
    return table_pin(page, 1) == 0 && table_unpin(page) == 0;
}

static void give(void)
{
    domid_t taker = meet();
    volatile char *page = page_alloc(), *shown = page_alloc();
    grant_ref_t ref = grant_give(taker, virt_to_mfn((void *)page), false),
                read_only = grant_give(taker, virt_to_mfn((void *)shown), true);
    evtchn_port_t port = (evtchn_port_t)need(event_alloc_unbound(DOMID_SELF, taker));

    page[0] = 'g';
    shown[0] = 's';
    event_handle(port, count, NULL);
    tell(ref);
    tell(read_only);
    tell(port);

    event_wait_until(signals);
    expect_eq(page[1], 't', "the taker wrote this to our frame");
    expect_eq(page[2], 's', "and had this copied");
    expect(!grant_end(ref), "the grant is in use: it can't end");
    page[3] = 'g';
    expect_eq(event_send(port), 0, "signal the taker");
    hear();
    expect(grant_end(ref) && grant_end(read_only), "nothing is in use any more: they end");
    expect(no_longer_writable((char *)page), "nobody can write to the frame any more");
}

/* --- The taker --- */

static int copy(domid_t giver, grant_ref_t from, grant_ref_t to)
{
    struct gnttab_copy op = {
        .source = { .u.ref = from, .domid = giver },
        .dest = { .u.ref = to, .domid = giver, .offset = 2 },
        .len = 1,
        .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref,
    };

    expect_eq(hypercall(grant_table_op, GNTTABOP_copy, &op, 1), 0, "GNTTABOP_copy");
    return op.status;
}

static void take(void)
{
    domid_t giver = meet();
    grant_ref_t ref = (grant_ref_t)hear(), read_only = (grant_ref_t)hear();
    evtchn_port_t port = (evtchn_port_t)need(event_bind_interdomain(giver, (evtchn_port_t)hear()));
    volatile char *page = (char *)table_window(), *shown = page + PAGE_SIZE;
    grant_handle_t handle, shown_handle, none;

    event_clear(port); /* it is pending from the start */
    event_handle(port, count, NULL);
    expect_eq(grant_take((ulong)page, giver, ref, 0, &handle), GNTST_okay, "map what is granted");
    expect_eq(page[0], 'g', "it is the giver's frame");
    page[1] = 't';
    expect_eq(grant_take((ulong)shown, giver, read_only, 0, &none), GNTST_general_error,
              "map the read-only one writable");
    expect_eq(grant_take((ulong)shown, giver, read_only, GNTMAP_readonly, &shown_handle),
              GNTST_okay, "map it read-only");
    expect_eq(shown[0], 's', "it is the other frame");
    expect_fault(fault_of(shown[0] = 'x'), TRAP_PF, PF_PRESENT | PF_WRITE, "it is read-only");
    expect_eq(copy(giver, read_only, ref), GNTST_okay, "copy from one to the other");

    signals = 0;
    expect_eq(event_send(port), 0, "signal the giver");
    event_wait_until(signals);
    expect_eq(page[3], 'g', "the giver wrote on");
    expect_eq(grant_drop((ulong)page, handle), GNTST_okay, "unmap the first");
    expect_eq(grant_drop((ulong)shown, shown_handle), GNTST_okay, "unmap the second");
    tell(0);
}

void test_main(void)
{
    static const struct role roles[] = { { "giver", give }, { "taker", take } };

    ROLES_PLAY(roles);
}
