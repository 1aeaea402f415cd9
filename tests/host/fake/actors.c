#include "tests/host/fake/actors.h"

#include <stdarg.h>

#include "cpu/percpu.h"
#include "lib/atomic.h"

/* --- Numbers from the environment --- */

static u64 number(const char *name, u64 otherwise)
{
    const char *value = getenv(name);

    return value ? strtoull(value, NULL, 0) : otherwise;
}

u64 workload_first(void)
{
    return number("SEED", 0);
}

static u64 workload;
static bool under_way;

/* A case that ends in the middle of one. */
static void tell_workload(void)
{
    if ( under_way )
        fprintf(stderr, "... in workload %lu: SEED=%lu RUNS=1\n", workload, workload);
}

bool workload_begin(u64 i, u64 n)
{
    static bool prepared;

    if ( !prepared )
        prepared = atexit(tell_workload) == 0;
    workload = i;
    host_test_seed(i);
    under_way = i < workload_first() + number("RUNS", n);
    return under_way;
}

void figure(const char *format, ...)
{
    va_list args;

    if ( !number("FIGURES", 0) )
        return;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

s64 between(s64 low, s64 high)
{
    return low + (s64)(host_test_random() % (u64)(high - low + 1));
}

bool one_in(u32 n)
{
    return host_test_random() % n == 0;
}

u16 usual_weight(void)
{
    return (u16)(one_in(5) ? 256 : between(64, 1024));
}

u16 any_weight(void)
{
    return (u16)(one_in(4) ? between(1, 65535) : one_in(3) ? between(1, 64) : between(64, 1024));
}

cpumask_t any_cpus(void)
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

/* --- Vcpus that run and sleep --- */

struct actor actors[ACTORS];

struct domain *domains[DOMAINS];

struct domain *domain_first_at_or_above(domid_t id)
{
    while ( id < DOMAINS && !domains[id] )
        id++;
    return id < DOMAINS ? domains[id] : NULL;
}

struct domain *domain_after(struct domain *d)
{
    return domain_first_at_or_above((domid_t)(d->id + 1));
}
u32 nr_cpus;
static struct timer sleep_timers[FAKE_CPUS_MAX]; /* the end of the current actor's run */
static s64 busy[FAKE_CPUS_MAX], idle_since[FAKE_CPUS_MAX];
u64 actors_moves, actors_switches, actors_trace;
void (*actors_meanwhile)(void);
static cpumask_t gone; /* CPUs that have left */

struct actor *actors_next(struct actor *a)
{
    while ( a < actors + ARRAY_SIZE(actors) && !a->v )
        a++;
    return a < actors + ARRAY_SIZE(actors) ? a : NULL;
}

struct actor *actor_of(const struct vcpu *v)
{
    return v->domain == domain_idle ? NULL : &actors[v->domain->id * VCPUS + v->id];
}

static s64 drawn(struct span span)
{
    return between(span.low, span.high);
}

s64 actor_ran(const struct actor *a)
{
    return a->ran + (sched_runs(a->v) ? fake_now - a->since : 0);
}

static void wake(void *arg)
{
    struct actor *a = arg;

    a->left = drawn(a->run);
    a->asked = fake_now;
    sched_wake(a->v);
    if ( actors_meanwhile && host_cpu->resume )
        actors_meanwhile(); /* it has been chosen, and is not current yet */
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

    actors_moves += a->cpu != cpu;
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

    actors_switches++;
    actors_trace =
        (actors_trace ^ (u64)fake_now ^ host_cpu->cpu ^ (in ? (u64)(in - actors) << 32 : 0)) *
        0x9e3779b97f4a7c15UL;
    actors_trace ^= actors_trace >> 29;
    if ( out )
        leaves(out);
    if ( in )
        comes(in);
    if ( actors_meanwhile )
        actors_meanwhile();
}

u32 any_cpu(void)
{
    u32 cpu = (u32)between(0, nr_cpus - 1);

    return actors_cpu_gone(cpu) ? 0 : cpu;
}

static s64 ipi_delay(void)
{
    return between(US, IPI_MAX);
}

void actors_begin(u32 cpus)
{
    fake_cpus(cpus);
    fake_ipi_delay = ipi_delay;
    fake_switching = switching;
    nr_cpus = cpus;
    actors_moves = actors_switches = actors_trace = 0;
    gone = 0;
    for ( u32 i = 0; i < cpus; i++ )
    {
        timer_init(&sleep_timers[i], go_to_sleep, NULL, i);
        busy[i] = 0;
        idle_since[i] = INT64_MAX;
    }
}

void actor_sleeps(struct actor *a, struct span run, struct span sleep)
{
    a->sleeps = true;
    a->run = run;
    a->sleep = sleep;
}

void actor_start(struct actor *a)
{
    a->left = drawn(a->run);
    a->asked = fake_now;
    fake_cpus_be(any_cpu());
    sched_wake(a->v);
    fake_cpus_leave();
}

struct domain *actors_create(domid_t id, u32 vcpus, u16 weight, u16 cap)
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
    const struct vcpu *v;

    for_each_vcpu(d, v)
        if ( sched_on_cpu(v) )
            return true;
    return false;
}

