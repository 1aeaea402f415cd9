/* Walks of a guest's page tables through the direct map. */
#include "pv/pagetable/internal.h"

u64 *walk_to_l1(const struct domain *d, mfn_t root, u64 va)
{
    mfn_t mfn = root;

    if ( mfn_eq(root, INVALID_MFN) || !guest_range_ok(to_gva(va), 1) )
        return NULL;

    for ( unsigned int level = 4; level > 1; level-- )
    {
        u64 pte = READ_ONCE(((u64 *)mfn_to_virt(mfn))[pte_index(va, level)]);

        if ( !(pte & PTE_P) )
            return NULL;
        mfn = pte_mfn(pte);
    }

    return is_l1_of(mfn_to_frame(mfn), d) ? (u64 *)mfn_to_virt(mfn) + pte_index(va, 1) : NULL;
}

bool pagetable_walk(mfn_t root, u64 va, u64 *l1e, mfn_t *l1_mfn)
{
    struct domain *d = current_vcpu()->domain;
    u64 *slot;

    lock_acquire(table_lock(d));
    slot = walk_to_l1(d, root, va);
    *l1e = slot ? READ_ONCE(*slot) : 0;
    if ( slot )
        *l1_mfn = virt_to_mfn(slot);
    lock_release(table_lock(d));
    return *l1e & PTE_P;
}
