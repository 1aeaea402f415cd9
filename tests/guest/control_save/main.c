/*
 * What dom0's tools save of another domain, and give back: callbacks of its vcpu that the context has no room for, its
 * extended state, its model-specific registers, what CPUID shows it, and which of its frames are tables. What was given
 * is read back; what makes no sense is refused. And whoever subscribed hears of its suspend.
 */
#include "control.h"

#define NO_VCPU  7
#define NO_LEAF  0x3fffffff
#define NO_MSR   0xdeadbeef
#define TSC_AUX  0xc0000103
#define CALLBACK 0x1234
#define NOWHERE  ((void *)0x10)

#define PLATFORM_INFO 0xce

static struct xen_domctl op;
static domid_t child;

static struct xen_domctl *about(domid_t id)
{
    memset(&op, 0, sizeof(op));
    op.domain = id;
    return &op;
}

static long domctl(unsigned int cmd)
{
    return control_domctl(&op, cmd, op.domain);
}

static void create(void)
{
    child = control_create(&op);
    about(child)->u.max_vcpus.max = 1;
    need(domctl(XEN_DOMCTL_max_vcpus));
}

/* --- Callbacks --- */

static long get_callbacks(domid_t id, uint32_t vcpu)
{
    about(id)->u.ext_vcpucontext.vcpu = vcpu;
    return domctl(XEN_DOMCTL_get_ext_vcpucontext);
}

static long set_callbacks(uint32_t vcpu, uint64_t address, uint32_t size)
{
    about(child)->u.ext_vcpucontext = (struct xen_domctl_ext_vcpucontext){
        .vcpu = vcpu,
        .size = size,
        .syscall32_callback_eip = address,
        .syscall32_callback_cs = FLAT_KERNEL_CS,
        .syscall32_disables_events = 1,
        .sysenter_callback_eip = address + 1,
        .sysenter_callback_cs = FLAT_KERNEL_CS,
    };
    return domctl(XEN_DOMCTL_set_ext_vcpucontext);
}

static void callbacks(void)
{
    const struct xen_domctl_ext_vcpucontext *got = &op.u.ext_vcpucontext;

    expect_eq(set_callbacks(0, CALLBACK, sizeof(*got)), 0, "callbacks");
    expect_eq(get_callbacks(child, 0), 0, "read back");
    expect(got->size >= offsetof(struct xen_domctl_ext_vcpucontext, mcg_cap), "all of them");
    expect_eq(got->syscall32_callback_eip, CALLBACK, "that of SYSCALL");
    expect_eq(got->syscall32_callback_cs, FLAT_KERNEL_CS, "its segment");
    expect_eq(got->syscall32_disables_events, 1, "it masks events");
    expect_eq(got->sysenter_callback_eip, CALLBACK + 1, "that of SYSENTER");
    expect_eq(got->sysenter_disables_events, 0, "it doesn't");

    expect_eq(set_callbacks(0, 1ULL << 63, sizeof(*got)), -EINVAL, "an address that is none");
    expect_eq(set_callbacks(0, 0, 8), -EINVAL, "too short to hold them");
    expect_eq(set_callbacks(NO_VCPU, 0, sizeof(*got)), -ESRCH, "of no vcpu");
    expect_eq(get_callbacks(child, NO_VCPU), -ESRCH, "read from no vcpu");
    expect_eq(get_callbacks(0, 0), -ESRCH, "one's own");
    op.u.ext_vcpucontext.size = sizeof(*got);
    expect_eq(domctl(XEN_DOMCTL_set_ext_vcpucontext), -ESRCH, "one's own, set");
    need(get_callbacks(child, 0));
    expect_eq(got->syscall32_callback_eip, CALLBACK, "what was refused changed nothing");
}

/* --- Extended state --- */

static uint64_t state[PAGE_SIZE / 8];

static long extended(unsigned int cmd, uint32_t vcpu, uint64_t size, uint64_t mask, void *buffer)
{
    about(child)->u.vcpuextstate =
        (struct xen_domctl_vcpuextstate){ .vcpu = vcpu, .size = size, .xfeature_mask = mask };
    set_xen_guest_handle(op.u.vcpuextstate.buffer, buffer);
    return domctl(cmd);
}

static long get_state(uint64_t size, uint64_t mask, void *buffer)
{
    return extended(XEN_DOMCTL_getvcpuextstate, 0, size, mask, buffer);
}

