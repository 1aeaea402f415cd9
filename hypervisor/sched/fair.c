/*
 * The fair policy: each domain's vcpus get CPU time in proportion to its weight.
 *
 * A vcpu's virtual time advances by the time that it runs, divided by its weight. Who has the least of it is first.
 * The running vcpu goes on until it is LEAD ahead of the first one waiting, so equal ones take turns of twice that, 10
 * ms. Virtual time is one for all CPUs: who has less of it is taken by a CPU that runs somebody with more.
 *
 * The floor is the least virtual time of all that wait: a claim to the CPU that is older than it lapses. One that wakes
 * up may have little virtual time, for it has slept long. It is lifted to CREDIT below the floor: that much it may
 * catch up, so it preempts a vcpu that has been running all the time, but can't keep the CPU from it for longer than
 * that. A vcpu that used more than its share before it slept has nothing to catch up and waits its turn. However many
 * wake-ups there are, the running vcpu has RUN_MIN first.
 *
 * Some shares are out of reach: a vcpu can't use more than one CPU whatever its weight, nor less than all of a CPU
 * where nobody else may run. Such a one would drift away from the others for ever, and stand above or below them all
 * once things change; so the running vcpu is never further than BEHIND or AHEAD from the floor.
 */
#include "sched/policy.h"

#include "lib/atomic.h"

#define LEAD        (5 * (s64)NS_PER_MS)
#define LEAD_WOKEN  (1 * (s64)NS_PER_MS)
#define CREDIT      (5 * (s64)NS_PER_MS)
#define RUN_MIN     (200 * (s64)NS_PER_US)
#define BEHIND      (20 * (s64)NS_PER_MS)
#define AHEAD       (20 * (s64)NS_PER_MS) /* of the vcpu's own running, beyond what preempts it */
#define WEIGHT_UNIT 256

/* Never goes back. */
static s64 claim_floor;

/* Rounded up, so that time never stands still, however short the run and large the weight. */
static s64 to_virtual(s64 ns, u16 weight)
{
    return DIV_ROUND_UP(ns * WEIGHT_UNIT, weight);
}

static s64 from_virtual(s64 virtual, u16 weight)
{
    return DIV_ROUND_UP(virtual * weight, WEIGHT_UNIT);
}

/* If nobody waits anywhere, whoever comes starts beside the one that has had most. */
static s64 raise_floor(const struct vcpu *running)
{
    s64 least = balance_least(), old = READ_ONCE(claim_floor);

    if ( least == INT64_MAX )
        least = running->sched.virtual_time;
    while ( old < least && !atomic_cmpxchg(&claim_floor, &old, least) )
        ;
    return max(old, least);
}

static void charge(struct sched_queue *q, struct vcpu *v, s64 ns)
{
    u16 weight = READ_ONCE(v->domain->sched.weight);
    s64 ahead = 2 * LEAD + to_virtual(AHEAD, weight), least;

    (void)q;
    v->sched.virtual_time += to_virtual(ns, weight);
    least = raise_floor(v);
    v->sched.virtual_time = max(min(v->sched.virtual_time, least + ahead), least - BEHIND);
}

/* Few vcpus wait at a time, and most belong near the end. */
static void enqueue(struct sched_queue *q, struct vcpu *v, enum sched_reason reason)
{
    struct vcpu *other;

    if ( reason == SCHED_WOKEN )
        v->sched.virtual_time = max(v->sched.virtual_time, READ_ONCE(claim_floor) - CREDIT);
    if ( reason != SCHED_MOVED )
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

static s64 key(const struct vcpu *v)
{
    return v->sched.virtual_time;
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
    .key = key,
    .move_lead = LEAD,
    .preempt_at = preempt_at,
};
