/*
 * Control operations on domains: domctl, with the rooms that it directs played in fake/control.c.
 *
 * LINK: hypervisor/control/domctl.c hypervisor/control/domain_[a-z]*.c hypervisor/control/shared.c
 * LINK: hypervisor/control/sysctl*.c hypervisor/trace/latency.c hypervisor/control/platform.c hypervisor/control/mca.c
 * LINK: hypervisor/control/version.c tests/host/fake/control.c hypervisor/cpu/fpu_area.c hypervisor/sched/pool.c
 * LINK: hypervisor/pv/emulate/cpuid[a-z_]*.c hypervisor/mm/frame.c tests/host/fake/machine*.c hypervisor/time/tsc.c
 */
#include "tests/host/fake/control.h"
#include "pv/emulate/cpuid.h"
#include "sched/sched.h"

/* --- the envelope --- */

TEST(versions_and_numbers)
{
    control_start();
    domctl_for(XEN_DOMCTL_pausedomain, 5)->interface_version = 0x14;
    expect_eq(run_domctl(), -EACCES);
    domctl_for(XEN_DOMCTL_pausedomain, 77);
    expect_eq(run_domctl(), -ESRCH);
    domctl_for(99999, 5);
    expect_eq(run_domctl(), -ENOSYS);
    domctl_for(XEN_DOMCTL_pausedomain, DOMID_IO);
    expect_eq(run_domctl(), -ESRCH);
    expect_eq(control_domctl(8), -EFAULT);
    expect_eq(control_sysctl(8), -EFAULT);
    sysctl_for(XEN_SYSCTL_physinfo)->interface_version = 1;
    expect_eq(run_sysctl(), -EACCES);
    sysctl_for(XEN_SYSCTL_lockprof_op);
    expect_eq(run_sysctl(), -ENOSYS);
}

/* --- life --- */

static struct xen_domctl *create_for(domid_t id)
{
    struct xen_domctl *op = domctl_for(XEN_DOMCTL_createdomain, id);

    op->u.createdomain.max_vcpus = 2;
    op->u.createdomain.max_grant_frames = -1;
    op->u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(1);
    return op;
}

TEST(creation_chooses_a_number_that_is_free)
{
    domid_t first;

    control_start();
    create_for(0);
    expect_eq(run_domctl(), 0);
    first = dop.domain;
    expect(made->id == first && first > 0 && first != 5);

    create_for(DOMID_FIRST_RESERVED); /* out of range: chosen too */
    expect_eq(run_domctl(), 0);
    expect(dop.domain != first && dop.domain != 5 && dop.domain != 0);

    create_for(5);
    expect_eq(run_domctl(), -EEXIST);
    create_for(42);
    expect_eq(run_domctl(), 0);
    expect_eq(dop.domain, 42);
    expect_eq(made_from.max_grant_frames, -1);
}

TEST(creation_refuses_what_is_not_pv)
{
    control_start();
    create_for(0)->u.createdomain.flags = XEN_DOMCTL_CDF_hvm;
    expect_eq(run_domctl(), -EINVAL);
    create_for(0)->u.createdomain.flags = XEN_DOMCTL_CDF_iommu;
    expect_eq(run_domctl(), -EINVAL);
    create_for(0)->u.createdomain.arch.emulation_flags = XEN_X86_EMU_LAPIC;
    expect_eq(run_domctl(), -EINVAL);
    create_for(0)->u.createdomain.grant_opts = 0;
    expect_eq(run_domctl(), -EINVAL);
    create_for(0)->u.createdomain.grant_opts = 3;
    expect_eq(run_domctl(), -EINVAL);
    create_for(0)->u.createdomain.cpupool_id = 1;
    expect_eq(run_domctl(), -ESRCH);
    create_for(0)->u.createdomain.flags = XEN_DOMCTL_CDF_xs_domain;
    expect_eq(run_domctl(), 0);
    create_result = -ENOMEM;
    create_for(0);
    expect_eq(run_domctl(), -ENOMEM);
}

