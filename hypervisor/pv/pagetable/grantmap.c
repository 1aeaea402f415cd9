/*
 * Mappings of granted frames. The grant table holds references to a frame that it maps; the entry
 * holds its own, like any other. So nothing goes wrong when the guest writes over the entry: the
 * entry's references go, and the grant's stay until it is unmapped. Both are taken and dropped by the grant table,
 * in one step.
 */
#include "mm/tlb.h"
#include "pv/pagetable/grantmap.h"

/* The slot that a machine address names, in a valid L1 table of @d; NULL. */
static u64 *slot_at(const struct domain *d, maddr_t maddr)
{
    mfn_t mfn = maddr_to_mfn(maddr);

    if ( GUARD(grant_pte_aligned, maddr.n % sizeof(u64)) || !mfn_valid(mfn) ||
         GUARD(grant_pte_in_l1, !is_l1_of(mfn_to_frame(mfn), d)) )
        return NULL;
    return maddr_to_virt(maddr);
}

/* The end of a mapping that came to the place of @old. */
static __attribute__((noinline)) long unlock_and_put(struct domain *d, u64 old)
{
    long rc = l1_put(old);

    tables_unlock(d);
    return rc;
}

/* Unlocks @d's tables. What is rare leaves by a tail call, so that no register is saved for it. */
static inline __attribute__((always_inline)) long put_in(bool pv32, struct domain *d, u64 *slot,
                                                         u64 pte)
{
    u64 old = 0;

    if ( slot )
    {
        old = READ_ONCE(*slot);
        entry_write(slot, l1_for_hardware(pv32, pte));
        if ( __builtin_expect(old & PTE_P, 0) )
            return unlock_and_put(d, old);
    }
    tables_unlock(d);
    return slot ? 0 : -EINVAL;
}

/* The references of what is in @from move along with it. What the hardware adds to it meanwhile does, too. */
static long move_over(u64 *slot, u64 *from, mfn_t mfn, bool readonly)
{
    u64 old, pte;

    if ( !slot || !from || GUARD(replace_elsewhere, slot == from) )
        return -EINVAL;
    old = READ_ONCE(*slot);
    if ( !grant_maps(old, mfn, readonly) )
        return -EINVAL;

    pte = READ_ONCE(*from);
    while ( !entry_exchange(from, &pte, 0) )
        ;
    entry_write(slot, pte);
    return 0;
}

static inline __attribute__((always_inline)) long map_va(bool pv32, struct domain *d,
                                                         struct vcpu *v, u64 va, u64 pte)
{
    tables_lock(d);
    return put_in(pv32, d, grant_slot(pv32, d, v, va), pte);
}

/* Of a domain that hasn't mapped others' frames before, or of a 32-bit one. */
static __attribute__((noinline)) long map_va_any(struct domain *d, struct vcpu *v, u64 va, u64 pte)
{
    foreign_maps_any(d);
    return map_va(d->pv32, d, v, va, pte);
}

long pagetable_grant_map_va(struct vcpu *v, u64 va, u64 pte)
{
    struct domain *d = v->domain;

    if ( __builtin_expect(d->pv32 || !atomic_load(&d->pv.maps_strangers), 0) )
        return map_va_any(d, v, va, pte);
    return map_va(false, d, v, va, pte);
}

long pagetable_grant_map_pte(struct vcpu *v, maddr_t pte_maddr, u64 pte)
{
    struct domain *d = v->domain;

    foreign_maps_any(d);
    tables_lock(d);
    return put_in(d->pv32, d, slot_at(d, pte_maddr), pte);
}

static __attribute__((noinline)) long unmap_va_pv32(struct vcpu *v, u64 va, mfn_t mfn,
                                                    bool readonly)
{
    return grant_unmap_va(true, v, va, mfn, readonly);
}

long pagetable_grant_unmap_va(struct vcpu *v, u64 va, mfn_t mfn, bool readonly)
{
    return __builtin_expect(v->domain->pv32, 0) ? unmap_va_pv32(v, va, mfn, readonly)
                                                : grant_unmap_va(false, v, va, mfn, readonly);
}

long pagetable_grant_unmap_pte(struct vcpu *v, maddr_t pte_maddr, mfn_t mfn, bool readonly)
{
    struct domain *d = v->domain;

    tables_lock(d);
    return grant_take_out(d, slot_at(d, pte_maddr), mfn, readonly);
}

long pagetable_grant_replace_va(struct vcpu *v, u64 va, u64 from_va, mfn_t mfn, bool readonly)
{
    struct domain *d = v->domain;
    long rc;

    tables_lock(d);
    rc = move_over(walk_kernel(v, va), walk_kernel(v, from_va), mfn, readonly);
    tables_unlock(d);
    return rc;
}
