/*
 * Mappings of granted frames. The grant table holds references to a frame that it maps; the entry
 * holds its own, like any other. So nothing goes wrong when the guest writes over the entry: the
 * entry's references go, and the grant's stay until it is unmapped. Both are taken and dropped by the grant table,
 * in one step.
 */
#include "mm/tlb.h"
#include "pv/pagetable/entry_l1.h"
#include "pv/pagetable/walk.h"

/* The slot that a machine address names, in a valid L1 table of @d; NULL. */
static u64 *slot_at(const struct domain *d, maddr_t maddr)
{
    mfn_t mfn = maddr_to_mfn(maddr);

    if ( GUARD(grant_pte_aligned, maddr.n % sizeof(u64)) || !mfn_valid(mfn) ||
         GUARD(grant_pte_in_l1, !is_l1_of(mfn_to_frame(mfn), d)) )
        return NULL;
    return maddr_to_virt(maddr);
}

static u64 *slot_of(const struct vcpu *v, u64 va)
{
    const struct domain *d = v->domain;

    return __builtin_expect(d->pv32, 0) ? walk_to_l1(d, v->pv.root_kernel, va)
                                        : walk_to_l1_inline(false, d, v->pv.root_kernel, va);
}

static inline long put_in(const struct domain *d, u64 *slot, u64 pte)
{
    u64 old;

    if ( !slot )
        return -EINVAL;
    old = READ_ONCE(*slot);
    entry_write(slot, l1_for_hardware(d->pv32, pte));
    return old & PTE_P ? l1_put(old) : 0;
}

/* It maps @mfn with those rights. */
static bool maps(u64 pte, mfn_t mfn, bool readonly)
{
    return (pte & PTE_P) && !GUARD(unmap_frame, !mfn_eq(pte_mfn(pte), mfn)) &&
           !GUARD(unmap_rights, !(pte & PTE_RW) != readonly);
}

static inline long take_out(u64 *slot, mfn_t mfn, bool readonly)
{
    u64 old;

    if ( !slot )
        return -EINVAL;
    old = READ_ONCE(*slot);
    if ( !maps(old, mfn, readonly) )
        return -EINVAL;
    entry_write(slot, 0);
    return 0;
}

/* The references of what is in @from move along with it. What the hardware adds to it meanwhile does, too. */
static long move_over(u64 *slot, u64 *from, mfn_t mfn, bool readonly)
{
    u64 old, pte;

    if ( !slot || !from || GUARD(replace_elsewhere, slot == from) )
        return -EINVAL;
    old = READ_ONCE(*slot);
    if ( !maps(old, mfn, readonly) )
        return -EINVAL;

    pte = READ_ONCE(*from);
    while ( !entry_exchange(from, &pte, 0) )
        ;
    entry_write(slot, pte);
    return 0;
}

long pagetable_grant_map_va(struct vcpu *v, u64 va, u64 pte)
{
    struct domain *d = v->domain;
    long rc;

    tlb_maps_strangers(d->id);
    tables_lock(d);
    rc = put_in(d, slot_of(v, va), pte);
    tables_unlock(d);
    return rc;
}

long pagetable_grant_map_pte(struct vcpu *v, maddr_t pte_maddr, u64 pte)
{
    struct domain *d = v->domain;
    long rc;

    tlb_maps_strangers(d->id);
    tables_lock(d);
    rc = put_in(d, slot_at(d, pte_maddr), pte);
    tables_unlock(d);
    return rc;
}

long pagetable_grant_unmap_va(struct vcpu *v, u64 va, mfn_t mfn, bool readonly)
{
    struct domain *d = v->domain;
    long rc;

    tables_lock(d);
    rc = take_out(slot_of(v, va), mfn, readonly);
    tables_unlock(d);
    return rc;
}

long pagetable_grant_unmap_pte(struct vcpu *v, maddr_t pte_maddr, mfn_t mfn, bool readonly)
{
    struct domain *d = v->domain;
    long rc;

    tables_lock(d);
    rc = take_out(slot_at(d, pte_maddr), mfn, readonly);
    tables_unlock(d);
    return rc;
}

long pagetable_grant_replace_va(struct vcpu *v, u64 va, u64 from_va, mfn_t mfn, bool readonly)
{
    struct domain *d = v->domain;
    long rc;

    tables_lock(d);
    rc = move_over(slot_of(v, va), slot_of(v, from_va), mfn, readonly);
    tables_unlock(d);
    return rc;
}
