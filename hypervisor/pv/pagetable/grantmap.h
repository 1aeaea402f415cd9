/* Mappings of granted frames: inline, for grant/. grantmap.c tells of them. */
#ifndef PV_PAGETABLE_GRANTMAP_H
#define PV_PAGETABLE_GRANTMAP_H

#include "pv/pagetable/entry_l1.h"
#include "pv/pagetable/walk.h"

static inline __attribute__((always_inline)) u64 *grant_slot(bool pv32, struct domain *d,
                                                             struct vcpu *v, u64 va)
{
    return pv32 ? walk_kernel(v, va) : walk_kernel_inline(false, d, v, va);
}

/* It maps @mfn with those rights. */
static inline bool grant_maps(u64 pte, mfn_t mfn, bool readonly)
{
    return (pte & PTE_P) && !GUARD(unmap_frame, !mfn_eq(pte_mfn(pte), mfn)) &&
           !GUARD(unmap_rights, !(pte & PTE_RW) != readonly);
}

/* Unlocks @d's tables, too. */
static inline __attribute__((always_inline)) long grant_take_out(struct domain *d, u64 *slot,
                                                                 mfn_t mfn, bool readonly)
{
    long rc = -EINVAL;

    if ( slot && grant_maps(READ_ONCE(*slot), mfn, readonly) )
    {
        entry_write(slot, 0);
        rc = 0;
    }
    tables_unlock(d);
    return rc;
}

static inline __attribute__((always_inline)) long grant_unmap_va(bool pv32, struct vcpu *v, u64 va,
                                                                 mfn_t mfn, bool readonly)
{
    struct domain *d = v->domain;

    tables_lock(d);
    return grant_take_out(d, grant_slot(pv32, d, v, va), mfn, readonly);
}

/*
 * pagetable_grant_map_va() as most are: of a 64-bit domain that maps others' frames already, where nothing was mapped.
 * False: nothing was done.
 */
static inline __attribute__((always_inline)) bool grant_map_usual(struct vcpu *v, u64 va, u64 pte)
{
    struct domain *d = v->domain;
    bool done = false;
    u64 *slot;

    ASSERT(!d->pv32);
    if ( __builtin_expect(!atomic_load(&d->pv.maps_strangers), 0) )
        return false;
    tables_lock(d);
    slot = walk_kernel_inline(false, d, v, va);
    if ( __builtin_expect(slot && !GUARD(map_usual_empty, READ_ONCE(*slot) & PTE_P), 1) )
    {
        entry_write(slot, l1_for_hardware(false, pte));
        done = true;
    }
    tables_unlock(d);
    return done;
}

#endif
