/*
 * update_va_mapping: write the L1 entry that maps an address of the current address space, and
 * flush what the guest asks for.
 *
 * The tables on the way are valid while the lock is held; an L1 entry holds no tables, so that this
 * never has to stop.
 */
#include "mm/tlb.h"
#include "pv/pagetable/entry_l1.h"
#include "pv/pagetable/walk.h"

/*
 * What the flags say: nothing, one page or all, here, on all of the domain's CPUs, or on those of a
 * bitmap of vcpus.
 */
static long flush_as_told(struct domain *d, u64 va, unsigned long flags)
{
    unsigned long where = flags & ~UVMF_FLUSHTYPE_MASK, type = flags & UVMF_FLUSHTYPE_MASK;
    cpumask_t cpus;
    long rc;

    if ( type == UVMF_NONE || type == UVMF_FLUSHTYPE_MASK )
        return 0;
    va = type == UVMF_TLB_FLUSH ? TLB_FLUSH_ALL : va & PAGE_MASK;

    if ( where == UVMF_LOCAL )
    {
        if ( type == UVMF_INVLPG )
            tlb_flush_page_local(va);
        else
            tlb_flush_local();
        return 0;
    }

    if ( where == UVMF_ALL )
        cpus = flush_cpus_of_all(d);
    else
    {
        rc = flush_cpus_of(d, to_gva(where), &cpus);
        if ( rc )
            return rc;
    }
    tlb_flush_mask(cpus, va);
    return 0;
}

/* Out of line, so that what it saves and restores is not paid for by those who don't flush. */
static __attribute__((noinline)) long flush_after(struct domain *d, u64 va, unsigned long flags,
                                                  long rc)
{
    long failed = flush_as_told(d, va, flags);

    return rc ? rc : failed;
}

static __attribute__((noinline)) long
update_locked(const struct domain *d, const struct domain *from, mfn_t root, u64 va, u64 val)
{
    u64 *slot = walk_to_l1_inline(d, root, va);

    return __builtin_expect(slot != NULL, 1) ? l1_replace_fast(d, from, slot, val) : -EINVAL;
}

static inline long update(struct domain *d, const struct domain *from, mfn_t root, u64 va, u64 val,
                          unsigned long flags)
{
    long rc;

    tables_lock(d);
    rc = update_locked(d, from, root, va, val);
    tables_unlock(d);

    return flags && guest_word_ok(to_gva(va)) ? flush_after(d, va, flags, rc) : rc;
}

long pagetable_update_va_mapping(unsigned long va, unsigned long val64, unsigned long flags)
{
    struct vcpu *v = current_vcpu();

    return update(v->domain, v->domain, v->pv.root_kernel, va, val64, flags);
}

long pagetable_update_va_mapping_otherdomain(unsigned long va, unsigned long val64,
                                             unsigned long flags, unsigned long domid)
{
    struct vcpu *v = current_vcpu();
    struct domain *d = v->domain, *from;
    long rc = foreign_get(d, (domid_t)domid, &from);

    if ( rc )
        return rc;
    rc = update(d, from, v->pv.root_kernel, va, val64, flags);
    foreign_put(d, from);
    return rc;
}
