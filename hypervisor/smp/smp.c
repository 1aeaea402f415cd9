#include "smp/smp.h"
#include "cpu/asm.h"
#include "cpu/state.h"
#include "irq/lapic.h"
#include "lib/atomic.h"
#include "mm/tlb.h"
#include "smp/internal.h"
#include "trace/trace.h"

cpumask_t smp_online;
u32 smp_present = 1;
struct smp_cpu smp_cpus[NR_CPUS];

static struct percpu *percpus[NR_CPUS];
static u32 asking; /* atomic: somebody asks others to flush */

struct percpu *smp_percpu(u32 cpu)
{
    return cpu < NR_CPUS ? percpus[cpu] : NULL;
}

void smp_set_online(struct percpu *cpu)
{
    percpus[cpu->cpu] = cpu;
    atomic_fetch_or(&smp_online, 1UL << cpu->cpu);
}

void smp_set_offline(u32 cpu)
{
    atomic_fetch_and(&smp_online, ~(1UL << cpu));
}

void smp_init_boot(void)
{
    smp_set_online(this_cpu());
}

void smp_kick(u32 cpu, u32 work)
{
    struct percpu *percpu = percpus[cpu];

    percpu_raise(percpu, work);
    if ( percpu != this_cpu() )
        lapic_send_ipi(percpu->apic_id, VECTOR_KICK);
}

void smp_poll(void)
{
    struct smp_cpu *cpu = smp_this();

    if ( !atomic_load(&cpu->flush_asked) )
    {
        smp_watch_waiting();
        return;
    }
    tlb_flush_asked(cpu->flush_va);
    atomic_store(&cpu->flush_asked, 0);
}

/* One CPU asks at a time; while it waits, for its turn or for the others, it serves them. */
void smp_flush_others(cpumask_t mask, u64 va)
{
    while ( atomic_xchg(&asking, 1) )
    {
        smp_poll();
        cpu_relax();
    }
    for ( cpumask_t rest = mask; rest; rest &= rest - 1 )
    {
        u32 cpu = (u32)__builtin_ctzl(rest);

        count(COUNTER_tlb_flush_ipis);
        smp_cpus[cpu].flush_va = va;
        atomic_store(&smp_cpus[cpu].flush_asked, 1);
        lapic_send_ipi(percpus[cpu]->apic_id, VECTOR_TLB);
    }
    for ( cpumask_t rest = mask; rest; rest &= rest - 1 )
    {
        while ( atomic_load(&smp_cpus[__builtin_ctzl(rest)].flush_asked) )
        {
            smp_poll();
            cpu_relax();
        }
    }
    atomic_store(&asking, 0);
}

/* Any flush will do: an address that nobody has mapped costs least. */
void smp_synchronize(void)
{
    cpumask_t others;

    mb();
    others = READ_ONCE(smp_online) & ~(1UL << this_cpu()->cpu);
    if ( others )
        smp_flush_others(others, 0);
}

bool preempt_pending(void)
{
    struct percpu *cpu = this_cpu();
    const struct vcpu_info *info = ((const struct vcpu_cpu *)cpu->current)->info;

    irq_window();
    return READ_ONCE(cpu->exit_work) ||
           (READ_ONCE(info->evtchn_upcall_pending) && !READ_ONCE(info->evtchn_upcall_mask));
}
