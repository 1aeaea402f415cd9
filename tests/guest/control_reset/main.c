/*
 * XEN_DOMCTL_setvcpucontext from nowhere takes the context from a vcpu, whatever it does: it is down, and as before its
 * first one, so the next may bring other tables along. The tables it had are ordinary frames again. What the domain
 * registered by hypercalls stays, as do the callbacks that no context has room for.
 */
#include "child.h"

#define NOT_YET  1000 /* no hypercall's answer */
#define INFO_AT  0x200
#define CALLBACK 0x1234

/* The words of its data. */
enum { COUNT, ANSWER, REGISTER = 4 };

/*
 * What runs in it registers its vcpu_info, says what the answer was, and counts, for ever. The event that registering
 * brings comes before or after the answer is in the data.
 */
static void __attribute__((used)) code(void)
{
    asm volatile(
        ".pushsection .rodata\n"
        ".balign 4096\n"
        "reset_code:\n"
        "    movl %[vcpu_op], %%eax\n"
        "    movl %[register_info], %%edi\n"
        "    xorl %%esi, %%esi\n"
        "    movl %[info], %%edx\n"
        "    syscall\n"
        "reset_handler:\n"
        "    movl %%eax, %c[answer]\n"
        "    incl %c[count]\n"
        "    jmp reset_handler\n"
        ".balign 4096\n"
        ".popsection"
        :
        : [vcpu_op] "i"(__HYPERVISOR_vcpu_op), [register_info] "i"(VCPUOP_register_vcpu_info),
          [info] "i"(CHILD_DATA_AT + 4 * REGISTER), [answer] "i"(CHILD_DATA_AT + 4 * ANSWER),
          [count] "i"(CHILD_DATA_AT + 4 * COUNT));
}

extern const char reset_code[], reset_handler[];

static long reset(domid_t id, uint32_t vcpu)
{
    memset(&child.op, 0, sizeof(child.op));
    child.op.u.vcpucontext.vcpu = vcpu;
    return control_domctl(&child.op, XEN_DOMCTL_setvcpucontext, id);
}

/* With @root as its tables. */
static long set_context(unsigned int root)
{
    child_begin(CHILD_CODE_AT, true);
    child.context.event_callback_eip = CHILD_CODE_AT + (ulong)(reset_handler - reset_code);
    child.context.ctrlreg[3] = xen_pfn_to_cr3(child.frames[root]);
    child.context.ctrlreg[1] = 0;
    return child_vcpu(XEN_DOMCTL_setvcpucontext);
}

static void set_callback(void)
{
    memset(&child.op, 0, sizeof(child.op));
    child.op.u.ext_vcpucontext = (struct xen_domctl_ext_vcpucontext){
        .size = sizeof(child.op.u.ext_vcpucontext),
        .sysenter_callback_eip = CALLBACK,
    };
    need(child_domctl(XEN_DOMCTL_set_ext_vcpucontext));
}

static uint64_t callback(void)
{
    memset(&child.op, 0, sizeof(child.op));
    need(child_domctl(XEN_DOMCTL_get_ext_vcpucontext));
    return child.op.u.ext_vcpucontext.sysenter_callback_eip;
}

static void yield_until(uint64_t end)
{
    while ( time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
}

static void expect_counting(const char *text)
{
    uint64_t end = time_now() + PATIENCE;
    uint32_t before = child.data[COUNT];

    while ( child.data[COUNT] == before && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    expect(child.data[COUNT] != before, text);
}

/* Nothing is left of a context. */
static void expect_none(const char *text)
{
    uint32_t before = child.data[COUNT];
    long rc;
    void *page;

    child.op.u.getvcpuinfo.vcpu = 0;
    need(child_domctl(XEN_DOMCTL_getvcpuinfo));
    expect_eq(child.op.u.getvcpuinfo.online, 0, text);
    expect_eq(child.op.u.getvcpuinfo.blocked, 0, text);
    need(child_domctl(XEN_DOMCTL_getdomaininfo));
    expect_eq(child.op.u.getdomaininfo.nr_online_vcpus, 0, text);
    expect_eq(child.op.u.getdomaininfo.flags & (XEN_DOMINF_blocked | XEN_DOMINF_shutdown), 0, text);
    expect_eq(child_vcpu(XEN_DOMCTL_getvcpucontext), -ENODATA, text);
    yield_until(time_now() + NS_PER_MS);
    expect_eq(child.data[COUNT], before, text);

    page = child_map_if(CHILD_L4, &rc);
    expect_eq(rc, 0, text);
    if ( page )
        child_unmap(page);
}

static void refused(void)
{
    expect_eq(reset(child.id, 1), -EINVAL, "a vcpu that can't be");
    expect_eq(reset(0, 0), -EINVAL, "one's own");
    expect_eq(reset(DOMID_SELF, 0), -ESRCH, "by no domain's number");
}

static void before_it_runs(void)
{
    long rc;

    expect_none("new");
    expect_eq(reset(child.id, 0), 0, "of one that has none");
    expect_none("which changes nothing");
    expect_eq(set_context(CHILD_L4), 0, "a context");
    child_map_if(CHILD_L4, &rc);
    expect_eq(rc, -EBUSY, "its root is one");
    expect_eq(set_context(CHILD_DATA), -EOPNOTSUPP, "with another root");
    expect_eq(reset(child.id, 0), 0, "no context");
    expect_none("never run");
}

static void while_it_runs(void)
{
    child.data[ANSWER] = NOT_YET;
    child.data[REGISTER] = (uint32_t)child.frames[CHILD_DATA];
    child.data[REGISTER + 2] = INFO_AT;
    expect_eq(set_context(CHILD_L4), 0, "a context again");
    set_callback();
    need(child_domctl(XEN_DOMCTL_unpausedomain));
    expect_counting("it runs");
    expect_eq(child.data[ANSWER], 0, "its vcpu_info is registered");
    expect_eq(reset(child.id, 0), 0, "no context for one that runs");
    expect_none("stopped");
    expect_eq(callback(), CALLBACK, "its callback is still there");

    child.data[ANSWER] = NOT_YET;
    expect_eq(set_context(CHILD_L4), 0, "and again");
    expect_counting("it runs again");
    expect_eq((int)child.data[ANSWER], -EINVAL, "its vcpu_info was still registered");
}

static void while_it_is_paused(void)
{
    need(child_domctl(XEN_DOMCTL_pausedomain));
    expect_eq(reset(child.id, 0), 0, "no context for one that is paused");
    expect_none("paused");
    need(child_domctl(XEN_DOMCTL_unpausedomain));
    expect_none("unpaused, too");
}

void test_main(void)
{
    if ( !is_dom0() )
    {
        expect_eq(reset(0, 0), -EPERM, "without the rights of dom0");
        return;
    }
    child_make(reset_code);
    refused();
    before_it_runs();
    while_it_runs();
    while_it_is_paused();
    child_destroy();
}
