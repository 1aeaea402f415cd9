#include "tests/host/fake/cpus.h"

#include <pthread.h>
#include <sched.h>
#include <stdarg.h>

#include "access/access.h"
#include "console/console.h"
#include "cpu/percpu.h"
#include "cpu/uaccess.h"
#include "event/event.h"
#include "lib/atomic.h"
#include "mm/heap.h"
#include "sched/policy.h"
#include "smp/smp.h"
#include "time/heap.h"
#include "trace/trace.h"

struct fake_cpu {
    struct percpu percpu;
    s64 interrupt; /* when a kick arrives; INT64_MAX none is on its way */
    bool switching, offline;
};

static struct fake_cpu cpus[FAKE_CPUS_MAX];
static u32 nr_cpus;

__thread struct percpu *host_cpu;
s64 fake_now;
u64 fake_kicks;
s64 (*fake_ipi_delay)(void);
void (*fake_switching)(struct vcpu *prev, struct vcpu *next);

cpumask_t smp_online;

static struct domain idle_domain = { .id = DOMID_IDLE_DOMAIN };
struct domain *domain_zero, *domain_idle = &idle_domain;

void fake_cpus_be(u32 cpu)
{
    host_cpu = &cpus[cpu].percpu;
}

void fake_cpus_offline(u32 cpu, bool offline)
{
    cpus[cpu].offline = offline;
    smp_online = offline ? smp_online & ~balance_bit(cpu) : smp_online | balance_bit(cpu);
}

struct vcpu *fake_cpus_current(u32 cpu)
{
    return cpus[cpu].percpu.current;
}

bool fake_cpus_switching(u32 cpu)
{
    return cpus[cpu].switching;
}

void fake_cpus_leave(void)
{
    for ( ;; )
        if ( atomic_load(&host_cpu->exit_work) & WORK_RESCHEDULE )
            sched_run();
        else if ( host_cpu->resume )
            sched_resume();
        else
            return;
}

/* ---- locks, which are never waited for while one thread plays all CPUs */

void lock_init(struct lock *lock, enum lock_level level)
{
    *lock = (struct lock)LOCK_INIT(level);
}

void lock_acquire(struct lock *lock)
{
    u64 spins = 0;

    while ( atomic_xchg(&lock->held, 1) )
    {
        sched_yield();
        if ( ++spins > 100000000UL )
            panic("a lock is never released");
    }
}

void lock_release(struct lock *lock)
{
    if ( !lock_held(lock) )
        panic("a lock is released that nobody holds");
    atomic_store(&lock->held, 0);
}

bool lock_held(const struct lock *lock)
{
    return atomic_load(&lock->held);
}

void lock_pair(struct lock *a, struct lock *b)
{
    lock_acquire(a < b ? a : b);
    if ( a != b )
        lock_acquire(a < b ? b : a);
}

void unlock_pair(struct lock *a, struct lock *b)
{
    lock_release(a);
    if ( a != b )
        lock_release(b);
}

void panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

/* ---- time: one heap for all CPUs */

static struct timer *timers;
static pthread_mutex_t timers_mutex = PTHREAD_MUTEX_INITIALIZER;

ns_t time_now(void)
{
    return READ_ONCE(fake_now);
}

void timer_init(struct timer *timer, void (*handler)(void *arg), void *arg, u32 cpu)
{
    *timer = (struct timer){ .handler = handler, .arg = arg, .cpu = cpu };
}

static void stop(struct timer *timer)
{
    if ( timer->active )
        timers = heap_remove(timers, timer);
    timer->active = false;
}

long timer_stop(struct timer *timer)
{
    pthread_mutex_lock(&timers_mutex);
    stop(timer);
    pthread_mutex_unlock(&timers_mutex);
    return 0;
}

void timer_kill(struct timer *timer)
{
    timer_stop(timer);
}

long timer_set(struct timer *timer, ns_t expires)
{
    pthread_mutex_lock(&timers_mutex);
    stop(timer);
    timer->expires = expires;
    timer->active = true;
    timers = heap_insert(timers, timer);
    pthread_mutex_unlock(&timers_mutex);
    return 0;
}

/* ---- what is due */

static struct fake_cpu *next_interrupt(void)
{
    struct fake_cpu *next = &cpus[0];

    for ( u32 i = 1; i < nr_cpus; i++ )
        if ( cpus[i].interrupt < next->interrupt )
            next = &cpus[i];
    return next;
}

static void expire(struct timer *timer)
{
    stop(timer);
    fake_cpus_be(cpus[timer->cpu].offline ? 0 : timer->cpu);
    timer->handler(timer->arg);
}

bool fake_step(s64 until)
{
    struct fake_cpu *interrupted = next_interrupt();
    struct timer *timer = timers;
    s64 due = interrupted->interrupt;

    if ( timer && timer->expires < due )
        due = timer->expires;
    if ( due > until )
    {
        fake_now = until;
        return false;
    }
    fake_now = max(fake_now, due);
    if ( interrupted->interrupt == due )
    {
        interrupted->interrupt = INT64_MAX;
        host_cpu = &interrupted->percpu;
    }
    else
        expire(timer);
    fake_cpus_leave();
    return true;
}

void smp_kick(u32 cpu, u32 work)
{
    struct fake_cpu *target = &cpus[cpu];

    if ( target->offline )
        panic("CPU %u is offline", cpu);
    percpu_raise(&target->percpu, work);
    if ( &target->percpu == host_cpu )
        return;
    atomic_inc(&fake_kicks);
    if ( fake_ipi_delay )
        target->interrupt = min(target->interrupt, fake_now + fake_ipi_delay());
}