void actors_destroy(struct domain *d)
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

void actors_destroy_all(void)
{
    for ( u32 i = 0; i < DOMAINS; i++ )
        if ( domains[i] )
            actors_destroy(domains[i]);
}

static struct sched_queue *queue_of(u32 cpu)
{
    return sched_queues[cpu];
}

/* --- CPUs that leave and return --- */

/* As control/cpus.c does it: whoever asks, asks again until the CPU runs nobody. */
bool actors_cpu_leave(u32 cpu)
{
    require(cpu && !actors_cpu_gone(cpu));
    if ( !sched_leave(cpu) )
        return false;
    fake_cpus_offline(cpu, true);
    gone |= (cpumask_t)1 << cpu;
    return true;
}

void actors_cpu_join(u32 cpu)
{
    fake_cpus_offline(cpu, false);
    gone &= ~((cpumask_t)1 << cpu);
    sched_join(cpu, 0);
}

bool actors_cpu_gone(u32 cpu)
{
    return gone >> cpu & 1;
}

/* --- What is always true --- */

cpumask_t actors_cpus(const struct vcpu *v)
{
    cpumask_t all = sched_pools[v->domain->sched.pool].cpus, hard = v->sched.hard_affinity & all;

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
        require(actors_cpus(v) >> cpu & 1);
        require(policy_key(v) >= last);
        last = policy_key(v);
    }
    require(q->loaded == q->running || q->running == q->idle);
    require(!actors_cpu_gone(cpu) || (!n && q->loaded == q->idle));
    require(n == q->nr_waiting);
    require(q->least == (n ? policy_key(sched_first(q)) : INT64_MAX));
}

/* A CPU that will choose again anyway when the interrupt arrives. */
static bool told(u32 cpu)
{
    const struct percpu *percpu = smp_percpu(cpu);

    return (percpu->exit_work & WORK_RESCHEDULE) || percpu->resume;
}

static bool lingers(const struct vcpu *v)
{
    const struct sched_queue *q = queue_of(v->processor);

    return q->loaded == v && q->running == q->idle;
}

/* As its runstate tells. */
static u64 ran(const struct vcpu *v)
{
    const struct vcpu_runstate_info *info = &v->runstate.info;

    return info->time[RUNSTATE_running] +
           (sched_runs(v) ? (u64)fake_now - info->state_entry_time : 0);
}

static void check_actor(const struct actor *a)
{
    struct vcpu *v = a->v;
    bool runnable = sched_runnable(v), here = fake_cpus_current(v->processor) == v;

    require(v->sched.cpus == actors_cpus(v));
    require(v->sched.running == (here || lingers(v)));
    require(!(here && v->sched.queued));
    if ( runnable )
        require(here || v->sched.queued || told(v->processor));
    else
        require(!v->sched.queued || v->domain->throttled);
    if ( here )
        require((runnable && (actors_cpus(v) >> v->processor & 1)) || told(v->processor) ||
                v->domain->throttled);
    require(sched_runs(v) == here);
    if ( !lingers(v) || !told(v->processor) ) /* it may have to go elsewhere */
        require((v->runstate.info.state == RUNSTATE_runnable) == v->sched.queued);
    require(sched_vcpu_ns(v) == (u64)actor_ran(a) && ran(v) == sched_vcpu_ns(v));
}

static cpumask_t idle_cpus(void)
{
    cpumask_t idle = 0;

    for ( u32 i = 0; i < nr_cpus; i++ )
        if ( fake_cpus_current(i)->domain == domain_idle )
            idle |= (cpumask_t)1 << i;
        else
            idle_since[i] = INT64_MAX;
    return idle;
}

static void check_idle(void)
{
    cpumask_t idle = idle_cpus(), wanted = 0;

    if ( idle )
        for_each_actor(a) if ( a->v->sched.queued && sched_runnable(a->v) ) wanted |=
            actors_cpus(a->v);
    for ( ; idle; idle &= idle - 1 )
    {
        u32 cpu = (u32)__builtin_ctzl(idle);

        if ( !(wanted >> cpu & 1) )
            idle_since[cpu] = INT64_MAX;
        else if ( idle_since[cpu] == INT64_MAX )
            idle_since[cpu] = fake_now;
        if ( fake_now - idle_since[cpu] > IDLE_MAX )
            fail_now("CPU %u has been idle for %ld us while somebody waits for it", cpu,
                     (long)((fake_now - idle_since[cpu]) / US));
    }
}

static void check(void)
{
    for ( u32 i = 0; i < nr_cpus; i++ )
        check_queue(i);
    for_each_actor(a) check_actor(a);
}

void actors_check_sums(s64 begun)
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

void actors_pass(s64 ns, u32 every)
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

void actors_measure(s64 ns, u32 every)
{
    for_each_actor(a) a->measured = actor_ran(a);
    actors_pass(ns, every);
    for_each_actor(a) a->measured = actor_ran(a) - a->measured;
}
