/* What a CPU does when no vcpu can run: it cleans free frames while there are any, then sleeps. */
#include "sched/sched.h"

#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "lib/atomic.h"
#include "mm/alloc.h"
#include "smp/smp.h"
#include "smp/softirq.h"
#include "time/time.h"

void exit_to_guest(void) __attribute__((noreturn)); /* cpu/entry.S */

static u32 pending(const struct percpu *cpu)
{
    return __atomic_load_n(&cpu->exit_work, __ATOMIC_ACQUIRE);
}

/* Take and do @work if it is asked for. */
static bool take(struct percpu *cpu, u32 work)
{
    if ( !(pending(cpu) & work) )
        return false;
    __atomic_fetch_and(&cpu->exit_work, ~work, __ATOMIC_SEQ_CST);
    return true;
}

static void do_work(struct percpu *cpu)
{
    if ( take(cpu, WORK_TIMER) )
        time_run_timers();
    if ( take(cpu, WORK_SOFT) )
        softirq_run();
    if ( take(cpu, WORK_RESCHEDULE) )
        sched_run();
    take(cpu, WORK_VCPU); /* the idle vcpu has none */
}

void sched_idle_loop(void)
{
    struct percpu *cpu = this_cpu();
    struct vcpu *idle = cpu->current;

    for ( ;; )
    {
        if ( pending(cpu) )
            do_work(cpu);
        if ( cpu->resume )
            sched_resume();
        if ( cpu->current != idle )
            exit_to_guest();

        if ( smp_is_online(cpu->cpu) && mm_scrub_some() )
            irq_window();
        else if ( !pending(cpu) )
            irq_wait();
    }
}
