#include "tests/host/fake/rooms.h"

#include "cpu/percpu.h"
#include "event/event.h"
#include "grant/grant.h"
#include "lib/atomic.h"
#include "mm/alloc.h"
#include "mm/heap.h"
#include "sched/sched.h"
#include "smp/smp.h"

/* ---- heap */

long fake_heap_blocks;

void *heap_alloc(size_t size)
{
    if ( size > PAGE_SIZE )
        return NULL;
    atomic_inc(&fake_heap_blocks);
    return calloc(1, size);
}

void heap_free(void *p)
{
    if ( p )
        atomic_dec(&fake_heap_blocks);
    free(p);
}

void mm_share_with_domain(void *va, struct domain *d)
{
    (void)va, (void)d;
}

bool mm_unshare(void *va)
{
    (void)va;
    return true;
}

bool fake_shared_mapped;

bool mm_shared_in_use(const void *va)
{
    (void)va;
    return fake_shared_mapped;
}

/* ---- locks */

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

/* ---- time */

#define TIMERS 64

s64 fake_now = 1000000000;

void (*fake_meanwhile)(void);

static struct timer *timers[TIMERS];

ns_t time_now(void)
{
    void (*meanwhile)(void) = fake_meanwhile;

    fake_meanwhile = NULL;
    if ( meanwhile )
        meanwhile();
    return fake_now;
}

void timer_init(struct timer *timer, void (*handler)(void *arg), void *arg, u32 cpu)
{
    *timer = (struct timer){ .handler = handler, .arg = arg, .cpu = cpu };
}

long timer_stop(struct timer *timer)
{
    for ( int i = 0; i < TIMERS; i++ )
        if ( timers[i] == timer )
            timers[i] = NULL;
    timer->active = false;
    return 0;
}

void timer_kill(struct timer *timer)
{
    timer_stop(timer);
}

long timer_set(struct timer *timer, ns_t expires)
{
    timer_stop(timer);
    timer->expires = expires;
    for ( int i = 0; i < TIMERS; i++ )
        if ( !timers[i] )
        {
            timers[i] = timer;
            timer->active = true;
            return 0;
        }
    fail_now("the fake clock has no timer left");
}

static struct timer *next_timer(void)
{
    struct timer *next = NULL;

    for ( int i = 0; i < TIMERS; i++ )
        if ( timers[i] && (!next || timers[i]->expires < next->expires) )
            next = timers[i];
    return next;
}

s64 fake_next_timer(void)
{
    struct timer *next = next_timer();

    return next ? next->expires : INT64_MAX;
}

void fake_advance(s64 until)
{
    struct timer *timer;

    while ( (timer = next_timer()) != NULL && timer->expires <= until )
    {
        if ( timer->expires > fake_now )
            fake_now = timer->expires;
        timer_stop(timer);
        timer->handler(timer->arg);
    }
    fake_now = until;
}

/* ---- CPUs: others than this one never answer */

void smp_kick(u32 cpu, u32 work)
{
    if ( cpu == host_cpu->cpu )
        percpu_raise(host_cpu, work);
}

unsigned long fake_switches;

void vcpu_switch(struct vcpu *prev, struct vcpu *next)
{
    expect(host_cpu->current == prev || host_cpu->current->domain == domain_idle);
    host_cpu->current = next;
    fake_switches++;
}

void vcpu_linger(struct vcpu *v, struct vcpu *idle)
{
    expect(host_cpu->current == v);
    host_cpu->current = idle;
}

void vcpu_resume(struct vcpu *v)
{
    expect(host_cpu->current->domain == domain_idle);
    host_cpu->current = v;
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

    expect(info->state != state);
    v->runstate.version += 2;
    info->time[info->state] += (u64)now - info->state_entry_time;
    info->state_entry_time = (u64)now;
    info->state = state;
}

/* ---- domains */

struct domain *fake_shut_down;
u8 fake_shutdown_reason;

void domain_shutdown(struct domain *d, u8 reason)
{
    fake_shut_down = d;
    fake_shutdown_reason = reason;
}

#define WEAK __attribute__((weak))
WEAK long event_domain_create(struct domain *d);
WEAK long event_domain_relinquish(struct domain *d);
WEAK void event_domain_destroy(struct domain *d);
WEAK long event_vcpu_create(struct vcpu *v);
WEAK long sched_domain_create(struct domain *d);
WEAK void sched_domain_destroy(struct domain *d);
WEAK long sched_vcpu_create(struct vcpu *v);
WEAK void sched_vcpu_destroy(struct vcpu *v);
WEAK long grant_domain_create(struct domain *d);
WEAK long grant_domain_relinquish(struct domain *d);
WEAK void grant_domain_destroy(struct domain *d);

#define RUN(hook, arg)                                                                             \
    do                                                                                             \
        if ( hook )                                                                                \
            require(!hook(arg));                                                                   \
    while ( 0 )

struct domain *fake_guest(domid_t id, bool privileged, u32 vcpus)
{
    struct domain *d = fake_domain(id, privileged, vcpus);
    struct vcpu *v;

    d->shared_info = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
    memset(d->shared_info, 0, PAGE_SIZE);
    d->grant.max_grant_frames = d->grant.max_maptrack_frames = -1;
    d->grant.max_version = 2;
    if ( !domain_zero && privileged )
        domain_zero = d;
    RUN(event_domain_create, d);
    RUN(sched_domain_create, d);
    RUN(grant_domain_create, d);
    for_each_vcpu(d, v)
    {
        v->cpu.info = (struct vcpu_info *)&d->shared_info->vcpu_info[v->id];
        v->initialised = true;
        RUN(event_vcpu_create, v);
        RUN(sched_vcpu_create, v);
        v->processor = 0;
    }
    return d;
}

bool fake_guest_relinquish(struct domain *d)
{
    WRITE_ONCE(d->life, DOMAIN_DYING);
    if ( grant_domain_relinquish && grant_domain_relinquish(d) )
        return false;
    if ( event_domain_relinquish && event_domain_relinquish(d) )
        return false;
    return true;
}

void fake_guest_destroy(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
    {
        if ( sched_vcpu_destroy )
            sched_vcpu_destroy(v);
        free(v);
    }
    if ( grant_domain_destroy )
        grant_domain_destroy(d);
    if ( sched_domain_destroy )
        sched_domain_destroy(d);
    if ( event_domain_destroy )
        event_domain_destroy(d);
    free(d->vcpus);
    free(d->shared_info);
}
