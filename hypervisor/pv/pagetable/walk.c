/* Walks of a guest's page tables, for those who are not in a hurry. */
#include "pv/pagetable/walk.h"

u64 *walk_to_l1(const struct domain *d, mfn_t root, u64 va)
{
    return d->pv32 ? walk_to_l1_inline(true, d, root, va) : walk_to_l1_inline(false, d, root, va);
}

u64 *walk_kernel(struct vcpu *v, u64 va)
{
    struct domain *d = v->domain;

    return d->pv32 ? walk_kernel_inline(true, d, v, va) : walk_kernel_inline(false, d, v, va);
}

bool pagetable_walk(mfn_t root, u64 va, u64 *l1e, mfn_t *l1_mfn)
{
    struct domain *d = current_vcpu()->domain;
    u64 *slot;

    tables_lock(d);
    slot = walk_to_l1(d, root, va);
    *l1e = slot ? READ_ONCE(*slot) : 0;
    if ( slot )
        *l1_mfn = virt_to_mfn(slot);
    tables_unlock(d);
    return *l1e & PTE_P;
}
