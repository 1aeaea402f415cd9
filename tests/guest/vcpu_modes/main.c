/*
 * A vcpu's CR4 and its breakpoints are its own: another one, on the same processor and right behind it, doesn't meet
 * them (XSA-293).
 *
 * The other vcpu forbids RDTSC to its processes and breaks on writes to a variable of ours. Then our process reads the
 * TSC, and we write.
 */
#include "test.h"

#define CR4_TSD 4UL

static volatile unsigned int turn;
static volatile uint32_t watched;

static void yield_until(unsigned int value)
{
    uint64_t end = time_now() + PATIENCE;

    while ( turn != value && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    if ( turn != value )
        failure("the other vcpu doesn't run");
}

static ulong read_cr4(void)
{
    ulong value;

    asm volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static void other(void *arg)
{
    ulong cr4 = read_cr4();

    asm volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_TSD));
    hypercall(set_debugreg, 0, &watched);
    hypercall(set_debugreg, 7, 1 | 1 << 16 | 3UL << 18); /* writes of 4 bytes */
    turn = 1;
    while ( turn != 2 )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    hypercall(set_debugreg, 7, 0x400);
    hypercall(set_debugreg, 0, 0);
    asm volatile("mov %0, %%cr4" : : "r"(cr4));
    turn = 3;
}

static long read_tsc(long arg)
{
    asm volatile("rdtsc" : : : "eax", "edx");
    return arg;
}

void test_main(void)
{
    if ( hypercall(vcpu_op, VCPUOP_is_up, 1, NULL) < 0 )
        skip("needs 2 vcpus");
    need(vcpu_start(1, other, NULL));
    yield_until(1);
    expect_no_fault(fault_of(watched = 1), "we may write what it watches");
    expect_no_fault(user_run(read_tsc, 0).fault, "our process may read the TSC");
    turn = 2;
    yield_until(3);
    while ( hypercall(vcpu_op, VCPUOP_is_up, 1, NULL) == 1 )
        hypercall(sched_op, SCHEDOP_yield, NULL);
}
