/*
 * The scheduler on several CPUs, simulated: random workloads over a clock that goes from event to event. Whatever they
 * do, the states of the vcpus agree, no CPU idles while somebody waits for it, and everybody gets what is due.
 *
 * Longer than most files, because it is one world: each kind of workload needs all of the vcpus' life and all checks.
 *
 * SCHED_SIM=N in the environment runs N times as many workloads, SCHED_SIM_SEED=N other ones, and SCHED_SIM_FIGURES=1
 * tells what was measured.
 *
 * LINK: hypervisor/sched/core.c hypervisor/sched/balance.c hypervisor/sched/fair.c hypervisor/sched/cap.c
 * LINK: hypervisor/sched/ops.c hypervisor/domain/subop.c hypervisor/time/heap.c tests/host/fake/cpus.c
 */
#include "tests/host/fake/cpus.h"

#include <stdarg.h>

#include "cpu/percpu.h"
#include "lib/atomic.h"

#define US      ((s64)NS_PER_US)
#define MS      ((s64)NS_PER_MS)
#define S       ((s64)NS_PER_S)
#define DOMAINS 24U
#define VCPUS   4U /* of a domain */
#define IPI_MAX (8 * US)
/* So long may a CPU be idle while somebody waits for it: a few kicks. */
#define IDLE_MAX (4 * IPI_MAX)

/* --- Numbers from the environment --- */

static u64 number(const char *name, u64 otherwise)
{
    const char *value = getenv(name);

    return value ? strtoull(value, NULL, 0) : otherwise;
}

static u32 workloads(u32 n)
{
    return n * (u32)number("SCHED_SIM", 1);
}

static void seed(u64 n)
{
    host_test_seed(number("SCHED_SIM_SEED", 0) * 1000003 + n);
}

