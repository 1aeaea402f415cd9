/*
 * The scheduler on several CPUs, simulated: whatever happens to vcpus, domains, CPUs and pools, in any order, in the
 * middle of switches, the states agree, and no CPU idles while somebody waits for it.
 *
 * LINK: hypervisor/sched/core.c hypervisor/sched/affinity.c hypervisor/sched/balance.c hypervisor/sched/fair.c
 * LINK: hypervisor/sched/cap.c hypervisor/sched/hotplug.c hypervisor/sched/ops.c
 * LINK: hypervisor/sched/pool.c hypervisor/time/heap.c
 * LINK: tests/host/fake/cpus.c tests/host/fake/actors.c
 */
#include "tests/host/fake/actors.h"

#include "cpu/percpu.h"
#include "lib/atomic.h"

static struct timer trouble;
static s64 trouble_every;

static struct actor *any_actor(void)
{
    struct actor *a = &actors[between(0, ACTORS - 1)];

    for ( u32 i = 0; i < ACTORS && !a->v; i++ )
        a = a + 1 < actors + ACTORS ? a + 1 : actors;
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

/* One that doesn't leave at once is asked again some time, or called back. */
static void hotplug(void)
{
    u32 cpu = (u32)between(0, nr_cpus - 1);

    if ( !cpu )
        return;
    if ( actors_cpu_gone(cpu) || (one_in(4) && sched_pool_none() >> cpu & 1) )
        actors_cpu_join(cpu);
    else if ( !sched_may_leave(cpu) )
        actors_cpu_leave(cpu);
}

#define POOLS 3U

static u32 any_pool(void)
{
    return (u32)between(0, POOLS - 1);
}

/* CPUs and domains go from pool to pool, as far as they can. */
static void change_pools(struct domain *d)
{
    u32 cpu = (u32)between(0, nr_cpus - 1);

    if ( one_in(3) )
        sched_pool_move(d, any_pool());
    else if ( one_in(3) )
        sched_pool_remove(any_pool(), cpu);
    else
        sched_pool_add(any_pool(), cpu);
}

/* What others do to a vcpu and its domain. */
static void make_trouble(void)
{
    struct actor *a = any_actor();

    if ( !a )
        return;
    switch ( host_test_random() % 10 )
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
    case 8:
        hotplug();
        break;
    case 9:
        change_pools(a->v->domain);
        break;
    }
}

static void trouble_again(void *arg)
{
    (void)arg;
    make_trouble();
    trouble.cpu = any_cpu();
    timer_set(&trouble, fake_now + between(0, trouble_every));
}

/* While one CPU is in the middle of a switch, another one does something. */
static void trouble_meanwhile(void)
{
    struct percpu *cpu = host_cpu;
    u32 other = any_cpu();

    if ( !one_in(4) || fake_cpus_switching(other) )
        return;
    fake_cpus_be(other);
    make_trouble();
    fake_cpus_leave();
    host_cpu = cpu;
}

static u32 any_pool_with_cpus(void)
{
    u32 id = any_pool();

    if ( !sched_cpus )
        sched_pool_add(0, 0);
    while ( !sched_pool_has_cpus(id) )
        id = (id + 1) % POOLS;
    return id;
}

static void come(domid_t id)
{
    struct domain *d = actors_create(id, (u32)between(1, VCPUS), any_weight(), any_cap());
    struct vcpu *v;

    sched_pool_move(d, any_pool_with_cpus());
    for_each_vcpu(d, v)
    {
        struct actor *a = actor_of(v);

        if ( one_in(2) )
            actor_sleeps(a, (struct span){ US, between(US, 20 * MS) },
                         (struct span){ US, between(US, 50 * MS) });
        if ( one_in(2) )
            move(a);
        actor_start(a);
    }
}

static void go(struct domain *d)
{
    void (*what)(void) = actors_meanwhile;

    actors_meanwhile = NULL;
    timer_stop(&trouble);
    actors_destroy(d);
    actors_meanwhile = what;
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

    host_test_seed(n);
    actors_begin(1U << n % 4);
    for ( u32 id = 1; id < POOLS; id++ )
        sched_pool_create(&(u32){ id });
    begun = fake_now;
    trouble_every = 1L << between(14, 23); /* up to 16 us, or up to 8 ms */
    timer_init(&trouble, trouble_again, NULL, 0);
    timer_set(&trouble, fake_now);
    actors_meanwhile = trouble_meanwhile;
    for ( u32 i = 0; i < 30; i++ )
    {
        come_and_go();
        actors_pass(between(US, 20 * trouble_every), 1);
    }
    actors_check_sums(begun);
    timer_stop(&trouble);
    actors_meanwhile = NULL;
    actors_destroy_all();
    return actors_trace;
}

