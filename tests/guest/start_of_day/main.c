/*
 * What the builder left us: the start_info page, the address space it describes, and a pinned, read-only set of tables.
 */
#include "test.h"

void test_main(void)
{
    ulong wrong = 0;

    expect(!strncmp(start_info->magic, KIT_LEVELS == 3 ? "xen-3.0-x86_32p" : "xen-3.0-x86_64", 14),
           "magic"); /* Debian's Xen appends a p */
    expect_eq(start_info->flags & SIF_INITDOMAIN ? 1 : 0,
              start_info->flags & SIF_PRIVILEGED ? 1 : 0, "flags");
    expect_eq(start_info->shared_info & ~PAGE_MASK, 0, "shared_info is a page's machine address");
    for ( ulong i = 0; i < start_info->nr_pt_frames; i++ )
    {
        ulong at = start_info->pt_base + i * PAGE_SIZE;

        if ( *table_find(at, 1) & PTE_RW )
            wrong++;
    }
    expect_eq(wrong, 0, "page tables are mapped read-only");
    expect_eq(table_unpin((void *)start_info->pt_base), 0, "the root is pinned");
    expect_eq(table_pin((void *)start_info->pt_base, 4), 0, "and can be pinned again");
    expect_eq(start_info->mfn_list & ~PAGE_MASK, 0, "the p2m is page-aligned");
    expect(start_info->pt_base > start_info->mfn_list, "behind it the page tables");
    if ( is_dom0() )
        expect_eq(start_info->store_evtchn, 0, "no store");
    else
        expect(start_info->console.domU.mfn, "a console page");
}
