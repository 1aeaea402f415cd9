/*
 * A guest can't map, read or write a frame that is not its own: not the hypervisor's, not a free one, not by any call.
 *
 * We find frames of the hypervisor's in the reserved slots of our own L4, which we may read; a free one is whatever
 * we give back. dom0 has no rights over them either.
 */
#include "test.h"

#define PIN_ROOT (KIT_PV32 ? MMUEXT_PIN_L3_TABLE : MMUEXT_PIN_L4_TABLE)

static long balloon_out(ulong mfn)
{
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    xen_pfn_t frame = mfn;

    set_xen_guest_handle(r.extent_start, &frame);
    return hypercall(memory_op, XENMEM_decrease_reservation, &r);
}

/* @map_error is what mapping @mfn must say; all else says -EINVAL. */
static void expect_foreign(ulong mfn, long map_error, const char *what)
{
    ulong window = table_window();
    struct mmuext_op copy = { .cmd = MMUEXT_COPY_PAGE };
    char text[80];
    void *page = page_alloc();
    pte_t *l1;
    xen_pfn_t frame = mfn;

#define EXPECT(call, error, how)                                                                   \
    snprintf(text, sizeof(text), "%s: %s", what, how);                                             \
    expect_eq(call, error, text)

    EXPECT(table_map(window, mfn, PTE_USER_RW), map_error, "map it");
    EXPECT(table_map(window, mfn, PTE_USER_RO), map_error, "map it read-only");
    l1 = page_with_entry(0, pte_make(mfn, PTE_USER_RO));
    EXPECT(table_pin(l1, 1), map_error, "a table that maps it");
    page_release(l1);
    EXPECT(mmu_update_one((uint64_t)mfn << PAGE_SHIFT, 0), -EINVAL, "write to it by mmu_update");
    EXPECT(mmu_update_one((uint64_t)mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 0), -EINVAL,
           "change its M2P entry");
    EXPECT(mmuext_mfn(MMUEXT_PIN_L1_TABLE, mfn), -EINVAL, "pin it");
    EXPECT(mmuext_mfn(PIN_ROOT, mfn), -EINVAL, "pin it as a root");
    EXPECT(mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn), -EINVAL, "unpin it");
    EXPECT(mmuext_mfn(MMUEXT_NEW_BASEPTR, mfn), -EINVAL, "use it as a root");
    EXPECT(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, mfn), -EINVAL, "use it as user mode's root");
    EXPECT(mmuext_mfn(MMUEXT_CLEAR_PAGE, mfn), -EINVAL, "clear it");
    copy.arg1.mfn = mfn;
    copy.arg2.src_mfn = virt_to_mfn(page);
    EXPECT(hypercall(mmuext_op, &copy, 1, NULL, DOMID_SELF), -EINVAL, "copy over it");
    copy.arg1.mfn = virt_to_mfn(page);
    copy.arg2.src_mfn = mfn;
    EXPECT(hypercall(mmuext_op, &copy, 1, NULL, DOMID_SELF), -EINVAL, "copy from it");
    EXPECT(hypercall(set_gdt, &frame, 512), -EINVAL, "use it as a GDT");
    EXPECT(hypercall(update_descriptor, (uint64_t)mfn << PAGE_SHIFT, 0), -EINVAL,
           "write a descriptor to it");
    expect_eq(balloon_out(mfn), 0, "give it away");
    page_free(page);
#undef EXPECT
}

void test_main(void)
{
    void *page = page_alloc();
    ulong freed = virt_to_mfn(page), pfn = virt_to_pfn(page);
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    xen_pfn_t frame = pfn;

    for ( unsigned int slot = 256; slot < 272 && !KIT_PV32; slot++ )
    {
        /* one of them may be a linear map: our own root */
        if ( table_root()[slot] & PTE_P &&
             pte_mfn(table_root()[slot]) != virt_to_mfn(table_root()) )
            expect_foreign(pte_mfn(table_root()[slot]), -EBUSY, "a table of the hypervisor's");
    }
    need(table_unmap((ulong)page));
    need(balloon_out(freed) == 1 ? 0 : -1);
    expect_foreign(freed, -EBUSY, "a free frame");
#ifndef __i386__ /* whose words for a frame's number have room for neither */
    expect_foreign(~0UL >> 12, -EINVAL, "no frame at all");
    expect_foreign(0xfffffffffUL, -EPERM, "a frame beyond what the processor can address");
#endif

    set_xen_guest_handle(r.extent_start, &frame);
    need(hypercall(memory_op, XENMEM_populate_physmap, &r) == 1 ? 0 : -1);
    p2m()[pfn] = frame;
    need(table_map((ulong)page, frame, PTE_KERNEL_RW));
    page_free(page);
}
