/*
 * The runstate area: what a vcpu does and how long it has done what, in a place of our choice.
 *
 * The times add up to the vcpu's age; blocking grows the blocked time. With the assist, XEN_RUNSTATE_UPDATE marks an
 * update in progress.
 */
#include "test.h"

static struct vcpu_runstate_info area, copy;

static uint64_t total(const struct vcpu_runstate_info *r)
{
    return r->time[0] + r->time[1] + r->time[2] + r->time[3];
}

void test_main(void)
{
    struct vcpu_register_runstate_memory_area op;
    uint64_t blocked, start;

    op.addr.v = &area;
    expect_eq(hypercall(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &op), 0, "register it");
    expect_eq(area.state, RUNSTATE_running, "we run");
    expect_eq(hypercall(vcpu_op, VCPUOP_get_runstate_info, 0, &copy), 0, "ask for it");
    expect_eq(copy.state, RUNSTATE_running, "we run");
    expect(total(&copy) <= time_now() + NS_PER_MS, "no more time than there was");

    blocked = area.time[RUNSTATE_blocked];
    start = time_now();
    time_wait_until(start + 20 * NS_PER_MS);
    expect(area.time[RUNSTATE_blocked] >= blocked + 15 * NS_PER_MS, "blocking is counted");
    expect_eq(hypercall(vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0,
              "the update flag");
    time_wait_until(time_now() + 5 * NS_PER_MS);
    expect_eq(area.state_entry_time & XEN_RUNSTATE_UPDATE, 0,
              "no update is in progress while we look");
    expect(area.state_entry_time <= time_now(), "we came to this state in the past");

    expect_eq(hypercall(vcpu_op, VCPUOP_register_runstate_memory_area, 99, &op), -ENOENT,
              "for a vcpu that is not there");
    op.addr.v = NULL;
    expect_eq(hypercall(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &op), 0, "no area");
    expect_eq(hypercall(vcpu_op, VCPUOP_get_runstate_info, 0, 0x10), -EFAULT,
              "an answer to nowhere");
}
