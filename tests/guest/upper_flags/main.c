/*
 * Changing only flags of an L2, L3 or L4 entry is an update like any other: harmless ones pass, PSE does not, and RW
 * in an upper entry is just a flag (XSA-148, XSA-182 had short cuts here).
 */
#include "test.h"

void test_main(void)
{
    const int pae_root = KIT_PV32 ? KIT_LEVELS : 0;
    ulong window = table_window();
    char *page = page_alloc();

    need(table_map(window, virt_to_mfn(page), PTE_USER_RW));
    for ( int level = 2; level <= KIT_LEVELS; level++ )
    {
        pte_t *entry = level < KIT_LEVELS ? table_find(window, level) : &table_root()[ROOT_SLOT];
        pte_t value;
        char text[40];

        if ( level == KIT_LEVELS )
            need(pte_set(entry, pte_table(page_readonly())));
        value = *entry;
        snprintf(text, sizeof(text), "L%d entry, RW off", level);
        expect_eq(pte_set(entry, value & ~PTE_RW), 0, text);
        need(mmuext(MMUEXT_TLB_FLUSH_LOCAL));
        if ( level < KIT_LEVELS )
            expect_fault(fault_of(*(volatile char *)window = 1), TRAP_PF, PF_PRESENT | PF_WRITE,
                         "a write below it");
        expect_eq(pte_set(entry, value), 0, "RW on again");
        if ( level < KIT_LEVELS )
            expect_no_fault(fault_of(*(volatile char *)window = 1), "a write below it");
        expect_eq(pte_set(entry, value | PTE_PSE), -EINVAL, "PSE alone");
        expect_eq(pte_set(entry, value ^ PTE_A), 0, "accessed");
        expect_eq(pte_set(entry, value | PTE_BIT(9)), 0, "an available bit");
        /* The processor reserves these in the four entries of PAE. */
        expect_eq(pte_set(entry, value | PTE_BIT(52)), level == pae_root ? -EINVAL : 0,
                  "an available bit, a high one");
        expect_eq(pte_set(entry, value | PTE_NX), level == pae_root ? -EINVAL : 0, "no-execute");
        expect_eq(pte_set(entry, value), 0, "as before");
        if ( level == KIT_LEVELS )
            need(pte_set(entry, 0));
    }
    need(table_unmap(window));
    page_free(page);
}