TEST(states_agree_whatever_happens)
{
    for_each_workload(i, 500) chaos(i);
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

static s64 at_once(void)
{
    struct percpu *cpu = host_cpu;

    if ( !lock_held(&sched_queues[0]->lock) && !lock_held(&sched_queues[1]->lock) )
    {
        fake_cpus_be(1);
        fake_cpus_leave();
        host_cpu = cpu;
    }
    return US;
}

/* Nor does who waited for it: however soon the CPU looks up, it isn't left to him. */
TEST(nobody_stays_on_a_cpu_that_leaves)
{
    const cpumask_t last = 2;

    actors_begin(2);
    for ( domid_t id = 0; id < 2; id++ )
    {
        struct vcpu *v = actors_create(id, 1, SCHED_WEIGHT_DEFAULT, 0)->vcpus[0];

        sched_set_affinity(v, &last, NULL);
        actor_start(actor_of(v));
    }
    actors_pass(MS, 1);
    fake_cpus_be(0);
    expect(sched_queues[1]->nr_waiting == 1 && fake_cpus_current(1)->domain != domain_idle);

    fake_ipi_delay = at_once;
    sched_leave(1);
    expect(fake_cpus_current(1)->domain == domain_idle ||
           (smp_percpu(1)->exit_work & WORK_RESCHEDULE));
    actors_destroy_all();
}

static struct vcpu *alone(domid_t id, u32 cpu)
{
    struct vcpu *v = actors_create(id, 1, SCHED_WEIGHT_DEFAULT, 0)->vcpus[0];

    v->processor = cpu;
    return v;
}

/* CPU 0 is told to take who waits for CPU 1, but first the one wakes who lingers there. @seen: it has seen that. */
static struct vcpu *goes_on_instead(bool seen)
{
    struct vcpu *stays, *waits;

    actors_begin(3);
    stays = alone(0, 0);
    waits = alone(2, 1);
    fake_cpus_be(1);
    sched_wake(alone(1, 1));
    fake_cpus_leave();
    fake_cpus_be(0);
    sched_wake(stays);
    fake_cpus_leave();
    sched_block();
    fake_cpus_leave();
    require(fake_cpus_current(0)->domain == domain_idle && stays->sched.running);

    actors_pass(20 * MS, 1);
    fake_cpus_be(1);
    sched_wake(waits);
    fake_cpus_be(0);
    require(host_cpu->exit_work == WORK_RESCHEDULE);
    if ( !seen )
        host_cpu->exit_work = 0;
    sched_wake(stays);
    require(host_cpu->resume && host_cpu->exit_work == (seen ? WORK_RESCHEDULE : 0));
    fake_cpus_leave();
    require(fake_cpus_current(0) == stays && !host_cpu->exit_work);
    return waits;
}

/* It takes nobody to let him wait there, but lets CPU 2 know, which is idle. */
TEST(who_goes_on_leaves_those_that_wait_to_others)
{
    for ( u32 seen = 0; seen < 2; seen++ )
    {
        struct vcpu *waits = goes_on_instead(seen);

        expect(waits->processor == 1 && waits->sched.queued);
        expect(smp_percpu(2)->exit_work & WORK_RESCHEDULE);
        fake_cpus_be(2);
        fake_cpus_leave();
        expect(fake_cpus_current(2) == waits && waits->sched.woken);
        actors_destroy_all();
    }
}

/* If nobody takes him, his own CPU looks at him again soon: he may run long before who has it. */
TEST(who_waits_for_another_cpu_is_not_forgotten)
{
    struct vcpu *waits = goes_on_instead(false);
    const struct timer *timer = &sched_queues[1]->timer;

    expect(timer_active(timer) && timer->expires <= fake_now + MS / 4);
    expect(waits->sched.queued && waits->processor == 1);
    actors_destroy_all();
}

/* One who lingers is woken while its CPU is not its pool's; the CPU is given back before it has looked. */
TEST(who_may_run_again_where_it_lingers_is_not_forgotten)
{
    struct vcpu *v;

    actors_begin(2);
    v = alone(0, 1);
    fake_cpus_be(1);
    sched_wake(v);
    fake_cpus_leave();
    sched_block();
    fake_cpus_leave();
    require(fake_cpus_current(1)->domain == domain_idle && v->sched.running);

    fake_cpus_be(0);
    expect(!sched_pool_remove(0, 1));
    sched_wake(v);
    expect(!sched_pool_add(0, 1));
    fake_cpus_be(1);
    fake_cpus_leave();
    fake_cpus_be(0);
    fake_cpus_leave();
    expect(fake_cpus_current(v->processor) == v);
    actors_destroy_all();
}

HOST_TEST_MAIN