static long set_state(uint64_t size, void *buffer)
{
    return extended(XEN_DOMCTL_setvcpuextstate, 0, size, 0, buffer);
}

/* XCR0, what was ever in it, and XSAVE's area: the FPU and SSE, as they are after a reset. */
#define FPU_SSE 3
#define LEGACY  (16 + 512 + 64)

static void make_state(uint64_t xcr0)
{
    memset(state, 0, sizeof(state));
    state[0] = xcr0;
    state[1] = FPU_SSE;
    state[2] = 0x37f;              /* FCW */
    state[2 + 3] = 0xffff00001f80; /* MXCSR and its mask */
}

static void extended_state(void)
{
    uint64_t size, mask;

    expect_eq(get_state(0, 0, NULL), 0, "how much extended state");
    mask = op.u.vcpuextstate.xfeature_mask;
    if ( !mask ) /* no XSAVE here */
        return;
    make_state(FPU_SSE);
    expect_eq(set_state(LEGACY, state), 0, "the FPU's and SSE's");
    need(get_state(0, 0, NULL));
    size = op.u.vcpuextstate.size;
    expect(size >= LEGACY && size <= sizeof(state), "there is room for what was given");
    memset(state, 0, sizeof(state));
    expect_eq(get_state(size, mask, state), 0, "read");
    expect_eq(state[0], FPU_SSE, "XCR0");
    expect_eq(state[1], FPU_SSE, "what was ever in it");
    expect_eq(get_state(LEGACY - 1, mask, state), -EINVAL, "too little room");
    expect_eq(get_state(size, mask ^ 4, state), -EINVAL, "of another processor");
    expect_eq(get_state(size, mask, (void *)0x10), -EFAULT, "no place for it");
    expect_eq(set_state(size, (void *)0x10), -EFAULT, "from no place");
    expect_eq(set_state(8, state), -EINVAL, "too short to say what it is");
    expect_eq(extended(XEN_DOMCTL_getvcpuextstate, NO_VCPU, 0, 0, NULL), -ESRCH, "of no vcpu");
    about(0)->u.vcpuextstate.vcpu = 0;
    expect_eq(domctl(XEN_DOMCTL_getvcpuextstate), -EINVAL, "one's own");
    make_state(2);
    expect_eq(set_state(LEGACY, state), -EINVAL, "an XCR0 that no processor takes");
    make_state(FPU_SSE);
    expect_eq(set_state(LEGACY + 1, state), -EINVAL, "longer than what it says is in it");
    state[2 + 512 / 8] = 4;
    expect_eq(set_state(LEGACY, state), -EINVAL, "with a component that was never in use");
}

/* --- Model-specific registers --- */

static struct xen_domctl_vcpu_msr msrs[16];

static long registers(unsigned int cmd, uint32_t vcpu, uint32_t count, void *list)
{
    about(child)->u.vcpu_msrs = (struct xen_domctl_vcpu_msrs){ .vcpu = vcpu, .msr_count = count };
    set_xen_guest_handle(op.u.vcpu_msrs.msrs, list);
    return domctl(cmd);
}

static long get_msrs(uint32_t count)
{
    return registers(XEN_DOMCTL_get_vcpu_msrs, 0, count, msrs);
}

static long set_msr(uint32_t index, uint64_t value, uint32_t reserved)
{
    msrs[0] = (struct xen_domctl_vcpu_msr){ index, reserved, value };
    return registers(XEN_DOMCTL_set_vcpu_msrs, 0, 1, msrs);
}

static uint64_t tsc_aux(void)
{
    need(get_msrs(16));
    for ( uint32_t i = 0; i < op.u.vcpu_msrs.msr_count; i++ )
        if ( msrs[i].index == TSC_AUX )
            return msrs[i].value;
    return 0;
}

