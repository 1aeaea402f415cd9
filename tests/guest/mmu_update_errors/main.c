/*
 * mmu_update's errors, and the count of what was done: pdone tells how many entries took effect, the first error stops.
 */
#include "test.h"

void test_main(void)
{
    ulong window = table_window();
    void *page = page_alloc();
    pte_t *entry = table_make(window, 1);
    uint64_t where = virt_to_machine(entry);
    pte_t good = pte_make(virt_to_mfn(page), PTE_USER_RW);
    struct mmu_update batch[3] = { { where, good },
                                   { where + 8, -(uint64_t)PAGE_SIZE | PTE_P },
                                   { where + 16, good } };
    unsigned int done = 99;

    expect_eq(hypercall(mmu_update, batch, 3, &done, DOMID_SELF), -EINVAL,
              "an invalid frame in the middle");
    expect_eq(done, 1, "one entry was done");
    expect_eq(entry[0] & PTE_P, 1, "the first is there");
    expect_eq(entry[2], 0, "the third is not");

    done = 99;
    expect_eq(hypercall(mmu_update, batch, 0, &done, DOMID_SELF), 0, "an empty batch");
    expect_eq(done, 0, "none done");
    expect_eq(hypercall(mmu_update, batch, 1, NULL, DOMID_SELF), 0, "nobody asks for the count");
    expect_eq(hypercall(mmu_update, batch, 1, 0x10, DOMID_SELF), 0, "a count that goes nowhere");
    expect_eq(hypercall(mmu_update, 0x10, 1, NULL, DOMID_SELF), -EFAULT,
              "entries that come from nowhere");
    done = 99;
    if ( !KIT_PV32 ) /* which may read there what it is told of frames */
    {
        expect_eq(hypercall(mmu_update, HYPERVISOR_VIRT_START, 1, &done, DOMID_SELF), -EFAULT,
                  "entries in the hypervisor's range");
        expect_eq(hypercall(mmu_update, HYPERVISOR_VIRT_START, 1, &done, 999), -EFAULT,
                  "... for whomever");
    }
    expect_eq(done, 99, "nothing is told of these");
    expect_eq(
        hypercall(mmu_update, (ulong)(KIT_PV32 ? -16L : 0x7ffffffffff0), 1000, NULL, DOMID_SELF),
        -EFAULT, "entries beyond all addresses");
    expect_eq(hypercall(mmu_update, batch, 1, &done, 999), -ESRCH, "a domain that is not there");
    expect_eq(done, 0, "none done");
    expect_eq(mmu_update_one(-(uint64_t)PAGE_SIZE, good), -EINVAL, "a table that is no RAM");

    /* Of another domain's frames are pages only, never tables. */
    batch[0].ptr = virt_to_machine(table_find(window, 2));
    batch[0].val = *table_find(window, 2);
    expect_eq(hypercall(mmu_update, batch, 1, NULL, DOMID_IO), -EINVAL, "a table of DOMID_IO's");
    need(mmu_update_one(where, 0));
    page_free(page);
}
