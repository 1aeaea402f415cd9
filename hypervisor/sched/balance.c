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

#define LOOK_MOST  (10 * (ns_t)NS_PER_MS)
#define LOOK_LEAST (1 * (ns_t)NS_PER_MS)

struct sched_queue *sched_queues[NR_CPUS];
cpumask_t sched_cpus;
struct sched_pool sched_pools[SCHED_POOLS] = { { .exists = true, .run_min = POLICY_RUN_MIN } };

/* CPUs with nothing to run that have not been told to look again: who clears a bit tells it. */
static cpumask_t idle_cpus;

/* --- Where --- */

/* If none of the CPUs that it shall run on is in its pool any more, any that is will do. */
void balance_renew(struct vcpu *v)
{
    cpumask_t cpus = READ_ONCE(sched_pools[READ_ONCE(v->domain->sched.pool)].cpus);
    cpumask_t hard = v->sched.hard_affinity & cpus;

    WRITE_ONCE(v->sched.cpus, hard ? hard : cpus);
}

/* The first of @cpus that isn't busy, among those that @v likes best if it can be. */
static cpumask_t prefer(const struct vcpu *v, cpumask_t cpus)
{
    cpumask_t soft = cpus & READ_ONCE(v->sched.soft_affinity);

    return soft ? soft : cpus;
}

cpumask_t balance_cpus(const struct vcpu *v)
{
    return prefer(v, balance_allowed(v));
}

u32 balance_home(const struct vcpu *v)
{
    u32 cpu = READ_ONCE(v->processor);
    cpumask_t cpus = balance_allowed(v), idle = cpus & READ_ONCE(idle_cpus);

    if ( cpus & balance_bit(cpu) )
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
    if ( READ_ONCE(v->processor) == from->cpu && may_leave(v) )
        WRITE_ONCE(v->processor, to->cpu);
    unlock_pair(&from->lock, &to->lock);
}

static __attribute__((noinline)) struct sched_queue *lock_other_home(struct vcpu *v)
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

/* Nearly always it is at home, and stays there until we have the lock. */
struct sched_queue *balance_lock_home(struct vcpu *v)
{
    u32 cpu = READ_ONCE(v->processor);
    struct sched_queue *q = sched_queues[cpu];

    lock_acquire(&q->lock);
    if ( READ_ONCE(v->processor) == cpu && balance_allows(v, cpu) )
        return q;
    lock_release(&q->lock);
    return lock_other_home(v);
}

/* --- Idle CPUs --- */

void balance_set_idle(bool idle)
{
    u32 cpu = this_cpu()->cpu;

    if ( idle && balance_others(cpu) ) /* if it is alone nobody would look */
        atomic_fetch_or(&idle_cpus, balance_bit(cpu));
    else if ( READ_ONCE(idle_cpus) & balance_bit(cpu) )
        atomic_fetch_and(&idle_cpus, ~balance_bit(cpu));
}

/* @v has been queued before this looks: a CPU that becomes idle later finds it by itself. */
bool balance_wake_idle(const struct vcpu *v)
{
    cpumask_t idle;

    if ( !balance_others(v->processor) )
        return false;
    while ( (idle = atomic_fetch_or(&idle_cpus, 0) & balance_allowed(v) &
                    ~balance_bit(v->processor)) != 0 )
    {
        u32 cpu = (u32)__builtin_ctzl(prefer(v, idle));

        if ( atomic_fetch_and(&idle_cpus, ~balance_bit(cpu)) & balance_bit(cpu) )
        {
            smp_kick(cpu, WORK_RESCHEDULE);
            return true;
        }
    }
    return false;
}

void balance_wake_others(void)
{
    for ( cpumask_t rest = READ_ONCE(sched_cpus); rest && READ_ONCE(idle_cpus); rest &= rest - 1 )
    {
        struct sched_queue *q = sched_queues[__builtin_ctzl(rest)];
        struct vcpu *v;

        if ( READ_ONCE(q->least) == INT64_MAX )
            continue;
        lock_acquire(&q->lock);
        list_for_each_entry(v, &q->waiting, sched.queue)
            if ( sched_runnable(v) && !v->sched.running )
                balance_wake_idle(v);
        lock_release(&q->lock);
    }
}

/* One that has been told to choose again, and hasn't yet, has its reason. */
static bool told(u32 cpu)
{
    return READ_ONCE(sched_queues[cpu]->percpu->exit_work) & WORK_RESCHEDULE;
}

void balance_wake_weaker(const struct vcpu *v)
{
    cpumask_t rest = balance_cpus(v) & balance_others(v->processor);
    s64 most = policy_key(v) + policy_lead(v);
    u32 weakest = NR_CPUS;

    for ( ; rest; rest &= rest - 1 )
    {
        u32 cpu = (u32)__builtin_ctzl(rest);
        s64 has = READ_ONCE(sched_queues[cpu]->has);

        if ( has <= most || told(cpu) )
            continue;
        most = has;
        weakest = cpu;
    }
    if ( weakest != NR_CPUS )
        smp_kick(weakest, WORK_RESCHEDULE);
}

