/* Bring-up of the other CPUs. */
#include "console/console.h"
#include "console/options.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/gdt.h"
#include "cpu/init.h"
#include "cpu/stub.h"
#include "irq/acpi.h"
#include "irq/lapic.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/map.h"
#include "mm/tlb.h"
#include "smp/internal.h"
#include "time/time.h"

/* Of rooms above: what a CPU needs before it may idle. */
void irq_init_cpu(void);
long sched_init_cpu(void);

#define INIT_WAIT_US    10000
#define STARTUP_WAIT_US 200
#define ONLINE_WAIT     (10 * (ns_t)NS_PER_S) /* long, for virtual machines on busy hosts */

extern const u8 smp_trampoline[], smp_trampoline_end[], smp_trampoline_root[],
    smp_trampoline_gdtr[], smp_trampoline_jump[], smp_trampoline_gdt[], smp_trampoline_long[],
    early_l4[];

struct percpu *smp_starting; /* of the CPU being started: also the top of its stack */
static bool awaited;         /* it is not in yet, nor given up: atomic, who clears it decides */
static void *starting_gdt;

void smp_other_main(void) __attribute__((noreturn));

/* On the new CPU. */
void smp_other_main(void)
{
    struct percpu *cpu = this_cpu();

    cpu->cr3 = map_idle_root.n;
    cpu_init_other(starting_gdt);
    irq_init_cpu();
    if ( !time_sync() )
    {
        log_error("CPU %u is not used: its TSC can't be set to the others'", cpu->cpu);
        cpu_halt_forever();
    }
    if ( !atomic_xchg(&awaited, false) )
    {
        log_warning("CPU %u is not used: it comes too late", cpu->cpu);
        cpu_halt_forever();
    }
    smp_set_online(cpu); /* what follows may want to be found by its number */
    tlb_flush_local();
    time_init();
    BUG_ON(sched_init_cpu());
    atomic_store(&smp_starting, NULL);
    exit_to_idle();
}

static void __init put32(u8 *page, const u8 *where, u32 value)
{
    memcpy(page + (where - smp_trampoline), &value, sizeof(value));
}

/* The page at @mfn becomes the CPUs' first code. */
static void __init trampoline_write(mfn_t mfn)
{
    u8 *page = mfn_to_virt(mfn);
    u32 base = (u32)mfn_to_maddr(mfn).n;

    memcpy(page, smp_trampoline, (size_t)(smp_trampoline_end - smp_trampoline));
    put32(page, smp_trampoline_root, (u32)((u64)early_l4 - HV_IMAGE_BASE));
    put32(page, smp_trampoline_gdtr + 2, base + (u32)(smp_trampoline_gdt - smp_trampoline));
    put32(page, smp_trampoline_jump, base + (u32)(smp_trampoline_long - smp_trampoline));
}

static bool __init prepare(u32 cpu, u32 index)
{
    struct percpu *percpu = map_stack_area(cpu);

    starting_gdt = mm_alloc(GDT_ORDER);
    if ( !percpu || !starting_gdt )
        return false;
    percpu->cpu = cpu;
    percpu->apic_id = irq_acpi.apic_ids[index];
    percpu->acpi_id = irq_acpi.acpi_ids[index];
    awaited = true;
    atomic_store(&smp_starting, percpu);
    return true;
}

/*
 * INIT, then two start-up requests, as the processors' manuals want it; then it has a while to
 * report. One that has done so is waited for: vcpus are told which CPUs there are when they are made.
 */
static bool __init start(u32 apic_id, mfn_t trampoline)
{
    ns_t end;

    lapic_send_init(apic_id);
    time_delay_us(INIT_WAIT_US);
    for ( unsigned int i = 0; i < 2 && atomic_load(&smp_starting); i++ )
    {
        lapic_send_startup(apic_id, (u32)trampoline.n);
        time_delay_us(STARTUP_WAIT_US);
    }
    for ( end = time_now() + ONLINE_WAIT; atomic_load(&smp_starting); cpu_relax() )
    {
        if ( time_now() >= end && atomic_xchg(&awaited, false) )
            return false;
        time_sync_serve();
    }
    return true;
}

/* A CPU that does not come up may still do so later, on the stack that it was given: no other is started after it. */
static void __init start_all(mfn_t trampoline)
{
    u32 next = 1;

    for ( u32 i = 0; i < irq_acpi.nr_cpus && next < min_t(u64, options.maxcpus, NR_CPUS); i++ )
    {
        if ( irq_acpi.apic_ids[i] == this_cpu()->apic_id )
            continue;
        if ( !lapic_reaches(irq_acpi.apic_ids[i]) )
        {
            log_warning("the CPU with APIC id %u can't be reached without x2APIC",
                        irq_acpi.apic_ids[i]);
            continue;
        }
        if ( !prepare(next, i) )
        {
            log_warning("no memory for CPU %u", next);
            return;
        }
        if ( !start(irq_acpi.apic_ids[i], trampoline) )
        {
            log_warning("the CPU with APIC id %u does not start", irq_acpi.apic_ids[i]);
            return;
        }
        next++;
    }
    log_info("%u CPUs are up", next);
}

void __init smp_start_others(void)
{
    mfn_t trampoline = mm_low_page();

    smp_present = max_t(u32, irq_acpi.nr_cpus, 1);
    for ( u32 i = 0; i < irq_acpi.nr_cpus; i++ )
        if ( irq_acpi.apic_ids[i] == this_cpu()->apic_id )
            this_cpu()->acpi_id = irq_acpi.acpi_ids[i];
    if ( smp_present == 1 )
        return;
    if ( mfn_eq(trampoline, INVALID_MFN) )
    {
        log_warning("no page below 640 KiB to start other CPUs from");
        return;
    }
    trampoline_write(trampoline);
    start_all(trampoline);
}
