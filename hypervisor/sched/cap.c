/*
 * Weights, and caps: a domain with a cap of N percent may run N percent of a CPU's time, even on an idle machine.
 *
 * In each period it has a budget; running uses it up, and a domain without budget is throttled, that is none of its
 * vcpus is runnable, until a timer starts the next period. What a vcpu ran beyond the budget is missing from the next
 * one.
 */
#include "sched/policy.h"

#include "lib/atomic.h"
#include "smp/smp.h"

#define PERIOD (30 * (s64)NS_PER_MS)

static s64 budget_per_period(const struct domain *d)
{
    return PERIOD * d->sched.cap / 100;
}

static void update_all(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
        sched_update(v);
}

/* A new period. With several CPUs, what runs meanwhile is charged to the new budget. */
static void refill(void *arg)
{
    struct domain *d = arg;
    s64 full = budget_per_period(d), used = full - READ_ONCE(d->sched.budget);

    if ( !d->sched.cap )
        return;
    atomic_fetch_add(&d->sched.budget, used < full ? used : full);
    timer_set(&d->sched.refill, time_now() + PERIOD);
    if ( READ_ONCE(d->sched.budget) > 0 && atomic_xchg(&d->throttled, false) )
        update_all(d);
}

/* Called under a run queue's lock: the vcpus notice at their next choice, which is due now. */
void sched_cap_use(struct domain *d, s64 ns)
{
    if ( atomic_sub_return(&d->sched.budget, ns) <= 0 )
        WRITE_ONCE(d->throttled, true);
}

/* CPUs that run the domain have to know when its budget ends. */
static void choose_again(const struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
        if ( READ_ONCE(v->sched.running) )
            smp_kick(v->processor, WORK_RESCHEDULE);
}

static void cap_update(struct domain *d)
{
    WRITE_ONCE(d->sched.budget, budget_per_period(d));
    if ( d->sched.cap )
        timer_set(&d->sched.refill, time_now() + PERIOD);
    else
        timer_stop(&d->sched.refill);
    if ( atomic_xchg(&d->throttled, false) )
        update_all(d);
    choose_again(d);
}

long sched_domain_get(struct domain *d, u16 *weight, u16 *cap)
{
    *weight = d->sched.weight;
    *cap = d->sched.cap;
    return 0;
}

long sched_domain_set(struct domain *d, u16 weight, u16 cap)
{
    if ( cap > SCHED_CAP_PER_VCPU * d->max_vcpus )
        return -EINVAL;
    if ( weight )
        WRITE_ONCE(d->sched.weight, weight);
    if ( cap != d->sched.cap )
    {
        WRITE_ONCE(d->sched.cap, cap);
        cap_update(d);
    }
    return 0;
}

void sched_cap_init(struct domain *d)
{
    d->sched.weight = SCHED_WEIGHT_DEFAULT;
    timer_init(&d->sched.refill, refill, d, 0);
}
