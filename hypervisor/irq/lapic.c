/* The local APIC. Registers and modes: Intel SDM volume 3, chapter 11. */
#include "irq/lapic.h"

#include "console/console.h"
#include "cpu/asm.h"
#include "irq/acpi.h"
#include "mm/map.h"

#define APIC_BASE_ADDRESS 0x000ffffffffff000UL

#define LAPIC_ID            0x020
#define LAPIC_TPR           0x080
#define LAPIC_EOI           0x0b0
#define LAPIC_SPURIOUS      0x0f0
#define LAPIC_ISR           0x100 /* 8 registers, 0x10 apart */
#define LAPIC_ERROR         0x280
#define LAPIC_ICR           0x300
#define LAPIC_ICR_HIGH      0x310
#define LAPIC_LVT_TIMER     0x320
#define LAPIC_LVT_THERMAL   0x330
#define LAPIC_LVT_PERF      0x340
#define LAPIC_LVT_LINT0     0x350
#define LAPIC_LVT_LINT1     0x360
#define LAPIC_LVT_ERROR     0x370
#define LAPIC_TIMER_INITIAL 0x380
#define LAPIC_TIMER_CURRENT 0x390
#define LAPIC_TIMER_DIVIDE  0x3e0
#define LAPIC_VERSION       0x030

#define SPURIOUS_ENABLE  0x100u
#define LVT_MASKED       0x10000u
#define LVT_NMI          0x00400u
#define LVT_TSC_DEADLINE 0x40000u
#define DIVIDE_BY_1      0xbu
#define ICR_NMI          0x00400u
#define ICR_INIT         0x00500u
#define ICR_STARTUP      0x00600u
#define ICR_ASSERT       0x04000u
#define ICR_LEVEL        0x08000u
#define ICR_PENDING      0x01000u

#define MSR_X2APIC               0x800u /* + register / 16 */
#define MSR_TSC_DEADLINE         0x6e0u
#define CPUID_1_ECX_X2APIC       (1u << 21)
#define CPUID_1_ECX_TSC_DEADLINE (1u << 24)
#define CPUID_1_ECX_HYPERVISOR   (1u << 31)

static volatile u32 *registers; /* xAPIC's; NULL in x2APIC mode */
static bool x2apic;

static u32 lapic_read(u32 reg)
{
    return x2apic ? (u32)rdmsr(MSR_X2APIC + reg / 16) : registers[reg / 4];
}

static void lapic_write(u32 reg, u32 value)
{
    if ( x2apic )
        wrmsr(MSR_X2APIC + reg / 16, value);
    else
        registers[reg / 4] = value;
}

static bool has_wide_ids(void)
{
    for ( u32 i = 0; i < irq_acpi.nr_cpus; i++ )
        if ( irq_acpi.apic_ids[i] > LAPIC_ID_MAX_8BIT )
            return true;
    return false;
}

/*
 * x2APIC stays on where the firmware left it on, since there are processors that can't leave it, and is turned on
 * where CPUs have ids that xAPIC can't name. Otherwise only under another hypervisor, where it saves much: each access
 * to the page of registers is emulated there. On bare metal it is for machines whose interrupts are remapped, which we
 * don't do.
 */
static bool want_x2apic(u64 base)
{
    u32 features = cpuid(1, 0).ecx;

    if ( (base & APIC_BASE_ENABLED) && (base & APIC_BASE_X2APIC) )
        return true;
    return (features & CPUID_1_ECX_X2APIC) &&
           ((features & CPUID_1_ECX_HYPERVISOR) || has_wide_ids());
}

/* The boot CPU's mode becomes everybody's. */
static void choose_mode(void)
{
    u64 base = rdmsr(MSR_APIC_BASE);

    x2apic = want_x2apic(base);
    log_info("local APICs: %s", x2apic ? "x2APIC" : "xAPIC");
    if ( x2apic )
        return;
    registers = map_device(to_maddr(base & APIC_BASE_ADDRESS), PAGE_SIZE);
    if ( !registers )
        panic("no room to map the local APIC");
}

static void enable_mode(void)
{
    u64 base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLED;

    wrmsr(MSR_APIC_BASE, base); /* x2APIC is reached only through xAPIC */
    if ( x2apic )
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
}