static void model_specific(void)
{
    expect_eq(registers(XEN_DOMCTL_get_vcpu_msrs, 0, 0, NULL), 0, "how many at most");
    expect(op.u.vcpu_msrs.msr_count >= 1 && op.u.vcpu_msrs.msr_count <= 16, "some");
    expect_eq(set_msr(TSC_AUX, 5, 0), 0, "a register");
    expect_eq(tsc_aux(), 5, "reads back");
    expect_eq(get_msrs(0), -ENOBUFS, "no room for it");
    expect_eq(op.u.vcpu_msrs.msr_count, 1, "and for how many there must be");
    expect_eq(set_msr(NO_MSR, 0, 0), -EINVAL, "no register");
    expect_eq(op.u.vcpu_msrs.msr_count, 0, "it is the first of the list");
    expect_eq(set_msr(TSC_AUX, 6, 1), -EINVAL, "what must be zero is not");
    expect_eq(set_msr(TSC_AUX, 1ULL << 32, 0), -EINVAL, "a value that doesn't fit");
    expect_eq(tsc_aux(), 5, "it is what it was");
    expect_eq(registers(XEN_DOMCTL_set_vcpu_msrs, 0, 99, msrs), -EINVAL, "more than there are");
    expect_eq(registers(XEN_DOMCTL_get_vcpu_msrs, NO_VCPU, 0, NULL), -ESRCH, "of no vcpu");
    expect_eq(registers(XEN_DOMCTL_set_vcpu_msrs, NO_VCPU, 0, msrs), -ESRCH, "to no vcpu");
    expect_eq(registers(XEN_DOMCTL_get_vcpu_msrs, 0, 16, (void *)0x10), -EFAULT, "no place");
    expect_eq(registers(XEN_DOMCTL_set_vcpu_msrs, 0, 1, (void *)0x10), -EFAULT, "from no place");
    about(0);
    expect_eq(domctl(XEN_DOMCTL_get_vcpu_msrs), -EINVAL, "one's own");
    about(0);
    expect_eq(domctl(XEN_DOMCTL_set_vcpu_msrs), -EINVAL, "one's own, set");
}

/* --- CPUID --- */

#define LEAVES 256

static xen_cpuid_leaf_t leaves[LEAVES];
static xen_msr_entry_t entries[LEAVES];

static long policy_at(unsigned int cmd, void *leaves_at, void *entries_at)
{
    about(child)->u.cpu_policy =
        (struct xen_domctl_cpu_policy){ .nr_leaves = LEAVES / 4, .nr_msrs = 2 };
    set_xen_guest_handle(op.u.cpu_policy.leaves, leaves_at);
    set_xen_guest_handle(op.u.cpu_policy.msrs, entries_at);
    return domctl(cmd);
}

static long policy(unsigned int cmd, domid_t id, uint32_t nr_leaves, uint32_t nr_entries)
{
    about(id)->u.cpu_policy =
        (struct xen_domctl_cpu_policy){ .nr_leaves = nr_leaves, .nr_msrs = nr_entries };
    set_xen_guest_handle(op.u.cpu_policy.leaves, leaves);
    set_xen_guest_handle(op.u.cpu_policy.msrs, entries);
    return domctl(cmd);
}

static void get_policy(void)
{
    expect_eq(policy(XEN_DOMCTL_get_cpu_policy, child, LEAVES, LEAVES), 0, "what CPUID shows it");
    expect(op.u.cpu_policy.nr_leaves > 1 && op.u.cpu_policy.nr_leaves < LEAVES, "some leaves");
    expect_eq(leaves[0].leaf, 0, "leaf 0 first");
    expect(leaves[0].b != 0, "a vendor");
    expect_eq(policy(XEN_DOMCTL_get_cpu_policy, child, 1, LEAVES), -ENOBUFS, "room for one leaf");
    expect_eq(policy(XEN_DOMCTL_get_cpu_policy, child, LEAVES, 0), -ENOBUFS,
              "room for no register");
    expect_eq(policy_at(XEN_DOMCTL_get_cpu_policy, NOWHERE, entries), -EFAULT, "no place");
    expect_eq(policy_at(XEN_DOMCTL_get_cpu_policy, leaves, NOWHERE), -EFAULT, "half a place");
}

