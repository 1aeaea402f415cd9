/*
 * The scheduler's core: the states of vcpus, run queues, and the switch.
 *
 * Every change of something that sched_runnable() looks at is followed by sched_update(), which brings the queue in
 * line: a vcpu that may run is running or queued, one that may not is neither, or is running and has been told to
 * stop. WORK_RESCHEDULE makes a CPU choose again; whoever sets it need not know what will be chosen.
 *
 * A vcpu that blocks while nobody else wants its CPU lingers: the idle vcpu runs, but the CPU keeps the vcpu's state,
 * which need neither be saved nor loaded if it is the next to run. As its state is nowhere else it is on the CPU
 * (sched.running) for all who ask, waits in that CPU's queue alone, and is let go when anything but the block stops it,
 * or somebody else comes to run. If it is woken on that CPU, as by its own timer, while nobody else waits there, it is
 * chosen at once, without the queue: percpu.resume makes the idle loop go on with it.
 */
#include "sched/policy.h"

#include "cpu/percpu.h"
#include "event/event.h"
#include "lib/atomic.h"
#include "mm/heap.h"
#include "smp/smp.h"
#include "trace/buffer.h"

/* Longer than another CPU needs to hear of it, and to warm up to a vcpu. */
#define WAIT_LONG (200 * (ns_t)NS_PER_US)

/* What the running vcpu ran is accounted when another wakes up, which is put beside it; if it is less, then later. */
#define ACCOUNT_LEAST (10 * (ns_t)NS_PER_US)

/* --- States --- */

/* Is there anything that stops @v but that it is blocked? The idle vcpus never had a context. */
static inline bool stopped(const struct vcpu *v)
{
    return !v->initialised || READ_ONCE(v->down) || READ_ONCE(v->sched.pause_count) ||
           READ_ONCE(v->domain->stops);
}

bool sched_runnable(const struct vcpu *v)
{
    return !READ_ONCE(v->sched.blocked) && !stopped(v);
}

/* Under @q's lock: its CPU idles, and holds @v's state. */
static bool lingers(const struct sched_queue *q, const struct vcpu *v)
{
    return q->loaded == v && q->running != v;
}

/* May @v do so, if nothing but a block stopped it? */
static inline bool may_linger(const struct sched_queue *q, const struct vcpu *v, bool stopped)
{
    return !stopped && balance_allows(v, q->cpu);
}

/* What @v is while it is on no CPU, or lingers. */
static int runstate_off(const struct vcpu *v)
{
    if ( READ_ONCE(v->sched.blocked) )
        return RUNSTATE_blocked;
    return stopped(v) ? RUNSTATE_offline : RUNSTATE_runnable;
}

static void set_runstate(struct vcpu *v, int state, ns_t now)
{
    if ( v->runstate.info.state != state )
        runstate_change(v, state, now);
}

/* Apart, so that a CPU that idled saves no registers for it. */
static __attribute__((noinline)) void charge(struct sched_queue *q, struct vcpu *v, s64 ns)
{
    policy_charge(q, v, ns);
    WRITE_ONCE(q->has, policy_key(v));
    if ( READ_ONCE(v->domain->sched.cap) )
        sched_cap_use(v->domain, ns);
}

void sched_account(struct sched_queue *q, ns_t now)
{
    struct vcpu *v = q->running;
    s64 ns = now - v->sched.since;

    if ( ns <= 0 )
        return;
    v->sched.since = now;
    v->sched.ran += (u64)ns;
    if ( v != q->idle )
        charge(q, v, ns);
}

static void note_first(struct sched_queue *q)
{
    const struct vcpu *first = sched_first(q);

    WRITE_ONCE(q->least, first ? policy_key(first) : INT64_MAX);
    WRITE_ONCE(q->least_cpus, first ? balance_cpus(first) : 0);
}

/* Nobody asks for how long an idle vcpu was what: only traces tell of it. */
static inline void set_runstate_of_idle(struct vcpu *idle, int state, ns_t now)
{
    if ( __builtin_expect(trace_events != 0, 0) )
        runstate_change(idle, state, now);
    idle->runstate.info.state = state;
}

