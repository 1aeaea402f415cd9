/*
 * Several CPUs: where a vcpu may run, and how it gets there.
 *
 * Each CPU has a queue of its own, and vcpus move by being pulled: a CPU that has nothing to do, or looks up from its
 * work every now and then, takes the vcpu that waits elsewhere if that one deserves to run more than what is here. So
 * no CPU idles while somebody waits who may run on it, and shares are fair across CPUs although nobody has to know the
 * whole. A vcpu belongs to the CPU that vcpu.processor names, which changes under the locks of both queues only.
 */
#include "sched/policy.h"

#include "cpu/percpu.h"
#include "lib/atomic.h"
#include "smp/smp.h"
#include "trace/trace.h"

#define PERIOD (10 * (ns_t)NS_PER_MS)

struct sched_queue *sched_queues[NR_CPUS];
cpumask_t sched_cpus;

/* CPUs with nothing to run that have not been told to look again: who clears a bit tells it. */
static cpumask_t idle_cpus;

static cpumask_t bit(u32 cpu)
{
    return (cpumask_t)1 << cpu;
}

static cpumask_t others(u32 cpu)
{
    return READ_ONCE(sched_cpus) & ~bit(cpu);
}

ns_t balance_period(void)
{
    return others(this_cpu()->cpu) ? PERIOD : 0;
}

/* --- Where --- */

/* If none of its CPUs is there any more, any will do. */
static cpumask_t allowed(const struct vcpu *v)
{
    cpumask_t cpus = READ_ONCE(sched_cpus), hard = READ_ONCE(v->sched.hard_affinity) & cpus;

    return hard ? hard : cpus;
}

bool balance_allows(const struct vcpu *v, u32 cpu)
{
    return allowed(v) & bit(cpu);
}

/* The first of @cpus that isn't busy, among those that @v likes best if it can be. */
static cpumask_t prefer(const struct vcpu *v, cpumask_t cpus)
{
    cpumask_t soft = cpus & READ_ONCE(v->sched.soft_affinity);

    return soft ? soft : cpus;
}

u32 balance_home(const struct vcpu *v)
{
    u32 cpu = READ_ONCE(v->processor);
    cpumask_t cpus = allowed(v), idle = cpus & READ_ONCE(idle_cpus);

    if ( cpus & bit(cpu) )
        return cpu;
    return (u32)__builtin_ctzl(prefer(v, idle ? idle : cpus));
}

struct sched_queue *balance_lock(const struct vcpu *v)
{
    for ( ;; )
    {
        u32 cpu = READ_ONCE(v->processor);
        struct sched_queue *q = sched_queues[cpu];

        lock_acquire(&q->lock);
        if ( READ_ONCE(v->processor) == cpu )
            return q;
        lock_release(&q->lock);
    }
}

/* Nothing holds @v where it is. */
static bool may_leave(const struct vcpu *v)
{
    return !v->sched.running && !v->sched.queued;
}

static void rehome(struct vcpu *v)
{
    struct sched_queue *from = sched_queues[READ_ONCE(v->processor)];
    struct sched_queue *to = sched_queues[balance_home(v)];

    lock_pair(&from->lock, &to->lock);
    if ( v->processor == from->cpu && may_leave(v) )
        WRITE_ONCE(v->processor, to->cpu);
    unlock_pair(&from->lock, &to->lock);
}

struct sched_queue *balance_lock_home(struct vcpu *v)
{
    for ( ;; )
    {
        struct sched_queue *q = balance_lock(v);

        if ( balance_allows(v, q->cpu) || !may_leave(v) )
            return q;
        lock_release(&q->lock);
        rehome(v);
    }
}

/* --- Idle CPUs --- */

void balance_set_idle(bool idle)
{
    cpumask_t self = bit(this_cpu()->cpu);

    if ( idle )
        atomic_fetch_or(&idle_cpus, self);
    else
        atomic_fetch_and(&idle_cpus, ~self);
}

/* @v has been queued before this looks: a CPU that becomes idle later finds it by itself. */
bool balance_wake_idle(const struct vcpu *v)
{
    cpumask_t idle;

    if ( !others(v->processor) )
        return false;
    while ( (idle = atomic_fetch_or(&idle_cpus, 0) & allowed(v) & ~bit(v->processor)) != 0 )
    {
        u32 cpu = (u32)__builtin_ctzl(prefer(v, idle));

        if ( atomic_fetch_and(&idle_cpus, ~bit(cpu)) & bit(cpu) )
        {
            smp_kick(cpu, WORK_RESCHEDULE);
            return true;
        }
    }
    return false;
}

/* --- Pulling --- */

s64 balance_least(void)
{
    s64 least = INT64_MAX;

    for ( cpumask_t rest = READ_ONCE(sched_cpus); rest; rest &= rest - 1 )
        least = min(least, READ_ONCE(sched_queues[__builtin_ctzl(rest)]->least));
    return least;
}

/* Of the queues of @rest, the one whose first vcpu has had least, less than @below; it is struck out. NULL: none. */
static struct sched_queue *neediest(cpumask_t *rest, s64 below)
{
    struct sched_queue *best = NULL;

    for ( cpumask_t cpus = *rest; cpus; cpus &= cpus - 1 )
    {
        struct sched_queue *q = sched_queues[__builtin_ctzl(cpus)];
        s64 least = READ_ONCE(q->least);

        if ( least < below )
        {
            best = q;
            below = least;
        }
    }
    if ( best )
        *rest &= ~bit(best->cpu);
    return best;
}

/* An idle CPU is better than a long wait, liked or not; a busy one takes only those that like it. */
static bool may_take(const struct sched_queue *q, const struct vcpu *v, bool idle)
{
    return balance_allows(v, q->cpu) && sched_runnable(v) &&
           (idle || (prefer(v, allowed(v)) & bit(q->cpu)));
}

static bool take(struct sched_queue *q, struct sched_queue *from, s64 below)
{
    struct vcpu *v;
    bool taken = false;

    lock_pair(&q->lock, &from->lock);
    list_for_each_entry(v, &from->waiting, sched.queue)
    {
        if ( sched_policy->key(v) >= below )
            break;
        taken = may_take(q, v, below == INT64_MAX);
        if ( !taken )
            continue;
        sched_dequeue(from, v);
        WRITE_ONCE(v->processor, q->cpu);
        sched_enqueue(q, v, SCHED_MOVED, time_now());
        count(COUNTER_vcpu_moves);
        break;
    }
    unlock_pair(&q->lock, &from->lock);
    return taken;
}

/* Whoever comes here must have had less than this. */
static s64 worth_taking(const struct sched_queue *q)
{
    const struct vcpu *running = q->running;
    s64 least = q->least;

    if ( running != q->idle && sched_runnable(running) )
        least = min(least, sched_policy->key(running));
    return least == INT64_MAX ? least : least - sched_policy->move_lead;
}

bool balance_pull(struct sched_queue *q)
{
    cpumask_t rest = others(q->cpu);
    struct sched_queue *from;
    s64 below;

    if ( !rest )
        return false;
    below = worth_taking(q);
    while ( (from = neediest(&rest, below)) != NULL )
        if ( take(q, from, below) )
            return true;
    return false;
}