static void figure(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void figure(const char *format, ...)
{
    va_list args;

    if ( !number("SCHED_SIM_FIGURES", 0) )
        return;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static s64 between(s64 low, s64 high)
{
    return low + (s64)(host_test_random() % (u64)(high - low + 1));
}

static bool one_in(u32 n)
{
    return host_test_random() % n == 0;
}

/* --- Vcpus that run and sleep --- */

/* From @low to @high ns. */
struct span {
    s64 low, high;
};

static struct actor {
    struct vcpu *v; /* NULL: there is none */
    bool sleeps;    /* else it runs whenever it can */
    struct span run, sleep;
    s64 left;       /* it goes to sleep when it has run for so long */
    s64 since, ran; /* on its CPU now since; ran before */
    s64 measured;   /* ... and up to the beginning of the measurement */
    s64 asked;      /* it waits since then; 0: it doesn't */
    s64 longest;    /* ... and has so long */
    u32 cpu;        /* where it ran last */
    bool paused;    /* by us */
    struct timer wake;
} actors[DOMAINS * VCPUS];

static struct domain *domains[DOMAINS];
static u32 nr_cpus;
static struct timer sleep_timers[FAKE_CPUS_MAX]; /* the end of the current actor's run */
static s64 busy[FAKE_CPUS_MAX], idle_since[FAKE_CPUS_MAX];
static u64 moves, switches, trace;
static void (*meanwhile)(void); /* to happen in the middle of a switch */

static struct actor *next_actor(struct actor *a)
{
    while ( a < actors + ARRAY_SIZE(actors) && !a->v )
        a++;
    return a < actors + ARRAY_SIZE(actors) ? a : NULL;
}

#define for_each_actor(a) for ( struct actor *a = next_actor(actors); a; a = next_actor(a + 1) )

static struct actor *actor_of(const struct vcpu *v)
{
    return v->domain == domain_idle ? NULL : &actors[v->domain->id * VCPUS + v->id];
}

static s64 drawn(struct span span)
{
    return between(span.low, span.high);
}

static s64 ran(const struct actor *a)
{
    return a->ran + (a->v->sched.running ? fake_now - a->since : 0);
}

static void wake(void *arg)
{
    struct actor *a = arg;

    a->left = drawn(a->run);
    a->asked = fake_now;
    sched_wake(a->v);
}

static void go_to_sleep(void *arg)
{
    struct actor *a = actor_of(current_vcpu());

    (void)arg;
    sched_block();
    a->wake.cpu = (u32)between(0, nr_cpus - 1); /* an interrupt comes anywhere */
    timer_set(&a->wake, fake_now + drawn(a->sleep));
}

static void leaves(struct actor *a)
{
    s64 ns = fake_now - a->since;

    a->ran += ns;
    a->left -= ns;
    busy[host_cpu->cpu] += ns;
    a->asked = sched_runnable(a->v) ? fake_now : 0;
    timer_stop(&sleep_timers[host_cpu->cpu]);
}

static void comes(struct actor *a)
{
    u32 cpu = host_cpu->cpu;

    moves += a->cpu != cpu;
    a->cpu = cpu;
    a->since = fake_now;
    if ( a->asked )
        a->longest = max(a->longest, fake_now - a->asked);
    a->asked = 0;
    if ( a->sleeps )
        timer_set(&sleep_timers[cpu], fake_now + max(a->left, (s64)0));
}

static void switching(struct vcpu *prev, struct vcpu *next)
{
    struct actor *out = actor_of(prev), *in = actor_of(next);

    switches++;
    trace = (trace ^ (u64)fake_now ^ host_cpu->cpu ^ (in ? (u64)(in - actors) << 32 : 0)) *
            0x9e3779b97f4a7c15UL;
    trace ^= trace >> 29;
    if ( out )
        leaves(out);
    if ( in )
        comes(in);
    if ( meanwhile )
        meanwhile();
}

static s64 ipi_delay(void)
{
    return between(US, IPI_MAX);
}

static void begin(u32 cpus)
{
    fake_cpus(cpus);
    fake_ipi_delay = ipi_delay;
    fake_switching = switching;
    nr_cpus = cpus;
    moves = switches = trace = 0;
    for ( u32 i = 0; i < cpus; i++ )
    {
        timer_init(&sleep_timers[i], go_to_sleep, NULL, i);
        busy[i] = 0;
        idle_since[i] = INT64_MAX;
    }
}

static void start(struct actor *a)
{
    a->left = drawn(a->run);
    a->asked = fake_now;
    fake_cpus_be((u32)between(0, nr_cpus - 1));
    sched_wake(a->v);
    fake_cpus_leave();
}

/* All are hogs until somebody says otherwise. They don't run yet: start(). */
static struct domain *create(domid_t id, u32 vcpus, u16 weight, u16 cap)
{
    struct domain *d = fake_cpus_domain(id, vcpus);
    struct vcpu *v;

    domains[id] = d;
    sched_domain_set(d, weight, cap);
    for_each_vcpu(d, v)
    {
        struct actor *a = actor_of(v);

        *a = (struct actor){ .v = v };
        v->processor = (u32)between(0, nr_cpus - 1);
        timer_init(&a->wake, wake, a, 0);
    }
    return d;
}

static bool on_a_cpu(const struct domain *d)
{
    for ( u32 i = 0; i < nr_cpus; i++ )
        if ( fake_cpus_current(i)->domain == d )
            return true;
    return false;
}

static void destroy(struct domain *d)
{
    struct vcpu *v;

    d->pause_count = 1;
    for_each_vcpu(d, v)
        sched_update(v);
    fake_cpus_leave();
    while ( on_a_cpu(d) )
        fake_step(fake_now + US);
    for_each_vcpu(d, v)
    {
        timer_stop(&actor_of(v)->wake); /* it may have gone to sleep on its way out */
        actor_of(v)->v = NULL;
    }
    domains[d->id] = NULL;
    fake_cpus_domain_free(d);
}

static void destroy_all(void)
{
    for ( u32 i = 0; i < DOMAINS; i++ )
        if ( domains[i] )
            destroy(domains[i]);
}

static struct sched_queue *queue_of(u32 cpu)
{
    return sched_queues[cpu];
}

/* --- What is always true --- */

static cpumask_t cpus_of(const struct vcpu *v)
{
    cpumask_t all = sched_cpus, hard = v->sched.hard_affinity & all;

    return hard ? hard : all;
}

static void check_queue(u32 cpu)
{
    struct sched_queue *q = queue_of(cpu);
    s64 last = INT64_MIN;
    struct vcpu *v;
    u32 n = 0;

    require(!lock_held(&q->lock));
    require(q->running == fake_cpus_current(cpu));
    require(q->running->sched.running && !q->running->sched.queued);
    list_for_each_entry(v, &q->waiting, sched.queue)
    {
        n++;
        require(v->sched.queued && v->processor == cpu);
        require(cpus_of(v) >> cpu & 1);
        require(sched_policy->key(v) >= last);
        last = sched_policy->key(v);
    }
    require(n == q->nr_waiting);
    require(q->least == (n ? sched_policy->key(sched_policy->first(q)) : INT64_MAX));
}

/* A CPU that will choose again anyway when the interrupt arrives. */
static bool told(u32 cpu)
{
    return smp_percpu(cpu)->exit_work & WORK_RESCHEDULE;
}

static void check_actor(const struct actor *a)
{
    struct vcpu *v = a->v;
    bool runnable = sched_runnable(v), here = fake_cpus_current(v->processor) == v;

    require(v->sched.running == here);
    require(!(v->sched.running && v->sched.queued));
    if ( runnable )
        require(v->sched.running || v->sched.queued);
    else
        require(!v->sched.queued || v->domain->sched.throttled);
    if ( here )
        require((runnable && (cpus_of(v) >> v->processor & 1)) || told(v->processor) ||
                v->domain->sched.throttled);
    require((v->runstate.info.state == RUNSTATE_running) == v->sched.running);
    require((v->runstate.info.state == RUNSTATE_runnable) == v->sched.queued);
    require(sched_vcpu_ns(v) == (u64)ran(a));
}

static void check_idle(void)
{
    cpumask_t wanted = 0;

    for_each_actor(a) if ( a->v->sched.queued && sched_runnable(a->v) ) wanted |= cpus_of(a->v);
    for ( u32 i = 0; i < nr_cpus; i++ )
    {
        if ( !(wanted >> i & 1) || fake_cpus_current(i)->domain != domain_idle )
            idle_since[i] = INT64_MAX;
        else if ( idle_since[i] == INT64_MAX )
            idle_since[i] = fake_now;
        if ( fake_now - idle_since[i] > IDLE_MAX )
            fail_now("CPU %u has been idle for %ld us while somebody waits for it", i,
                     (long)((fake_now - idle_since[i]) / US));
    }
}

static void check(void)
{
    for ( u32 i = 0; i < nr_cpus; i++ )
        check_queue(i);
    for_each_actor(a) check_actor(a);
}

/* Time that isn't idle is somebody's. */
static void check_sums(s64 begun)
{
    s64 idle = 0, run = 0;

    for ( u32 i = 0; i < nr_cpus; i++ )
    {
        idle += (s64)sched_idle_ns(i);
        run += busy[i];
        if ( fake_cpus_current(i)->domain != domain_idle )
            run += fake_now - actor_of(fake_cpus_current(i))->since;
    }
    require(idle + run == (fake_now - begun) * nr_cpus);
}

/* Let @ns pass; everything is checked after each of @every steps. */
static void pass(s64 ns, u32 every)
{
    s64 end = fake_now + ns;

    for ( u32 n = 0; fake_step(end); n++ )
    {
        check_idle();
        if ( n % every == 0 )
            check();
    }
    check();
}

/* --- Fair shares --- */

static double ideal[ARRAY_SIZE(actors)];

static bool within(cpumask_t cpus, cpumask_t all)
{
    return !(cpus & ~all);
}

/* How much a unit of weight may get until the CPUs of @set are used up by those that can run nowhere else. */
static double level_of_set(cpumask_t set, const bool *fixed)
{
    double weight = 0, left = __builtin_popcountl(set);

    for_each_actor(a) if ( !within(cpus_of(a->v), set) ) continue;
    else if ( fixed[a - actors] ) left -= ideal[a - actors];
    else weight += a->v->domain->sched.weight;
    return weight ? left / weight : 1e9;
}

/* Those that can't get more than at this level stay there. */
static void fix(double level, bool *fixed)
{
    bool full[ARRAY_SIZE(actors)] = { false };

    for ( cpumask_t set = 1; set < (cpumask_t)1 << nr_cpus; set++ )
        if ( level_of_set(set, fixed) <= level * (1 + 1e-9) )
            for_each_actor(a) full[a - actors] |= within(cpus_of(a->v), set);
    for_each_actor(a)
    {
        double want = a->v->domain->sched.weight * level;

        if ( fixed[a - actors] || !(full[a - actors] || want >= 1 - 1e-9) )
            continue;
        ideal[a - actors] = want;
        fixed[a - actors] = true;
    }
}

/*
 * What hogs should get: all rise together, by weight, until they have a CPU each or all of the CPUs that they may use
 * are full; the rest rises on.
 */
static void find_ideal(void)
{
    bool fixed[ARRAY_SIZE(actors)] = { false };

    for ( ;; )
    {
        double level = 1e9;

        for_each_actor(a) if ( !fixed[a - actors] ) level =
            min(level, 1.0 / a->v->domain->sched.weight);
        if ( level > 1 )
            return;
        for ( cpumask_t set = 1; set < (cpumask_t)1 << nr_cpus; set++ )
            level = min(level, level_of_set(set, fixed));
        fix(level, fixed);
    }
}

static u16 weight(void)
{
    return (u16)(one_in(5) ? 256 : between(64, 1024));
}

static u16 any_weight(void)
{
    return (u16)(one_in(4) ? between(1, 65535) : one_in(3) ? between(1, 64) : between(64, 1024));
}

static cpumask_t anywhere(void)
{
    return ~0UL;
}

/* One of the parts that the CPUs are cut into: 0, 1, 2-3, 4-7. */
static cpumask_t pool(void)
{
    switch ( between(0, nr_cpus > 4 ? 3 : nr_cpus > 2 ? 2 : nr_cpus - 1) )
    {
    case 0:
        return 0x01;
    case 1:
        return 0x02;
    case 2:
        return 0x0c;
    default:
        return 0xf0;
    }
}

static cpumask_t any_cpus(void)
{
    cpumask_t all = ((cpumask_t)1 << nr_cpus) - 1, mask;

    if ( one_in(2) )
        return ~0UL;
    if ( one_in(2) )
        return (cpumask_t)1 << between(0, nr_cpus - 1);
    do
        mask = host_test_random() & all;
    while ( !mask );
    return mask;
}

/* As many as keep the CPUs busy, or not quite. */
static void create_hogs(u16 (*weigh)(void), cpumask_t (*place)(void))
{
    u32 n = (u32)between(1, min(3 * nr_cpus + 3, DOMAINS));

    for ( u32 i = 0; i < n; i++ )
        create((domid_t)i, one_in(4) ? (u32)between(1, VCPUS) : 1, weigh(), 0);
    for_each_actor(a)
    {
        cpumask_t mask = place();

        sched_set_affinity(a->v, &mask, NULL);
        start(a);
    }
}

/* So long that everybody has many turns. */
static s64 window(void)
{
    s64 total = 0;

    for_each_actor(a) total += a->v->domain->sched.weight;
    return min(max(300 * 10 * MS * (total / 256 + 1) / nr_cpus, 5 * S), 60 * S);
}

static void measure(s64 time, u32 every)
{
    for_each_actor(a) a->measured = ran(a);
    pass(time, every);
    for_each_actor(a) a->measured = ran(a) - a->measured;
}

static double worst_share(s64 time, double most)
{
    double worst = 0;

    find_ideal();
    for_each_actor(a)
    {
        double want = ideal[a - actors], got = (double)a->measured / (double)time;
        double off = got > want ? got - want : want - got;

        if ( off < 0.001 && want < 0.05 ) /* a few turns more or less */
            continue;
        off /= want;

        if ( off > most )
            fail("of %u CPUs vcpu %d.%d, weight %u, CPUs %lx, got %f, not %f", nr_cpus,
                 a->v->domain->id, a->v->id, a->v->domain->sched.weight, cpus_of(a->v), got, want);
        worst = max(worst, off);
    }
    return worst;
}

static void fair_shares(const char *name, u32 n, u16 (*weigh)(void), cpumask_t (*place)(void),
                        double most)
{
    double worst = 0;
    u64 moved = 0, switched = 0;
    s64 total = 0;

    for ( u32 i = 0; i < workloads(n); i++ )
    {
        s64 time;
        double off;

        seed(i);
        begin(1U << i % 4);
        create_hogs(weigh, place);
        pass(S, 64);
        moves = switches = 0;
        time = window();
        measure(time, 256);
        off = worst_share(time, most);
        if ( off > most )
            fail("... that was workload %u", i);
        worst = max(worst, off);
        moved += moves;
        switched += switches;
        total += time * nr_cpus;
        destroy_all();
    }
    figure("%s: worst %f, a CPU's moves/s %f, switches/s %f", name, worst,
           (double)moved * S / (double)total, (double)switched * S / (double)total);
}

TEST(shares_by_weight)
{
    fair_shares("shares", 60, weight, anywhere, 0.02);
}

TEST(shares_in_pools)
{
    fair_shares("shares in pools", 60, weight, pool, 0.02);
}

/* Ever so small and large weights. */
TEST(shares_by_any_weight)
{
    fair_shares("any weights", 20, any_weight, anywhere, 0.04);
}

/* --- Caps --- */

static double worst_cap(s64 time)
{
    double worst = 0;

    for ( u32 i = 0; i < DOMAINS; i++ )
    {
        double cap, got = 0;
        struct vcpu *v;

        if ( !domains[i] || !domains[i]->sched.cap )
            continue;
        cap = domains[i]->sched.cap / 100.0;
        for_each_vcpu(domains[i], v)
            got += (double)actor_of(v)->measured / (double)time;
        worst = max(worst, (cap > got ? cap - got : got - cap) / cap);
        if ( worst > 0.02 )
            fail("on %u CPUs domain %u with cap %f got %f", nr_cpus, i, cap, got);
    }
    return worst;
}

/* Capped domains that want more than their caps, and could have it; others fill the CPUs. */
TEST(caps)
{
    double worst = 0;

    for ( u32 i = 0; i < workloads(40); i++ )
    {
        u32 capped;

        seed(i);
        begin(1U << i % 4);
        capped = (u32)between(1, nr_cpus);
        for ( u32 n = 0; n < capped; n++ )
            create((domid_t)n, (u32)between(1, min(nr_cpus, VCPUS)), 4096, (u16)between(5, 60));
        for ( u32 n = 0; n < nr_cpus; n++ )
            create((domid_t)(capped + n), 1, 64, 0);
        for_each_actor(a) start(a);
        pass(S, 256);
        measure(20 * S, 1024);
        worst = max(worst, worst_cap(20 * S));
        destroy_all();
    }
    figure("caps: worst %f", worst);
}

/* --- Wake-ups --- */

#define BURST_MAX (300 * US)
#define RUN_MIN   (200 * US) /* as in fair.c */

static void make_sleeper(struct actor *a, struct span run, struct span sleep)
{
    a->sleeps = true;
    a->run = run;
    a->sleep = sleep;
}

/*
 * Vcpus that run for a moment now and then find a CPU at once, however many hogs there are: within the time that fair.c
 * gives, and their turns among each other.
 */
TEST(light_sleepers_are_served_promptly)
{
    s64 worst = 0;

    for ( u32 i = 0; i < workloads(40); i++ )
    {
        u32 hogs, sleepers;
        s64 bound;

        seed(i);
        begin(1U << i % 4);
        hogs = (u32)between(nr_cpus, 2 * nr_cpus + 2);
        sleepers = (u32)between(1, max(nr_cpus / 2, 1U));
        for ( u32 n = 0; n < hogs + sleepers; n++ )
            create((domid_t)n, 1, n < hogs ? weight() : 256, 0);
        for_each_actor(a)
        {
            if ( a->v->domain->id >= hogs )
                make_sleeper(a, (struct span){ 20 * US, BURST_MAX },
                             (struct span){ 5 * MS, 50 * MS });
            start(a);
        }
        pass(S, 256);
        for_each_actor(a) a->longest = 0;
        pass(10 * S, 1024);
        bound = RUN_MIN + IPI_MAX + (sleepers - 1) * (BURST_MAX + IPI_MAX);
        for_each_actor(a)
        {
            if ( a->sleeps && a->longest > bound )
                fail("workload %u: on %u CPUs with %u hogs one of %u sleepers waited for %ld us", i,
                     nr_cpus, hogs, sleepers, (long)(a->longest / US));
            if ( a->sleeps )
                worst = max(worst, a->longest);
        }
        destroy_all();
    }
    figure("sleepers: longest wait %ld us", (long)(worst / US));
}

/* --- Anything, at any time --- */

static struct timer trouble;
static s64 trouble_every;

static struct actor *any_actor(void)
{
    struct actor *a = &actors[between(0, ARRAY_SIZE(actors) - 1)];

    for ( u32 i = 0; i < ARRAY_SIZE(actors) && !a->v; i++ )
        a = a + 1 < actors + ARRAY_SIZE(actors) ? a + 1 : actors;
    return a->v ? a : NULL;
}

static void pause_or_unpause(struct actor *a)
{
    if ( a->paused )
    {
        a->paused = false;
        sched_unpause(a->v);
        return;
    }
    a->paused = true;
    sched_pause_nosync(a->v);
}

static void shut_down(struct domain *d)
{
    struct vcpu *v;

    WRITE_ONCE(d->shut_down, !d->shut_down);
    for_each_vcpu(d, v)
        sched_update(v);
}

static void move(struct actor *a)
{
    cpumask_t hard = any_cpus(), soft = any_cpus();

    sched_set_affinity(a->v, one_in(4) ? NULL : &hard, one_in(2) ? &soft : NULL);
}

static u16 any_cap(void)
{
    return one_in(3) ? (u16)between(10, 150) : 0;
}

/* What others do to a vcpu and its domain. */
static void make_trouble(void)
{
    struct actor *a = any_actor();

    if ( !a )
        return;
    switch ( host_test_random() % 8 )
    {
    case 0:
    case 1:
        sched_wake(a->v);
        break;
    case 2:
    case 3:
        pause_or_unpause(a);
        break;
    case 4:
        move(a);
        break;
    case 5:
        sched_domain_set(a->v->domain, any_weight(), any_cap());
        break;
    case 6:
        if ( one_in(3) )
            shut_down(a->v->domain);
        break;
    case 7:
        sched_let_others();
        break;
    }
}

static void trouble_again(void *arg)
{
    (void)arg;
    make_trouble();
    trouble.cpu = (u32)between(0, nr_cpus - 1);
    timer_set(&trouble, fake_now + between(0, trouble_every));
}

/* While one CPU is in the middle of a switch, another one does something. */
static void trouble_meanwhile(void)
{
    struct percpu *cpu = host_cpu;
    u32 other = (u32)between(0, nr_cpus - 1);

    if ( !one_in(4) || fake_cpus_switching(other) )
        return;
    fake_cpus_be(other);
    make_trouble();
    fake_cpus_leave();
    host_cpu = cpu;
}

static void come(domid_t id)
{
    struct domain *d = create(id, (u32)between(1, VCPUS), any_weight(), any_cap());
    struct vcpu *v;

    for_each_vcpu(d, v)
    {
        struct actor *a = actor_of(v);

        if ( one_in(2) )
            make_sleeper(a, (struct span){ US, between(US, 20 * MS) },
                         (struct span){ US, between(US, 50 * MS) });
        if ( one_in(2) )
            move(a);
        start(a);
    }
}

static void go(struct domain *d)
{
    void (*what)(void) = meanwhile;

    meanwhile = NULL;
    timer_stop(&trouble);
    destroy(d);
    meanwhile = what;
    timer_set(&trouble, fake_now);
}

static void come_and_go(void)
{
    domid_t id = (domid_t)between(0, min(2 * nr_cpus, DOMAINS) - 1);

    if ( domains[id] )
        go(domains[id]);
    else
        come(id);
}

/* Domains come and go, and nothing is left in peace: the states agree at every step. */
static u64 chaos(u64 n)
{
    s64 begun;

    seed(n);
    begin(1U << n % 4);
    begun = fake_now;
    trouble_every = 1L << between(14, 23); /* up to 16 us, or up to 8 ms */
    timer_init(&trouble, trouble_again, NULL, 0);
    timer_set(&trouble, fake_now);
    meanwhile = trouble_meanwhile;
    for ( u32 i = 0; i < 30; i++ )
    {
        come_and_go();
        pass(between(US, 20 * trouble_every), 1);
    }
    check_sums(begun);
    timer_stop(&trouble);
    meanwhile = NULL;
    destroy_all();
    return trace;
}

TEST(states_agree_whatever_happens)
{
    for ( u32 i = 0; i < workloads(500); i++ )
        chaos(i);
}

TEST(the_same_again)
{
    u64 first[16];

    for ( u32 i = 0; i < 16; i++ )
        first[i] = chaos(i);
    for ( u32 i = 0; i < 16; i++ )
        expect(chaos(i) == first[i]);
    expect(first[0] != first[4]);
}

HOST_TEST_MAIN
