/*
 * The local APIC in both modes, on registers that are played here: which mode is chosen, what is sent and how, the
 * timer by deadlines. QEMU 7.2 emulates neither x2APIC nor deadlines, QEMU 10.0 only the former: what deadlines cost
 * and whether hardware agrees is not shown by any test.
 *
 */
#include "tests/host/host.h"

#include "lib/string.h"
#include "lib/types.h"

#define CPU_ASM_H /* the instructions are ours here */

#define MSR_APIC_BASE     0x1b
#define APIC_BASE_X2APIC  0x400UL
#define APIC_BASE_ENABLED 0x800UL
#define FIRST_MSR         0x800 /* of the x2APIC's */
#define MSR_DEADLINE      0x6e0

struct cpuid {
    u32 eax, ebx, ecx, edx;
};

static u32 leaf_1;   /* CPUID, ecx */
static u64 mode_msr; /* MSR_APIC_BASE */
static u64 msrs[64]; /* x2APIC */
static u64 deadline;
static u32 registers_page[1024]; /* xAPIC */
static unsigned int fences, fences_at_send, eois;

/* What hardware refuses ends the test: registers in a mode that hasn't them, a way between modes that there isn't. */
static u64 rdmsr(u32 msr)
{
    if ( msr == MSR_APIC_BASE )
        return mode_msr;
    require((mode_msr & APIC_BASE_X2APIC) && msr >= FIRST_MSR && msr < FIRST_MSR + 64);
    return msrs[msr - FIRST_MSR];
}

static void wrmsr(u32 msr, u64 value)
{
    if ( msr == MSR_APIC_BASE )
    {
        require((mode_msr & APIC_BASE_ENABLED) ||
                !(value & APIC_BASE_X2APIC)); /* not from off to x2APIC */
        require(!(mode_msr & APIC_BASE_X2APIC) ||
                (value & APIC_BASE_X2APIC)); /* nor from there to xAPIC */
        mode_msr = value;
        return;
    }
    if ( msr == MSR_DEADLINE )
    {
        deadline = value;
        return;
    }
    require((mode_msr & APIC_BASE_X2APIC) && msr >= FIRST_MSR && msr < FIRST_MSR + 64);
    require(msr != FIRST_MSR + 0x31); /* the other half of xAPIC's command register */
    if ( msr == FIRST_MSR + 0x30 )
        fences_at_send = fences;
    if ( msr == FIRST_MSR + 0x0b )
    {
        require(value == 0);
        eois++;
        msrs[0x10] = 0;
    }
    msrs[msr - FIRST_MSR] = value;
}

static void wrmsr_fence(void)
{
    fences++;
}

static void cpu_relax(void)
{
}

static struct cpuid cpuid(u32 leaf, u32 subleaf)
{
    require(leaf == 1 && subleaf == 0);
    return (struct cpuid){ .ecx = leaf_1 };
}

#include "hypervisor/irq/lapic.c"

struct irq_acpi_facts irq_acpi;

void panic(const char *format, ...)
{
    fail_now("panic: %s", format);
}

