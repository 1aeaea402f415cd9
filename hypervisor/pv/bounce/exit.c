/*
 * The slow way out: rare work before a return to a guest, then the upcall. Entered when exit_work
 * is set (a mere event is entry.S's to deliver); afterwards current may be another vcpu.
 */
#include "cpu/stub.h"
#include "event/event.h"
#include "lib/atomic.h"
#include "pv/bounce/bounce.h"
#include "pv/bounce/internal.h"
#include "sched/sched.h"
#include "smp/softirq.h"

static void bounce_nmi(struct vcpu *v, struct regs *regs)
{
    v->cpu.nmi_masked = 1;
    bounce_interrupt(v, regs, TRAP_NMI);
}

/*
 * A pending NMI waits for the iret of the one before, which looks again. Without a handler it is
 * lost.
 */
static void vcpu_work(struct vcpu *v)
{
    if ( !(READ_ONCE(v->work) & VCPU_WORK_NMI) || v->cpu.nmi_masked )
        return;
    atomic_fetch_and(&v->work, ~VCPU_WORK_NMI);
    if ( v->pv.traps[TRAP_NMI].address )
        bounce_nmi(v, percpu_guest_regs());
}

static void run_work(struct percpu *cpu)
{
    u32 work = __atomic_exchange_n(&cpu->exit_work, 0, __ATOMIC_ACQUIRE);

    if ( work & WORK_TIMER )
        time_run_timers();
    if ( work & WORK_SOFT )
        softirq_run();
    if ( work & WORK_RESCHEDULE )
        sched_run();
    if ( work & WORK_VCPU )
        vcpu_work(cpu->current);
}

void exit_work(void)
{
    struct percpu *cpu = this_cpu();

    for ( ;; )
    {
        while ( __atomic_load_n(&cpu->exit_work, __ATOMIC_RELAXED) )
            run_work(cpu);
        if ( cpu->current->domain == domain_idle )
            exit_to_idle();
        if ( !event_deliverable(cpu->current) )
            return;
        cpu->current->cpu.mode.deliver_event(cpu->current, percpu_guest_regs());
        if ( !__atomic_load_n(&cpu->exit_work, __ATOMIC_RELAXED) )
            return;
    }
}
