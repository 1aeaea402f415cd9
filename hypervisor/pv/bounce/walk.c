/*
 * What page tables allow, read as the processor would, but with no more trust than their contents deserve.
 *
 * Nothing keeps the tables from changing, and from becoming something else, while we walk: what is read may be
 * anything. So it is looked at before it is followed, and a wrong answer does no harm but to the guest that made it
 * so.
 */
#include "lib/atomic.h"
#include "lib/guard.h"
#include "mm/map.h"
#include "pv/bounce/internal.h"

bool bounce_tables_allow(u64 root, u64 va, u64 need)
{
    u64 table = root & PTE_FRAME;

    for ( unsigned int level = 4; level >= 1; level-- )
    {
        const u64 *entries = maddr_to_virt(to_maddr(table));
        u64 entry = READ_ONCE(entries[pte_index(va, level)]);

        if ( (entry & need) != need )
            return false;
        if ( level > 1 && (entry & PTE_PS) )
            return true;
        if ( level > 1 && GUARD(spurious_walk_in_ram, !mfn_valid(pte_mfn(entry))) )
            return false;
        table = entry & PTE_FRAME;
    }
    return true;
}