/* As many pools as there can be, by hand and by themselves; what the ABI says of them is tests/guest/smp_pools's. */
TEST(pools_end)
{
    u32 id = 1, last = SCHED_NO_POOL;

    control_start();
    expect_eq(sched_pool_create(&id), 0);
    for ( u32 i = 2; i < SCHED_POOLS; i++ )
    {
        last = SCHED_NO_POOL;
        expect_eq(sched_pool_create(&last), 0);
        expect_eq(last, i);
    }
    last = SCHED_NO_POOL;
    expect_eq(sched_pool_create(&last), -ENOSPC);
    last = SCHED_POOLS;
    expect_eq(sched_pool_create(&last), -ENOSPC);
    expect_eq(sched_pool_destroy(7), 0);
    expect_eq(sched_pool_at_or_above(7), 8);
    expect_eq(sched_pool_at_or_above(SCHED_POOLS), SCHED_NO_POOL);
    last = SCHED_NO_POOL;
    expect_eq(sched_pool_create(&last), 0);
    expect_eq(last, 7);
}

/* Its CPU must not go offline either. */
TEST(pool_keeps_a_cpu)
{
    u32 id = SCHED_NO_POOL;

    control_start();
    expect_eq(sched_pool_create(&id), 0);
    expect_eq(sched_pool_remove(0, 3), 0);
    expect_eq(sched_pool_add(id, SCHED_ANY_CPU), 0);
    expect_eq(sched_may_leave(3), -ENODEV);
    expect_eq(sched_pool_move(domu, id), 0);
    expect_eq(sched_may_leave(3), -EBUSY);
    expect_eq(sched_may_leave(2), 0);
    expect_eq(sched_domain_relinquish(domu), 0);
    expect_eq(domu->sched.pool, 0);
    expect_eq(sched_may_leave(3), -ENODEV);
    expect_eq(sched_pool_remove(id, 3), 0);
    expect_eq(sched_may_leave(3), 0);
}

TEST(vcpus_as_many_as_were_said)
{
    control_start();
    create_for(7);
    expect_eq(run_domctl(), 0);
    domctl_for(XEN_DOMCTL_max_vcpus, 7)->u.max_vcpus.max = 3;
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_max_vcpus, 7)->u.max_vcpus.max = 2;
    expect_eq(run_domctl(), 0);
    expect(made->vcpus[0] && made->vcpus[1]);
    expect_eq(run_domctl(), 0); /* again: they are there */
}

TEST(pauses_are_counted)
{
    control_start();
    domctl_for(XEN_DOMCTL_unpausedomain, 5);
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_pausedomain, 5);
    expect_eq(run_domctl(), 0);
    expect_eq(run_domctl(), 0);
    expect_eq(domu->pause_count, 2);
    domctl_for(XEN_DOMCTL_unpausedomain, 5);
    expect_eq(run_domctl(), 0);
    expect_eq(run_domctl(), 0);
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_pausedomain, 0);
    expect_eq(run_domctl(), -EINVAL);

    domu->pause_count = 255;
    domctl_for(XEN_DOMCTL_pausedomain, 5);
    expect_eq(run_domctl(), -EOVERFLOW);
}

TEST(virq_handlers)
{
    control_start();
    domctl_for(XEN_DOMCTL_set_virq_handler, 5)->u.set_virq_handler.virq = VIRQ_CON_RING;
    expect_eq(run_domctl(), 0);
    dop.u.set_virq_handler.virq = VIRQ_TIMER;
    expect_eq(run_domctl(), -EINVAL);
    dop.u.set_virq_handler.virq = VIRQ_CON_RING;
    domu->life = DOMAIN_DYING;
    expect_eq(run_domctl(), -EINVAL);
}

/* A toolstack's unpause must not set a domain running that is being taken apart. */
TEST(the_dying_stay_paused)
{
    static const u32 refused[] = { XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain,
                                   XEN_DOMCTL_resumedomain, XEN_DOMCTL_setvcpucontext };

    control_start();
    domu->life = DOMAIN_DYING;
    domu->pause_count = 1;
    for ( unsigned int i = 0; i < 4; i++ )
    {
        domctl_for(refused[i], 5)->u.vcpucontext.ctxt.p = &context;
        expect_eq(run_domctl(), -EINVAL);
    }
    expect_eq(domu->pause_count, 1);
}

