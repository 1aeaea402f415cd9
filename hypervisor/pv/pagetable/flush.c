/*
 * TLB flushes that guests ask for, by vcpu: a vcpu's translations are on the CPU that it runs on,
 * and nowhere once it has left, since that CPU has then loaded another root. When it moves, its root
 * is loaded anew: after vcpu.processor says where, so that whoever changes the tables first, and
 * then looks, misses nothing.
 */
#include "lib/atomic.h"
#include "pv/pagetable/internal.h"

static inline cpumask_t cpu_of(const struct vcpu *v)
{
    return (cpumask_t)1 << READ_ONCE(v->processor);
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
    cpumask_t cpus = 0;
    const struct vcpu *v;

    mb();
    for_each_vcpu(d, v)
        cpus |= cpu_of(v);
    return cpus;
}
