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
static __attribute__((noinline)) long flush_as_told(struct domain *d, u64 va, unsigned long flags)
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

/* The end of what isn't plain: unlock @d's tables, flush even if nothing was written. */
static long end(struct domain *d, u64 va, unsigned long flags, long rc)
{
    long failed;

    tables_unlock(d);
    failed = flags && guest_word_ok(to_gva(va)) ? flush_as_told(d, va, flags) : 0;
    return rc ? rc : failed;
}

/* The rest of update() where l1_update() left something, or there is no @slot. */
static __attribute__((noinline)) long update_finish(enum l1_left left, u64 *slot, u64 pte, u64 va,
                                                    unsigned long flags)
{
    struct domain *d = current_vcpu()->domain;

    return end(d, va, flags, slot ? l1_finish(left, d, d, slot, pte, false) : -EINVAL);
}

/* Calls are tail calls, so that no register is saved for one. */
static inline __attribute__((always_inline)) long update(bool pv32, u64 va, u64 pte,
                                                         unsigned long flags)
{
    struct vcpu *v = current_vcpu();
    struct domain *d = v->domain;
    enum l1_left left = L1_REPLACE;
    u64 *slot;

    tables_lock(d);
    slot = walk_kernel_inline(pv32, d, v, va);
    if ( slot )
        left = l1_update(pv32, d, d, slot, &pte, false);
    if ( __builtin_expect(left != L1_DONE, 0) )
        return update_finish(left, slot, pte, va, flags);
    tables_unlock(d);

    if ( !flags )
        return 0;
    if ( flags != (UVMF_INVLPG | UVMF_LOCAL) )
        return flush_as_told(d, va, flags);
    tlb_flush_page_local(va);
    return 0;
}

static long update_otherdomain(u64 va, u64 val, unsigned long flags, unsigned long domid)
{
    struct vcpu *v = current_vcpu();
    struct domain *d = v->domain, *from;
    long rc = foreign_get(d, (domid_t)domid, &from);
    u64 *slot;

    if ( rc )
        return rc;
    foreign_maps(d, from);
    tables_lock(d);
    slot = walk_kernel(v, va);
    rc = end(d, va, flags, slot ? l1_replace(d, from, slot, val, false) : -EINVAL);
    foreign_put(d, from);
    return rc;
}

long pagetable_update_va_mapping(unsigned long va, unsigned long val64, unsigned long flags)
{
    return update(false, va, val64, flags);
}

long pagetable_update_va_mapping_otherdomain(unsigned long va, unsigned long val64,
                                             unsigned long flags, unsigned long domid)
{
    return update_otherdomain(va, val64, flags, domid);
}

/* From 32-bit guests an entry comes in two words. */

long compat_update_va_mapping(unsigned long va, unsigned long low, unsigned long high,
                              unsigned long flags)
{
    return update(true, va, high << 32 | low, flags);
}

long compat_update_va_mapping_otherdomain(unsigned long va, unsigned long low, unsigned long high,
                                          unsigned long flags, unsigned long domid)
{
    return update_otherdomain(va, high << 32 | low, flags, domid);
}
