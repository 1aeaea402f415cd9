/*
 * Inside sched/: the run queue of a CPU, what a policy has to answer, and how vcpus get from CPU to CPU.
 *
 * All of the policy's functions are called under the queue's lock, with times accounted up to now, or a few us
 * ago if somebody wakes up; they don't lock, don't wake and don't fail.
 */
#ifndef SCHED_POLICY_H
#define SCHED_POLICY_H

#include "domain/domain.h"
#include "sched/sched.h"
#include "time/time.h"

struct sched_queue {
    struct lock lock; /* LOCK_SCHED */
    u32 cpu;
    struct percpu *percpu;
    struct vcpu *idle;
    struct vcpu *running;     /* the idle vcpu when nothing else is */
    struct vcpu *loaded;      /* whose state the CPU has: the running one, or one that lingers */
    bool switches;            /* ... or somebody's who is on his way to or from it */
    struct list_head waiting; /* runnable vcpus that don't run, in the policy's order */
    u32 nr_waiting;
    s64 floor; /* the policy's */
    /* What others peek at: policy_key() of the first one waiting, INT64_MAX: none; where that one would run; ... */
    s64 least;
    cpumask_t least_cpus;
    s64 has; /* ... and policy_key() of the one running, when it was last looked at; INT64_MAX: idle */
    struct timer timer; /* when to choose again */
};

enum sched_reason {
    SCHED_WOKEN,     /* it could not run before */
    SCHED_PREEMPTED, /* it ran, and could go on */
    SCHED_MOVED,     /* it waited on another CPU */
};

/* --- the policy, fair.c: another one would define the same --- */

/* @v has run for @ns. */
void policy_charge(struct sched_queue *q, struct vcpu *v, s64 ns);

/* @v could not run before, and can now: how much it may claim. policy_enqueue() does it as well. */
void policy_woken(struct sched_queue *q, struct vcpu *v);

/* Put @v among those waiting, in the policy's order: who deserves the CPU most comes first. */
void policy_enqueue(struct sched_queue *q, struct vcpu *v, enum sched_reason reason);

/* How much @v has had: who has less deserves more. Of vcpus on all CPUs. */
static inline s64 policy_key(const struct vcpu *v)
{
    return v->sched.virtual_time;
}

/* @waiting takes a CPU from what runs there if its key is less by so much; at most so much for any. */
s64 policy_lead(const struct vcpu *waiting);
#define POLICY_LEAD_MOST (5 * (s64)NS_PER_MS)

/* What a pool's run_min is at first. */
#define POLICY_RUN_MIN (200 * (s64)NS_PER_US)

/* When shall one that waits with @key and @lead take the CPU from @running? In the past: at once. */
ns_t policy_preempt_at(const struct vcpu *running, s64 key, s64 lead);

/* --- core.c --- */

/* Who of those waiting deserves the CPU most; NULL: nobody waits. */
static inline struct vcpu *sched_first(const struct sched_queue *q)
{
    return list_first_entry_or_null(&q->waiting, struct vcpu, sched.queue);
}

extern struct sched_queue *sched_queues[NR_CPUS];

/* The CPUs that run vcpus. */
extern cpumask_t sched_cpus;

/* Those of them that a pool has. Under LOCK_DOMCTL; cpus and run_min are atomic. */
struct sched_pool {
    bool exists;
    cpumask_t cpus;
    ns_t run_min; /* so long a vcpu keeps its CPU from others once it has it */
};
extern struct sched_pool sched_pools[SCHED_POOLS];

/* affinity.c: the pool that @v's domain is in has changed: it may run anywhere there. */
void sched_forget_affinity(struct vcpu *v);

/* Bring the times of @q's running vcpu up to @now. Under the queue's lock. */
void sched_account(struct sched_queue *q, ns_t now);

/* Put @v among those that wait, or take it out. Under the queue's lock; @v belongs to its CPU. */
void sched_enqueue(struct sched_queue *q, struct vcpu *v, enum sched_reason reason, ns_t now);
void sched_dequeue(struct sched_queue *q, struct vcpu *v);

/* --- balance.c --- */

static inline cpumask_t balance_bit(u32 cpu)
{
    return (cpumask_t)1 << cpu;
}

/* The CPUs but @cpu that run vcpus. If there are none there is nothing to balance: most of what follows is for them. */
static inline cpumask_t balance_others(u32 cpu)
{
    return READ_ONCE(sched_cpus) & ~balance_bit(cpu);
}

/* When this CPU, which runs something since @now, looks whether others need it more; TIME_NEVER: no other CPUs. */
ns_t balance_look_at(const struct sched_queue *q, ns_t now);

/* The CPUs that @v may run on. They change under the lock of its queue: who acts on them looks again with that held. */
static inline cpumask_t balance_allowed(const struct vcpu *v)
{
    return READ_ONCE(v->sched.cpus);
}

/* @v's affinity or its pool has changed, or that one's CPUs have. Under the lock of @v's queue. */
void balance_renew(struct vcpu *v);

/* May @v run on @cpu? */
static inline bool balance_allows(const struct vcpu *v, u32 cpu)
{
    return (balance_allowed(v) & balance_bit(cpu)) != 0;
}

/* The CPU that @v shall belong to: the one that it does, if it may run there. */
u32 balance_home(const struct vcpu *v);

/* The queue of the CPU that @v belongs to, locked. */
struct sched_queue *balance_lock(const struct vcpu *v);

/* ... where @v may run, unless it already runs or waits elsewhere. */
struct sched_queue *balance_lock_home(struct vcpu *v);

/* The CPUs that @v would come to, from those where others wait less. */
cpumask_t balance_cpus(const struct vcpu *v);

/* If another CPU than @v's is idle and may run it, wake that up: it will take @v. */
bool balance_wake_idle(const struct vcpu *v);

/* A CPU was told to take a vcpu, and runs another: let idle ones look for those who still wait. */
void balance_wake_others(void);

/* @v has to wait long where it is. If another CPU runs one that deserves that less, let it look. */
void balance_wake_weaker(const struct vcpu *v);

/* Take the vcpu that deserves this CPU, @q's, most from where it waits, if there is one. Takes two queues' locks. */
bool balance_pull(struct sched_queue *q);

/* This CPU has nothing to run, or has again. It is idle before it looks for work elsewhere: none goes unseen. */
void balance_set_idle(bool idle);

/* The least key of those that wait for @q's CPU, here or elsewhere, and of all that wait; INT64_MAX: nobody does. */
s64 balance_least(const struct sched_queue *q, s64 *anywhere);

/* cap.c: @d, which has a cap, ran for @ns: if that is used up it is stopped. */
void sched_cap_use(struct domain *d, s64 ns);

/* For how many ns more @v may run: the longest time if its domain has no cap. */
static inline s64 sched_cap_left(const struct vcpu *v)
{
    const struct domain_sched *d = &v->domain->sched;

    return READ_ONCE(d->cap) ? max(READ_ONCE(d->budget), (s64)0) : INT64_MAX;
}

/* A new domain: the default weight, no cap. */
void sched_cap_init(struct domain *d);

/* ops.c: a new vcpu's timeout of SCHEDOP_poll. */
void sched_poll_init(struct vcpu *v);

#endif