/* @v, which isn't queued, runs from now on: what others peek at, and its runstate. */
static inline void run(struct sched_queue *q, struct vcpu *v, ns_t now)
{
    bool idle = v == q->idle;

    v->sched.since = now;
    v->sched.switched_in = now;
    WRITE_ONCE(v->sched.running, true);
    q->running = v;
    WRITE_ONCE(q->has, idle ? INT64_MAX : policy_key(v));
    if ( idle )
        set_runstate_of_idle(v, RUNSTATE_running, now);
    else
        runstate_change(v, RUNSTATE_running, now);
}

void sched_enqueue(struct sched_queue *q, struct vcpu *v, enum sched_reason reason, ns_t now)
{
    policy_enqueue(q, v, reason);
    v->sched.queued = true;
    WRITE_ONCE(q->nr_waiting, q->nr_waiting + 1);
    note_first(q);
    set_runstate(v, RUNSTATE_runnable, now);
}

void sched_dequeue(struct sched_queue *q, struct vcpu *v)
{
    list_del(&v->sched.queue);
    v->sched.queued = false;
    WRITE_ONCE(q->nr_waiting, q->nr_waiting - 1);
    note_first(q);
}

/* When the running vcpu has to make way for @waiting, or stop for its cap's sake. */
static ns_t choose_again_at(struct sched_queue *q, struct vcpu *waiting)
{
    struct vcpu *v = q->running;
    ns_t preempt =
        waiting ? policy_preempt_at(v, policy_key(waiting), policy_lead(waiting)) : TIME_NEVER;
    s64 left = sched_cap_left(v);

    return preempt - v->sched.since < left ? preempt : v->sched.since + left;
}

/*
 * @next runs in @prev's stead. @prev's runstate changes before the switch, so that the copy in its memory is right
 * while it is off; that it is on no CPU becomes true after it, when its state is saved. Traces tell of the switch, of
 * who leaves and of who comes, in this order: xenalyze takes no other.
 */
static void change(struct sched_queue *q, struct vcpu *prev, struct vcpu *next, ns_t now)
{
    if ( next->sched.queued )
        sched_dequeue(q, next);
    trace(TRC_SCHED_SWITCH, TRACE_IDS(prev), TRACE_IDS(next));
    if ( prev == q->idle )
        set_runstate_of_idle(prev, RUNSTATE_runnable, now);
    else
        runstate_change(prev, runstate_off(prev), now);
    run(q, next, now);
}

/*
 * Under the lock: the next choice is due when the first one waiting has waited enough, here or elsewhere. If nobody
 * waits the timer is left: to come once in vain costs less than to be stopped and set whenever somebody waits.
 */
static void arm(struct sched_queue *q, ns_t now)
{
    ns_t when = TIME_NEVER;

    if ( q->running == q->idle )
    {
        timer_stop(&q->timer);
        return;
    }
    if ( q->nr_waiting || q->running->domain->sched.cap )
        when = choose_again_at(q, sched_first(q));
    if ( balance_others(q->cpu) )
        when = min(when, balance_look_at(q, now));
    if ( when != TIME_NEVER )
        timer_set(&q->timer, when);
}

/* The vcpu that lingers here, @v, is chosen: who else could be? From now on it runs, though it isn't current yet. */
static void resume(struct sched_queue *q, struct vcpu *v, ns_t now)
{
    sched_account(q, now);
    policy_woken(q, v);
    if ( __builtin_expect(trace_events != 0, 0) )
        set_runstate(v, RUNSTATE_runnable, now); /* for no time: only traces tell of it */
    trace(TRC_SCHED_SWITCH, TRACE_IDS(q->idle), TRACE_IDS(v));
    set_runstate_of_idle(q->idle, RUNSTATE_runnable, now);
    run(q, v, now);
    arm(q, now);
    q->percpu->resume = true;
}

