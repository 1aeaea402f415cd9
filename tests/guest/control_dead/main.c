/*
 * A domain that is dead and not gone: dom0 still maps one of its frames. Nothing more can be given to it, opened in it
 * or made of it, and it doesn't run again. When the last frame is let go, nothing is left of it.
 */
#include "control.h"

static struct xen_domctl op;
static domid_t child;
static xen_pfn_t frame;

static struct xen_domctl *about_child(void)
{
    memset(&op, 0, sizeof(op));
    return &op;
}

static long domctl(unsigned int cmd)
{
    return control_domctl(&op, cmd, child);
}

static long populate(void)
{
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = child };

    set_xen_guest_handle(r.extent_start, &frame);
    return hypercall(memory_op, XENMEM_populate_physmap, &r);
}

static void create(void)
{
    child = control_create(&op);
    about_child()->u.max_vcpus.max = 1;
    need(domctl(XEN_DOMCTL_max_vcpus));
    about_child()->u.max_mem.max_memkb = 64;
    need(domctl(XEN_DOMCTL_max_mem));
    if ( populate() != 1 )
        error("no memory for a domain");
}

static bool gone(void)
{
    about_child();
    return domctl(XEN_DOMCTL_getdomaininfo) || op.domain != child;
}

static long map(ulong where, xen_pfn_t mfn, unsigned int tables_of)
{
    struct mmu_update update = { virt_to_machine(table_make(where, 1)),
                                 pte_make((ulong)mfn, PTE_USER_RW) };

    return hypercall(mmu_update, &update, 1, NULL, tables_of << 16 | child);
}

static void life(void)
{
    static struct vcpu_guest_context context;
    long rc;

    about_child()->u.max_vcpus.max = 2;
    expect(domctl(XEN_DOMCTL_max_vcpus) < 0, "more vcpus for it");
    about_child();
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
    expect(domctl(XEN_DOMCTL_setvcpucontext) < 0, "what its vcpu is to do");
    about_child()->u.set_virq_handler.virq = VIRQ_DOM_EXC;
    rc = domctl(XEN_DOMCTL_set_virq_handler);
    expect(rc == 0 || rc == -EINVAL, "what it is to hear of: Debian's Xen lets it");
    need(control_domctl(&op, XEN_DOMCTL_set_virq_handler, 0));
}

static void possessions(void)
{
    struct mmuext_op pin = { .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = frame };
    xen_pfn_t held = frame;

    frame = 0;
    expect(populate() <= 0, "a frame");
    frame = held;
    expect_eq(event_alloc_unbound(child, DOMID_SELF), -EINVAL, "a port");
    expect_eq(hypercall(mmuext_op, &pin, 1, NULL, child), -EINVAL, "a table");
    pin.cmd = MMUEXT_UNPIN_TABLE;
    expect_eq(hypercall(mmuext_op, &pin, 1, NULL, child), -EINVAL, "none any more");
    expect(map(table_window(), held, child + 1U) < 0, "an entry of its tables");
}

void test_main(void)
{
    ulong window = table_window();
    uint64_t patience;

    if ( !is_dom0() )
    {
        expect_eq(domctl(XEN_DOMCTL_destroydomain), -EPERM, "without the rights of dom0");
        return;
    }
    create();
    need(map(window, frame, 0));
    *(volatile char *)window = 'x';
    about_child();
    need(domctl(XEN_DOMCTL_destroydomain));
    expect_eq(*(volatile char *)window, 'x', "its frame is still there");
    about_child();
    need(domctl(XEN_DOMCTL_getdomaininfo));
    expect_eq(op.domain, child, "and so is it");
    expect(op.u.getdomaininfo.flags & XEN_DOMINF_dying, "dead");
    life();
    possessions();
    need(table_unmap(window));
    patience = time_now() + PATIENCE;
    while ( !gone() && time_now() < patience )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    expect(gone(), "now it is gone");
}
