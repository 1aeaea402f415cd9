/*
 * GNTTABOP_transfer: a frame changes its owner for good, if the taker has an entry that accepts one of the giver. We
 * are both. A giver keeps a frame that is in use, and only then; the taker finds the frame's number in the entry, and
 * in the frame what was in it.
 */
#include "test.h"

static int transfer(ulong mfn, domid_t taker, grant_ref_t ref)
{
    struct gnttab_transfer op = { .mfn = mfn, .domid = taker, .ref = ref };

    expect_eq(hypercall(grant_table_op, GNTTABOP_transfer, &op, 1), 0, "GNTTABOP_transfer");
    return op.status;
}

/* A frame that nothing maps, to be lost: the page gets another one, so that we are whole again. */
static int lose(domid_t taker, grant_ref_t ref)
{
    void *page = page_alloc();
    ulong pfn = virt_to_pfn(page);
    xen_pfn_t frame = pfn;
    struct xen_memory_reservation more = { .nr_extents = 1, .domid = DOMID_SELF };
    int status;

    need(table_unmap((ulong)page));
    status = transfer(pfn_to_mfn(pfn), taker, ref);
    set_xen_guest_handle(more.extent_start, &frame);
    need(hypercall(memory_op, XENMEM_populate_physmap, &more) == 1 ? 0 : -1);
    p2m()[pfn] = frame;
    need(table_map((ulong)page, frame, PTE_KERNEL_RW));
    page_free(page);
    return status;
}

void test_main(void)
{
    const grant_ref_t ref = 300;
    volatile struct grant_entry_v1 *entry = &grant_table()[ref];
    volatile char *mapped = page_alloc();
    ulong mfn = virt_to_mfn((void *)mapped);

    entry->domid = own_domid();
    entry->frame = (uint32_t)virt_to_pfn((void *)mapped);
    entry->flags = GTF_accept_transfer;
    expect_eq(transfer(mfn, own_domid(), ref), GNTST_bad_page, "a frame that is mapped");
    expect_eq(transfer(virt_to_mfn(table_root()), own_domid(), ref), GNTST_bad_page,
              "a page table");
    expect_eq(transfer(~0ul >> 20, own_domid(), ref), GNTST_bad_page, "a frame that is none");
    expect_eq(entry->flags, GTF_accept_transfer, "refused, nothing has changed");

    *mapped = 'm';
    need(table_unmap((ulong)mapped));
    expect_eq(transfer(mfn, own_domid(), ref), GNTST_okay, "a frame that is nowhere mapped");
    expect_eq(entry->flags, GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed,
              "the entry says that it has come");
    expect_eq(entry->frame, mfn, "and which it is");
    need(table_map((ulong)mapped, mfn, PTE_KERNEL_RW));
    expect_eq(*mapped, 'm', "with what was in it");

    expect_eq(lose(999, ref), GNTST_bad_domain, "to a domain that is not there");
    expect_eq(lose(own_domid(), ref), GNTST_general_error, "to an entry that has taken one");
    entry->flags = 0;
    expect_eq(lose(own_domid(), ref), GNTST_general_error, "to an entry that accepts none");
    page_free((void *)mapped);
}