/* Somebody came to wait: at once, or some time, the CPU has to choose again. */
static void consider(struct sched_queue *q, struct vcpu *waiting, ns_t now)
{
    bool offered;
    ns_t when;

    if ( q->running == q->idle )
    {
        smp_kick(q->cpu, WORK_RESCHEDULE);
        return;
    }
    offered = balance_others(q->cpu) && balance_wake_idle(waiting);
    when = choose_again_at(q, waiting);
    if ( offered )
        when = max(when, now + WAIT_LONG); /* to that CPU, which may have somebody better by then */
    if ( when <= now )
        smp_kick(q->cpu, WORK_RESCHEDULE);
    else if ( !timer_active(&q->timer) || when < q->timer.expires )
        timer_set(&q->timer, when);
    if ( !offered && when - now > WAIT_LONG && balance_others(q->cpu) )
        balance_wake_weaker(waiting);
}

void sched_update(struct vcpu *v)
{
    struct sched_queue *q = balance_lock_home(v);
    ns_t now = time_now();
    bool stop = stopped(v), runnable = !stop && !READ_ONCE(v->sched.blocked);
    bool stays = lingers(q, v), off = stays || !v->sched.running;

    if ( stays && !may_linger(q, v, stop) )
    {
        if ( v->sched.queued )
            sched_dequeue(q, v);
        set_runstate(v, runstate_off(v), now);
        smp_kick(q->cpu, WORK_RESCHEDULE); /* it lets it go, which queues it where it may run */
    }
    else if ( stays && runnable && !q->nr_waiting && q->percpu == this_cpu() )
        resume(q, v, now);
    else if ( runnable && off && !v->sched.queued )
    {
        if ( now - q->running->sched.since > ACCOUNT_LEAST )
            sched_account(q, now);
        sched_enqueue(q, v, SCHED_WOKEN, now);
        consider(q, v, now);
    }
    else if ( runnable && v->sched.queued )
        consider(q, v, now); /* nobody has looked at it while its domain was over its cap */
    else if ( !runnable && v->sched.queued )
    {
        sched_dequeue(q, v);
        set_runstate(v, runstate_off(v), now);
    }
    else if ( !runnable && !off )
        smp_kick(q->cpu, WORK_RESCHEDULE);
    else if ( off )
        set_runstate(v, runstate_off(v), now); /* from blocked to offline, or back */
    lock_release(&q->lock);
}

__attribute__((noinline)) void sched_wake(struct vcpu *v)
{
    trace(TRC_SCHED_WAKE, TRACE_IDS(v));
    if ( READ_ONCE(v->event.polling) )
        event_poll_end(v);
    atomic_set(&v->sched.blocked, false);
    sched_update(v);
}

void sched_event_arrived(struct vcpu *v)
{
    if ( READ_ONCE(v->sched.blocked) )
        sched_wake(v);
    else if ( v != current_vcpu() && READ_ONCE(v->sched.running) )
        smp_kick(v->processor, WORK_VCPU); /* it may be in its guest, not looking */
}

/* --- What current asks for --- */

/* blocked before the look at the upcall: whoever sets that after the look sees that we sleep. */
void sched_block(void)
{
    struct vcpu *v = current_vcpu();

    atomic_set(&v->sched.blocked, true);
    if ( event_deliverable(v) )
        atomic_set(&v->sched.blocked, false);
    else
    {
        trace(TRC_SCHED_BLOCK, TRACE_IDS(v));
        percpu_raise(this_cpu(), WORK_RESCHEDULE);
    }
}

void sched_let_others(void)
{
    struct sched_queue *q = this_cpu()->sched;

    if ( !READ_ONCE(q->nr_waiting) )
        return;
    WRITE_ONCE(q->running->sched.yielded, true);
    percpu_raise(this_cpu(), WORK_RESCHEDULE);
}

/* --- Pauses --- */

void sched_pause_nosync(struct vcpu *v)
{
    atomic_inc(&v->sched.pause_count);
    sched_update(v);
}

