/*
 * The first context of a domain's vcpu, which its builder sets: with a root that the domain has. The first 32 vcpus
 * have their vcpu_info in shared_info; others have none until they register one. A builder may set the context of one
 * that has none, unlike a sibling by VCPUOP_initialise, and it runs. When the domain has been unpaused, what CPUID
 * shows it stays as it is.
 *
 * The domain's root maps nothing, so it dies of the first instruction. It is a 64-bit one, and so is the context: in
 * 32 bits we only let it go.
 */
#include "control.h"

#define VCPUS (XEN_LEGACY_MAX_VCPUS + 1)

static struct xen_domctl op;
static domid_t child;
static struct vcpu_guest_context context;

static long domctl(unsigned int cmd)
{
    return control_domctl(&op, cmd, child);
}

static void create(void)
{
    memset(&op, 0, sizeof(op));
    op.u.createdomain = (struct xen_domctl_createdomain){
        .max_vcpus = VCPUS,
        .max_evtchn_port = 1023,
        .max_grant_frames = 4,
        .max_maptrack_frames = 4,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
    need(domctl(XEN_DOMCTL_createdomain));
    child = (domid_t)op.domain;
    op.u.max_vcpus.max = VCPUS;
    need(domctl(XEN_DOMCTL_max_vcpus));
    op.u.max_mem.max_memkb = 64;
    need(domctl(XEN_DOMCTL_max_mem));
}

/* A domain with memory is as wide as it is; Debian's Xen has no others anyway. */
static void narrow(void)
{
    op.u.address_size.size = 32;
    expect(domctl(XEN_DOMCTL_set_address_size) < 0, "too late to make it narrow");
}

/* A frame of the domain's, all zeros: as a root it maps nothing. */
static ulong populate(void)
{
    static ulong frame;
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = child };

    set_xen_guest_handle(r.extent_start, &frame);
    if ( hypercall(memory_op, XENMEM_populate_physmap, &r) != 1 )
        error("no memory for a domain");
    return frame;
}

static long load_context(uint32_t vcpu, struct vcpu_guest_context *from)
{
    op.u.vcpucontext.vcpu = vcpu;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, from);
    return domctl(XEN_DOMCTL_setvcpucontext);
}

static long set_context(uint32_t vcpu)
{
    return load_context(vcpu, &context);
}

/* Of the first vcpu. */
static long get_context(struct vcpu_guest_context *to)
{
    op.u.vcpucontext.vcpu = 0;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, to);
    return domctl(XEN_DOMCTL_getvcpucontext);
}

/* Where SYSRET, IRET or WRMSR would fault in the hypervisor, had it taken that over. 32 bits have no such address. */
static void nowhere(void)
{
#ifndef __i386__
    ulong *places[] = { &context.user_regs.rip,        &context.trap_ctxt[255].address,
                        &context.event_callback_eip,   &context.failsafe_callback_eip,
                        &context.syscall_callback_eip, &context.fs_base,
                        &context.gs_base_kernel,       &context.gs_base_user };

    for ( unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++ )
    {
        *places[i] = 1UL << 47;
        expect_eq(set_context(0), -EINVAL, "at an address that is none");
        *places[i] = 0;
    }
#endif
}

static void contexts(void)
{
    ulong root = populate(), gdt = populate();

    context.flags = VGCF_online | VGCF_in_kernel;
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = context.kernel_ss = FLAT_KERNEL_SS;
    expect_eq(set_context(0), -EINVAL, "without a root");
    expect_eq(domctl(XEN_DOMCTL_getvcpucontext), -ENODATA, "read before it is set");
    expect_eq(load_context(0, (void *)0x10), -EFAULT, "which can't be read");
    context.ctrlreg[3] = xen_pfn_to_cr3(root);
    nowhere();
    context.flags = VGCF_online;
    expect_eq(set_context(0), -EINVAL, "of a user without a root");
    context.flags = VGCF_online | VGCF_in_kernel;
    context.ldt_ents = 8193;
    expect_eq(set_context(0), -EINVAL, "with too long an LDT");
    context.ldt_ents = 0;
    context.gdt_ents = 1;
    context.gdt_frames[0] = virt_to_mfn(&context);
    expect_eq(set_context(0), -EINVAL, "with a GDT in a frame of ours");
    context.gdt_frames[0] = gdt;
    expect_eq(set_context(VCPUS), -EINVAL, "of no vcpu");
    expect_eq(set_context(VCPUS - 1), 0, "of a vcpu without a vcpu_info");
    expect_eq(set_context(0), 0, "and of the first");
    expect_eq(set_context(0), 0, "the same once more");
    narrow();
    op.u.hypercall_init.gmfn = root;
    expect_eq(domctl(XEN_DOMCTL_hypercall_init), -EPERM, "stubs in its root");
    expect_eq(get_context(&context), 0, "read back");
    expect_eq(xen_cr3_to_pfn(context.ctrlreg[3]), root, "its root");
    expect_eq(get_context((void *)0x10), -EFAULT, "with no place for it");
    context.ctrlreg[3] = 0;
    expect_eq(set_context(0), -EOPNOTSUPP, "with another root");
    context.ctrlreg[3] = xen_pfn_to_cr3(root);
    context.ctrlreg[1] = xen_pfn_to_cr3(root);
    expect_eq(set_context(0), -EOPNOTSUPP, "with a root for users");
    context.ctrlreg[1] = 0;
    context.gdt_frames[0] = root;
    expect_eq(set_context(0), -EOPNOTSUPP, "with another GDT");
    context.gdt_frames[0] = gdt;
    expect_eq(set_context(0), 0, "as it was");
}

static void wait_for_end(void)
{
    uint64_t end = time_now() + PATIENCE;

    do
    {
        hypercall(sched_op, SCHEDOP_yield, NULL);
        need(domctl(XEN_DOMCTL_getdomaininfo));
    } while ( !(op.u.getdomaininfo.flags & XEN_DOMINF_shutdown) && time_now() < end );
    expect(op.u.getdomaininfo.flags & XEN_DOMINF_shutdown, "it dies");
}

static long set_policy(void)
{
    memset(&op.u.cpu_policy, 0, sizeof(op.u.cpu_policy));
    return domctl(XEN_DOMCTL_set_cpu_policy);
}

void test_main(void)
{
    if ( !is_dom0() )
    {
        expect_eq(set_context(0), -EPERM, "without the rights of dom0");
        return;
    }
    create();
    if ( sizeof(long) == 8 )
        contexts();
    expect_eq(set_policy(), 0, "nothing to change in what CPUID shows");
    need(domctl(XEN_DOMCTL_unpausedomain));
    if ( sizeof(long) == 8 )
        wait_for_end();
    expect_eq(set_policy(), -EEXIST, "when it has run, it is too late");
    need(domctl(XEN_DOMCTL_destroydomain));
}
