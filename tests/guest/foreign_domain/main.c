/*
 * Naming another domain: DOMID_SELF is us, our number is not (but for the tables); one that is not there is -ESRCH;
 * the special ones have their rules.
 */
#include "test.h"

/* All may name DOMID_IO for mmu_update, where each frame is looked up; else it is for those with rights over others. */
static void name_nobody(ulong window, pte_t value)
{
    struct mmuext_op flush = { .cmd = MMUEXT_TLB_FLUSH_LOCAL };
    long without_rights = is_dom0() ? 0 : -EPERM;

    expect_eq(hypercall(update_va_mapping_otherdomain, window, value, 0, DOMID_IO),
              is_dom0() ? -EBUSY : -EPERM, "our frame as DOMID_IO's");
    expect_eq(hypercall(update_va_mapping_otherdomain, window, 0, 0, DOMID_IO), without_rights,
              "no frame");
    expect_eq(hypercall(update_va_mapping_otherdomain, window, 0, 0, DOMID_XEN), without_rights,
              "nor DOMID_XEN's");
    expect_eq(hypercall(mmuext_op, &flush, 0, NULL, DOMID_IO), without_rights, "no operation");
}

void test_main(void)
{
    ulong window = table_window();
    void *page = page_alloc();
    pte_t *entry = table_make(window, 1), value = pte_make(virt_to_mfn(page), PTE_USER_RW);
    struct mmu_update update = { virt_to_machine(entry), value };
    uint32_t own_tables = ((uint32_t)own_domid() + 1) << 16;

    expect_eq(hypercall(mmu_update, &update, 1, NULL, own_domid()), -ESRCH, "our own number");
    expect_eq(hypercall(mmu_update, &update, 1, NULL, own_tables | DOMID_SELF), 0,
              "tables of our own number");
    expect_eq(hypercall(mmu_update, &update, 1, NULL, 1000u << 16 | DOMID_SELF), -ESRCH,
              "tables of no domain");
    expect_eq(hypercall(mmu_update, &update, 1, NULL, 999), -ESRCH, "frames of no domain");
    need(table_unmap(window));
    expect_eq(hypercall(mmu_update, &update, 1, NULL, DOMID_IO), -EBUSY,
              "DOMID_IO does not own our frame");
    if ( is_dom0() )
    {
        update.val = pte_make(0xb8, PTE_USER_RW);
        expect_eq(hypercall(mmu_update, &update, 1, NULL, DOMID_IO), 0, "but the display");
        update.val = value;
        expect_eq(hypercall(mmu_update, &update, 1, NULL, DOMID_XEN), -EBUSY, "nor does DOMID_XEN");
    }
    else
        expect_eq(hypercall(mmu_update, &update, 1, NULL, DOMID_XEN), -EPERM,
                  "DOMID_XEN is for dom0");
    expect_eq(hypercall(update_va_mapping_otherdomain, window, value, UVMF_INVLPG, own_domid()),
              -ESRCH, "update_va_mapping_otherdomain, our own number");
    expect_eq(hypercall(update_va_mapping_otherdomain, window, value, UVMF_INVLPG, DOMID_SELF), 0,
              "by DOMID_SELF");
    expect_eq(hypercall(update_va_mapping_otherdomain, window, value, UVMF_INVLPG, 999), -ESRCH,
              "no domain");
    need(table_unmap(window));
    name_nobody(window, value);
    page_free(page);
}
