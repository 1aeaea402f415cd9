/*
 * A vcpu that spins with its events masked gets its share of the processor and no more: ours goes on.
 */
#include "test.h"

static volatile bool stop;
static volatile ulong spins;

static void spin(void *arg)
{
    while ( !stop )
        spins++;
}

void test_main(void)
{
    uint64_t end;
    ulong before;

    if ( hypercall(vcpu_op, VCPUOP_is_up, 1, NULL) < 0 )
        skip("needs 2 vcpus");
    need(vcpu_start(1, spin, NULL));
    end = time_now() + PATIENCE;
    while ( !spins && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    expect(spins, "the other vcpu runs");

    before = spins;
    end = time_now() + PATIENCE;
    while ( spins == before && time_now() < end )
        asm volatile("pause");
    expect(spins != before,
           "it runs again and again, though we never give way, as we do beside it");
    stop = true;
    end = time_now() + PATIENCE;
    while ( hypercall(vcpu_op, VCPUOP_is_up, 1, NULL) == 1 && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    expect_eq(hypercall(vcpu_op, VCPUOP_is_up, 1, NULL), 0, "it is down again");
}
