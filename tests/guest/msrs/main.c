/*
 * MSRs: the few that a PV kernel uses read and write; EFER takes what it holds; unknown ones are #GP.
 */
#include "test.h"

static struct fault read_msr(uint32_t msr, uint64_t *value)
{
    uint32_t low = 0, high = 0;
    struct fault f = fault_of(asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr)));

    *value = (uint64_t)high << 32 | low;
    return f;
}

static struct fault write_msr(uint32_t msr, uint64_t value)
{
    return fault_of(asm volatile("wrmsr"
                                 :
                                 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))));
}

/* What RDTSCP tells beside the time is what the kernel wrote, on the vcpu that wrote it. */
static void tsc_aux(void)
{
    uint32_t aux = 0;

    if ( write_msr(0xc0000103, 0x1234).vector != TRAP_NONE )
        return; /* no RDTSCP for this domain */
    expect_no_fault(fault_of(asm volatile("rdtscp" : "=c"(aux) : : "eax", "edx")), "rdtscp");
    expect_eq(aux, 0x1234, "TSC_AUX");
    expect_fault(write_msr(0xc0000103, 1ULL << 32), TRAP_GP, 0, "TSC_AUX has 32 bits");
}

/* Segment bases belong to long mode. */
static void bases_of_32_bit_guests(void)
{
    uint64_t value;

    for ( uint32_t msr = 0xc0000100; msr <= 0xc0000102; msr++ )
    {
        expect_fault(read_msr(msr, &value), TRAP_GP, 0, "read a segment's base");
        expect_fault(write_msr(msr, 0), TRAP_GP, 0, "write a segment's base");
    }
}

static void bases(void)
{
    uint64_t value;

    expect_no_fault(write_msr(0xc0000100, 0x1234), "write FS_BASE");
    expect_no_fault(read_msr(0xc0000100, &value), "read FS_BASE");
    expect_eq(value, 0x1234, "it is what we wrote");
    expect_fault(write_msr(0xc0000100, 0x8000000000000000), TRAP_GP, 0, "FS_BASE, not canonical");
    expect_fault(write_msr(0xc0000101, 0x8000000000000000), TRAP_GP, 0, "GS_BASE, not canonical");
    expect_fault(write_msr(0xc0000102, 0x8000000000000000), TRAP_GP, 0,
                 "SHADOW_GS_BASE, not canonical");
    write_msr(0xc0000100, 0);
}

void test_main(void)
{
    uint64_t value;

    expect_no_fault(read_msr(0xc0000080, &value), "read EFER");
    expect_eq(value & 0xd01, KIT_PV32 ? 0x801 : 0xd01, "EFER: SCE, NX, and in 64 bits LME, LMA");
    expect_no_fault(write_msr(0xc0000080, value), "write EFER, the same");
    expect_no_fault(read_msr(0x1b, &value), "read APIC_BASE");
    expect_eq(value & 0x400, 0, "x2APIC is off, whatever the machine's is");
    expect_no_fault(read_msr(0x277, &value), "read PAT");
    expect(value == 0x050100070406, "PAT");
    expect_no_fault(read_msr(0x1a0, &value), "read MISC_ENABLE");
    expect_no_fault(read_msr(0x10, &value), "read TSC");
    expect_no_fault(read_msr(0x179, &value), "read MCG_CAP");
    if ( KIT_PV32 )
        bases_of_32_bit_guests();
    else
        bases();
    expect_fault(read_msr(0xc0000082, &value), TRAP_GP, 0, "read LSTAR");
    expect_fault(write_msr(0xc0000082, 0), TRAP_GP, 0, "write LSTAR");
    expect_fault(read_msr(0x12345678, &value), TRAP_GP, 0, "read what is none");
    expect_fault(write_msr(0x12345678, 0), TRAP_GP, 0, "write what is none");
    expect_no_fault(read_msr(0x8b, &value), "read the microcode's revision");
    tsc_aux();
}
