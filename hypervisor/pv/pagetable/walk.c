/* Walks of a guest's page tables through the direct map. */
#include "pv/pagetable/internal.h"

u64 *walk_to_l1(const struct domain *d, mfn_t root, u64 va)
{
    mfn_t mfn = root;
    struct frame *frame;

    if ( mfn_eq(root, INVALID_MFN) || !guest_range_ok(to_gva(va), 1) )
        return NULL;

    for ( unsigned int level = 4; level > 1; level-- )
    {
        u64 pte = READ_ONCE(((u64 *)mfn_to_virt(mfn))[pte_index(va, level)]);

        if ( !(pte & PTE_P) )
            return NULL;
        mfn = pte_mfn(pte);
    }

    frame = mfn_to_frame(mfn);
    if ( (READ_ONCE(frame->state) & (FRAME_VALIDATED | FRAME_TYPE_MASK)) !=
             (FRAME_VALIDATED | (u64)FRAME_L1 << FRAME_TYPE_SHIFT) || frame->owner != d->id )
        return NULL;
    return (u64 *)mfn_to_virt(mfn) + pte_index(va, 1);
}

bool pagetable_walk(mfn_t root, u64 va, u64 *l1e, mfn_t *l1_mfn)
{
    u64 *slot = walk_to_l1(current_vcpu()->domain, root, va);

    if ( !slot )
        return false;
    *l1e = READ_ONCE(*slot);
    *l1_mfn = virt_to_mfn(slot);
    return *l1e & PTE_P;
}