static void set_policy(void)
{
    uint32_t nr;

    need(policy(XEN_DOMCTL_get_cpu_policy, child, LEAVES, LEAVES));
    nr = op.u.cpu_policy.nr_leaves;
    expect_eq(policy(XEN_DOMCTL_set_cpu_policy, child, nr, 0), 0, "the same again");
    expect_eq(policy(XEN_DOMCTL_set_cpu_policy, child, 0, 0), 0, "nothing to change");
    expect_eq(policy(XEN_DOMCTL_set_cpu_policy, 0, 0, 0), -EINVAL, "one's own");
    expect_eq(policy(XEN_DOMCTL_set_cpu_policy, child, 100000, 0), -E2BIG, "more than there are");
    expect_eq(policy_at(XEN_DOMCTL_set_cpu_policy, NOWHERE, entries), -EFAULT, "from no place");
    need(policy(XEN_DOMCTL_get_cpu_policy, child, LEAVES, LEAVES));
    op.u.cpu_policy.nr_leaves = 1;
    set_xen_guest_handle(op.u.cpu_policy.msrs, NOWHERE);
    expect_eq(domctl(XEN_DOMCTL_set_cpu_policy), -EFAULT, "registers from no place");
    leaves[0].a = NO_LEAF;
    expect_eq(policy(XEN_DOMCTL_set_cpu_policy, child, 1, 0), -EINVAL, "more leaves than can be");
    entries[0] = (xen_msr_entry_t){ .idx = PLATFORM_INFO, .val = 1 };
    expect(policy(XEN_DOMCTL_set_cpu_policy, child, 0, 1) < 0, "a register's value that can't be");
    leaves[0].leaf = NO_LEAF;
    expect_eq(policy(XEN_DOMCTL_set_cpu_policy, child, 1, 0), -ERANGE, "a leaf that there isn't");
    expect_eq(op.u.cpu_policy.err_leaf, NO_LEAF, "it is named");
    entries[0] = (xen_msr_entry_t){ .idx = NO_MSR };
    expect_eq(policy(XEN_DOMCTL_set_cpu_policy, child, 0, 1), -ERANGE,
              "a register that there isn't");
    expect_eq(op.u.cpu_policy.err_msr, NO_MSR, "it is named");
}

/* Of several reasons the first one counts: leaves, then registers, each of them; what they say together comes last. */
static void set_policy_for_several_reasons(void)
{
    need(policy(XEN_DOMCTL_get_cpu_policy, child, LEAVES, LEAVES));
    expect_eq(policy(XEN_DOMCTL_set_cpu_policy, 0, 100000, 0), -EINVAL, "one's own, and too many");
    expect_eq(op.u.cpu_policy.err_leaf, 0, "nothing was looked at");
    about(child)->u.cpu_policy =
        (struct xen_domctl_cpu_policy){ .nr_leaves = 1, .nr_msrs = 100000 };
    set_xen_guest_handle(op.u.cpu_policy.leaves, NOWHERE);
    expect_eq(domctl(XEN_DOMCTL_set_cpu_policy), -EFAULT, "leaves from nowhere, many registers");
    leaves[0].a = NO_LEAF;
    entries[0] = (xen_msr_entry_t){ .idx = NO_MSR };
    expect_eq(policy(XEN_DOMCTL_set_cpu_policy, child, 1, 1), -ERANGE,
              "more leaves than can be, and a register that there isn't");
    expect_eq(op.u.cpu_policy.err_leaf, ~0u, "which is not a leaf's fault");
    leaves[1].leaf = NO_LEAF;
    expect_eq(policy(XEN_DOMCTL_set_cpu_policy, child, 2, 0), -ERANGE,
              "and a leaf that there isn't");
    expect_eq(op.u.cpu_policy.err_leaf, NO_LEAF, "that is named");
    expect_eq(policy(XEN_DOMCTL_set_cpu_policy, child, 1, 100000), -E2BIG, "and many registers");
    entries[0] = (xen_msr_entry_t){ .idx = PLATFORM_INFO, .flags = 1 };
    expect_eq(policy(XEN_DOMCTL_set_cpu_policy, child, 0, 1), -EINVAL, "a register with flags");
}

/* When it has run, nothing is looked at either. */
static void set_policy_too_late(void)
{
    about(child);
    need(domctl(XEN_DOMCTL_unpausedomain));
    expect_eq(policy(XEN_DOMCTL_set_cpu_policy, child, 100000, 0), -EEXIST, "many, too late");
    expect_eq(op.u.cpu_policy.err_leaf, 0, "nothing was looked at");
    expect_eq(policy_at(XEN_DOMCTL_set_cpu_policy, NOWHERE, entries), -EEXIST, "too late, nowhere");
}

/* --- Frames --- */

static xen_pfn_t list[2];

static long kinds(domid_t id, uint64_t num, void *array)
{
    about(id)->u.getpageframeinfo3.num = num;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, array);
    return domctl(XEN_DOMCTL_getpageframeinfo3);
}

