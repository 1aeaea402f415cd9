/*
 * The FPU: its registers are ours, and the virtual CR0.TS makes #NM of their first use, once: delivering it clears TS.
 */
#include "test.h"

static struct fault use_sse(void)
{
    return fault_of(asm volatile("movd %0, %%xmm3" : : "r"(0x1234)));
}

static uint32_t read_sse(void)
{
    uint32_t value;

    asm volatile("movd %%xmm3, %0" : "=r"(value));
    return value;
}

static ulong read_cr0(void)
{
    ulong value;

    asm volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}

void test_main(void)
{
    expect_no_fault(use_sse(), "SSE works");
    expect_eq(read_sse(), 0x1234, "and remembers");
    expect_eq(hypercall(fpu_taskswitch, 1), 0, "set TS");
    expect_eq(read_cr0() & 8, 8, "CR0 shows it");
    expect_fault(use_sse(), TRAP_NM, 0, "SSE is #NM");
    expect_eq(read_cr0() & 8, 0, "which clears TS");
    expect_no_fault(use_sse(), "SSE works");
    expect_eq(hypercall(fpu_taskswitch, 1), 0, "set TS");
    expect_eq(hypercall(fpu_taskswitch, 0), 0, "clear TS");
    expect_no_fault(use_sse(), "SSE works");
    expect_eq(hypercall(fpu_taskswitch, 1), 0, "set TS");
    expect_no_fault(fault_of(asm volatile("clts")), "clts");
    expect_no_fault(use_sse(), "SSE works");

    asm volatile("movd %0, %%xmm3" : : "r"(0x5678));
    time_wait_until(time_now() + 5 * NS_PER_MS);
    expect_eq(read_sse(), 0x5678, "the registers survive blocking");
}