TEST(destruction_is_continued)
{
    control_start();
    domctl_for(XEN_DOMCTL_destroydomain, 0);
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_destroydomain, 5);
    kill_result = -ERESTART;
    expect_eq(run_domctl(), -ERESTART);
    expect(fake_continuation.set && fake_continuation.nr == __HYPERVISOR_domctl);
    expect_eq(fake_continuation.arg[0], (unsigned long)&dop);
    kill_result = 0;
    expect_eq(run_domctl(), 0);
    expect_eq(domu->life, DOMAIN_DEAD);
}

TEST(info_of_the_next_domain)
{
    struct xen_domctl_getdomaininfo *info = &dop.u.getdomaininfo;

    control_start();
    domu->memory.tot_pages = 11;
    domu->memory.max_pages = 22;
    domu->vcpus[1]->down = true;
    domu->vcpus[0]->sched.blocked = true;
    domctl_for(XEN_DOMCTL_getdomaininfo, 1);
    expect_eq(run_domctl(), 0);
    expect_eq(dop.domain, 5);
    expect(info->domain == 5 && info->tot_pages == 11 && info->max_pages == 22);
    expect(info->nr_online_vcpus == 1 && info->max_vcpu_id == 1 && info->cpu_time == 201);
    expect_eq(info->flags, XEN_DOMINF_blocked | (0xffu << 16));

    domu->vcpus[0]->down = true;
    domctl_for(XEN_DOMCTL_getdomaininfo, 5);
    expect_eq(run_domctl(), 0);
    expect_eq(info->flags, 0xffu << 16); /* nobody is there to wait */
    domu->vcpus[0]->down = false;

    domctl_for(XEN_DOMCTL_getdomaininfo, 6);
    expect_eq(run_domctl(), -ESRCH);
    domctl_for(XEN_DOMCTL_getdomaininfo, DOMID_FIRST_RESERVED);
    expect_eq(run_domctl(), -EINVAL);

    domu->shut_down = true;
    domu->shutdown_reason = SHUTDOWN_crash;
    domu->pause_count = 1;
    domu->vcpus[0]->sched.blocked = false;
    domu->vcpus[0]->runstate.info.state = RUNSTATE_running;
    domu->life = DOMAIN_DYING; /* not told before it is dead */
    domctl_for(XEN_DOMCTL_getdomaininfo, 5);
    expect_eq(run_domctl(), 0);
    expect_eq(info->flags, XEN_DOMINF_shutdown | (SHUTDOWN_crash << 16) | XEN_DOMINF_paused |
                               XEN_DOMINF_running);
    domu->life = DOMAIN_DEAD;
    expect_eq(run_domctl(), 0);
    expect(info->flags & XEN_DOMINF_dying);
}

TEST(limits_and_names)
{
    control_start();
    domctl_for(XEN_DOMCTL_max_mem, 5)->u.max_mem.max_memkb = 4097;
    expect_eq(run_domctl(), 0);
    expect_eq(domu->memory.max_pages, 1024);
    domctl_for(XEN_DOMCTL_setdomainhandle, 5)->u.setdomainhandle.handle[15] = 9;
    expect_eq(run_domctl(), 0);
    expect_eq(domu->handle[15], 9);
    domctl_for(XEN_DOMCTL_settimeoffset, 5)->u.settimeoffset.time_offset_seconds = -3600;
    expect_eq(run_domctl(), 0);
    expect_eq(domu->time.wall_offset, -3600);
}

