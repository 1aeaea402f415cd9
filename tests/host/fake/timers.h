/*
 * What lies around time/, for one test program to include: two CPUs, their hardware, two vcpus. Time passes only when a
 * test says so.
 */
#ifndef TESTS_HOST_FAKE_TIMERS_H
#define TESTS_HOST_FAKE_TIMERS_H

#include "tests/host/host.h"

#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "cpu/uaccess.h"
#include "event/event.h"
#include "irq/lapic.h"
#include "sched/sched.h"
#include "time/clock.h"
#include "time/cpu.h"
#include "time/tsc.h"
#include "trace/trace.h"

/* --- The hypervisor around --- */

static struct percpu cpus[2];
__thread struct percpu *host_cpu = &cpus[0];
struct clock time_clock;
u64 time_tsc_khz;
cpumask_t smp_online = 3;
static ns_t now;
static u32 lapic_count, bus_ghz = 1;
static u64 deadline;
static bool has_deadline;
static unsigned int hardware_writes, kicks;
static unsigned int virqs[4];
static struct domain guest, idle = { .id = DOMID_IDLE };
struct domain *domain_idle = &idle;
static struct vcpu vcpu, other, idle_vcpu;
static struct vcpu_info info[2];
static struct shared_info shared;
static bool user_area_mapped = true;

ns_t time_now(void)
{
    return now;
}

void clock_calibrate(void)
{
    time_clock.tsc_to_ns = scale_make(NS_PER_S, NS_PER_S);
    time_clock.to_ns = scale_factor(time_clock.tsc_to_ns);
    time_clock.tsc_per_ns = 1UL << 32;
    time_clock.lapic_per_ns = (u64)bus_ghz << 32;
}

u64 rtc_read(void)
{
    return 1700000000;
}

void lapic_timer_set(u32 count)
{
    expect(!has_deadline);
    lapic_count = count;
    hardware_writes++;
}

bool lapic_timer_use_deadline(void)
{
    return has_deadline;
}

void lapic_timer_set_deadline(u64 tsc)
{
    deadline = tsc;
}

void lock_init(struct lock *lock, enum lock_level level)
{
    *lock = (struct lock)LOCK_INIT(level);
}

/* What another CPU does when a lock is taken for the so many-th time from now on. */
static void (*interfere)(void);
static unsigned int interfere_at;

void lock_acquire(struct lock *lock)
{
    if ( interfere_at && !--interfere_at )
        interfere();
    expect_eq(lock->held++, 0);
}

void lock_release(struct lock *lock)
{
    expect_eq(--lock->held, 0);
}

void lock_pair(struct lock *a, struct lock *b)
{
    lock_acquire(a);
    lock_acquire(b);
}

void unlock_pair(struct lock *a, struct lock *b)
{
    lock_release(a);
    lock_release(b);
}

void *heap_alloc(size_t size)
{
    return calloc(1, size);
}

void panic(const char *format, ...)
{
    fail_now("panic: %s", format);
}

struct percpu *smp_percpu(u32 cpu)
{
    return &cpus[cpu];
}

static void (*meanwhile)(void); /* what another CPU does while this one waits for it */

void smp_poll(void)
{
    meanwhile();
}

void smp_kick(u32 cpu, u32 work)
{
    percpu_raise(&cpus[cpu], work);
    kicks++;
}

void event_send_timer(void *arg)
{
    const struct vcpu *v = arg;

    virqs[v->id]++;
}

unsigned long copy_to_guest(gva_t to, const void *from, unsigned long len)
{
    if ( !user_area_mapped )
        return len;
    memcpy((void *)to.n, from, len);
    return 0;
}

struct domain *domain_first_at_or_above(domid_t id)
{
    return id <= guest.id ? &guest : NULL;
}

void domain_put(struct domain *d)
{
    (void)d;
}

/* --- Shorthands --- */

static void make_vcpu(struct vcpu *v, u32 id)
{
    v->id = id;
    v->domain = &guest;
    v->cpu.info = &info[id];
    v->cpu.kernel_mode = true;
    time_vcpu_create(v);
}

static void start(void)
{
    now = 0;
    cpus[1].cpu = 1;
    guest.id = 7;
    guest.shared_info = &shared;
    idle_vcpu.domain = &idle;
    for ( int i = 1; i >= 0; i-- )
    {
        host_cpu = &cpus[i];
        host_cpu->current = &idle_vcpu;
        time_init();
    }
    time_clock.tsc_base = 1; /* so that rdtsc, which guest.c uses, is near system time */
    make_vcpu(&vcpu, 0);
    make_vcpu(&other, 1);
}

static void end(void)
{
    time_vcpu_destroy(&vcpu);
    time_vcpu_destroy(&other);
    for ( int i = 0; i < 2; i++ )
        free(cpus[i].time);
}

/* Switch @v in on this CPU. */
static void run(struct vcpu *v)
{
    host_cpu->current = v;
    v->processor = host_cpu->cpu;
    time_update_vcpu(v);
}

static bool work_to_do(void)
{
    bool raised = host_cpu->exit_work & WORK_TIMER;

    host_cpu->exit_work &= ~WORK_TIMER;
    return raised;
}

/* Let time pass; the hardware interrupts when its count is through. */
static void pass(ns_t ns)
{
    now += ns;
    if ( lapic_count && lapic_count <= ns )
    {
        lapic_count = 0;
        host_cpu->exit_work |= WORK_TIMER;
    }
    else if ( lapic_count )
        lapic_count -= ns;
    while ( work_to_do() )
        time_run_timers();
}

#endif
