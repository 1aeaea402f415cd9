/*
 * What dom0 may tell of another domain, and to it: its life, names, clocks, rights and registers. The domain has one
 * vcpu and no memory, so it never runs; what is set is read back, what makes no sense is refused and changes nothing.
 *
 * A global VIRQ that it is named for comes to it and not to dom0; when it has died, to dom0 again.
 */
#include "control.h"

#define NOBODY 999

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

/* An operation without an argument. */
static long plainly(unsigned int cmd, domid_t id)
{
    about(id);
    return domctl(cmd);
}

static uint32_t flags(void)
{
    need(plainly(XEN_DOMCTL_getdomaininfo, child));
    return op.u.getdomaininfo.flags;
}

static long max_vcpus(uint32_t max)
{
    about(child)->u.max_vcpus.max = max;
    return domctl(XEN_DOMCTL_max_vcpus);
}

/* --- Birth --- */

static struct xen_domctl_createdomain *creation(domid_t id)
{
    about(id)->u.createdomain = (struct xen_domctl_createdomain){
        .max_vcpus = 1,
        .max_evtchn_port = 1023,
        .max_grant_frames = 4,
        .max_maptrack_frames = 4,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
    return &op.u.createdomain;
}

static void births(void)
{
    creation(child);
    expect_eq(domctl(XEN_DOMCTL_createdomain), -EEXIST, "one by the number of another");
    creation(0)->flags = 1U << 31;
    expect_eq(domctl(XEN_DOMCTL_createdomain), -EINVAL, "one of no known kind");
    creation(0)->max_vcpus = 0;
    expect_eq(domctl(XEN_DOMCTL_createdomain), -EINVAL, "one without vcpus");
    creation(0)->max_grant_frames = 1000000;
    expect_eq(domctl(XEN_DOMCTL_createdomain), -EINVAL, "one that may grant too much");
    creation(0)->max_maptrack_frames = 0x7fffffff;
    expect_eq(domctl(XEN_DOMCTL_createdomain), -EINVAL, "or map too much");
    creation(0)->grant_opts = XEN_DOMCTL_GRANT_version(3);
    expect_eq(domctl(XEN_DOMCTL_createdomain), -EINVAL, "or by no known version");
}

/* --- Life --- */

static struct vcpu_guest_context context;

/* A vcpu that it may have, and hasn't yet. */
static void before_vcpus(void)
{
    about(child);
    expect_eq(domctl(XEN_DOMCTL_getvcpuinfo), -ESRCH, "a vcpu that isn't made yet");
    about(child);
    expect_eq(domctl(XEN_DOMCTL_getvcpucontext), -EINVAL, "its registers");
    about(child);
    expect_eq(domctl(XEN_DOMCTL_setvcpucontext), -EINVAL, "given, from nowhere");
    set_xen_guest_handle(about(child)->u.vcpucontext.ctxt, &context);
    expect_eq(domctl(XEN_DOMCTL_setvcpucontext), -EINVAL, "given");
    about(child)->u.getvcpuinfo.vcpu = 1;
    expect_eq(domctl(XEN_DOMCTL_getvcpuinfo), -EINVAL, "one that can't be");
}

static void vcpus(void)
{
    before_vcpus();
    expect_eq(max_vcpus(2), -EINVAL, "more vcpus than it was made for");
    expect_eq(max_vcpus(0), -EINVAL, "none");
    expect_eq(max_vcpus(1), 0, "its vcpu");
    expect_eq(max_vcpus(1), 0, "which it has by now");
    need(plainly(XEN_DOMCTL_getdomaininfo, child));
    expect_eq(op.u.getdomaininfo.max_vcpu_id, 0, "its highest number");
    expect_eq(op.u.getdomaininfo.nr_online_vcpus, 0, "it is not up");
    expect_eq(plainly(XEN_DOMCTL_getdomaininfo, DOMID_FIRST_RESERVED - 1), -ESRCH, "the last one");
    expect_eq(plainly(XEN_DOMCTL_getdomaininfo, DOMID_SELF), -EINVAL, "no domain's number");
}

static void pauses(void)
{
    struct evtchn_reset reset = { .dom = child };

    expect(flags() & XEN_DOMINF_paused, "a new domain is paused");
    expect_eq(plainly(XEN_DOMCTL_pausedomain, child), 0, "once more");
    expect_eq(plainly(XEN_DOMCTL_unpausedomain, child), 0, "undone");
    expect(flags() & XEN_DOMINF_paused, "pauses are counted");
    expect_eq(plainly(XEN_DOMCTL_unpausedomain, child), 0, "the first one, too");
    expect(!(flags() & XEN_DOMINF_paused), "it is paused no more");
    expect_eq(hypercall(event_channel_op, EVTCHNOP_reset, &reset), -EINVAL,
              "so its ports are not to be closed");
    expect_eq(plainly(XEN_DOMCTL_unpausedomain, child), -EINVAL, "nor can that be undone");
    for ( unsigned int i = 0; i < 255; i++ )
        need(plainly(XEN_DOMCTL_pausedomain, child));
    expect_eq(plainly(XEN_DOMCTL_pausedomain, child), -EOVERFLOW, "one pause too many");
    for ( unsigned int i = 0; i < 254; i++ )
        need(plainly(XEN_DOMCTL_unpausedomain, child));

    expect_eq(plainly(XEN_DOMCTL_pausedomain, 0), -EINVAL, "pause oneself");
    expect_eq(plainly(XEN_DOMCTL_unpausedomain, 0), -EINVAL, "unpause oneself");
    expect_eq(plainly(XEN_DOMCTL_resumedomain, 0), -EINVAL, "resume oneself");
    expect_eq(plainly(XEN_DOMCTL_destroydomain, 0), -EINVAL, "destroy oneself");
    expect_eq(plainly(XEN_DOMCTL_pausedomain, NOBODY), -ESRCH, "pause nobody");
    expect_eq(plainly(XEN_DOMCTL_destroydomain, NOBODY), -ESRCH, "destroy nobody");
}

static void shutdowns(void)
{
    struct sched_remote_shutdown remote = { .domain_id = child, .reason = SHUTDOWN_suspend };

    expect_eq(plainly(XEN_DOMCTL_resumedomain, child), 0, "resume one that is not shut down");
    expect_eq(hypercall(sched_op, SCHEDOP_remote_shutdown, &remote), 0, "shut it down");
    expect_eq(flags() >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask, SHUTDOWN_suspend,
              "its reason");
    expect(flags() & XEN_DOMINF_shutdown, "it is shut down");
    expect_eq(plainly(XEN_DOMCTL_resumedomain, child), 0, "resume it");
    expect(!(flags() & XEN_DOMINF_shutdown), "it is shut down no more");
}

/* --- Memory set aside for it --- */

static long claim(uint64_t frames)
{
    struct xen_memory_reservation r = { .nr_extents = (ulong)frames, .domid = child };

    return hypercall(memory_op, XENMEM_claim_pages, &r);
}

static void claims(void)
{
    about(child)->u.max_mem.max_memkb = 4096;
    need(domctl(XEN_DOMCTL_max_mem));
    expect_eq(claim(16), 0, "sixteen frames for it alone");
    need(plainly(XEN_DOMCTL_getdomaininfo, child));
    expect_eq(op.u.getdomaininfo.outstanding_pages, 16, "they are told");
    expect_eq(claim(32), -EINVAL, "more, while it has not had these");
    expect_eq(claim(0), 0, "none");
    expect_eq(claim(1025), -EINVAL, "more than it may have");
    about(child)->u.max_mem.max_memkb = 1ULL << 40;
    need(domctl(XEN_DOMCTL_max_mem));
    expect_eq(claim(1U << 30), -ENOMEM, "more than there are");
    need(plainly(XEN_DOMCTL_getdomaininfo, child));
    expect_eq(op.u.getdomaininfo.outstanding_pages, 0, "so there are none");
}

/* --- Names and clocks --- */

static void handle(void)
{
    xen_domain_handle_t name;

    for ( unsigned int i = 0; i < sizeof(name); i++ )
        name[i] = (uint8_t)(17 * i);
    memcpy(about(child)->u.setdomainhandle.handle, name, sizeof(name));
    expect_eq(domctl(XEN_DOMCTL_setdomainhandle), 0, "a UUID");
    need(plainly(XEN_DOMCTL_getdomaininfo, child));
    expect(!memcmp(op.u.getdomaininfo.handle, name, sizeof(name)), "it is told");
}

static long set_tsc(domid_t id, uint32_t mode, uint32_t khz, uint64_t elapsed)
{
    about(id)->u.tsc_info = (struct xen_domctl_tsc_info){
        .tsc_mode = mode, .gtsc_khz = khz, .incarnation = 3, .elapsed_nsec = elapsed
    };
    return domctl(XEN_DOMCTL_settscinfo);
}

/* A TSC that ran at 3 MHz for an hour goes on, at that pace, whether it must be emulated or should. */
static void tsc_of_elsewhere(uint32_t mode)
{
    const uint64_t hour = 3600 * NS_PER_S;

    expect_eq(set_tsc(child, mode, 3000, hour), 0, "from another machine");
    expect_eq(plainly(XEN_DOMCTL_gettscinfo, child), 0, "asked for");
    expect_eq(op.u.tsc_info.tsc_mode, mode, "its mode");
    expect_eq(op.u.tsc_info.gtsc_khz, 3000, "its pace");
    expect(op.u.tsc_info.elapsed_nsec > hour - NS_PER_S &&
               op.u.tsc_info.elapsed_nsec < hour + 60 * NS_PER_S,
           "its age");
}

static void clocks(void)
{
    need(plainly(XEN_DOMCTL_gettscinfo, child));
    expect_eq(op.u.tsc_info.incarnation, 1, "its first life");
    about(child)->u.settimeoffset.time_offset_seconds = -3600;
    expect_eq(domctl(XEN_DOMCTL_settimeoffset), 0, "its wall clock goes an hour late");
    tsc_of_elsewhere(1);
    tsc_of_elsewhere(0);
    expect_eq(set_tsc(child, 4, 0, 0), -EINVAL, "a mode that there never was");
    expect_eq(set_tsc(child, 0, 0, 0), 0, "a mode of its TSC");
    expect_eq(plainly(XEN_DOMCTL_gettscinfo, child), 0, "asked for");
    expect_eq(op.u.tsc_info.tsc_mode, 0, "it is the mode that was set");
    expect_eq(op.u.tsc_info.incarnation, 4, "another life than those that it had");
    expect(op.u.tsc_info.gtsc_khz > 0, "its frequency");
    expect_eq(set_tsc(0, 0, 0, 0), -EINVAL, "one's own");
    expect_eq(plainly(XEN_DOMCTL_gettscinfo, 0), -EINVAL, "one's own, asked for");
    about(child);
    expect_eq(control_domctl_readonly(&op, XEN_DOMCTL_gettscinfo, child), -EFAULT,
              "with no place for the answer");
}

static long width(uint32_t size)
{
    about(child)->u.address_size.size = size;
    return domctl(XEN_DOMCTL_set_address_size);
}

static void widths(void)
{
    expect_eq(width(48), -EINVAL, "48 bits wide");
    expect_eq(width(0), -EINVAL, "or without width");
    expect_eq(width(64), 0, "as wide as it is");
    expect_eq(plainly(XEN_DOMCTL_get_address_size, child), 0, "asked for");
    expect_eq(op.u.address_size.size, 64, "its width");
}

/* Debian's Xen has no 32-bit domains. */
static void narrow(void)
{
    if ( width(32) )
        return;
    need(plainly(XEN_DOMCTL_get_address_size, child));
    expect_eq(op.u.address_size.size, 32, "its width now");
    expect_eq(width(64), -EACCES, "once narrow, it stays so");
}

/* --- Where it may run --- */

#define NOWHERE ((void *)0x10)

static uint8_t nodes[8];

static long map_nodes(unsigned int cmd, uint32_t bits, void *map)
{
    about(child)->u.nodeaffinity.nodemap.nr_bits = bits;
    set_xen_guest_handle(op.u.nodeaffinity.nodemap.bitmap, map);
    return domctl(cmd);
}

static long node_affinity(unsigned int cmd, uint8_t bits)
{
    memset(nodes, 0, sizeof(nodes));
    nodes[0] = bits;
    return map_nodes(cmd, 64, nodes);
}

static void numa(void)
{
    static uint8_t two_pages[2 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
    uint8_t *beyond = two_pages + PAGE_SIZE, *edge = beyond - 8;

    expect_eq(node_affinity(XEN_DOMCTL_setnodeaffinity, 1), 0, "the first node");
    expect_eq(node_affinity(XEN_DOMCTL_getnodeaffinity, 0), 0, "asked for");
    expect_eq(nodes[0], 1, "it is the first");
    expect_eq(node_affinity(XEN_DOMCTL_setnodeaffinity, 0), -EINVAL, "no node");
    expect_eq(node_affinity(XEN_DOMCTL_setnodeaffinity, 0x80), -EINVAL, "one that there isn't");
    expect_eq(map_nodes(XEN_DOMCTL_setnodeaffinity, 0, nodes), -EINVAL, "a map of none");
    expect_eq(map_nodes(XEN_DOMCTL_setnodeaffinity, 64, NOWHERE), -EFAULT, "one from nowhere");
    expect_eq(map_nodes(XEN_DOMCTL_getnodeaffinity, 64, NOWHERE), -EFAULT, "no place for them");
    expect(map_nodes(XEN_DOMCTL_getnodeaffinity, 1U << 20, NOWHERE) < 0, "nor for so many");
    need(page_protect(beyond, PTE_KERNEL_RO));
    expect_eq(map_nodes(XEN_DOMCTL_getnodeaffinity, 128, edge), -EFAULT, "place for half of them");
    need(page_protect(beyond, PTE_KERNEL_RW));
}

/* --- Rights --- */

static long ports(uint32_t first, uint32_t count, uint8_t allow)
{
    about(child)->u.ioport_permission = (struct xen_domctl_ioport_permission){
        .first_port = first, .nr_ports = count, .allow_access = allow
    };
    return domctl(XEN_DOMCTL_ioport_permission);
}

static long frames(uint64_t first, uint64_t count, uint8_t allow)
{
    about(child)->u.iomem_permission = (struct xen_domctl_iomem_permission){
        .first_mfn = first, .nr_mfns = count, .allow_access = allow
    };
    return domctl(XEN_DOMCTL_iomem_permission);
}

static long interrupt(uint32_t pirq, uint8_t allow)
{
    about(child)->u.irq_permission =
        (struct xen_domctl_irq_permission){ .pirq = pirq, .allow_access = allow };
    return domctl(XEN_DOMCTL_irq_permission);
}

static void rights(void)
{
    for ( uint8_t allow = 1; allow < 2; allow-- )
    {
        expect_eq(ports(0x3f0, 8, allow), 0, "ports");
        expect_eq(frames(0xa0, 16, allow), 0, "frames of a device");
    }
    expect_eq(ports(0xffff, 2, 1), -EINVAL, "ports beyond the last");
    expect_eq(ports(0x10000, 1, 1), -EINVAL, "no port");
    expect_eq(frames(UINT64_MAX, 2, 1), -EINVAL, "frames that go round");
    expect(interrupt(~0U, 1) < 0, "no interrupt");
}

/* --- Triggers, and what isn't there --- */

static long trigger(uint32_t what, uint32_t vcpu)
{
    about(child)->u.sendtrigger = (struct xen_domctl_sendtrigger){ .trigger = what, .vcpu = vcpu };
    return domctl(XEN_DOMCTL_sendtrigger);
}

static long shadow(uint32_t what)
{
    about(child)->u.shadow_op.op = what;
    return domctl(XEN_DOMCTL_shadow_op);
}

static void others(void)
{
    expect_eq(trigger(XEN_DOMCTL_SENDTRIGGER_NMI, 0), 0, "an NMI");
    expect_eq(trigger(XEN_DOMCTL_SENDTRIGGER_NMI, 1), -ESRCH, "an NMI to no vcpu");
    expect_eq(trigger(XEN_DOMCTL_SENDTRIGGER_POWER, 0), -EINVAL, "a button that it hasn't");
    expect(trigger(99, 0) < 0, "no trigger");
    expect(shadow(99) < 0, "no operation on it");
    about(child)->u.hypercall_init.gmfn = virt_to_mfn(nodes);
    expect_eq(domctl(XEN_DOMCTL_hypercall_init), -EINVAL, "a page of stubs that is ours");
}

/* --- Lists --- */

static struct xen_domctl_getdomaininfo infos[4];
static struct xen_sysctl sysop;

static long list(domid_t first, uint32_t room)
{
    long rc;

    memset(&sysop, 0, sizeof(sysop));
    memset(infos, 0xaa, sizeof(infos));
    sysop.cmd = XEN_SYSCTL_getdomaininfolist;
    sysop.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    sysop.u.getdomaininfolist.first_domain = first;
    sysop.u.getdomaininfolist.max_domains = room;
    set_xen_guest_handle(sysop.u.getdomaininfolist.buffer, infos);
    rc = hypercall(sysctl, &sysop);
    return rc ?: (long)sysop.u.getdomaininfolist.num_domains;
}

static void lists(void)
{
    expect_eq(list(0, 4), 2, "we and it");
    expect_eq(infos[0].domain, 0, "first we");
    expect_eq(infos[1].domain, child, "then it");
    expect_eq(list(0, 1), 1, "as many as there is room for");
    expect_eq(infos[1].domain, 0xaaaa, "no other is written");
    expect_eq(list(1, 4), 1, "those from a number on");
    expect_eq(infos[0].domain, child, "it");
    expect_eq(list((domid_t)(child + 1), 4), 0, "nobody above");
    set_xen_guest_handle(sysop.u.getdomaininfolist.buffer, NOWHERE);
    sysop.u.getdomaininfolist.first_domain = 0;
    expect_eq(hypercall(sysctl, &sysop), -EFAULT, "no place for them");
}

/* --- VIRQs --- */

static volatile unsigned int heard;

static void hear(evtchn_port_t port, void *data)
{
    heard++;
}

static long name_for(uint32_t virq, domid_t id)
{
    about(id)->u.set_virq_handler.virq = virq;
    return domctl(XEN_DOMCTL_set_virq_handler);
}

/* A domain's death, of which VIRQ_DOM_EXC tells. */
static void make_noise(void)
{
    domid_t other = control_create(&op);

    need(plainly(XEN_DOMCTL_destroydomain, other));
}

static void virqs(void)
{
    evtchn_port_t port = (evtchn_port_t)need(event_bind_virq(VIRQ_DOM_EXC, 0));

    event_handle(port, hear, NULL);
    heard = 0;
    make_noise();
    expect(heard > 0, "a domain's end is told to us");
    expect_eq(name_for(VIRQ_TIMER, child), -EINVAL, "a vcpu's own");
    expect_eq(name_for(NR_VIRQS, child), -EINVAL, "no VIRQ");
    expect_eq(name_for(VIRQ_DOM_EXC, NOBODY), -ESRCH, "to nobody");

    expect_eq(name_for(VIRQ_DOM_EXC, child), 0, "to it");
    heard = 0;
    make_noise();
    expect_eq(heard, 0, "we are not told");
    need(plainly(XEN_DOMCTL_destroydomain, child));
    heard = 0;
    make_noise();
    expect(heard > 0, "since it has died, we are told");
    need(event_close(port));
}

void test_main(void)
{
    if ( !is_dom0() )
    {
        expect_eq(plainly(XEN_DOMCTL_pausedomain, 0), -EPERM, "without the rights of dom0");
        return;
    }
    child = control_create(&op);
    births();
    vcpus();
    pauses();
    shutdowns();
    claims();
    handle();
    clocks();
    widths();
    numa();
    rights();
    others();
    lists();
    narrow();
    virqs();
}
