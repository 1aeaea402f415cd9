/*
 * A vcpu's context, as the tools read it, is what the vcpu has: selectors, segment bases, and FPU registers that it
 * loaded while it runs, not what it had when it last left its processor. Nobody reads one's own, which is in motion.
 */
#include "test.h"

#define FS_BASE     0x123456789000
#define KERNEL_BASE 0x223344556000
#define USER_BASE   0x33445566000
#define XMM         0x0123456789abcdef
#ifdef __i386__
#define OTHER_DS FLAT_USER_DS
#else
#define OTHER_DS FLAT_RING3_DS32
#endif

static struct vcpu_guest_context context;
static volatile unsigned int ready, leave;

/* Which selectors mean in 32 bits. */
#ifdef __i386__
static void set_bases(void)
{
}

static void check_bases(void)
{
}
#else
static void set_bases(void)
{
    hypercall(set_segment_base, SEGBASE_FS, FS_BASE);
    hypercall(set_segment_base, SEGBASE_GS_KERNEL, KERNEL_BASE);
    hypercall(set_segment_base, SEGBASE_GS_USER, USER_BASE);
}

static void check_bases(void)
{
    expect_eq(context.fs_base, FS_BASE, "the FS base that it set");
    expect_eq(context.gs_base_kernel, KERNEL_BASE, "the GS base of its kernel");
    expect_eq(context.gs_base_user, USER_BASE, "... of its user mode");
}
#endif

static void other(void *arg)
{
    uint64_t xmm = XMM;

    asm volatile("mov %w0, %%ds; mov %w0, %%es" : : "r"(OTHER_DS));
    set_bases();
    asm volatile("movq %0, %%xmm3" : : "m"(xmm));
    ready = 1;
    while ( !leave )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    asm volatile("mov %w0, %%ds; mov %w0, %%es" : : "r"(KIT_PV32 ? KIT_SS : 0));
    ready = 2;
}

static void yield_until(unsigned int value)
{
    uint64_t end = time_now() + PATIENCE;

    while ( ready != value && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    if ( ready != value )
        error("the other vcpu doesn't run");
}

static long get_context(unsigned int vcpu)
{
    static struct xen_domctl op;

    op = (struct xen_domctl){ .cmd = XEN_DOMCTL_getvcpucontext,
                              .interface_version = XEN_DOMCTL_INTERFACE_VERSION };
    op.u.vcpucontext.vcpu = vcpu;
    op.u.vcpucontext.ctxt.p = &context;
    return hypercall(domctl, &op);
}

void test_main(void)
{
    if ( !is_dom0() )
    {
        expect_eq(get_context(0), -EPERM, "a context, without the rights of dom0");
        return;
    }
    if ( hypercall(vcpu_op, VCPUOP_is_up, 1, NULL) < 0 )
        skip("needs 2 vcpus");

    expect_eq(get_context(0), -EINVAL, "our own context");
    expect_eq(get_context(99), -EINVAL, "that of no vcpu");

    need(vcpu_start(1, other, NULL));
    yield_until(1);
    expect_eq(get_context(1), 0, "the other's context");
    expect_eq(context.user_regs.ds, OTHER_DS, "has the selector that it loaded into ds");
    expect_eq(context.user_regs.es, OTHER_DS, "... into es");
    check_bases();
    expect_eq(*(uint64_t *)&context.fpu_ctxt.x[160 + 3 * 16], XMM, "and its SSE registers");
    leave = 1;
    yield_until(2);
}
