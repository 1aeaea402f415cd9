/*
 * Inside sched/: the run queue of a CPU, what a policy has to answer, and how vcpus get from CPU to CPU.
 *
 * All of a policy's functions are called under the queue's lock, with times accounted up to now; they don't lock,
 * don't wake and don't fail.
 */
#ifndef SCHED_POLICY_H
#define SCHED_POLICY_H

#include "domain/domain.h"
#include "sched/sched.h"
#include "time/time.h"

struct sched_queue {
    struct lock lock; /* LOCK_SCHED */
    u32 cpu;
    struct vcpu *idle;
    struct vcpu *running;     /* the idle vcpu when nothing else is */
    struct list_head waiting; /* runnable vcpus that don't run, in the policy's order */
    u32 nr_waiting;
    s64 least; /* policy->key of the first one waiting, INT64_MAX: none; others peek at it */
    struct timer timer; /* when to choose again */
};

enum sched_reason {
    SCHED_WOKEN,     /* it could not run before */
    SCHED_PREEMPTED, /* it ran, and could go on */
    SCHED_MOVED,     /* it waited on another CPU */
};

struct sched_policy {
    const char *name;

    /* @v has run for @ns. */
    void (*charge)(struct sched_queue *q, struct vcpu *v, s64 ns);

    /* Put @v among those waiting, or take it out. */
    void (*enqueue)(struct sched_queue *q, struct vcpu *v, enum sched_reason reason);
    void (*dequeue)(struct sched_queue *q, struct vcpu *v);

    /* Who of those waiting deserves the CPU most; NULL: nobody waits. */
    struct vcpu *(*first)(struct sched_queue *q);

    /* How much @v has had: who has less deserves more. Of vcpus on all CPUs. */
    s64 (*key)(const struct vcpu *v);

    /* A CPU takes a vcpu that waits elsewhere if its key is less by this than of what the CPU has. */
    s64 move_lead;

    /* When shall @waiting take the CPU from @running, if nothing else happens? In the past: at once. */
    ns_t (*preempt_at)(const struct sched_queue *q, const struct vcpu *running,
                       const struct vcpu *waiting);
};

extern const struct sched_policy sched_fair;
extern const struct sched_policy *const sched_policy;

extern struct sched_queue *sched_queues[NR_CPUS];

/* The CPUs that run vcpus. */
extern cpumask_t sched_cpus;

/* core.c: put @v among those that wait, or take it out. Under the queue's lock; @v belongs to its CPU. */
void sched_enqueue(struct sched_queue *q, struct vcpu *v, enum sched_reason reason, ns_t now);
void sched_dequeue(struct sched_queue *q, struct vcpu *v);

/* --- balance.c --- */

/* How often a CPU that runs something looks whether others need it more; 0: there are no other CPUs. */
ns_t balance_period(void);

/* May @v run on @cpu? */
bool balance_allows(const struct vcpu *v, u32 cpu);

/* The CPU that @v shall belong to: the one that it does, if it may run there. */
u32 balance_home(const struct vcpu *v);

/* The queue of the CPU that @v belongs to, locked. */
struct sched_queue *balance_lock(const struct vcpu *v);

/* ... where @v may run, unless it already runs or waits elsewhere. */
struct sched_queue *balance_lock_home(struct vcpu *v);

/* If another CPU than @v's is idle and may run it, wake that up: it will take @v. */
bool balance_wake_idle(const struct vcpu *v);

/* Take the vcpu that deserves this CPU, @q's, most from where it waits, if there is one. Takes two queues' locks. */
bool balance_pull(struct sched_queue *q);

/* This CPU has nothing to run, or has again. It is idle before it looks for work elsewhere: none goes unseen. */
void balance_set_idle(bool idle);

/* The least key of all that wait, anywhere; INT64_MAX: nobody does. */
s64 balance_least(void);

/* cap.c: @v ran for @ns; account it to its domain's cap, if it has one, and stop the domain if that is used up. */
void sched_cap_charge(struct vcpu *v, s64 ns);

/* ... and for how many ns more it may run: the longest time if there is no cap. */
s64 sched_cap_left(const struct vcpu *v);

/* A new domain: the default weight, no cap. */
void sched_cap_init(struct domain *d);

/* ops.c: a new vcpu's timeout of SCHEDOP_poll. */
void sched_poll_init(struct vcpu *v);

#endif
