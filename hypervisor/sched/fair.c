/*
 * The fair policy: vcpus get CPU time in proportion to their weights. A vcpu has its domain's, as with credit2: of two
 * domains with the same weight that keep all their vcpus busy, the one with more vcpus gets more.
 *
 * A vcpu's virtual time advances by the time that it runs, divided by its weight. Who has the least of it is first.
 * The running vcpu goes on until it is LEAD ahead of the first one waiting, so equal ones take turns of twice that, 10
 * ms; RUN_MOST is the limit of what it goes on for, lest the light ones in front hide that heavy ones behind are due.
 * Virtual time is one for all CPUs: who has less of it is taken by a CPU that runs somebody with more. So all get
 * what their weights say, or, where affinities forbid that, as near as they can: nobody gets less for somebody who has
 * more per weight.
 *
 * A queue's floor is the least virtual time of those that wait for its CPU, here or elsewhere: a claim to the CPU that
 * is older than it lapses. One that wakes up may have little virtual time, for it has slept long. It is lifted to
 * CREDIT below the floor: that much it may catch up, but can't keep the CPU from the others for longer than that. A
 * vcpu that used more than its share before it slept has nothing to catch up and waits its turn.
 *
 * Some shares are out of reach: a vcpu can't use more than one CPU whatever its weight. It would fall behind the others
 * for ever, and stand above them all once things change; so the running vcpu is never further than BEHIND below the
 * floor. That is less than CREDIT: so who comes with credit preempts any vcpu that has been running all the time, once
 * that has had its pool's run_min. That is the bound for light sleepers: one whose bursts stay below its share waits
 * for that and an interrupt, and for its turn among those like it, as far as they are more than the CPUs.
 *
 * Where affinities part the CPUs into islands, as vcpus pinned to one do, virtual time passes faster in one than in
 * another. Nobody loses by that, until the borders fall: who lived where it passed fast would stand behind all others.
 * So an island that is ahead is drawn back, all of it together so that it stays fair inside: it loses what it is ahead
 * beyond APART, a part of it each moment, as if it forgot in DRAW. And in a queue nobody stands more than SPREAD behind
 * the first.
 */
#include "sched/policy.h"

#include "lib/atomic.h"

#define LEAD        POLICY_LEAD_MOST
#define LEAD_WOKEN  (1 * (s64)NS_PER_MS)
#define CREDIT      (8 * (s64)NS_PER_MS)
#define BEHIND      (20 * (s64)NS_PER_MS) /* of the vcpu's own running, beyond two turns */
#define RUN_MOST    (20 * (s64)NS_PER_MS) /* past the first one waiting */
#define APART       (20 * (s64)NS_PER_MS)
#define DRAW        (4 * (s64)NS_PER_S)
#define SPREAD      (100 * (s64)NS_PER_MS)
#define WEIGHT_UNIT 256

/*
 * Rounded up, so that time never stands still, however short the run and large the weight. Most have the default, for
 * which they are the same: no division then.
 */
static s64 to_virtual(s64 ns, u16 weight)
{
    return weight == WEIGHT_UNIT ? ns : DIV_ROUND_UP(ns * WEIGHT_UNIT, weight);
}

static s64 from_virtual(s64 virtual, u16 weight)
{
    return weight == WEIGHT_UNIT ? virtual : DIV_ROUND_UP(virtual * weight, WEIGHT_UNIT);
}

static s64 behind_most(u16 weight)
{
    return 2 * LEAD + to_virtual(BEHIND, weight);
}

static __attribute__((noinline)) void draw_back(struct sched_queue *q, struct vcpu *running, s64 by)
{
    struct vcpu *v;

    list_for_each_entry(v, &q->waiting, sched.queue)
        v->sched.virtual_time -= by;
    if ( q->nr_waiting )
        WRITE_ONCE(q->least, q->least - by);
    running->sched.virtual_time -= by;
    q->floor -= by;
}