/* Acknowledge what the firmware or a loader left in service: it would block all lower vectors for ever. */
static void drain_in_service(void)
{
    for ( u32 reg = LAPIC_ISR; reg < LAPIC_ISR + 0x80; reg += 0x10 )
        for ( u32 bits = lapic_read(reg); bits; bits &= bits - 1 )
            lapic_eoi();
}

static u32 last_lvt(void)
{
    return (lapic_read(LAPIC_VERSION) >> 16) & 0xff;
}

static void set_local_vectors(void)
{
    lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    lapic_write(LAPIC_LVT_LINT0, LVT_MASKED); /* the legacy PIC: off */
    lapic_write(LAPIC_LVT_LINT1, LVT_NMI);
    lapic_write(LAPIC_LVT_ERROR, VECTOR_LAPIC_ERROR);
    if ( last_lvt() >= 4 )
        lapic_write(LAPIC_LVT_PERF, LVT_MASKED);
    if ( last_lvt() >= 5 )
        lapic_write(LAPIC_LVT_THERMAL, LVT_MASKED);
}

void lapic_init_cpu(void)
{
    if ( !registers && !x2apic )
        choose_mode();
    enable_mode();
    lapic_write(LAPIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    lapic_write(LAPIC_TPR, 0);
    set_local_vectors();
    drain_in_service();
    lapic_take_error();

    lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
    lapic_write(LAPIC_TIMER_INITIAL, 0);
    lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER);
}

u32 lapic_id(void)
{
    u32 id = lapic_read(LAPIC_ID);

    return x2apic ? id : id >> 24;
}

void lapic_eoi(void)
{
    lapic_write(LAPIC_EOI, 0);
}

u32 lapic_take_error(void)
{
    lapic_write(LAPIC_ERROR, 0); /* latches what came up since */
    return lapic_read(LAPIC_ERROR);
}

/* xAPIC's command register is busy until the bus took the command: microseconds at most. */
static void wait_accepted(void)
{
    for ( u32 spins = 0; spins < 100000 && (lapic_read(LAPIC_ICR) & ICR_PENDING); spins++ )
        cpu_relax();
}

static void send_command(u32 apic_id, u32 command)
{
    if ( x2apic )
    {
        wrmsr_fence(); /* the receiver is to see what was stored before */
        wrmsr(MSR_X2APIC + LAPIC_ICR / 16, ((u64)apic_id << 32) | command);
        return;
    }
    lapic_write(LAPIC_ICR_HIGH, apic_id << 24);
    lapic_write(LAPIC_ICR, command);
    wait_accepted();
}

bool lapic_reaches(u32 apic_id)
{
    return x2apic || apic_id <= LAPIC_ID_MAX_8BIT;
}

void lapic_send_ipi(u32 apic_id, u32 vector)
{
    send_command(apic_id, ICR_ASSERT | vector);
}

void lapic_send_nmi(u32 apic_id)
{
    send_command(apic_id, ICR_ASSERT | ICR_NMI);
}

void lapic_send_init(u32 apic_id)
{
    send_command(apic_id, ICR_INIT | ICR_LEVEL | ICR_ASSERT);
    if ( !x2apic )
        send_command(apic_id, ICR_INIT | ICR_LEVEL); /* de-assert: only the oldest need it */
}

void lapic_send_startup(u32 apic_id, u32 page)
{
    send_command(apic_id, ICR_STARTUP | ICR_ASSERT | (page & 0xff));
}

void lapic_timer_set(u32 count)
{
    lapic_write(LAPIC_TIMER_INITIAL, count);
}

u32 lapic_timer_current(void)
{
    return lapic_read(LAPIC_TIMER_CURRENT);
}

bool lapic_timer_use_deadline(void)
{
    if ( !(cpuid(1, 0).ecx & CPUID_1_ECX_TSC_DEADLINE) )
        return false;
    lapic_write(LAPIC_LVT_TIMER, LVT_TSC_DEADLINE | VECTOR_TIMER);
    wrmsr_fence(); /* the mode before the first deadline: SDM 11.5.4.1 */
    return true;
}

void lapic_timer_set_deadline(u64 tsc)
{
    wrmsr(MSR_TSC_DEADLINE, tsc);
}
