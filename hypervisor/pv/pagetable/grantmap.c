/*
 * Mappings of granted frames. The grant table holds references to a frame that it maps; the entry
 * holds its own, like any other. So nothing goes wrong when the guest writes over the entry: the
 * entry's references go, and the grant's stay until it is unmapped.
 */
#include "mm/tlb.h"
#include "pv/pagetable/entry_l1.h"

/* The slot that a machine address names, in a valid L1 table of @d; NULL. */
static u64 *slot_at(const struct domain *d, maddr_t maddr)
{
    mfn_t mfn = maddr_to_mfn(maddr);

    if ( GUARD(grant_pte_aligned, maddr.n % sizeof(u64)) || !mfn_valid(mfn) ||
         GUARD(grant_pte_in_l1, !is_l1_of(mfn_to_frame(mfn), d)) )
        return NULL;
    return maddr_to_virt(maddr);
}

/* References to a frame that the caller holds as @pte will: whose it is and what it is used as is settled. */
static bool take_again(u64 pte)
{
    struct frame *frame = mfn_to_frame(pte_mfn(pte));
    u64 old = READ_ONCE(frame->state), some;

    do
    {
        some = frame_takable(old, pte & PTE_RW);
        if ( !some )
            return false;
    } while ( !atomic_cmpxchg(&frame->state, &old, old + some) );
    return true;
}

static long put_in(const struct domain *d, u64 *slot, u64 pte)
{
    u64 old;

    if ( !slot )
        return -EINVAL;
    if ( !take_again(pte) )
        return -EBUSY;
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

static long take_out(u64 *slot, mfn_t mfn, bool readonly)
{
    u64 old;

    if ( !slot )
        return -EINVAL;
    old = READ_ONCE(*slot);
    if ( !maps(old, mfn, readonly) )
        return -EINVAL;
    entry_write(slot, 0);
    return l1_put(old);
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
    return l1_put(old);
}

long pagetable_grant_map_va(struct vcpu *v, u64 va, u64 pte)
{
    struct domain *d = v->domain;
    long rc;

    tlb_maps_strangers(d->id);
    tables_lock(d);
    rc = put_in(d, walk_to_l1(d, v->pv.root_kernel, va), pte);
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
    rc = take_out(walk_to_l1(d, v->pv.root_kernel, va), mfn, readonly);
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
    rc = move_over(walk_to_l1(d, v->pv.root_kernel, va), walk_to_l1(d, v->pv.root_kernel, from_va),
                   mfn, readonly);
    tables_unlock(d);
    return rc;
}
