/*
 * mmu_update on a frame that is no page table is a plain write of eight bytes, if the frame could be mapped writable.
 *
 * Linux relies on it for tables that it has not pinned yet. A descriptor page takes none: it could not be written.
 */
#include "test.h"

void test_main(void)
{
    uint64_t *page = page_alloc();
    xen_pfn_t gdt_frame = virt_to_mfn(page);
    uint64_t where = virt_to_machine(page);

    expect_eq(mmu_update_one(where + 8, 0x123456789abcdef0), 0, "a write of any value");
    expect_eq(page[1], 0x123456789abcdef0, "is there");
    expect_eq(mmu_update_one((where + 16) | MMU_PT_UPDATE_PRESERVE_AD, 5), 0, "preserving A and D");
    expect_eq(page[2], 5, "is there too");
    expect_eq(mmu_update_one(where + 12, 7), -ENOSYS, "bit 2 is part of the command");

    page[0] = page[1] = page[2] = 0;
    need(page_protect(page, PTE_KERNEL_RO));
    need(hypercall(set_gdt, &gdt_frame, 512));
    expect_eq(mmu_update_one(where + 8, 0), -EINVAL, "a write to a descriptor page");
    need(hypercall(set_gdt, NULL, 0));
    page_release(page);
}
