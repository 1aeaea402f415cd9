/*
 * The ways out of the hypervisor, with what they call played here: whatever work comes up on the way is done before the
 * guest goes on, or the CPU sleeps.
 *
 * LINK: hypervisor/pv/bounce/exit.c hypervisor/sched/idle.c
 */
#include "tests/host/host.h"

#include <setjmp.h>

#include "cpu/percpu.h"
#include "event/event.h"
#include "lib/atomic.h"
#include "mm/alloc.h"
#include "pv/bounce/bounce.h"
#include "pv/bounce/internal.h"
#include "sched/sched.h"
#include "smp/smp.h"
#include "smp/softirq.h"
#include "time/time.h"

static struct percpu cpu;
__thread struct percpu *host_cpu = &cpu;
static struct domain idle_domain, domain;
struct domain *domain_idle = &idle_domain;
cpumask_t smp_online = 1;
static struct vcpu_info info;
static struct vcpu idle = { .domain = &idle_domain, .cpu.info = &info },
                   v = { .domain = &domain, .cpu.info = &info };
static jmp_buf out;
static u32 choices, resumes, rounds;
static bool lingers; /* v has blocked: there is nobody to choose */

/* What is due wakes v, which goes on at once if it lingers. */
void time_run_timers(void)
{
    cpu.resume = lingers && cpu.current == &idle;
    lingers = false;
}

void softirq_run(void)
{
    percpu_raise(&cpu, WORK_TIMER);
}

/* It takes a moment, in which the next timer becomes due. */
void sched_run(void)
{
    atomic_fetch_and(&cpu.exit_work, ~WORK_RESCHEDULE);
    cpu.resume = false;
    cpu.current = lingers ? &idle : &v;
    if ( lingers )
        percpu_raise(&cpu, WORK_TIMER);
    choices++;
}

void sched_resume(void)
{
    cpu.resume = false;
    cpu.current = &v;
    resumes++;
}

/* There are no frames to clean: it is asked before the CPU sleeps, or looks once more. */
bool mm_scrub_some(void)
{
    if ( ++rounds > 10 )
        fail_now("the CPU doesn't sleep");
    return false;
}

static bool may_sleep; /* once, until a timer comes, which is seen to at once */

void irq_wait(void)
{
    if ( !may_sleep )
        fail_now("the CPU sleeps");
    may_sleep = false;
    time_run_timers();
}

void exit_to_idle(void)
{
    sched_idle_loop();
}

void exit_to_guest(void)
{
    longjmp(out, 1);
}

static void set_up(struct vcpu *current, u32 work)
{
    cpu.current = current;
    cpu.exit_work = work;
    cpu.resume = false;
    choices = resumes = rounds = 0;
    lingers = true;
}

/* It blocks, and its timer comes while the CPU is on its way to idle: the idle loop goes on with it. */
TEST(who_is_woken_on_the_way_out_goes_on)
{
    set_up(&v, WORK_RESCHEDULE);
    if ( !setjmp(out) )
        exit_work();
    expect(cpu.current == &v && !cpu.exit_work);
    expect(choices == 1 && resumes == 1);
}

static void idle_loop(u32 work)
{
    set_up(&idle, work);
    if ( !setjmp(out) )
        sched_idle_loop();
}

TEST(who_is_woken_by_an_idle_cpu_goes_on)
{
    idle_loop(WORK_TIMER);
    expect(cpu.current == &v && !cpu.exit_work);
    expect(!choices && resumes == 1);

    idle_loop(WORK_SOFT); /* which raises the former only then: once more round */
    expect(cpu.current == &v && !cpu.exit_work);
    expect(!choices && resumes == 1);
}

TEST(who_is_woken_while_the_cpu_sleeps_goes_on)
{
    may_sleep = true;
    idle_loop(WORK_VCPU); /* what was asked of a vcpu that isn't here any more keeps nobody awake */
    expect(cpu.current == &v && !cpu.exit_work);
    expect(!choices && resumes == 1);
}

/* If there is more to choose from, or he has been stopped since, that is looked at once, by who looks at all. */
TEST(a_choice_outweighs_going_on)
{
    idle_loop(WORK_TIMER | WORK_RESCHEDULE);
    expect(cpu.current == &v && !cpu.exit_work);
    expect(choices == 1 && !resumes);
}

HOST_TEST_MAIN