void log_print(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

void *map_device(maddr_t at, size_t len)
{
    expect_eq(at.n, 0xfee00000);
    expect_eq(len, PAGE_SIZE);
    return registers_page;
}

#define X2APIC_THERE CPUID_1_ECX_X2APIC
#define IN_A_VM      (CPUID_1_ECX_X2APIC | CPUID_1_ECX_HYPERVISOR)

static void start(u32 has, u64 firmware_left)
{
    leaf_1 = has;
    mode_msr = 0xfee00000 | firmware_left;
    msrs[0x03] = registers_page[0x30 / 4] = 5 << 16; /* version: LVT entries up to 5 */
    lapic_init_cpu();
}

static bool is_x2apic(void)
{
    return (mode_msr & (APIC_BASE_ENABLED | APIC_BASE_X2APIC)) ==
           (APIC_BASE_ENABLED | APIC_BASE_X2APIC);
}

/* --- The mode --- */

TEST(x2apic_stays_on_if_the_firmware_left_it_on)
{
    start(X2APIC_THERE, APIC_BASE_ENABLED | APIC_BASE_X2APIC);
    expect(is_x2apic());
}

TEST(x2apic_is_turned_on_under_a_hypervisor_by_way_of_xapic)
{
    start(IN_A_VM, 0);
    expect(is_x2apic());
    mode_msr = 0xfee00000; /* another CPU, fresh from its INIT */
    lapic_init_cpu();
    expect(is_x2apic());
}

TEST(bare_metal_keeps_xapic)
{
    irq_acpi.nr_cpus = 2;
    irq_acpi.apic_ids[1] = 254;
    start(X2APIC_THERE, APIC_BASE_ENABLED);
    expect(!is_x2apic());
    expect(lapic_reaches(254));
    expect(!lapic_reaches(255)); /* that is everybody */
    expect(!lapic_reaches(256));
}

TEST(wide_ids_need_x2apic)
{
    irq_acpi.nr_cpus = 2;
    irq_acpi.apic_ids[1] = 255;
    start(X2APIC_THERE, APIC_BASE_ENABLED);
    expect(is_x2apic());
    expect(lapic_reaches(0x12345));
}

TEST(without_x2apic_wide_ids_are_not_reached)
{
    irq_acpi.nr_cpus = 2;
    irq_acpi.apic_ids[1] = 300;
    start(0, APIC_BASE_ENABLED);
    expect(!is_x2apic());
    expect(!lapic_reaches(300));
}

/* --- The registers --- */

TEST(x2apic_is_set_up)
{
    msrs[0x10] = 1u << 3; /* in service */
    start(IN_A_VM, APIC_BASE_ENABLED);
    expect_eq(msrs[0x0f], SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    expect_eq(msrs[0x08], 0);
    expect_eq(msrs[0x32], VECTOR_TIMER);
    expect_eq(msrs[0x35], LVT_MASKED);
    expect_eq(msrs[0x36], LVT_NMI);
    expect_eq(msrs[0x37], VECTOR_LAPIC_ERROR);
    expect_eq(msrs[0x38], 0);
    expect_eq(eois, 1);
    msrs[0x02] = 0x12345678;
    expect_eq(lapic_id(), 0x12345678);
    lapic_timer_set(99);
    expect_eq(msrs[0x38], 99);
}

TEST(xapic_is_set_up)
{
    start(0, 0);
    expect_eq(mode_msr & (APIC_BASE_ENABLED | APIC_BASE_X2APIC), APIC_BASE_ENABLED);
    expect_eq(registers_page[0xf0 / 4], SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    expect_eq(registers_page[0x320 / 4], VECTOR_TIMER);
    registers_page[0x20 / 4] = 0x7u << 24;
    expect_eq(lapic_id(), 7);
}

TEST(x2apic_sends_in_one_write_after_a_fence)
{
    start(IN_A_VM, 0);
    fences = 0;
    lapic_send_ipi(0x10203, VECTOR_KICK);
    expect_eq(msrs[0x30], 0x10203UL << 32 | ICR_ASSERT | VECTOR_KICK);
    expect_eq(fences_at_send, 1);
    lapic_send_nmi(5);
    expect_eq(msrs[0x30], 5UL << 32 | ICR_ASSERT | ICR_NMI);
    expect_eq(fences_at_send, 2);
    lapic_send_startup(5, 0x9f);
    expect_eq(msrs[0x30], 5UL << 32 | ICR_ASSERT | ICR_STARTUP | 0x9f);
    lapic_send_init(5);
    expect_eq(msrs[0x30], 5UL << 32 | ICR_ASSERT | ICR_LEVEL | ICR_INIT); /* no de-assert */
}

TEST(xapic_sends_the_id_first)
{
    start(0, APIC_BASE_ENABLED);
    lapic_send_ipi(254, VECTOR_TLB);
    expect_eq(registers_page[0x310 / 4], 254u << 24);
    expect_eq(registers_page[0x300 / 4], ICR_ASSERT | VECTOR_TLB);
    lapic_send_init(3);
    expect_eq(registers_page[0x300 / 4], ICR_INIT | ICR_LEVEL); /* de-asserted */
}

/* --- Deadlines --- */

TEST(deadlines_where_the_cpu_has_them)
{
    start(IN_A_VM | CPUID_1_ECX_TSC_DEADLINE, 0);
    fences = 0;
    expect(lapic_timer_use_deadline());
    expect_eq(msrs[0x32], LVT_TSC_DEADLINE | VECTOR_TIMER);
    expect_eq(fences, 1);
    lapic_timer_set_deadline(0x123456789abcUL);
    expect_eq(deadline, 0x123456789abcUL);
}

TEST(no_deadlines_where_it_has_not)
{
    start(IN_A_VM, 0);
    expect(!lapic_timer_use_deadline());
    expect_eq(msrs[0x32], VECTOR_TIMER);
}

HOST_TEST_MAIN
