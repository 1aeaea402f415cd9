/*
 * A second vcpu: initialise, up, down, up again; it runs beside us, has its own stack, mask and exceptions.
 */
#include "test.h"

static volatile unsigned int runs, id_seen, fault_seen;
static volatile unsigned int stay;

static void other(void *arg)
{
    id_seen = this_vcpu()->id;
    fault_seen = (unsigned int)fault_of(asm volatile("ud2")).vector;
    __atomic_fetch_add(&runs, 1, __ATOMIC_SEQ_CST);
    while ( stay )
        hypercall(sched_op, SCHEDOP_yield, NULL);
}

static bool wait_for(volatile unsigned int *word, unsigned int value)
{
    uint64_t end = time_now() + PATIENCE;

    while ( *word != value && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    return *word == value;
}

static bool wait_down(unsigned int vcpu)
{
    uint64_t end = time_now() + PATIENCE;

    while ( hypercall(vcpu_op, VCPUOP_is_up, vcpu, NULL) == 1 && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    return hypercall(vcpu_op, VCPUOP_is_up, vcpu, NULL) == 0;
}

/* Is there such a vcpu, can its state be read, has it one already, is the state good: they ask in this order. */
static void order_of_checks(struct vcpu_guest_context *good)
{
    static struct vcpu_guest_context bad;

    bad = *good;
    bad.ctrlreg[3] = ~0UL;
    expect_eq(hypercall(vcpu_op, VCPUOP_initialise, 99, 0x10), -ENOENT, "no vcpu, nor a state");
    expect_eq(hypercall(vcpu_op, VCPUOP_initialise, 1, 0x10), -EFAULT,
              "no state, for one that has one");
    expect_eq(hypercall(vcpu_op, VCPUOP_initialise, 1, &bad), -EEXIST, "a bad one, likewise");
    expect_eq(hypercall(vcpu_op, VCPUOP_initialise, 2, &bad), -EINVAL, "a bad one");
    expect_eq(hypercall(vcpu_op, VCPUOP_up, 2, NULL), -EINVAL, "which is not taken");
}

void test_main(void)
{
    static struct vcpu_guest_context state;
    struct vcpu_get_physid physid;

    expect_eq(hypercall(vcpu_op, VCPUOP_is_up, 0, NULL), 1, "we are up");
    expect_eq(hypercall(vcpu_op, VCPUOP_is_up, 99, NULL), -ENOENT, "99 is not there");
    expect_eq(hypercall(vcpu_op, VCPUOP_up, 99, NULL), -ENOENT, "nor can it go up");
    expect_eq(hypercall(vcpu_op, VCPUOP_get_physid, 99, &physid), -ENOENT, "nor be anywhere");
    if ( hypercall(vcpu_op, VCPUOP_is_up, 3, NULL) < 0 )
        skip("needs 4 vcpus");
    expect_eq(hypercall(vcpu_op, VCPUOP_up, 2, NULL), -EINVAL, "up before it is initialised");
    stay = 1;
    expect_eq(vcpu_start(1, other, NULL), 0, "initialise and up");
    expect(wait_for(&runs, 1), "it runs");
    expect_eq(id_seen, 1, "with its own stack");
    expect_eq(fault_seen, TRAP_UD, "and its own exceptions");
    expect_eq(hypercall(vcpu_op, VCPUOP_is_up, 1, NULL), 1, "it is up");
    vcpu_prepare(&state, 2, other, NULL); /* 2 is for nobody else */
    expect_eq(hypercall(vcpu_op, VCPUOP_initialise, 1, &state), -EEXIST, "initialise it again");
    expect_eq(hypercall(vcpu_op, VCPUOP_initialise, 0, &state), -EEXIST, "initialise us");
    order_of_checks(&state);
    stay = 0;
    expect(wait_down(1), "it goes down");
    expect_eq(vcpu_start(1, other, NULL), 0, "up again");
    expect(wait_for(&runs, 2), "it runs again");
    expect(wait_down(1), "and goes down again");
    expect_eq(hypercall(vcpu_op, VCPUOP_down, 99, NULL), -ENOENT, "99 can't go down");
    expect_eq(hypercall(vcpu_op, VCPUOP_initialise, 2, 0x10), -EFAULT, "a state that is not there");
    expect_eq(hypercall(vcpu_op, 99, 0, NULL), -ENOSYS, "an unknown operation");
}
