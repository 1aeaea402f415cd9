/*
 * A vcpu's FPU is its own, whatever XCR0 says, and begins as its context tells.
 *
 * We fill the upper halves of the AVX registers. Another vcpu, on the same processor and with AVX off so far, turns it
 * on: it must find zeroes there, not what we left. We turn AVX off ourselves: SSE registers survive that the other runs
 * in between, and so do the AVX ones, seen when it is on again. The other's context came with SSE registers of its own.
 */
#include "test.h"

#define CR4_OSXSAVE 0x40000UL
#define XCR0_SSE    3
#define XCR0_AVX    7

struct fxsave {
    uint16_t fcw, fsw;
    uint32_t unused[5];
    uint32_t mxcsr, mxcsr_mask;
    uint8_t st[128];
    uint64_t xmm[16][2];
};

static volatile unsigned int turn;
static uint64_t found_upper[2], found_xmm;
static uint32_t found_mxcsr;

static void xsetbv(uint32_t value)
{
    asm volatile("xsetbv" : : "a"(value), "d"(0), "c"(0));
}

/* CR4.OSXSAVE: without it there is no XSETBV. */
static void allow_xsave(bool allow)
{
    ulong cr4;

    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    asm volatile("mov %0, %%cr4" : : "r"(allow ? cr4 | CR4_OSXSAVE : cr4 & ~CR4_OSXSAVE));
}

static bool have_avx(void)
{
    uint32_t eax = 1, ebx, ecx = 0, edx;

    asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return (ecx >> 27 & 3) == 3;
}

static void fill_upper(uint64_t pattern)
{
    uint64_t value[2] = { pattern, pattern };

    asm volatile("vinsertf128 $1, %0, %%ymm5, %%ymm5" : : "m"(value));
}

static void read_upper(uint64_t value[2])
{
    asm volatile("vextractf128 $1, %%ymm5, %0" : "=m"(*(uint64_t(*)[2])value));
}

static uint64_t read_xmm(void)
{
    uint64_t value;

    asm volatile("movq %%xmm3, %0" : "=m"(value));
    return value;
}

static void write_xmm(uint64_t value)
{
    asm volatile("movq %0, %%xmm3" : : "m"(value));
}

static void yield_until(unsigned int value)
{
    uint64_t end = time_now() + PATIENCE;

    while ( turn != value && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    if ( turn != value )
        failure("the other vcpu doesn't run");
}

static void other(void *arg)
{
    found_xmm = read_xmm();
    asm volatile("stmxcsr %0" : "=m"(found_mxcsr));
    allow_xsave(true);
    xsetbv(XCR0_AVX);
    read_upper(found_upper);
    turn = 1;
    yield_until(2);
    write_xmm(0x7777);
    turn = 3;
}

static void start_other(void)
{
    static struct vcpu_guest_context state;
    struct fxsave *fpu = (struct fxsave *)&state.fpu_ctxt;

    vcpu_prepare(&state, 1, other, NULL);
    fpu->fcw = 0x37f;
    fpu->mxcsr = 0x1fa0;
    fpu->xmm[3][0] = 0x123456789abcdef0;
    state.flags |= VGCF_i387_valid;
    need(hypercall(vcpu_op, VCPUOP_initialise, 1, &state));
    need(hypercall(vcpu_op, VCPUOP_up, 1, NULL));
}

void test_main(void)
{
    uint64_t upper[2];

    if ( hypercall(vcpu_op, VCPUOP_is_up, 1, NULL) < 0 )
        skip("needs 2 vcpus");
    if ( !have_avx() )
        skip("needs AVX");

    allow_xsave(false);
    expect_fault(fault_of(xsetbv(XCR0_AVX)), TRAP_UD, 0, "XSETBV while CR4.OSXSAVE is clear");
    allow_xsave(true);
    expect_fault(fault_of(xsetbv(XCR0_AVX | 0x100)), TRAP_GP, 0, "a state that XCR0 does not name");
    expect_no_fault(fault_of(xsetbv(XCR0_AVX)), "AVX on");
    fill_upper(0xdeadbeefcafebabe);
    start_other();
    yield_until(1);
    expect_eq(found_xmm, 0x123456789abcdef0, "its SSE registers are as its context said");
    expect_eq(found_mxcsr, 0x1fa0, "and so is MXCSR");
    expect_eq(found_upper[0] | found_upper[1], 0, "its AVX registers are not ours");

    write_xmm(0x5555);
    expect_no_fault(fault_of(xsetbv(XCR0_SSE)), "AVX off");
    turn = 2;
    yield_until(3);
    expect_eq(read_xmm(), 0x5555, "our SSE registers are still ours");
    expect_no_fault(fault_of(xsetbv(XCR0_AVX)), "AVX on");
    read_upper(upper);
    expect_eq(upper[1], 0xdeadbeefcafebabe, "and so are the AVX ones");
}