void sched_pause(struct vcpu *v)
{
    sched_pause_nosync(v);
    while ( v != current_vcpu() && READ_ONCE(v->sched.running) )
    {
        smp_poll();
        cpu_relax();
    }
}

void sched_unpause(struct vcpu *v)
{
    if ( atomic_dec_and_test(&v->sched.pause_count) )
        sched_update(v);
}

/* --- Choice and switch --- */

/* The first one waiting that may still run: its domain may have been throttled since it was queued. */
static struct vcpu *first_runnable(struct sched_queue *q, ns_t now)
{
    struct vcpu *v;

    while ( (v = sched_first(q)) != NULL && !sched_runnable(v) )
    {
        sched_dequeue(q, v);
        set_runstate(v, runstate_off(v), now);
    }
    return v;
}

/* Who runs next: under the lock, times accounted. */
static struct vcpu *choose(struct sched_queue *q, struct vcpu *prev, ns_t now)
{
    struct vcpu *first = first_runnable(q, now);
    bool stays = sched_runnable(prev) && balance_allows(prev, q->cpu);

    if ( !first )
        return stays ? prev : q->idle;
    if ( stays && !READ_ONCE(prev->sched.yielded) && choose_again_at(q, first) > now )
        return prev;
    return first;
}

/* Where @prev, which ran here, shall wait; both queues locked. Until they are, its CPUs may be changed, or leave. */
static struct sched_queue *lock_home(struct sched_queue *q, const struct vcpu *prev)
{
    struct sched_queue *home = q;

    lock_acquire(&q->lock);
    while ( !balance_allows(prev, home->cpu) )
    {
        unlock_pair(&q->lock, &home->lock);
        home = sched_queues[balance_home(prev)];
        lock_pair(&q->lock, &home->lock);
    }
    return home;
}

/*
 * @v's state is saved: it may be looked at now, and run again, here or elsewhere. If it is runnable it is queued
 * for @reason; it may as well have been stopped, and let go meanwhile.
 */
static void switched(struct sched_queue *q, struct vcpu *v, enum sched_reason reason, ns_t now)
{
    struct sched_queue *home = lock_home(q, v);

    WRITE_ONCE(v->sched.running, false);
    if ( sched_runnable(v) )
    {
        WRITE_ONCE(v->processor, home->cpu);
        sched_enqueue(home, v, reason, now);
        if ( home != q || q->running == q->idle )
            consider(home, v, now);
        else if ( !balance_wake_idle(v) )
            balance_wake_weaker(v);
    }
    else
        set_runstate(v, runstate_off(v), now);
    arm(q, now);
    unlock_pair(&q->lock, &home->lock);
}

/* Who runs next, and in *leaves whose state @next's replaces in the CPU; NULL: the CPU keeps what it has. */
static struct vcpu *choose_next(struct sched_queue *q, struct vcpu *prev, struct vcpu **leaves,
                                ns_t *when)
{
    struct vcpu *next, *loaded = q->loaded;
    ns_t now;

    lock_acquire(&q->lock);
    *when = now = time_now(); /* not before: others may have accounted times meanwhile */
    sched_account(q, now);
    next = choose(q, prev, now);
    WRITE_ONCE(prev->sched.yielded, false);
    if ( next != prev )
        change(q, prev, next, now);
    *leaves = NULL;
    if ( next != loaded && !(next == q->idle && READ_ONCE(loaded->sched.blocked) &&
                             may_linger(q, loaded, stopped(loaded))) )
    {
        if ( loaded->sched.queued ) /* it lingered: switched() queues it again */
            sched_dequeue(q, loaded);
        *leaves = loaded;
        q->loaded = next;
        q->switches = true;
    }
    if ( !*leaves || *leaves == q->idle )
        arm(q, now);
    lock_release(&q->lock);
    return next;
}