void smp_poll(void)
{
}

void (*fake_synchronize)(void);

void smp_synchronize(void)
{
    if ( fake_synchronize )
        fake_synchronize();
}

struct percpu *smp_percpu(u32 cpu)
{
    return &cpus[cpu].percpu;
}

/* @next becomes current in @prev's stead. */
static void change_current(struct vcpu *prev, struct vcpu *next)
{
    struct percpu *cpu = host_cpu;

    cpu->current = next;
    cpus[cpu->cpu].switching = true;
    if ( fake_switching && next != prev )
        fake_switching(prev, next);
    cpus[cpu->cpu].switching = false;
    host_cpu = cpu;
}

/* The state that @next's replaces is that of the vcpu that runs, or of one that lingers. */
void vcpu_switch(struct vcpu *prev, struct vcpu *next)
{
    struct vcpu *current = host_cpu->current;

    if ( current != prev && current->domain != domain_idle )
        panic("switch from a vcpu that doesn't run");
    change_current(current, next);
}

void vcpu_linger(struct vcpu *v, struct vcpu *idle)
{
    if ( host_cpu->current != v )
        panic("a vcpu lingers that doesn't run");
    change_current(v, idle);
}

void vcpu_resume(struct vcpu *v)
{
    if ( host_cpu->current->domain != domain_idle )
        panic("a vcpu comes back to a CPU that isn't idle");
    if ( v->domain == domain_idle )
        panic("an idle vcpu is resumed");
    change_current(host_cpu->current, v);
}

void fake_cpus(u32 n)
{
    timers = NULL;
    fake_now = NS_PER_S;
    fake_kicks = 0;
    nr_cpus = n;
    sched_cpus = 0;
    for ( u32 id = 0; id < SCHED_POOLS; id++ )
        sched_pools[id] = (struct sched_pool){ .exists = id == 0, .run_min = POLICY_RUN_MIN };
    smp_online = ((cpumask_t)1 << n) - 1;
    for ( u32 i = 0; i < n; i++ )
    {
        fake_cpus_be(i);
        if ( host_cpu->sched )
        {
            free(((struct sched_queue *)host_cpu->sched)->idle);
            free(host_cpu->sched);
        }
        cpus[i] = (struct fake_cpu){ .percpu.cpu = i, .interrupt = INT64_MAX };
        require(sched_init_cpu() == 0);
    }
    for ( u32 i = 0; i < n; i++ ) /* now that all are there, each looks once */
    {
        fake_cpus_be(i);
        sched_run();
    }
}

/* ---- domains */

void *heap_alloc(size_t size)
{
    return calloc(1, size);
}

void heap_free(void *p)
{
    free(p);
}

struct vcpu *domain_create_idle_vcpu(u32 cpu)
{
    struct vcpu *v = calloc(1, sizeof(*v));

    v->domain = domain_idle;
    v->id = v->processor = cpu;
    return v;
}

void runstate_change(struct vcpu *v, int state, s64 now)
{
    struct vcpu_runstate_info *info = &v->runstate.info;

    if ( info->state == state )
        panic("runstate %d twice", state);
    info->time[info->state] += (u64)now - info->state_entry_time;
    info->state_entry_time = (u64)now;
    info->state = state;
}

struct domain *fake_cpus_domain(domid_t id, u32 vcpus)
{
    struct domain *d = calloc(1, sizeof(*d));

    d->id = id;
    d->max_vcpus = vcpus;
    d->vcpus = calloc(vcpus, sizeof(*d->vcpus));
    require(sched_domain_create(d) == 0);
    for ( u32 i = 0; i < vcpus; i++ )
    {
        struct vcpu *v = calloc(1, sizeof(*v));

        v->domain = d;
        v->id = i;
        v->initialised = true;
        v->cpu.info = &v->no_info;
        v->sched.blocked = true;
        require(sched_vcpu_create(v) == 0);
        d->vcpus[i] = v;
    }
    return d;
}

void fake_cpus_domain_free(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
    {
        sched_vcpu_destroy(v);
        free(v);
    }
    sched_domain_destroy(d);
    free(d->vcpus);
    free(d);
}

/* ---- neighbours that have no part in this */

long event_port_pending(struct domain *d, u32 port)
{
    (void)d, (void)port;
    return 0;
}

void event_poll_begin(struct vcpu *v, u32 number)
{
    (void)v, (void)number;
}

void event_poll_end(struct vcpu *v)
{
    (void)v;
}

void domain_shutdown(struct domain *d, u8 reason)
{
    (void)d, (void)reason;
}

void domain_put(struct domain *d)
{
    (void)d;
}

long access_domain(struct domain *who, domid_t id, enum access_right right, struct domain **out)
{
    (void)who, (void)id, (void)right, (void)out;
    return -ESRCH;
}

long access_check(const struct domain *who, const struct domain *target, enum access_right right)
{
    (void)who, (void)target, (void)right;
    return -EPERM;
}

unsigned long copy_to_guest(gva_t to, const void *from, unsigned long len)
{
    (void)to, (void)from;
    return len;
}

unsigned long copy_from_guest(void *to, gva_t from, unsigned long len)
{
    (void)to, (void)from;
    return len;
}
