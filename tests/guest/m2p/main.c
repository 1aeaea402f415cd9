/*
 * The M2P is there to read: for each frame of ours our own number, whatever we are; nobody writes it but by MACHPHYS.
 */
#include "test.h"

static long user_read(long arg)
{
    return *(volatile long *)arg;
}

void test_main(void)
{
    ulong wrong = 0, *entry = &machine_to_phys_mapping[virt_to_mfn(table_root())];
    struct fault f;

    for ( ulong pfn = 0; pfn < start_info->nr_pages; pfn++ )
    {
        if ( mfn_to_pfn(pfn_to_mfn(pfn)) != pfn && pfn != virt_to_pfn(&shared_info) )
            wrong++;
    }
    expect_eq(wrong, 0, "each of our frames has its number");
    expect_fault(fault_of(*(volatile ulong *)entry = 0), TRAP_PF, PF_PRESENT | PF_WRITE,
                 "a write to it");
    f = user_run(user_read, (long)entry).fault;
    expect(f.vector == TRAP_NONE || (f.vector == TRAP_PF && f.error & PF_USER),
           "user mode may or may not see it");
}
