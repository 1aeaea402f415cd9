/*
 * Inside sched/: the run queue of a CPU, and what a policy has to answer.
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
    s64 floor;          /* policy: virtual time that never goes back */
    struct timer timer; /* when to choose again, armed while somebody waits */
};

enum sched_reason {
    SCHED_WOKEN,     /* it could not run before */
    SCHED_PREEMPTED, /* it ran, and could go on */
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

    /* When shall @waiting take the CPU from @running, if nothing else happens? In the past: at once. */
    ns_t (*preempt_at)(const struct sched_queue *q, const struct vcpu *running,
                       const struct vcpu *waiting);
};

extern const struct sched_policy sched_fair;

/* cap.c: @v ran for @ns; account it to its domain's cap, if it has one, and stop the domain if that is used up. */
void sched_cap_charge(struct vcpu *v, s64 ns);

/* ... and for how many ns more it may run: the longest time if there is no cap. */
s64 sched_cap_left(const struct vcpu *v);

/* A new domain: the default weight, no cap. */
void sched_cap_init(struct domain *d);

/* ops.c: a new vcpu's timeout of SCHEDOP_poll. */
void sched_poll_init(struct vcpu *v);

#endif