/* @least: the key of the first who waits for this CPU, @anywhere: for any, if there are others; INT64_MAX: nobody. */
static inline void charge(struct sched_queue *q, struct vcpu *v, s64 ns, s64 least, s64 anywhere)
{
    u16 weight = READ_ONCE(v->domain->sched.weight);
    s64 now = v->sched.virtual_time + to_virtual(ns, weight), ahead;

    if ( least == INT64_MAX ) /* nobody waits: who comes starts beside the one that runs */
        least = max(now, q->floor);
    if ( now < least )
        now = max(now, least - behind_most(weight));
    v->sched.virtual_time = now;
    if ( v->sched.since - v->sched.switched_in > CREDIT )
        v->sched.woken = false;
    ahead = anywhere == INT64_MAX ? 0 : least - anywhere - APART;
    if ( !v->sched.woken )
        least = min(least, now);
    q->floor = max(least, min(q->floor, least + CREDIT / 2));
    if ( ahead > 0 )
        draw_back(q, v, ahead / max(DRAW / ns, (s64)1));
}

static __attribute__((noinline)) void charge_among_others(struct sched_queue *q, struct vcpu *v,
                                                          s64 ns)
{
    s64 anywhere, least = balance_least(q, &anywhere);

    charge(q, v, ns, least, anywhere);
}

void policy_charge(struct sched_queue *q, struct vcpu *v, s64 ns)
{
    if ( balance_others(q->cpu) )
        charge_among_others(q, v, ns);
    else
        charge(q, v, ns, q->least, INT64_MAX);
}

/* Few vcpus wait at a time, and most belong near the end. */
static void insert(struct sched_queue *q, struct vcpu *v)
{
    struct vcpu *other;

    list_for_each_entry_reverse(other, &q->waiting, sched.queue)
        if ( other->sched.virtual_time <= v->sched.virtual_time )
            break;
    list_add(&v->sched.queue, &other->sched.queue); /* other is the head itself if all come later */
}

void policy_woken(struct sched_queue *q, struct vcpu *v)
{
    v->sched.virtual_time = max(v->sched.virtual_time, q->floor - CREDIT);
    v->sched.woken = true;
}

void policy_enqueue(struct sched_queue *q, struct vcpu *v, enum sched_reason reason)
{
    struct vcpu *last;
    s64 most;

    if ( reason == SCHED_WOKEN )
        policy_woken(q, v);
    else if ( reason == SCHED_PREEMPTED )
        v->sched.woken = false;
    insert(q, v);

    most = sched_first(q)->sched.virtual_time + SPREAD;
    list_for_each_entry_reverse(last, &q->waiting, sched.queue)
    {
        if ( last->sched.virtual_time <= most )
            break;
        last->sched.virtual_time = most;
    }
}

/* Those of large weights take turns as often as others. */
s64 policy_lead(const struct vcpu *waiting)
{
    u16 weight = READ_ONCE(waiting->domain->sched.weight);
    s64 ns = waiting->sched.woken ? LEAD_WOKEN : LEAD;

    return weight > WEIGHT_UNIT ? to_virtual(ns, weight) : ns;
}

/* As charge() does it, the running vcpu won't be further behind the waiting one than BEHIND. */
ns_t policy_preempt_at(const struct vcpu *running, s64 key, s64 lead)
{
    u16 weight = READ_ONCE(running->domain->sched.weight);
    s64 behind = from_virtual(key - running->sched.virtual_time, weight);
    s64 most = from_virtual(2 * LEAD, weight) + BEHIND;
    s64 more = min(behind, most) + min(from_virtual(lead, weight), RUN_MOST);
    ns_t run_min = READ_ONCE(sched_pools[READ_ONCE(running->domain->sched.pool)].run_min);
    ns_t earliest = running->sched.switched_in + run_min;

    return max(running->sched.since + more, earliest);
}
