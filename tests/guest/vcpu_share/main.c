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
    ulong ours = 0, before;

    if ( hypercall(vcpu_op, VCPUOP_is_up, 1, NULL) < 0 )
        skip("needs 2 vcpus");
    need(vcpu_start(1, spin, NULL));
    end = time_now() + 5 * NS_PER_S;
    while ( !spins && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    expect(spins, "the other vcpu runs");

    before = spins;
    end = time_now() + NS_PER_S;
    while ( time_now() < end )
        ours++;
    expect(ours > 1000, "so do we");
    expect(spins > before, "it ran meanwhile, though we never gave way");
    stop = true;
    end = time_now() + 2 * NS_PER_S;
    while ( hypercall(vcpu_op, VCPUOP_is_up, 1, NULL) == 1 && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    expect_eq(hypercall(vcpu_op, VCPUOP_is_up, 1, NULL), 0, "it is down again");
}
