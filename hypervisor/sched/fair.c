/*
 * The fair policy: each domain's vcpus get CPU time in proportion to its weight.
 *
 * A vcpu's virtual time advances by the time that it runs, divided by its weight. Who has the least of it is first.
 * The running vcpu goes on until it is LEAD ahead of the first one waiting, so equal ones take turns of twice that, 10
 * ms.
 *
 * One that wakes up may have little virtual time, for it has slept long. It is lifted to CREDIT below the queue's
 * floor: that much it may catch up, so it preempts a vcpu that has been running all the time, but can't keep the CPU
 * from it for longer than that. A vcpu that used more than its share before it slept has nothing to catch up and waits
 * its turn. However many wake-ups there are, the running vcpu has RUN_MIN first.
 */
#include "sched/policy.h"

#define LEAD        (5 * (s64)NS_PER_MS)
#define LEAD_WOKEN  (1 * (s64)NS_PER_MS)
#define CREDIT      (5 * (s64)NS_PER_MS)
#define RUN_MIN     (200 * (s64)NS_PER_US)
#define WEIGHT_UNIT 256

/* Rounded up, so that time never stands still, however short the run and large the weight. */
static s64 to_virtual(s64 ns, u16 weight)
{
    return DIV_ROUND_UP(ns * WEIGHT_UNIT, weight);
}

static s64 from_virtual(s64 virtual, u16 weight)
{
    return DIV_ROUND_UP(virtual * weight, WEIGHT_UNIT);
}

static void charge(struct sched_queue *q, struct vcpu *v, s64 ns)
{
    struct vcpu *first = list_first_entry_or_null(&q->waiting, struct vcpu, sched.queue);
    s64 least;

    v->sched.virtual_time += to_virtual(ns, v->domain->sched.weight);

    least = v->sched.virtual_time;
    if ( first && first->sched.virtual_time < least )
        least = first->sched.virtual_time;
    if ( least > q->floor )
        q->floor = least;
}

/* Few vcpus wait at a time, and most belong near the end. */
static void enqueue(struct sched_queue *q, struct vcpu *v, enum sched_reason reason)
{
    struct vcpu *other;

    if ( reason == SCHED_WOKEN && v->sched.virtual_time < q->floor - CREDIT )
        v->sched.virtual_time = q->floor - CREDIT;
    v->sched.woken = reason == SCHED_WOKEN;

    list_for_each_entry_reverse(other, &q->waiting, sched.queue)
        if ( other->sched.virtual_time <= v->sched.virtual_time )
            break;
    list_add(&v->sched.queue, &other->sched.queue); /* other is the head itself if all come later */
}

static void dequeue(struct sched_queue *q, struct vcpu *v)
{
    (void)q;
    list_del(&v->sched.queue);
}

static struct vcpu *first(struct sched_queue *q)
{
    return list_first_entry_or_null(&q->waiting, struct vcpu, sched.queue);
}

static ns_t preempt_at(const struct sched_queue *q, const struct vcpu *running,
                       const struct vcpu *waiting)
{
    s64 lead = waiting->sched.woken ? LEAD_WOKEN : LEAD;
    s64 more = waiting->sched.virtual_time + lead - running->sched.virtual_time;
    ns_t when = running->sched.since + from_virtual(more, running->domain->sched.weight);
    ns_t earliest = running->sched.switched_in + RUN_MIN;

    (void)q;
    return when > earliest ? when : earliest;
}

const struct sched_policy sched_fair = {
    .name = "fair",
    .charge = charge,
    .enqueue = enqueue,
    .dequeue = dequeue,
    .first = first,
    .preempt_at = preempt_at,
};