/* --- Pulling --- */

s64 balance_least(const struct sched_queue *q, s64 *anywhere)
{
    s64 least = q->least, all = least;

    for ( cpumask_t rest = balance_others(q->cpu); rest; rest &= rest - 1 )
    {
        const struct sched_queue *other = sched_queues[__builtin_ctzl(rest)];
        s64 key = READ_ONCE(other->least);

        all = min(all, key);
        if ( READ_ONCE(other->least_cpus) & balance_bit(q->cpu) )
            least = min(least, key);
    }
    *anywhere = all;
    return least;
}

/* Others may come to wait elsewhere meanwhile, and somebody may have what we see before us. */
ns_t balance_look_at(const struct sched_queue *q, ns_t now)
{
    ns_t when = now + LOOK_MOST;
    s64 least, anywhere;

    if ( !balance_others(q->cpu) )
        return TIME_NEVER;
    least = balance_least(q, &anywhere);
    if ( least != INT64_MAX )
        when = min(when, policy_preempt_at(q->running, least, POLICY_LEAD_MOST));
    return max(when, now + LOOK_LEAST);
}

/* Of the queues of @rest, the one whose first vcpu has had least, less than we have; it is struck out. NULL: none. */
static struct sched_queue *neediest(cpumask_t *rest, s64 have)
{
    struct sched_queue *best = NULL;
    s64 below = have;

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
        *rest &= ~balance_bit(best->cpu);
    return best;
}

/*
 * An idle CPU is better than a long wait, liked or not; a busy one takes only those that like it. One that lingers is
 * taken by nobody: its CPU is idle, and about to look.
 */
static bool may_take(const struct sched_queue *q, const struct vcpu *v, s64 have)
{
    cpumask_t cpus = have == INT64_MAX ? balance_allowed(v) : balance_cpus(v);

    return (cpus & balance_bit(q->cpu)) && sched_runnable(v) && !v->sched.running &&
           policy_key(v) < have - policy_lead(v);
}

static bool take(struct sched_queue *q, struct sched_queue *from, s64 have)
{
    struct vcpu *v;
    bool taken = false;
    ns_t now;

    lock_pair(&q->lock, &from->lock);
    now = time_now();
    sched_account(
        q, now); /* charging may draw back those that wait: each is to be drawn once for any time */
    sched_account(from, now);
    list_for_each_entry(v, &from->waiting, sched.queue)
    {
        if ( policy_key(v) >= have )
            break;
        taken = may_take(q, v, have);
        if ( !taken )
            continue;
        sched_dequeue(from, v);
        WRITE_ONCE(v->processor, q->cpu);
        sched_enqueue(q, v, SCHED_MOVED, now);
        count(COUNTER_vcpu_moves);
        break;
    }
    unlock_pair(&q->lock, &from->lock);
    return taken;
}

/* The key of the best that there is to run here; INT64_MAX: nothing. Whoever comes must have had less. */
static s64 best_here(const struct sched_queue *q)
{
    const struct vcpu *v = q->running;
    s64 least = READ_ONCE(q->least);

    return sched_runnable(v) && !READ_ONCE(v->sched.yielded) ? min(least, READ_ONCE(q->has))
                                                             : least;
}

/*
 * If @from's running vcpu could run on @cpu as well, and keeps those from running who have @least, it leaves its place
 * to them, to be taken by @cpu.
 */
static bool displace(struct sched_queue *from, u32 cpu, s64 least)
{
    bool could;

    if ( READ_ONCE(from->has) > least + POLICY_LEAD_MOST || told(from->cpu) )
        return false;

    lock_acquire(&from->lock);
    could = from->running != from->idle && balance_allows(from->running, cpu);
    if ( could )
    {
        WRITE_ONCE(from->running->sched.yielded, true);
        smp_kick(from->cpu, WORK_RESCHEDULE);
    }
    lock_release(&from->lock);
    return could;
}

/*
 * Somebody waits who has less than we, and can't run here; but where he can there is one who could: that one is asked
 * over. So affinities that overlap don't bind more than they must.
 */
static void ask_over(const struct sched_queue *q, s64 have)
{
    for ( cpumask_t rest = balance_others(q->cpu); rest; rest &= rest - 1 )
    {
        const struct sched_queue *other = sched_queues[__builtin_ctzl(rest)];
        cpumask_t cpus = READ_ONCE(other->least_cpus);
        s64 least = READ_ONCE(other->least);

        if ( least >= have - POLICY_LEAD_MOST || (cpus & balance_bit(q->cpu)) )
            continue;
        for ( cpus &= balance_others(q->cpu); cpus; cpus &= cpus - 1 )
            if ( displace(sched_queues[__builtin_ctzl(cpus)], q->cpu, least) )
                return;
    }
}

bool balance_pull(struct sched_queue *q)
{
    cpumask_t rest = balance_others(q->cpu);
    struct sched_queue *from;
    s64 have;

    if ( !rest )
        return false;
    have = best_here(q);
    while ( (from = neediest(&rest, have)) != NULL )
        if ( take(q, from, have) )
            return true;
    ask_over(q, have);
    return false;
}
