/*
 * What a domain's vcpus need besides their roots: shadows of them where they are isolated, or a monitor if
 * it is a 32-bit one.
 *
 * In CR3 as such a guest reads and writes it, the upper twelve bits of its root's frame number are in
 * the twelve bits below the address, so that an L3 may lie above 4 GiB.
 */
#include "cpu/isolation.h"
#include "mm/alloc.h"
#include "mm/map.h"
#include "pv/pagetable/kinds.h"
#include "pv/pagetable/pagetable.h"
#include "pv/pagetable/shadow.h"

#define FOLD_SHIFT 20

void pagetable_domain_create(struct domain *d)
{
    d->pv.isolated = d->pv.roots_indirect = shadow_wanted(d);
    d->pv.bars_l1tf = domain_is_privileged(d) ? l1tf.dom0 : l1tf.domu;
    d->pv.kinds = d->pv.isolated ? KINDS_SHADOWED : KINDS_64;
}

long pagetable_vcpu_create(struct vcpu *v)
{
    if ( v->domain->pv.isolated )
        return shadow_create(v);
    if ( !v->domain->pv32 || v->pv.monitor )
        return 0;
    v->pv.monitor = mm_alloc(0);
    if ( !v->pv.monitor )
        return -ENOMEM;
    map_fill_l4(v->pv.monitor);
    return 0;
}

void pagetable_vcpu_destroy(struct vcpu *v)
{
    mm_free(v->pv.monitor, 0);
    v->pv.monitor = NULL;
    shadow_destroy(v);
}

/* Those that exist; others have theirs made when they are. */
static long create_monitors(struct domain *d)
{
    struct vcpu *v;
    long rc = 0;

    d->pv.isolated = false;
    d->pv.kinds = KINDS_32;
    d->pv.roots_indirect = true;
    for_each_vcpu(d, v)
    {
        shadow_destroy(v);
        if ( !rc )
            rc = pagetable_vcpu_create(v);
    }
    return rc;
}

long pagetable_set_pv32(struct domain *d)
{
    long rc = d->pv32 ? 0 : m2p_compat_create();

    if ( rc )
        return rc;

    lock_acquire(&d->memory.lock);
    if ( !d->pv32 && d->memory.tot_pages )
        rc = -EACCES;
    else
    {
        d->pv32 = true;
        d->memory.max_bits = mm_address_bits() > M2P_COMPAT_BITS ? M2P_COMPAT_BITS : 0;
    }
    lock_release(&d->memory.lock);
    return rc ? rc : create_monitors(d);
}

mfn_t pagetable_root_of(const struct vcpu *v, u64 cr3)
{
    if ( !v->domain->pv32 )
        return maddr_to_mfn(to_maddr(cr3));
    return to_mfn((u32)cr3 >> PAGE_SHIFT | (u32)(cr3 << FOLD_SHIFT));
}

u64 pagetable_cr3_of(const struct vcpu *v, mfn_t root)
{
    if ( !v->domain->pv32 )
        return mfn_to_maddr(root).n;
    return (u32)(root.n << PAGE_SHIFT) | (u32)root.n >> FOLD_SHIFT;
}