TEST(tsc)
{
    control_start();
    domctl_for(XEN_DOMCTL_settscinfo, 5)->u.tsc_info.tsc_mode = 2;
    expect_eq(run_domctl(), 0);
    domctl_for(XEN_DOMCTL_gettscinfo, 5);
    expect_eq(run_domctl(), 0);
    expect(dop.u.tsc_info.tsc_mode == 2 && dop.u.tsc_info.gtsc_khz == 1000000);
    domctl_for(XEN_DOMCTL_settscinfo, 5)->u.tsc_info =
        (struct xen_domctl_tsc_info){ .tsc_mode = 1, .gtsc_khz = 1U << 30 };
    expect_eq(run_domctl(), 0);
    dop.u.tsc_info.gtsc_khz++; /* nothing runs at that pace */
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_gettscinfo, 5);
    expect_eq(run_domctl(), 0);
    expect(dop.u.tsc_info.tsc_mode == 1 && dop.u.tsc_info.gtsc_khz == 1U << 30);
    domctl_for(XEN_DOMCTL_settscinfo, 5)->u.tsc_info.tsc_mode = 3;
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_gettscinfo, 0);
    expect_eq(run_domctl(), -EINVAL);
}

/* --- vcpus --- */

TEST(contexts)
{
    static struct vcpu_guest_context c = { .flags = 77 }, got;

    control_start();
    domctl_for(XEN_DOMCTL_setvcpucontext, 5)->u.vcpucontext.ctxt.p = &c;
    expect_eq(run_domctl(), 0);
    expect(context.flags == 77 && domu->pause_count == 0);
    context_result = -EOPNOTSUPP;
    expect_eq(run_domctl(), -EOPNOTSUPP);
    context_result = -ERESTART;
    expect_eq(run_domctl(), -ERESTART);
    dop.u.vcpucontext.vcpu = 2;
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_setvcpucontext, 5)->u.vcpucontext.ctxt.p = (void *)8;
    expect_eq(run_domctl(), -EFAULT);

    domctl_for(XEN_DOMCTL_getvcpucontext, 5)->u.vcpucontext.ctxt.p = &got;
    expect_eq(run_domctl(), -ENODATA);
    domu->vcpus[0]->initialised = true;
    expect_eq(run_domctl(), 0);
    expect(got.flags == 77 && domu->vcpus[0]->sched.pause_count == 0);
    dop.u.vcpucontext.ctxt.p = (void *)8;
    expect_eq(run_domctl(), -EFAULT);
}

TEST(no_context)
{
    control_start();
    resets = 0;
    domctl_for(XEN_DOMCTL_setvcpucontext, 5);
    expect_eq(run_domctl(), 0);
    expect(resets == 1 && domu->pause_count == 0);
    context_result = -ERESTART;
    expect_eq(run_domctl(), -ERESTART);
    dop.u.vcpucontext.vcpu = 2;
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_setvcpucontext, 0);
    expect_eq(run_domctl(), -EINVAL);
    expect_eq(resets, 2);
}

/* It is in motion; its selectors, bases and FPU registers are in the processor. */
TEST(ones_own_context)
{
    static struct vcpu_guest_context got;

    control_start();
    fake_run(domu->vcpus[0]);
    domu->vcpus[0]->initialised = true;
    domctl_for(XEN_DOMCTL_getvcpucontext, 5)->u.vcpucontext.ctxt.p = &got;
    domu->privileged = true;
    expect_eq(run_domctl(), -EINVAL);
}

TEST(vcpu_info)
{
    control_start();
    domu->vcpus[1]->sched.blocked = true;
    domctl_for(XEN_DOMCTL_getvcpuinfo, 5)->u.getvcpuinfo.vcpu = 1;
    expect_eq(run_domctl(), 0);
    expect(dop.u.getvcpuinfo.online && dop.u.getvcpuinfo.blocked && !dop.u.getvcpuinfo.running);
    expect_eq(dop.u.getvcpuinfo.cpu_time, 101);
    dop.u.getvcpuinfo.vcpu = 9;
    expect_eq(run_domctl(), -EINVAL);
    free(domu->vcpus[1]);
    domu->vcpus[1] = NULL;
    dop.u.getvcpuinfo.vcpu = 1;
    expect_eq(run_domctl(), -ESRCH);
}

