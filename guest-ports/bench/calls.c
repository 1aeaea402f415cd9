/*
 * Plain hypercalls.
 */
#include "bench.h"

static struct multicall_entry calls[32];

static void loop(long count)
{
    REPEAT(count, );
}

static void null_call(long count)
{
    REPEAT(count, hypercall(xen_version, XENVER_version, NULL));
}

static void prepare_multicall(void)
{
    for ( unsigned int i = 0; i < 32; i++ )
        calls[i] =
            (struct multicall_entry){ .op = __HYPERVISOR_xen_version, .args = { XENVER_version } };
}

static void multicall(long count)
{
    REPEAT(count, hypercall(multicall, calls, 32));
}

static void unknown_call(long count)
{
    REPEAT(count, {
        long rc;

        asm volatile("call kit_hypercall_page + 63 * 32" : "=a"(rc) : : "memory");
    });
}

static void stack_switch(long count)
{
    REPEAT(count, hypercall(stack_switch, KIT_SS, (char *)this_vcpu() + KIT_STACK_SIZE));
}

static void fs_base(long count)
{
    REPEAT(count, hypercall(set_segment_base, SEGBASE_FS, 0));
}

static void task_switched(long count)
{
    REPEAT(count, hypercall(fpu_taskswitch, 0));
}

static void vcpu_is_up(long count)
{
    REPEAT(count, hypercall(vcpu_op, VCPUOP_is_up, 0, NULL));
}

static void set_iopl(long count)
{
    struct physdev_set_iopl op = { .iopl = 1 };

    REPEAT(count, hypercall(physdev_op, PHYSDEVOP_set_iopl, &op));
}

static void yield(long count)
{
    REPEAT(count, hypercall(sched_op, SCHEDOP_yield, NULL));
}

static void descriptor(long count)
{
    uint64_t where = virt_to_machine(bench_page);

    REPEAT(count, hypercall(update_descriptor, where, 0x00cff2000000ffffUL));
}

const struct bench bench_calls[] = {
    { "loop", NULL, loop, 0, NULL },
    { "hypercall_null", NULL, null_call, 0, NULL },
    { "hypercall_in_multicall_32", prepare_multicall, multicall, 32, NULL },
    { "hypercall_unknown", NULL, unknown_call, 0, NULL },
    { "stack_switch", NULL, stack_switch, 0, NULL },
    { "set_fs_base", NULL, fs_base, 0, NULL },
    { "fpu_taskswitch", NULL, task_switched, 0, NULL },
    { "update_descriptor", NULL, descriptor, 0, NULL },
    { "vcpu_is_up", NULL, vcpu_is_up, 0, NULL },
    { "set_iopl", NULL, set_iopl, 0, NULL },
    { "yield", NULL, yield, 0, NULL },
    { NULL, NULL, NULL, 0, NULL },
};
