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

/* The list that is to tell us of the new frame can't be written. */
static ulong exchange_in_vain(ulong mfn, xen_pfn_t *list)
{
    struct xen_memory_exchange op = { .in = { .nr_extents = 1, .domid = DOMID_SELF },
                                      .out = { .nr_extents = 1, .domid = DOMID_SELF } };
    xen_pfn_t in = mfn;

    set_xen_guest_handle(op.in.extent_start, &in);
    set_xen_guest_handle(op.out.extent_start, list);
    expect_eq(hypercall(memory_op, XENMEM_exchange, &op), -EFAULT, "the exchange fails");
    return mfn;
}

static ulong exchange_for_nowhere(ulong pfn, ulong mfn)
{
    return exchange_in_vain(mfn, (xen_pfn_t *)table_window());
}

/* One that can be read: what is to be told isn't known before there is another frame. */
static ulong exchange_untold(ulong pfn, ulong mfn)
{
    xen_pfn_t out = pfn;
    void *list = page_copied_readonly(&out, sizeof(out));

    mfn = exchange_in_vain(mfn, list);
    page_release(list);
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
    after(exchange_for_nowhere, "... after an exchange that failed");
    after(exchange_untold, "... when it was done already");
}
