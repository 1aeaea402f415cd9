/*
 * The runstate area: what a vcpu does and how long it has done what, in a place of our choice.
 *
 * The times add up to the vcpu's age; blocking grows the blocked time. With the assist, XEN_RUNSTATE_UPDATE marks an
 * update in progress. A sibling that waits for the processor that we have is runnable, as nobody stopped it.
 *
 * The machine may stop for a while at any time. So we ask only what the clock allows on both sides of a step, and how
 * much of a sleep counts as blocked we see from the best of several.
 */
#include "test.h"

#define SLEEP    (20 * NS_PER_MS)
#define ATTEMPTS 50
#define TURNS    200

static struct vcpu_runstate_info area, first, second;

static uint64_t total(const struct vcpu_runstate_info *r)
{
    return r->time[0] + r->time[1] + r->time[2] + r->time[3];
}

/* What the hypervisor counted lies between two looks at the clock; so it was read between @before and @after. */
static void read_state(struct vcpu_runstate_info *state, uint64_t *before, uint64_t *after)
{
    *before = time_now();
    expect_eq(hypercall(vcpu_op, VCPUOP_get_runstate_info, 0, state), 0, "ask for it");
    *after = time_now();
}

/* The part of a sleep that counts as blocked, in percent. */
static uint64_t sleep(void)
{
    uint64_t before[2], after[2], aged, blocked;

    read_state(&first, &before[0], &after[0]);
    time_wait_until(time_now() + SLEEP);
    read_state(&second, &before[1], &after[1]);
    aged = total(&second) - total(&first);
    blocked = second.time[RUNSTATE_blocked] - first.time[RUNSTATE_blocked];
    expect(aged + NS_PER_US >= before[1] - after[0], "no time is lost");
    expect(aged <= after[1] - before[0] + NS_PER_US, "none is counted twice");
    expect(blocked <= aged, "we were blocked for a part of it");
    return blocked * 100 / SLEEP;
}

static struct vcpu_runstate_info siblings;
static volatile bool registered, over;

static void take_turns(void *arg)
{
    struct vcpu_register_runstate_memory_area op = { .addr.v = &siblings };

    need(hypercall(vcpu_op, VCPUOP_register_runstate_memory_area, 1, &op));
    registered = true;
    while ( !over )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    op.addr.v = NULL;
    need(hypercall(vcpu_op, VCPUOP_register_runstate_memory_area, 1, &op));
    registered = false;
}

static void wait_for_sibling(bool to_be)
{
    uint64_t end = time_now() + PATIENCE;

    while ( registered != to_be && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    if ( registered != to_be )
        error("the other vcpu doesn't run");
}

static void watch_a_sibling(void)
{
    if ( hypercall(vcpu_op, VCPUOP_is_up, 1, NULL) < 0 )
        return; /* there is none */
    need(vcpu_start(1, take_turns, NULL));
    wait_for_sibling(true);
    for ( unsigned int turns = 0; turns < TURNS; turns++ )
    {
        int state = *(volatile int *)&siblings.state;

        if ( state != RUNSTATE_running )
            expect_eq(state, RUNSTATE_runnable, "it waits for its turn");
        hypercall(sched_op, SCHEDOP_yield, NULL);
    }
    over = true;
    wait_for_sibling(false);
}

void test_main(void)
{
    struct vcpu_register_runstate_memory_area op;
    uint64_t best = 0;

    op.addr.v = &area;
    expect_eq(hypercall(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &op), 0, "register it");
    expect_eq(area.state, RUNSTATE_running, "we run");
    for ( unsigned int i = 0; i < ATTEMPTS && best < 75; i++ )
    {
        uint64_t part = sleep();

        best = part > best ? part : best;
    }
    expect(best >= 75, "blocking is counted");
    expect_eq(first.state, RUNSTATE_running, "who asks, runs");
    expect(area.time[RUNSTATE_blocked] >= first.time[RUNSTATE_blocked],
           "the area tells what we were told");
    expect_eq(hypercall(vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0,
              "the update flag");
    time_wait_until(time_now() + 5 * NS_PER_MS);
    expect_eq(area.state_entry_time & XEN_RUNSTATE_UPDATE, 0,
              "no update is in progress while we look");
    expect(area.state_entry_time <= time_now(), "we came to this state in the past");

    expect_eq(hypercall(vcpu_op, VCPUOP_register_runstate_memory_area, 99, &op), -ENOENT,
              "for a vcpu that is not there");
#ifdef __x86_64__ /* all that 32 bits can name may be asked for */
    op.addr.v = (void *)HYPERVISOR_VIRT_START;
    expect_eq(hypercall(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &op), -EFAULT,
              "where the hypervisor is");
#endif
    op.addr.v = NULL;
    expect_eq(hypercall(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &op), 0, "no area");
    expect_eq(hypercall(vcpu_op, VCPUOP_get_runstate_info, 0, 0x10), -EFAULT,
              "an answer to nowhere");
    watch_a_sibling();
}
