/*
 * VCPUOP_register_vcpu_time_memory_area: a copy of the clock page at an address of our choice, for user mode's clock.
 */
#include "test.h"

void test_main(void)
{
    static struct vcpu_time_info area;
    struct vcpu_register_time_memory_area op = { .addr.v = &area };
    const volatile struct vcpu_time_info *own = &this_vcpu()->info->time;

    expect_eq(hypercall(vcpu_op, VCPUOP_register_vcpu_time_memory_area, 0, &op), 0, "register it");
    expect(area.version && !(area.version & 1), "it is filled at once");
    expect_eq(area.tsc_to_system_mul, own->tsc_to_system_mul, "with the same scale");
    expect_eq(area.tsc_shift, own->tsc_shift, "and shift");
    expect_eq(hypercall(vcpu_op, VCPUOP_register_vcpu_time_memory_area, 99, &op), -ENOENT,
              "of no vcpu");
    op.addr.v = NULL;
    expect_eq(hypercall(vcpu_op, VCPUOP_register_vcpu_time_memory_area, 0, &op), 0,
              "no area any more");
}