void sched_run(void)
{
    struct percpu *cpu = this_cpu();
    struct sched_queue *q = cpu->sched;
    struct vcpu *current = cpu->current, *prev = q->running, *leaves, *next;
    bool idles, idled = current == q->idle;
    ns_t now;

    cpu->resume = false;
    if ( READ_ONCE(cpu->exit_work) & WORK_RESCHEDULE )
        atomic_fetch_and(&cpu->exit_work, ~WORK_RESCHEDULE);
    if ( balance_others(cpu->cpu) )
        balance_pull(q);
    next = choose_next(q, prev, &leaves, &now);
    idles = next == q->idle;
    if ( idles || idled )
        balance_set_idle(idles);
    if ( leaves )
    {
        vcpu_switch(leaves, next);
        atomic_store(&q->switches, false);
    }
    else if ( idles && !idled )
        vcpu_linger(current, next);
    else if ( next != current )
        vcpu_resume(next);
    if ( leaves && leaves != q->idle )
        switched(q, leaves, leaves == current ? SCHED_PREEMPTED : SCHED_WOKEN, now);
    if ( !balance_others(cpu->cpu) )
        return;
    if ( idles && balance_pull(q) )
        percpu_raise(cpu, WORK_RESCHEDULE);
    else if ( idled && !idles )
        balance_wake_others();
}

void sched_resume(void)
{
    struct percpu *cpu = this_cpu();
    struct sched_queue *q = cpu->sched;

    cpu->resume = false;
    balance_set_idle(false);
    vcpu_resume(q->running);
    if ( balance_others(q->cpu) )
        balance_wake_others();
}

static void choose_again(void *arg)
{
    struct sched_queue *q = arg;

    smp_kick(q->cpu, WORK_RESCHEDULE);
}

/* --- Lifecycle and figures --- */

static void queue_init(struct sched_queue *q, struct percpu *cpu, struct vcpu *idle)
{
    lock_init(&q->lock, LOCK_SCHED);
    q->cpu = cpu->cpu;
    q->percpu = cpu;
    q->idle = q->running = q->loaded = idle;
    q->least = q->has = INT64_MAX;
    list_init(&q->waiting);
    timer_init(&q->timer, choose_again, q, cpu->cpu);
}

long sched_init_cpu(void)
{
    struct percpu *cpu = this_cpu();
    struct sched_queue *q = heap_new(struct sched_queue);
    struct vcpu *idle;

    if ( !q )
        return -ENOMEM;
    idle = domain_create_idle_vcpu(cpu->cpu);
    queue_init(q, cpu, idle);
    sched_queues[cpu->cpu] = q;
    idle->sched.running = true;
    idle->sched.since = time_now();
    set_runstate(idle, RUNSTATE_running, idle->sched.since);
    cpu->sched = q;
    cpu->current = idle;
    atomic_fetch_or(&sched_pools[0].cpus, balance_bit(cpu->cpu));
    atomic_fetch_or(&sched_cpus, balance_bit(cpu->cpu));
    balance_set_idle(true);
    return 0;
}

long sched_vcpu_create(struct vcpu *v)
{
    list_init(&v->sched.queue);
    v->processor = this_cpu()->cpu; /* idle ones will take it */
    v->sched.hard_affinity = v->sched.soft_affinity = ~0UL;
    balance_renew(v);
    sched_poll_init(v);
    v->runstate.info.state = RUNSTATE_offline;
    v->runstate.info.state_entry_time = (u64)time_now();
    return 0;
}

void sched_vcpu_destroy(struct vcpu *v)
{
    struct sched_queue *q = balance_lock(v);

    if ( v->sched.queued )
        sched_dequeue(q, v);
    lock_release(&q->lock);
}

u64 sched_vcpu_ns(const struct vcpu *v)
{
    struct sched_queue *q = balance_lock(v);
    u64 ran;

    ran = v->sched.ran;
    if ( v == q->running )
        ran += (u64)(time_now() - v->sched.since);
    lock_release(&q->lock);
    return ran;
}

u64 sched_idle_ns(u32 cpu)
{
    return cpu < NR_CPUS && sched_queues[cpu] ? sched_vcpu_ns(sched_queues[cpu]->idle) : 0;
}
