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

static inline __attribute__((always_inline)) long update_locked_of(bool pv32,
                                                                   const struct domain *d,
                                                                   const struct domain *from,
                                                                   mfn_t root, u64 va, u64 val)
{
    u64 *slot = walk_to_l1_inline(pv32, d, root, va);

    return __builtin_expect(slot != NULL, 1) ? l1_replace_fast(pv32, d, from, slot, val) : -EINVAL;
}

typedef long update_fn(const struct domain *d, const struct domain *from, mfn_t root, u64 va,
                       u64 val);

static __attribute__((noinline)) long
update_locked(const struct domain *d, const struct domain *from, mfn_t root, u64 va, u64 val)
{
    return update_locked_of(false, d, from, root, va, val);
}

static __attribute__((noinline)) long
update_locked_pv32(const struct domain *d, const struct domain *from, mfn_t root, u64 va, u64 val)
{
    return update_locked_of(true, d, from, root, va, val);
}

static inline long update(update_fn *locked, struct domain *d, const struct domain *from,
                          mfn_t root, u64 va, u64 val, unsigned long flags)
{
    long rc;

    tables_lock(d);
    rc = locked(d, from, root, va, val);
    tables_unlock(d);

    return flags && guest_word_ok(to_gva(va)) ? flush_after(d, va, flags, rc) : rc;
}

static inline long update_otherdomain(update_fn *locked, u64 va, u64 val, unsigned long flags,
                                      unsigned long domid)
{
    struct vcpu *v = current_vcpu();
    struct domain *from;
    long rc = foreign_get(v->domain, (domid_t)domid, &from);

    if ( rc )
        return rc;
    foreign_maps(v->domain, from);
    rc = update(locked, v->domain, from, v->pv.root_kernel, va, val, flags);
    foreign_put(v->domain, from);
    return rc;
}

long pagetable_update_va_mapping(unsigned long va, unsigned long val64, unsigned long flags)
{
    struct vcpu *v = current_vcpu();

    return update(update_locked, v->domain, v->domain, v->pv.root_kernel, va, val64, flags);
}

long pagetable_update_va_mapping_otherdomain(unsigned long va, unsigned long val64,
                                             unsigned long flags, unsigned long domid)
{
    return update_otherdomain(update_locked, va, val64, flags, domid);
}

/* From 32-bit guests an entry comes in two words. */

long compat_update_va_mapping(unsigned long va, unsigned long low, unsigned long high,
                              unsigned long flags)
{
    struct vcpu *v = current_vcpu();

    return update(update_locked_pv32, v->domain, v->domain, v->pv.root_kernel, va, high << 32 | low,
                  flags);
}

long compat_update_va_mapping_otherdomain(unsigned long va, unsigned long low, unsigned long high,
                                          unsigned long flags, unsigned long domid)
{
    return update_otherdomain(update_locked_pv32, va, high << 32 | low, flags, domid);
}