/* As measured on Debian's Xen: the map is filled with zeros up to its own last byte, and not beyond. */
TEST(affinities)
{
    const cpumask_t all = ~0UL;
    u8 map[16];

    control_start();
    sched_set_affinity(domu->vcpus[0], &all, &all);
    memset(map, 0xaa, sizeof(map));
    domctl_for(XEN_DOMCTL_getvcpuaffinity, 5);
    dop.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
    dop.u.vcpuaffinity.cpumap_hard.nr_bits = 100;
    dop.u.vcpuaffinity.cpumap_hard.bitmap.p = map;
    expect_eq(run_domctl(), 0);
    expect(map[0] == 0xf && map[1] == 0 && map[12] == 0 && map[13] == 0xaa);

    map[0] = 0xf1;
    dop.cmd = XEN_DOMCTL_setvcpuaffinity;
    dop.u.vcpuaffinity.cpumap_hard.nr_bits = 7;
    expect_eq(run_domctl(), 0);
    expect_eq(map[0], 1); /* as it took effect */
    map[0] = 2;           /* not where it runs */
    expect_eq(run_domctl(), 0);
    map[0] = 0x40; /* no such CPU */
    expect_eq(run_domctl(), -EINVAL);
    dop.u.vcpuaffinity.cpumap_hard.nr_bits = 0;
    expect_eq(run_domctl(), -EINVAL);
    dop.u.vcpuaffinity.flags = 0;
    expect_eq(run_domctl(), -EINVAL);

    domctl_for(XEN_DOMCTL_setnodeaffinity, 5)->u.nodeaffinity.nodemap.nr_bits = 8;
    dop.u.nodeaffinity.nodemap.bitmap.p = map;
    map[0] = 2;
    expect_eq(run_domctl(), -EINVAL);
    map[0] = 3;
    expect_eq(run_domctl(), 0);
}

/* While the vcpu has overridden its affinity the tools can't change it, unless they insist. */
TEST(affinities_overridden)
{
    struct xen_domctl_vcpuaffinity *arg = &dop.u.vcpuaffinity;
    struct vcpu_sched *s;
    u8 map = 2;

    control_start();
    s = &domu->vcpus[0]->sched;
    s->hard_affinity = 1;
    s->overridden = true;
    domctl_for(XEN_DOMCTL_setvcpuaffinity, 5);
    arg->flags = XEN_VCPUAFFINITY_HARD;
    arg->cpumap_hard.nr_bits = 8;
    arg->cpumap_hard.bitmap.p = &map;
    expect_eq(run_domctl(), -EBUSY);
    expect(s->overridden && s->hard_affinity == 1);
    arg->flags |= XEN_VCPUAFFINITY_FORCE;
    expect_eq(run_domctl(), 0);
    expect(!s->overridden && s->hard_affinity == 2);
    s->overridden = true;
    arg->flags = XEN_VCPUAFFINITY_FORCE;
    expect_eq(run_domctl(), 0);
    expect(!s->overridden && s->hard_affinity == 2);
}

TEST(debugging)
{
    control_start();
    domctl_for(XEN_DOMCTL_setdebugging, 5)->u.setdebugging.enable = 2;
    expect_eq(run_domctl(), 0);
    expect(domu->debugged);
    domctl_for(XEN_DOMCTL_getdomaininfo, 5);
    expect_eq(run_domctl(), 0);
    expect(dop.u.getdomaininfo.flags & XEN_DOMINF_debugged);
    domctl_for(XEN_DOMCTL_setdebugging, 5);
    expect_eq(run_domctl(), 0);
    expect(!domu->debugged);
    domctl_for(XEN_DOMCTL_setdebugging, 0);
    expect_eq(run_domctl(), -EINVAL);
}

