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
    { "loop", .run = loop },
    { "hypercall_null", .run = null_call },
    { "hypercall_in_multicall_32", .prepare = prepare_multicall, .run = multicall, .per = 32 },
    { "hypercall_unknown", .run = unknown_call },
    { "stack_switch", .run = stack_switch },
    { "set_fs_base", .run = fs_base },
    { "fpu_taskswitch", .run = task_switched },
    { "update_descriptor", .run = descriptor },
    { "vcpu_is_up", .run = vcpu_is_up },
    { "set_iopl", .run = set_iopl, .dom0 = true },
    { "yield", .run = yield },
    { 0 },
};
