/* Walks of a guest's page tables through the direct map: inline, for the hot paths. */
#ifndef PV_PAGETABLE_WALK_H
#define PV_PAGETABLE_WALK_H

#include "pv/pagetable/internal.h"

/* The entry for @va in the table of @level at machine address @table. */
static inline u64 *walk_entry(u64 table, u64 va, unsigned int level)
{
    return (u64 *)maddr_to_virt(to_maddr(table)) + (va >> (9 * level + 3)) % PTES_PER_TABLE;
}

/* READ_ONCE(), but that gcc adds up no address for it: the instruction does. */
static inline u64 walk_read(const u64 *entry)
{
#ifdef HOST_TEST
    return READ_ONCE(*entry);
#else
    u64 pte;

    __asm__ volatile("mov %1, %0" : "=r"(pte) : "m"(*entry));
    return pte;
#endif
}

/* As walk_to_l1. @pv32 is @d's, and known to the compiler. */
static inline __attribute__((always_inline)) u64 *
walk_to_l1_inline(bool pv32, const struct domain *d, mfn_t root, u64 va)
{
    u64 table = mfn_to_maddr(root).n;

    if ( mfn_eq(root, INVALID_MFN) || !(pv32 ? va < HV32_START : guest_word_ok(to_gva(va))) )
        return NULL;

#pragma GCC unroll 3
    for ( unsigned int level = pv32 ? 3 : 4; level > 1; level-- )
    {
        u64 pte = walk_read(walk_entry(table, va, level));

        if ( !(pte & PTE_P) )
            return NULL;
        table = pte & PTE_FRAME;
    }

    if ( !is_l1_of(mfn_to_frame(maddr_to_mfn(to_maddr(table))), d) )
        return NULL;
    return walk_entry(table, va, 1);
}

#endif