/* Setting tells what takes effect, asking what was set: a CPU that is away or not allowed now may be back later. */
TEST(affinities_as_they_were_set)
{
    struct xen_domctl_vcpuaffinity *arg = &dop.u.vcpuaffinity;
    u8 hard = 6, soft = 0xd;

    control_start();
    domctl_for(XEN_DOMCTL_setvcpuaffinity, 5);
    arg->flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;
    arg->cpumap_hard.nr_bits = arg->cpumap_soft.nr_bits = 8;
    arg->cpumap_hard.bitmap.p = &hard;
    arg->cpumap_soft.bitmap.p = &soft;
    sched_leave(1);
    expect_eq(run_domctl(), 0);
    expect(hard == 4 && soft == 4);
    dop.cmd = XEN_DOMCTL_getvcpuaffinity;
    expect_eq(run_domctl(), 0);
    expect(hard == 6 && soft == 0xd);
    sched_leave(2);
    expect_eq(run_domctl(), 0);
    expect(hard == 6 && soft == 0xd);
}

TEST(scheduling)
{
    control_start();
    domctl_for(XEN_DOMCTL_scheduler_op, 5)->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    dop.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    dop.u.scheduler_op.u.credit2.weight = 512;
    dop.u.scheduler_op.u.credit2.cap = 50;
    expect_eq(run_domctl(), 0);
    dop.u.scheduler_op.u.credit2.weight = 0;
    dop.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    expect_eq(run_domctl(), 0);
    expect(dop.u.scheduler_op.u.credit2.weight == 512 && dop.u.scheduler_op.u.credit2.cap == 50);
    dop.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getvcpuinfo;
    expect_eq(run_domctl(), -EINVAL);
    dop.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT;
    expect_eq(run_domctl(), -EINVAL);
}

/* --- the machine of a domain --- */

TEST(frame_kinds)
{
    u64 array[4];
    mfn_t table;

    control_start();
    table = fake_frame(domu);
    mfn_to_frame(table)->state |=
        FRAME_PINNED | FRAME_TYPE_ONE | FRAME_VALIDATED | (u64)FRAME_L4 << FRAME_TYPE_SHIFT;
    array[0] = fake_frame(domu).n;
    array[1] = table.n;
    array[2] = fake_frame(dom0).n;
    array[3] = ~0UL;
    domctl_for(XEN_DOMCTL_getpageframeinfo3, 5)->u.getpageframeinfo3.num = 4;
    dop.u.getpageframeinfo3.array.p = (xen_pfn_t *)array;
    expect_eq(run_domctl(), 0);
    expect_eq(array[0], XEN_DOMCTL_PFINFO_NOTAB);
    expect_eq(array[1], XEN_DOMCTL_PFINFO_L4TAB | XEN_DOMCTL_PFINFO_LPINTAB);
    expect_eq(array[2], XEN_DOMCTL_PFINFO_XTAB);
    expect_eq(array[3], XEN_DOMCTL_PFINFO_XTAB);
    expect_eq(fake_refs(table), 1);
    dop.u.getpageframeinfo3.num = 1025;
    expect_eq(run_domctl(), -E2BIG);
}

TEST(hypercall_page)
{
    mfn_t mfn;

    control_start();
    mfn = fake_frame(domu);
    domctl_for(XEN_DOMCTL_hypercall_init, 5)->u.hypercall_init.gmfn = mfn.n;
    expect_eq(run_domctl(), 0);
    expect(fake_words(mfn)[511] == 0xccccccccccccccccUL && fake_refs(mfn) == 1 &&
           fake_count(mfn) == 0);
    dop.u.hypercall_init.gmfn = fake_frame(dom0).n;
    expect_eq(run_domctl(), -EINVAL);
    dop.u.hypercall_init.gmfn = ~0UL;
    expect_eq(run_domctl(), -EINVAL);
}

