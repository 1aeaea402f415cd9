/*
 * TLB flushes that guests ask for: of all their vcpus, or of some.
 *
 * A vcpu's translations are on the CPU that it runs on, and nowhere once it has left, since that CPU
 * has then loaded another root. One that doesn't run needs no flush: its root is loaded anew when it
 * is switched in. Nothing is missed, whenever that happens:
 *
 *      we                                          the CPU that it comes to
 *      (1) the page tables change                  (a) v->sched.running, domain.dirty_cpus are set
 *      (2) full barrier                            (b) full barrier, an atomic operation
 *      (3) look at running, or dirty_cpus          (c) CR3 is loaded; only then, walks
 *
 * If (3) doesn't see (a), then (1) came before (c), and the walks see what the tables are now. When a
 * vcpu leaves both are cleared after another root was loaded. No page is global, so that this drops
 * all.
 */
#include "lib/atomic.h"
#include "pv/pagetable/internal.h"
#include "sched/sched.h"

/* running comes before the look at where: it may have moved on since, but then it has loaded CR3, too. */
static inline cpumask_t cpu_of(const struct vcpu *v)
{
    return sched_on_cpu(v) ? (cpumask_t)1 << READ_ONCE(v->processor) : 0;
}

/* Bits from @first on of a bitmap that is made of words of @width bits, the caller's. */
static bool load_bits(u32 width, gva_t bitmap, u32 first, u64 *bits)
{
    gva_t at = to_gva(bitmap.n + first / 8);
    u32 word = 0;
    bool ok;

    if ( width == 64 )
        return guest_load_u64(bits, at);
    ok = guest_load_u32(&word, at);
    *bits = word;
    return ok;
}

long flush_cpus_of(const struct domain *d, gva_t bitmap, cpumask_t *cpus)
{
    const u32 width = current_vcpu()->domain->pv32 ? 32 : 64;

    *cpus = 0;
    mb();
    for ( u32 first = 0; first < d->max_vcpus; first += width )
    {
        u64 bits;

        if ( !load_bits(width, bitmap, first, &bits) )
            return -EFAULT;
        for ( ; bits; bits &= bits - 1 )
        {
            const struct vcpu *v = domain_vcpu(d, first + __builtin_ctzl(bits));

            if ( v )
                *cpus |= cpu_of(v);
        }
    }
    return 0;
}

cpumask_t flush_cpus_of_all(const struct domain *d)
{
    mb();
    return READ_ONCE(d->dirty_cpus);
}