/* dom0 has none but its own to ask about: the root that it booted on is pinned. */
static void frames(void)
{
    xen_pfn_t root = (xen_pfn_t)virt_to_mfn(table_root());

    list[0] = root;
    list[1] = (xen_pfn_t)virt_to_mfn(list);
    expect_eq(kinds(0, 2, list), 0, "what frames are");
    expect(list[0] & XEN_DOMCTL_PFINFO_LPINTAB, "the root is pinned");
    expect(list[0] & XEN_DOMCTL_PFINFO_LTABTYPE_MASK, "it is a table");
    expect_eq(list[1], XEN_DOMCTL_PFINFO_NOTAB, "data is none");
    list[0] = root;
    expect_eq(kinds(child, 1, list), 0, "a frame that isn't the domain's");
    expect_eq(list[0], (xen_pfn_t)XEN_DOMCTL_PFINFO_XTAB, "is told as such");
    expect_eq(kinds(child, 0, list), 0, "none");
    expect_eq(kinds(child, 1025, list), -E2BIG, "more than 1024 at once");
    expect_eq(kinds(child, 1, (void *)0x10), -EFAULT, "no place");
}

/* --- A right, and a log that is off --- */

static long interrupt(uint32_t pirq, uint8_t allow)
{
    about(child)->u.irq_permission =
        (struct xen_domctl_irq_permission){ .pirq = pirq, .allow_access = allow };
    return domctl(XEN_DOMCTL_irq_permission);
}

static long shadow(domid_t id, uint32_t what)
{
    about(id)->u.shadow_op.op = what;
    return domctl(XEN_DOMCTL_shadow_op);
}

/* Only what is one's own can be given. Nothing is on ISA's line 7. */
static void interrupts(void)
{
    struct physdev_map_pirq map = {
        .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = 7, .pirq = 7
    };

    need(hypercall(physdev_op, PHYSDEVOP_map_pirq, &map));
    expect_eq(interrupt(7, 1), 0, "an interrupt");
    expect_eq(interrupt(7, 0), 0, "and not any more");
}

static void dirty_log(void)
{
    expect_eq(shadow(child, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), -EOPNOTSUPP,
              "log dirtied frames");
    expect_eq(shadow(child, XEN_DOMCTL_SHADOW_OP_OFF), -EINVAL, "no more of a log that is off");
    expect_eq(shadow(0, XEN_DOMCTL_SHADOW_OP_OFF), -EINVAL, "one's own");
}

/* --- Its suspend --- */

static volatile unsigned int heard;

static void hear(evtchn_port_t port, void *data)
{
    heard++;
}

static long shut_down(unsigned int reason)
{
    struct sched_remote_shutdown remote = { .domain_id = child, .reason = reason };

    return hypercall(sched_op, SCHEDOP_remote_shutdown, &remote);
}

static void suspend(void)
{
    struct evtchn_alloc_unbound alloc = { .dom = child, .remote_dom = DOMID_SELF };
    evtchn_port_t ours;

    need(hypercall(event_channel_op, EVTCHNOP_alloc_unbound, &alloc));
    ours = (evtchn_port_t)need(event_bind_interdomain(child, alloc.port));
    event_handle(ours, hear, NULL);
    about(child)->u.subscribe.port = alloc.port;
    expect_eq(domctl(XEN_DOMCTL_subscribe), 0, "subscribe to its suspend");
    heard = 0;
    need(shut_down(SHUTDOWN_suspend));
    expect(heard > 0, "it suspends, and we hear of it");
    about(child);
    need(domctl(XEN_DOMCTL_resumedomain));
    heard = 0;
    need(shut_down(SHUTDOWN_poweroff));
    expect_eq(heard, 0, "an end for another reason isn't told so");
    need(event_close(ours));
}

void test_main(void)
{
    if ( !is_dom0() )
    {
        about(0);
        expect_eq(domctl(XEN_DOMCTL_get_cpu_policy), -EPERM, "without the rights of dom0");
        return;
    }
    create();
    callbacks();
    extended_state();
    model_specific();
    get_policy();
    set_policy();
    set_policy_for_several_reasons();
    frames();
    interrupts();
    dirty_log();
    suspend();
    set_policy_too_late();
    about(child);
    need(domctl(XEN_DOMCTL_destroydomain));
}
