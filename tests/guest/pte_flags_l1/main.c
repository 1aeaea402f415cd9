/*
 * Which bits an L1 entry may have: present, writable, user, accessed, dirty, the available ones, no-execute, and G.
 *
 * The cache attributes (PWT, PCD, PAT) are for domains with rights over devices. What a guest stores it reads back,
 * with user access added and G as the hypervisor wants it.
 */
#include "test.h"

void test_main(void)
{
    ulong window = table_window();
    void *page = page_alloc();
    ulong mfn = virt_to_mfn(page);
    pte_t *entry = table_make(window, 1);

    for ( unsigned int bit = 1; bit < 64; bit++ )
    {
        pte_t flag = 1UL << bit;
        bool address = flag & PTE_ADDRESS;
        bool cache = flag & (PTE_PWT | PTE_PCD | PTE_PSE);
        long rc;
        char text[40];

        if ( address )
            continue;
        snprintf(text, sizeof(text), "an entry with bit %u", bit);
        rc = pte_set(entry, pte_make(mfn, PTE_P | flag));
        if ( cache && !is_dom0() )
            expect_eq(rc, -EINVAL, text);
        else if ( cache )
            continue;
        else
        {
            expect_eq(rc, 0, text);
            snprintf(text, sizeof(text), "bit %u reads back", bit);
            if ( flag != PTE_G )
                expect_eq(*entry & flag, flag, text);
        }
        need(pte_set(entry, 0));
    }

    expect_eq(pte_set(entry, 0xfffffffffffffffeUL), 0, "a non-present entry may hold anything");
    expect_eq(*entry, 0xfffffffffffffffeUL, "and it does");
    need(pte_set(entry, 0));
    page_free(page);
}
