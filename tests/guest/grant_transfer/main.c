/*
 * GNTTABOP_transfer: a frame changes its owner for good, if the taker has an entry that accepts one of the giver. We
 * are both. A giver keeps a frame that is in use, and only then; the taker finds the frame's number in the entry, and
 * in the frame what was in it.
 */
#include "test.h"

#define NUMBER 0x1234

static int transfer(ulong mfn, domid_t taker, grant_ref_t ref)
{
    struct gnttab_transfer op = { .mfn = mfn, .domid = taker, .ref = ref };

    expect_eq(hypercall(grant_table_op, GNTTABOP_transfer, &op, 1), 0, "GNTTABOP_transfer");
    return op.status;
}

/* A page of ours that nothing maps. */
static ulong loose_frame(volatile char **page)
{
    ulong mfn;

    *page = page_alloc();
    mfn = virt_to_mfn((void *)*page);
    need(table_unmap((ulong)*page));
    return mfn;
}

void test_main(void)
{
    const grant_ref_t ref = 300;
    volatile struct grant_entry_v1 *entry = &grant_table()[ref];
    volatile char *page, *mapped = page_alloc();
    ulong mfn = virt_to_mfn((void *)mapped);

    entry->domid = own_domid();
    entry->frame = NUMBER;
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

    expect_eq(transfer(loose_frame(&page), 999, ref), GNTST_bad_domain,
              "to a domain that is not there");
    expect_eq(transfer(loose_frame(&page), own_domid(), ref), GNTST_general_error,
              "to an entry that has taken one");
    entry->flags = 0;
    expect_eq(transfer(loose_frame(&page), own_domid(), ref), GNTST_general_error,
              "to an entry that accepts none");
}
