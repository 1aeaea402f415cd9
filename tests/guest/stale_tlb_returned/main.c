/*
 * A translation that is gone from the tables may live on in the TLB, and the frame behind it may have left us and come
 * back meanwhile: by ballooning, which gives us the frame that we gave back last, or by an exchange that failed.
 * Nothing was flushed on the way, since it was ours all the time. Before it becomes a table, it must be.
 *
 * We map a page writable, touch it, drop the mapping without a flush, let the frame make its journey, and pin it as a
 * table: a write by the old address must fault now.
 */
#include "test.h"

static long reserve(unsigned int command, xen_pfn_t *frame)
{
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

    set_xen_guest_handle(r.extent_start, frame);
    return hypercall(memory_op, command, &r);
}

/* The frame that comes back, which need not be the same. */
static ulong balloon(ulong pfn, ulong mfn)
{
    xen_pfn_t frame = mfn;

    need(reserve(XENMEM_decrease_reservation, &frame) == 1 ? 0 : -1);
    frame = pfn;
    need(reserve(XENMEM_populate_physmap, &frame) == 1 ? 0 : -1);
    p2m()[pfn] = frame;
    return frame;
}

/* Where we are to be told of the new frame there is nothing. */
static ulong exchange_in_vain(ulong pfn, ulong mfn)
{
    struct xen_memory_exchange op = { .in = { .nr_extents = 1, .domid = DOMID_SELF },
                                      .out = { .nr_extents = 1, .domid = DOMID_SELF } };
    xen_pfn_t in = mfn;

    (void)pfn;
    set_xen_guest_handle(op.in.extent_start, &in);
    set_xen_guest_handle(op.out.extent_start, (xen_pfn_t *)table_window());
    expect_eq(hypercall(memory_op, XENMEM_exchange, &op), -EFAULT, "the exchange fails");
    return mfn;
}

static void after(ulong (*journey)(ulong pfn, ulong mfn), const char *text)
{
    volatile char *page = page_alloc();
    ulong pfn = virt_to_pfn((void *)page), mfn = virt_to_mfn((void *)page), now;

    *page = 0;
    need(hypercall(update_va_mapping, page, 0, UVMF_NONE));
    now = journey(pfn, mfn);
    if ( now != mfn ) /* another one, with who knows what in it */
        need(mmuext_mfn(MMUEXT_CLEAR_PAGE, now));
    need(mmuext_mfn(MMUEXT_PIN_L1_TABLE, now));
    expect_fault(fault_of(*page = 1), TRAP_PF, PF_WRITE, text);
    need(mmuext_mfn(MMUEXT_UNPIN_TABLE, now));
    need(table_map((ulong)page, now, PTE_KERNEL_RW));
    expect_eq(now == mfn ? *page : 0, 0, "the table was not written to");
    page_free((void *)page);
}

void test_main(void)
{
    after(balloon, "a write by a stale translation after ballooning");
    after(exchange_in_vain, "... after an exchange that failed");
}
