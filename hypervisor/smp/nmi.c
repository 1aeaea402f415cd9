/* NMIs from CPU to CPU: they reach one that hangs with interrupts off, which in the hypervisor they always are. */
#include "console/console.h"
#include "cpu/asm.h"
#include "irq/lapic.h"
#include "lib/atomic.h"
#include "smp/internal.h"

#define STOP_SPINS 10000000 /* a CPU that doesn't stop within that doesn't take NMIs either */

void smp_send_nmi(u32 cpu, enum nmi_reason reason)
{
    atomic_store(&smp_cpus[cpu].nmi_asked, reason);
    lapic_send_nmi(smp_percpu(cpu)->apic_id);
}

static void __attribute__((noreturn)) stop_here(const struct regs *regs)
{
    atomic_store(&smp_this()->caught_at, regs);
    cpu_halt_forever();
}

bool smp_nmi(const struct regs *regs)
{
    switch ( atomic_xchg(&smp_this()->nmi_asked, NMI_NONE) )
    {
    case NMI_STOP:
        stop_here(regs);
    case NMI_HANG:
        crash_report(regs, "the watchdog found this CPU hanging");
    default:
        return false;
    }
}

void smp_stop_others(void)
{
    cpumask_t others = READ_ONCE(smp_online) & ~(1UL << this_cpu()->cpu);

    for ( cpumask_t rest = others; rest; rest &= rest - 1 )
        smp_send_nmi((u32)__builtin_ctzl(rest), NMI_STOP);
    for ( cpumask_t rest = others; rest; rest &= rest - 1 )
        for ( u32 i = 0; i < STOP_SPINS && !smp_stopped_at((u32)__builtin_ctzl(rest)); i++ )
            cpu_relax();
}

const struct regs *smp_stopped_at(u32 cpu)
{
    return atomic_load(&smp_cpus[cpu].caught_at);
}
