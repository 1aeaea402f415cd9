/*
 * Where a vcpu may run. SCHEDOP_pin_override puts one CPU in place of what was set, which returns when the override
 * ends; until then nobody changes it.
 */
#include "sched/policy.h"

#include "lib/atomic.h"
#include "smp/smp.h"

/* Under the lock of @q, @v's; sched_update() comes after: it waits again, where it may. */
static void set_hard(struct sched_queue *q, struct vcpu *v, cpumask_t cpus)
{
    WRITE_ONCE(v->sched.hard_affinity, cpus);
    balance_renew(v);
    if ( v->sched.queued )
        sched_dequeue(q, v);
    if ( v->sched.running )
        smp_kick(q->cpu, WORK_RESCHEDULE);
}

void sched_forget_affinity(struct vcpu *v)
{
    struct sched_queue *q = balance_lock(v);

    v->sched.overridden = false;
    WRITE_ONCE(v->sched.soft_affinity, ~0UL);
    set_hard(q, v, ~0UL);
    lock_release(&q->lock);
    sched_update(v);
}

long sched_set_affinity(struct vcpu *v, const cpumask_t *hard, const cpumask_t *soft)
{
    struct sched_queue *q = balance_lock(v);
    bool overridden = v->sched.overridden;

    if ( !overridden && soft )
        WRITE_ONCE(v->sched.soft_affinity, *soft);
    if ( !overridden && hard )
        set_hard(q, v, *hard);
    lock_release(&q->lock);
    if ( overridden )
        return -EBUSY;
    sched_update(v);
    return 0;
}

static bool in_pool(const struct domain *d, s32 cpu)
{
    return cpu < NR_CPUS &&
           (READ_ONCE(sched_pools[READ_ONCE(d->sched.pool)].cpus) & balance_bit((u32)cpu));
}

static long override_begin(struct sched_queue *q, struct vcpu *v, s32 cpu)
{
    if ( !in_pool(v->domain, cpu) )
        return -EINVAL;
    if ( v->sched.overridden )
        return -EBUSY;

    v->sched.overridden = true;
    v->sched.hard_before = v->sched.hard_affinity;
    set_hard(q, v, (cpumask_t)1 << cpu);
    return 0;
}

static long override_end(struct sched_queue *q, struct vcpu *v)
{
    if ( !v->sched.overridden )
        return -EINVAL;

    v->sched.overridden = false;
    set_hard(q, v, v->sched.hard_before);
    return 0;
}

long sched_override_affinity(struct vcpu *v, s32 cpu)
{
    struct sched_queue *q = balance_lock(v);
    long rc = cpu < 0 ? override_end(q, v) : override_begin(q, v, cpu);

    lock_release(&q->lock);
    if ( !rc )
        sched_update(v);
    return rc;
}
