/* CPUs that stop running vcpus, and begin again. */
#include "sched/policy.h"

#include "lib/atomic.h"
#include "smp/smp.h"

/* All look: one that was alone and idle has not told so. */
void sched_join(u32 cpu)
{
    atomic_fetch_or(&sched_cpus, (cpumask_t)1 << cpu);
    for ( cpumask_t rest = READ_ONCE(sched_cpus); rest; rest &= rest - 1 )
        smp_kick((u32)__builtin_ctzl(rest), WORK_RESCHEDULE);
}

/* The one that runs leaves when it looks up; those that wait are sent to where they may run. */
bool sched_leave(u32 cpu)
{
    struct sched_queue *q = sched_queues[cpu];
    struct vcpu *v;
    bool empty;

    atomic_fetch_and(&sched_cpus, ~((cpumask_t)1 << cpu));
    smp_kick(cpu, WORK_RESCHEDULE);

    lock_acquire(&q->lock);
    while ( (v = sched_policy->first(q)) != NULL )
    {
        sched_dequeue(q, v);
        lock_release(&q->lock);
        sched_update(v);
        lock_acquire(&q->lock);
    }
    empty = q->running == q->idle;
    lock_release(&q->lock);
    return empty;
}
