/*
 * CPUs that dom0 takes away and gives back: the order of things, and what can't be.
 *
 * LINK: hypervisor/control/cpus.c
 */
#include "tests/host/host.h"

#include <stdarg.h>
#include <stdio.h>

#include "control/cpus.h"
#include "control/internal.h"
#include "event/event.h"
#include "lib/string.h"
#include "mm/tlb.h"
#include "sched/sched.h"
#include "smp/smp.h"
#include "time/time.h"

/* --- What is done to CPUs, as a line of text --- */

static char done[256];

static void note(const char *format, ...)
{
    size_t len = strlen(done);
    va_list args;

    va_start(args, format);
    vsnprintf(done + len, sizeof(done) - len, format, args);
    va_end(args);
}

struct lock control_lock;
cpumask_t smp_online;
static struct percpu cpus[3];
static bool leaves, locked;
static u32 needed; /* by a pool */

struct percpu *smp_percpu(u32 cpu)
{
    return cpu < 3 ? &cpus[cpu] : NULL;
}

void smp_set_online(struct percpu *cpu)
{
    smp_online |= 1UL << cpu->cpu;
    note("up%u ", cpu->cpu);
}

void smp_set_offline(u32 cpu)
{
    smp_online &= ~(1UL << cpu);
    note("down%u ", cpu);
}

void smp_watch_cpu(u32 cpu, bool on)
{
    note("%swatch%u ", on ? "" : "un", cpu);
}

long sched_may_leave(u32 cpu)
{
    return cpu == needed ? -EBUSY : 0;
}

bool sched_leave(u32 cpu)
{
    note("leave%u ", cpu);
    return leaves;
}

void sched_join(u32 cpu, u32 pool)
{
    expect(smp_is_online(cpu) && pool == 0);
    note("join%u ", cpu);
}

void time_leave(u32 cpu, u32 to)
{
    note("timers%u-%u ", cpu, to);
}

void tlb_flush_mask(cpumask_t mask, u64 va)
{
    expect_eq(va, TLB_FLUSH_ALL);
    note("flush%lx ", mask);
}

void event_send_global_virq(u32 virq)
{
    expect_eq(virq, VIRQ_PCPU_STATE);
    note("virq");
}

bool lock_try(struct lock *lock)
{
    expect(lock == &control_lock);
    return !locked;
}

void lock_release(struct lock *lock)
{
    expect(lock == &control_lock && !locked);
}

static void start(void)
{
    smp_online = 7;
    leaves = true;
    locked = false;
    needed = 0;
    for ( u32 i = 0; i < 3; i++ )
        cpus[i].cpu = i;
}

static void expect_done(const char *want)
{
    if ( strcmp(done, want) )
        fail("done: %s, not %s", done, want);
    done[0] = 0;
}

/* --- The tests --- */

TEST(away_and_back)
{
    struct xen_sysctl_cpu_hotplug op = { .cpu = 2, .op = XEN_SYSCTL_CPU_HOTPLUG_OFFLINE };

    start();
    expect_eq(sysctl_cpu_hotplug(&op), 0);
    expect_done("leave2 unwatch2 timers2-0 down2 virq");
    expect_eq(smp_online, 3);
    expect_eq(sysctl_cpu_hotplug(&op), -EINVAL);
    expect_done("");

    op.op = XEN_SYSCTL_CPU_HOTPLUG_ONLINE;
    expect_eq(sysctl_cpu_hotplug(&op), 0);
    expect_done("up2 flush4 watch2 join2 virq");
    expect_eq(sysctl_cpu_hotplug(&op), -EEXIST); /* in whatever pool, or none */
    expect_done("");
}

/* Nothing is taken from a CPU while a vcpu runs on it. */
TEST(not_while_it_runs_something)
{
    struct xenpf_cpu_ol op = { 1 };

    start();
    leaves = false;
    expect_eq(platform_cpu_offline(&op), -ERESTART);
    expect_done("leave1 ");
    expect_eq(smp_online, 7);
    expect_eq(platform_cpu_online(&op), 0); /* as it is */
    expect_done("");
    leaves = true;
    expect_eq(platform_cpu_offline(&op), 0);
    done[0] = 0;
    expect_eq(platform_cpu_online(&op), 0);
    expect_eq(smp_online, 7);
    done[0] = 0;
}

TEST(not_the_last_of_a_pool_with_domains)
{
    struct xenpf_cpu_ol op = { 1 };

    start();
    needed = 1;
    expect_eq(platform_cpu_offline(&op), -EBUSY);
    expect_done("");
}

TEST(one_at_a_time)
{
    struct xenpf_cpu_ol op = { 1 };

    start();
    locked = true;
    expect_eq(platform_cpu_offline(&op), -ERESTART);
    expect_eq(platform_cpu_online(&op), -ERESTART);
    expect_done("");
}

TEST(refusals)
{
    struct xen_sysctl_cpu_hotplug op = { .cpu = 0, .op = XEN_SYSCTL_CPU_HOTPLUG_OFFLINE };

    start();
    expect_eq(sysctl_cpu_hotplug(&op), -EINVAL); /* the first one has the machine's interrupts */
    op.cpu = 3;
    expect_eq(sysctl_cpu_hotplug(&op), -EINVAL);
    op.cpu = ~0u;
    expect_eq(sysctl_cpu_hotplug(&op), -EINVAL);
    op.op = XEN_SYSCTL_CPU_HOTPLUG_ONLINE;
    expect_eq(sysctl_cpu_hotplug(&op), -EINVAL);
    op.cpu = 3;
    expect_eq(sysctl_cpu_hotplug(&op), -EINVAL);
    op.cpu = 1;
    op.op = XEN_SYSCTL_CPU_HOTPLUG_SMT_DISABLE;
    expect_eq(sysctl_cpu_hotplug(&op), -EOPNOTSUPP);
    expect_done("");
}

HOST_TEST_MAIN