TEST(devices_are_given_by_those_who_have_them)
{
    control_start();
    domctl_for(XEN_DOMCTL_ioport_permission, 5);
    dop.u.ioport_permission.first_port = 0x3f8;
    dop.u.ioport_permission.nr_ports = 8;
    dop.u.ioport_permission.allow_access = 1;
    expect_eq(run_domctl(), 0);
    expect(given == 1 && given_first == 0x3f8 && given_last == 0x3ff);
    dop.u.ioport_permission.allow_access = 0;
    expect_eq(run_domctl(), 0);
    expect_eq(given, 0);
    dop.u.ioport_permission.first_port = 0x6f; /* reaches the RTC, which isn't dom0's */
    expect_eq(run_domctl(), -EPERM);

    dop.u.ioport_permission.first_port = 0xffff;
    expect_eq(run_domctl(), -EINVAL);
    dop.u.ioport_permission.nr_ports = ~0u;
    expect_eq(run_domctl(), -EINVAL);

    domctl_for(XEN_DOMCTL_irq_permission, 5)->u.irq_permission.pirq = 4;
    dop.u.irq_permission.allow_access = 1;
    expect_eq(run_domctl(), 0);
    expect(given == 1 && given_first == 4 && given_last == 4);
    dop.u.irq_permission.allow_access = 0;
    expect_eq(run_domctl(), 0);
    expect_eq(given, 0);

    domctl_for(XEN_DOMCTL_iomem_permission, 5);
    dop.u.iomem_permission.first_mfn = 0xf0000;
    expect_eq(run_domctl(), -EINVAL); /* none */
    dop.u.iomem_permission.nr_mfns = ~0UL;
    expect_eq(run_domctl(), -EINVAL); /* wraps */
}

TEST(policies)
{
    static xen_cpuid_leaf_t leaves[CPUID_MAX_LEAVES];
    static xen_msr_entry_t msrs[CPUID_MAX_MSRS];
    u32 nr;

    control_start();
    domctl_for(XEN_DOMCTL_get_cpu_policy, 5)->u.cpu_policy.nr_leaves = 1;
    dop.u.cpu_policy.nr_msrs = CPUID_MAX_MSRS;
    dop.u.cpu_policy.leaves.p = leaves;
    dop.u.cpu_policy.msrs.p = msrs;
    expect_eq(run_domctl(), -ENOBUFS);
    nr = dop.u.cpu_policy.nr_leaves; /* how many it takes */
    expect(nr > 8 && nr <= CPUID_MAX_LEAVES && !leaves[0].d);
    expect_eq(run_domctl(), 0);
    expect_eq(dop.u.cpu_policy.nr_leaves, nr);

    dop.cmd = XEN_DOMCTL_set_cpu_policy;
    expect_eq(run_domctl(), 0);
    expect(dop.u.cpu_policy.err_leaf == ~0u && domu->pause_count == 0);
    leaves[3].leaf = 0x1234;
    expect_eq(run_domctl(), -ERANGE);
    expect_eq(dop.u.cpu_policy.err_leaf, 0x1234);
    dop.u.cpu_policy.nr_leaves = 100000;
    expect_eq(run_domctl(), -E2BIG);
    domu->unpaused = true;
    dop.u.cpu_policy.err_leaf = 7;
    expect_eq(run_domctl(), -EEXIST);
    expect_eq(dop.u.cpu_policy.err_leaf, 7);
    dop.domain = 0;
    expect_eq(run_domctl(), -EINVAL);
}

TEST(widths)
{
    control_start();
    domctl_for(XEN_DOMCTL_set_address_size, 5)->u.address_size.size = 64;
    expect_eq(run_domctl(), 0);
    dop.u.address_size.size = 16;
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_get_address_size, 5);
    expect_eq(run_domctl(), 0);
    expect_eq(dop.u.address_size.size, 64);

    /* For good. */
    domctl_for(XEN_DOMCTL_set_address_size, 5)->u.address_size.size = 32;
    expect_eq(run_domctl(), 0);
    expect_eq(run_domctl(), 0);
    dop.u.address_size.size = 64;
    expect_eq(run_domctl(), -EACCES);
    domctl_for(XEN_DOMCTL_get_address_size, 5);
    expect_eq(run_domctl(), 0);
    expect_eq(dop.u.address_size.size, 32);

    domctl_for(XEN_DOMCTL_shadow_op, 5);
    expect_eq(run_domctl(), -EINVAL);
    dop.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY;
    expect_eq(run_domctl(), -EOPNOTSUPP);
}

HOST_TEST_MAIN
