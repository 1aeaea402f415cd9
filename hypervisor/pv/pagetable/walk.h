/* Walks of a guest's page tables through the direct map: inline, for the hot paths. */
#ifndef PV_PAGETABLE_WALK_H
#define PV_PAGETABLE_WALK_H

#include "pv/pagetable/internal.h"

#define WALKED_BYTES (PTES_PER_TABLE * PAGE_SIZE)

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

/*
 * The slot for @va in the table that @v's last walk came to; NULL: another walk is needed.
 *
 * That table serves all addresses of the same 2 MiB until @v's root changes, or a present entry of a higher table of
 * @d: till then all on the way stay valid, and it stays an L1 of @d's. Speculation doesn't wait for the count, and
 * may not follow a table that has become a stranger's: what it follows then is the count, at most to the guest's own
 * memory.
 */
static inline __attribute__((always_inline)) u64 *walked_slot(const struct domain *d,
                                                              const struct vcpu *v, u64 va)
{
    u64 region = va / WALKED_BYTES, *l1 = v->pv.walked.l1;

    if ( region != v->pv.walked.region )
        return NULL;
    __asm__ goto("cmp %2, %1; jne %l[changed]; cmovne %1, %0"
                 : "+r"(l1)
                 : "r"(v->pv.walked.upper_changes), "m"(d->pv.upper_changes)
                 : "cc"
                 : changed);
    return l1 + va / PAGE_SIZE % PTES_PER_TABLE;
changed:
    return NULL;
}

/* walk_to_l1_inline() under the root of @v's kernel; @v is a vcpu of @d. */
static inline __attribute__((always_inline)) u64 *walk_kernel_inline(bool pv32, struct domain *d,
                                                                     struct vcpu *v, u64 va)
{
    u64 *slot = walked_slot(d, v, va);

    if ( __builtin_expect(slot != NULL, 1) )
    {
        ASSERT(slot == walk_to_l1(d, v->pv.root_kernel, va));
        return slot;
    }
    slot = walk_to_l1_inline(pv32, d, v->pv.root_kernel, va);
    if ( slot )
    {
        v->pv.walked.region = va / WALKED_BYTES;
        v->pv.walked.upper_changes = d->pv.upper_changes;
        v->pv.walked.l1 = (u64 *)((unsigned long)slot & PAGE_MASK);
    }
    return slot;
}

#endif
