/* CPUs that stop running vcpus, and begin again. */
#include "sched/policy.h"

#include "lib/atomic.h"
#include "smp/smp.h"

/* One that waits where it may not run. Under the queue's lock. */
static struct vcpu *stray(struct sched_queue *q)
{
    struct vcpu *v;

    list_for_each_entry(v, &q->waiting, sched.queue)
        if ( !balance_allows(v, q->cpu) )
            return v;
    return NULL;
}

/*
 * Those that wait for @q's CPU go to where they may run, then who runs leaves when it looks up: before, the CPU could
 * choose one of them. False: somebody runs.
 */
static bool sort_out(struct sched_queue *q)
{
    struct vcpu *v;
    bool empty;

    lock_acquire(&q->lock);
    while ( (v = stray(q)) != NULL )
    {
        sched_dequeue(q, v);
        lock_release(&q->lock);
        sched_update(v);
        lock_acquire(&q->lock);
    }
    empty = q->loaded == q->idle && !atomic_load(&q->switches);
    lock_release(&q->lock);
    smp_kick(q->cpu, WORK_RESCHEDULE);
    return empty;
}

/* @pool's CPUs have changed. From now on nobody comes to one that it has lost. */
static void renew_all(u32 pool)
{
    struct vcpu *v;

    for ( struct domain *d = domain_next_guest(NULL); d; d = domain_next_guest(d) )
    {
        if ( d->sched.pool != pool )
            continue;
        for_each_vcpu(d, v)
        {
            struct sched_queue *q = balance_lock(v);

            balance_renew(v);
            lock_release(&q->lock);
        }
    }
}

/* Who was elsewhere for want of this CPU returns. All look: one that was alone and idle has not told so. */
void sched_join(u32 cpu, u32 pool)
{
    atomic_fetch_or(&sched_pools[pool].cpus, balance_bit(cpu));
    renew_all(pool);
    atomic_fetch_or(&sched_cpus, balance_bit(cpu));
    for ( cpumask_t rest = READ_ONCE(sched_cpus); rest; rest &= rest - 1 )
        sort_out(sched_queues[__builtin_ctzl(rest)]);
}

/* If it was idle, it may have been told to take somebody, and won't: others shall look. */
bool sched_leave(u32 cpu)
{
    bool empty;

    for ( u32 id = 0; id < SCHED_POOLS; id++ )
        if ( READ_ONCE(sched_pools[id].cpus) & balance_bit(cpu) )
        {
            atomic_fetch_and(&sched_pools[id].cpus, ~balance_bit(cpu));
            renew_all(id);
        }
    atomic_fetch_and(&sched_cpus, ~balance_bit(cpu));
    empty = sort_out(sched_queues[cpu]);
    balance_wake_others();
    return empty;
}
