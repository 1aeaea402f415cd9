/*
 * The scheduler with a thread for each CPU, under ThreadSanitizer: they run, block, wake, pause, move and weigh vcpus
 * against each other, while one CPU leaves and returns, and the others and the domains change between pools. Nothing
 * races, nobody is on a CPU that has left, and at the end every vcpu is where its state says.
 *
 * LINK: hypervisor/sched/core.c hypervisor/sched/affinity.c hypervisor/sched/balance.c hypervisor/sched/fair.c
 * LINK: hypervisor/sched/cap.c hypervisor/sched/hotplug.c hypervisor/sched/ops.c
 * LINK: hypervisor/sched/pool.c hypervisor/time/heap.c tests/host/fake/cpus.c
 * FLAGS: -fsanitize=thread
 */
#include "tests/host/fake/cpus.h"

#include <pthread.h>

#include "cpu/percpu.h"
#include "lib/atomic.h"

#define CPUS    4U
#define DOMAINS 4U
#define VCPUS   3U
#define POOLS   3U
#define ROUNDS  20000

static struct domain *domains[DOMAINS];

struct domain *domain_first_at_or_above(domid_t id)
{
    return id < DOMAINS ? domains[id] : NULL;
}

struct domain *domain_after(struct domain *d)
{
    return domain_first_at_or_above((domid_t)(d->id + 1));
}

/* Each thread has its own random numbers. */
static u32 draw(u64 *random, u32 n)
{
    *random = *random * 6364136223846793005UL + 1442695040888963407UL;
    return (u32)(*random >> 33) % n;
}

static struct vcpu *any_vcpu(u64 *random)
{
    return domains[draw(random, DOMAINS)]->vcpus[draw(random, VCPUS)];
}

static void pause_a_while(struct vcpu *v)
{
    sched_pause_nosync(v);
    fake_cpus_leave();
    sched_unpause(v);
}

static void move(struct vcpu *v, u64 *random)
{
    cpumask_t hard = 1 + draw(random, (1U << CPUS) - 1), soft = draw(random, 1U << CPUS);

    sched_set_affinity(v, &hard, &soft);
}

static pthread_mutex_t control = PTHREAD_MUTEX_INITIALIZER;
static bool away;

/* The last CPU leaves, or returns after it was away. */
static void leave_or_return(void)
{
    struct sched_queue *q = sched_queues[CPUS - 1];

    if ( pthread_mutex_trylock(&control) )
        return;
    if ( !away )
        away = !sched_may_leave(CPUS - 1) && sched_leave(CPUS - 1);
    else
    {
        lock_acquire(&q->lock);
        require(!q->nr_waiting && q->loaded == q->idle);
        lock_release(&q->lock);
        sched_join(CPUS - 1, 0);
        away = false;
    }
    pthread_mutex_unlock(&control);
}

/* Domains and CPUs, but the last one, go from pool to pool. */
static void change_pools(struct domain *d, u64 *random)
{
    u32 id = draw(random, POOLS), cpu = draw(random, CPUS - 1);

    if ( pthread_mutex_trylock(&control) )
        return;
    switch ( draw(random, 4) )
    {
    case 0:
        sched_pool_move(d, id);
        break;
    case 1:
        sched_pool_remove(id, cpu);
        break;
    default:
        sched_pool_add(id, cpu);
        break;
    }
    pthread_mutex_unlock(&control);
}

/* Whose state this CPU has: he runs, or lingers. @v: nobody's. */
static struct vcpu *loaded_or(struct vcpu *v)
{
    const struct sched_queue *q = this_cpu()->sched;

    return q->loaded == q->idle ? v : q->loaded;
}

static void act(u64 *random)
{
    struct vcpu *v = any_vcpu(random);

    switch ( draw(random, 10) )
    {
    case 0:
        sched_wake(v);
        break;
    case 1: /* as by a timer of his: whoever lingers here goes on at once */
        sched_wake(loaded_or(v));
        break;
    case 2:
        if ( current_vcpu()->domain != domain_idle )
            sched_block();
        break;
    case 3:
        pause_a_while(v);
        break;
    case 4:
        move(v, random);
        break;
    case 5:
        sched_domain_set(v->domain, (u16)(1 + draw(random, 1000)), 0);
        break;
    case 6:
        sched_let_others();
        break;
    case 7: /* as if the queue's timer had run out */
        percpu_raise(this_cpu(), WORK_RESCHEDULE);
        break;
    case 8:
        leave_or_return();
        break;
    case 9:
        change_pools(v->domain, random);
        break;
    }
}

static void *run_cpu(void *arg)
{
    u64 random = (u64)arg * 7919 + 1;

    fake_cpus_be((u32)(u64)arg);
    for ( u32 i = 0; i < ROUNDS; i++ )
    {
        atomic_fetch_add(&fake_now, 1000 * draw(&random, 1000));
        act(&random);
        fake_cpus_leave();
    }
    return NULL;
}

/* All are told to look until nobody has anything to do any more. */
static void settle(void)
{
    for ( u32 i = 0; i < 8 * CPUS; i++ )
    {
        fake_cpus_be(i % CPUS);
        fake_cpus_leave();
    }
}

static void check(struct vcpu *v)
{
    bool on_cpu = fake_cpus_current(v->processor) == v;
    bool loaded = sched_queues[v->processor]->loaded == v;
    cpumask_t all = sched_pools[v->domain->sched.pool].cpus, hard = v->sched.hard_affinity & all;

    require(!v->sched.pause_count);
    require(v->sched.running == loaded);
    require(sched_runnable(v) == (on_cpu || v->sched.queued));
    require(!(on_cpu && v->sched.queued));
    require(v->sched.cpus == (hard ? hard : all));
    require(!loaded || balance_allows(v, v->processor));
}

TEST(cpus_against_each_other)
{
    pthread_t threads[CPUS];
    u64 random = 1;

    fake_cpus(CPUS);
    for ( u32 id = 1; id < POOLS; id++ )
        sched_pool_create(&(u32){ id });
    for ( u32 i = 0; i < DOMAINS; i++ )
        domains[i] = fake_cpus_domain((domid_t)i, VCPUS);
    for ( u64 i = 0; i < CPUS; i++ )
        pthread_create(&threads[i], NULL, run_cpu, (void *)i);
    for ( u32 i = 0; i < CPUS; i++ )
        pthread_join(threads[i], NULL);

    fake_cpus_be(0);
    sched_join(CPUS - 1, 0);
    settle();
    for ( u32 i = 0; i < DOMAINS; i++ )
        for ( u32 n = 0; n < VCPUS; n++ )
            check(domains[i]->vcpus[n]);
    for ( u32 i = 0; i < 100; i++ )
        sched_wake(any_vcpu(&random));
    settle();
    for ( u32 i = 0; i < CPUS; i++ )
        require(!lock_held(&sched_queues[i]->lock));
}

HOST_TEST_MAIN
