/*
 * Pools of CPUs. A CPU is in one of them, or in none and runs no vcpus; a domain is in one, and its vcpus run on that
 * one's CPUs alone: balance_allowed() sees to it, and that is all that parts them. A pool with domains has a CPU.
 *
 * Who changes pools holds LOCK_DOMCTL, and renews what each vcpu keeps of them, its mask, under the lock of its queue:
 * that is all that who schedules looks at. Who may not be where he is gets told.
 */
#include "sched/policy.h"

#include "lib/atomic.h"
#include "smp/smp.h"

bool sched_pool_exists(u32 id)
{
    return id < SCHED_POOLS && sched_pools[id].exists;
}

u32 sched_pool_at_or_above(u32 id)
{
    while ( id < SCHED_POOLS && !sched_pools[id].exists )
        id++;
    return id < SCHED_POOLS ? id : SCHED_NO_POOL;
}

cpumask_t sched_pool_cpus(u32 id)
{
    return sched_pools[id].cpus;
}

cpumask_t sched_pool_none(void)
{
    return READ_ONCE(smp_online) & ~READ_ONCE(sched_cpus);
}

u32 sched_pool_domains(u32 id)
{
    u32 nr = 0;

    for ( struct domain *d = domain_next_guest(NULL); d; d = domain_next_guest(d) )
        nr += d->sched.pool == id;
    return nr;
}

/* --- making and ending --- */

static u32 first_free(void)
{
    u32 id = 0;

    while ( id < SCHED_POOLS && sched_pools[id].exists )
        id++;
    return id;
}

long sched_pool_create(u32 *id)
{
    u32 wanted = *id == SCHED_NO_POOL ? first_free() : *id;

    if ( wanted >= SCHED_POOLS )
        return -ENOSPC;
    if ( sched_pools[wanted].exists )
        return -EEXIST;
    sched_pools[wanted] = (struct sched_pool){ .exists = true, .run_min = POLICY_RUN_MIN };
    *id = wanted;
    return 0;
}

long sched_pool_destroy(u32 id)
{
    if ( !sched_pool_exists(id) )
        return -ENOENT;
    if ( !id || sched_pools[id].cpus || sched_pool_domains(id) )
        return -EBUSY;
    sched_pools[id].exists = false;
    return 0;
}

/* --- CPUs --- */

long sched_pool_add(u32 id, u32 cpu)
{
    cpumask_t none = sched_pool_none();

    if ( !sched_pool_exists(id) )
        return -ENOENT;
    if ( cpu == SCHED_ANY_CPU )
        cpu = none ? (u32)__builtin_ctzl(none) : 0;
    if ( !smp_percpu(cpu) )
        return -EINVAL;
    if ( !(none & balance_bit(cpu)) )
        return -ENODEV;
    sched_join(cpu, id);
    return 0;
}

/* The last CPU of a pool that domains are in. */
static bool is_needed(u32 id, u32 cpu)
{
    return sched_pools[id].cpus == balance_bit(cpu) && sched_pool_domains(id);
}

/*
 * CPU 0 stays in the first pool, which therefore never runs out of them. Who runs on another leaves as soon as it looks
 * up: nobody has to wait for that.
 */
long sched_pool_remove(u32 id, u32 cpu)
{
    if ( !sched_pool_exists(id) )
        return -ENOENT;
    if ( cpu == SCHED_ANY_CPU && sched_pools[id].cpus )
        cpu = NR_CPUS - 1 - (u32)__builtin_clzl(sched_pools[id].cpus);
    if ( !smp_percpu(cpu) )
        return -EINVAL;
    if ( !(sched_pools[id].cpus & balance_bit(cpu)) )
        return -EADDRNOTAVAIL;
    if ( !cpu )
        return -EINVAL;
    if ( is_needed(id, cpu) )
        return -EBUSY;
    (void)sched_leave(cpu);
    return 0;
}

/* Who made a pool takes its CPUs out of it himself: one that returns is in the first pool. */
long sched_may_leave(u32 cpu)
{
    for ( u32 id = 0; id < SCHED_POOLS; id++ )
        if ( sched_pools[id].cpus & balance_bit(cpu) )
            return is_needed(id, cpu) ? -EBUSY : id ? -ENODEV : 0;
    return 0;
}

/* --- domains --- */

bool sched_pool_has_cpus(u32 id)
{
    return sched_pool_exists(id) && sched_pools[id].cpus;
}

static void move(struct domain *d, u32 id)
{
    struct vcpu *v;

    WRITE_ONCE(d->sched.pool, id);
    for_each_vcpu(d, v)
        sched_forget_affinity(v);
}

long sched_pool_move(struct domain *d, u32 id)
{
    if ( !sched_pool_has_cpus(id) )
        return -ENOENT;
    if ( id != d->sched.pool )
        move(d, id);
    return 0;
}

/* A dead domain is in nobody's way. */
long sched_domain_relinquish(struct domain *d)
{
    return sched_pool_move(d, 0);
}

/* --- the rate limit --- */

u32 sched_pool_rate_limit(u32 id)
{
    return (u32)(sched_pools[id].run_min / NS_PER_US);
}

long sched_pool_limit_rate(u32 id, u32 us)
{
    if ( us && (us < XEN_SYSCTL_SCHED_RATELIMIT_MIN || us > XEN_SYSCTL_SCHED_RATELIMIT_MAX) )
        return -EINVAL;
    WRITE_ONCE(sched_pools[id].run_min, us * (ns_t)NS_PER_US);
    return 0;
}
