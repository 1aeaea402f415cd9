/*
 * Memory runs out in the middle. Each workload is done over and over: the first allocation fails, then the second, and
 * so on, until there is none left to fail. What can't be had is answered by an error that says so, nothing is left
 * behind of what was begun, and the same once more, with memory, works.
 *
 * LINK: WHOLE tests/host/fake/guests.c
 */
#include "tests/host/fake/guests.h"

#include "cpu/percpu.h"
#include "mm/alloc.h"

#define MOST 2000 /* allocations that a workload takes at most */

static struct guest dom0, domu;

#define CALL(g, nr, ...)                                                                           \
    ({                                                                                             \
        u64 args_[5] = { __VA_ARGS__ };                                                            \
        guest_run((g)->d->vcpus[0]);                                                               \
        guest_call(nr, args_[0], args_[1], args_[2], args_[3], args_[4]);                          \
    })

static void refused_for_memory(long rc)
{
    if ( rc < 0 )
        expect_eq(rc, -ENOMEM);
}

/*
 * Let each allocation of @work fail in turn. @begin and @end, around it, have all the memory they want; what it leaves
 * is gone after @end.
 */
static void starve(void (*begin)(void), void (*work)(void), void (*end)(void))
{
    u64 free_pages = 0;
    unsigned long n, count = MOST;

    for ( n = 0; n <= count; n++ )
    {
        begin();
        whole_allocations = 0;
        whole_fail_at = n; /* 0: what it takes when nothing fails, and what is made once and kept */
        work();
        count = n ? count : whole_allocations;
        if ( n && whole_allocations < n )
            count = n;
        whole_fail_at = 0;
        expect_eq(host_cpu->lock_depth, 0);
        pagetable_audit_all();
        work();
        end();
        if ( n && mm_free_pages() != free_pages )
            fail_now("allocation %lu: %ld pages are left", n, free_pages - mm_free_pages());
        free_pages = mm_free_pages();
    }
    expect(count > 0 && count < MOST);
}

static void nothing(void)
{
}

/* --- domains, of both widths --- */

static bool pv32;

static void make_and_end(void)
{
    long rc = guest_begin(&domu, 1, false, pv32);

    refused_for_memory(rc);
    if ( !rc )
        guest_end(&domu);
    expect(domain_get(1) == NULL);
}

TEST(creation)
{
    whole_init();
    require(guest_begin(&dom0, 0, true, false) == 0);
    for ( int i = 0; i < 2; i++ )
    {
        pv32 = i;
        starve(nothing, make_and_end, nothing);
    }
}

/* --- what two of them do together --- */

static void two_begin(void)
{
    require(guest_begin(&domu, 1, false, false) == 0);
}

static void two_end(void)
{
    guest_run(dom0.d->vcpus[0]);
    guest_end(&domu);
}

static void pair(void (*work)(void))
{
    whole_init();
    require(guest_begin(&dom0, 0, true, false) == 0);
    starve(two_begin, work, two_end);
}

/* Tables grow, and a frame is mapped and unmapped by dom0. */
static void grants(void)
{
    struct gnttab_setup_table *setup = (void *)domu.arena;
    struct gnttab_map_grant_ref *map = (void *)dom0.arena;
    struct gnttab_unmap_grant_ref *unmap = (void *)(dom0.arena + 128);

    *setup = (struct gnttab_setup_table){ DOMID_SELF, 3, 0, { (void *)(domu.arena + 64) } };
    CALL(&domu, __HYPERVISOR_grant_table_op, GNTTABOP_setup_table, (u64)setup, 1);
    expect(setup->status == GNTST_okay || setup->status == GNTST_general_error);
    if ( setup->status == GNTST_okay )
    {
        u64 frame = *(u64 *)(domu.arena + 64);
        struct grant_entry_v1 *entries = mfn_to_virt(to_mfn(frame));

        entries[9] = (struct grant_entry_v1){ GTF_permit_access, 0, (u32)domu.frame[20].n };
    }
    *map = (struct gnttab_map_grant_ref){
        .host_addr = GUEST_VA + 20 * PAGE_SIZE, .flags = GNTMAP_host_map, .ref = 9, .dom = 1
    };
    expect_eq(CALL(&dom0, __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, (u64)map, 1), 0);
    if ( map->status == GNTST_okay )
    {
        *unmap = (struct gnttab_unmap_grant_ref){ .host_addr = GUEST_VA + 20 * PAGE_SIZE,
                                                  .handle = map->handle };
        expect_eq(CALL(&dom0, __HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, (u64)unmap, 1),
                  0);
        expect_eq(unmap->status, GNTST_okay);
    }
}

TEST(grant_tables)
{
    pair(grants);
}

/* More ports than one group has, then queues for them. */
static void events(void)
{
    struct evtchn_alloc_unbound *open = (void *)domu.arena;
    struct evtchn_init_control *control = (void *)(domu.arena + 64);
    struct evtchn_expand_array *array = (void *)(domu.arena + 128);

    for ( unsigned int i = 0; i < 600; i++ )
    {
        *open = (struct evtchn_alloc_unbound){ .dom = DOMID_SELF, .remote_dom = 0 };
        refused_for_memory(
            CALL(&domu, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, (u64)open));
    }
    *control = (struct evtchn_init_control){ .control_gfn = domu.frame[30].n, .vcpu = 0 };
    CALL(&domu, __HYPERVISOR_event_channel_op, EVTCHNOP_init_control, (u64)control);
    *array = (struct evtchn_expand_array){ .array_gfn = domu.frame[31].n };
    CALL(&domu, __HYPERVISOR_event_channel_op, EVTCHNOP_expand_array, (u64)array);
}

TEST(event_channels)
{
    pair(events);
}

/* What a save asks of a domain, and a restore gives to it: contexts, registers, policies. */
static long domctl(u32 cmd, const void *arg, size_t size)
{
    struct xen_domctl *op = (void *)dom0.arena;

    *op = (struct xen_domctl){ .cmd = cmd,
                               .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
                               .domain = 1 };
    memcpy(&op->u, arg, size);
    return CALL(&dom0, __HYPERVISOR_domctl, (u64)op);
}

static void save(void)
{
    struct xen_domctl_vcpucontext context = { 0, { (void *)(dom0.arena + 4096) } };
    struct xen_domctl_vcpuextstate xstate = { 0, 0, 0, { (void *)(dom0.arena + 16384) } };
    struct xen_domctl_cpu_policy policy = { .leaves = { (void *)(dom0.arena + 20480) },
                                            .nr_leaves = 256,
                                            .msrs = { (void *)(dom0.arena + 32768) },
                                            .nr_msrs = 64 };
    long rc;

    refused_for_memory(domctl(XEN_DOMCTL_pausedomain, &context, 0));
    rc = domctl(XEN_DOMCTL_getvcpucontext, &context, sizeof(context));
    refused_for_memory(rc);
    if ( !rc )
        refused_for_memory(domctl(XEN_DOMCTL_setvcpucontext, &context, sizeof(context)));
    refused_for_memory(domctl(XEN_DOMCTL_getvcpuextstate, &xstate, sizeof(xstate)));
    refused_for_memory(domctl(XEN_DOMCTL_get_cpu_policy, &policy, sizeof(policy)));
    refused_for_memory(domctl(XEN_DOMCTL_unpausedomain, &context, 0));
}

TEST(save_and_restore)
{
    pair(save);
}

static long trace_buffers_of(u32 pages)
{
    struct xen_sysctl *op = (void *)dom0.arena;

    *op = (struct xen_sysctl){ .cmd = XEN_SYSCTL_tbuf_op,
                               .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
                               .u.tbuf_op = { .cmd = XEN_SYSCTL_TBUFOP_set_size, .size = pages } };
    return CALL(&dom0, __HYPERVISOR_sysctl, (u64)op);
}

/*
 * Made once, and kept: as long as an allocation fails there are none, and nothing is left of them. Absurd sizes are
 * refused first.
 */
TEST(trace_buffers)
{
    u64 free_pages;
    long rc = -ENOMEM;

    whole_init();
    require(guest_begin(&dom0, 0, true, false) == 0);
    expect_eq(trace_buffers_of(4097), -EINVAL);
    free_pages = mm_free_pages();
    for ( unsigned long n = 1; rc == -ENOMEM && n < MOST; n++ )
    {
        whole_allocations = 0;
        whole_fail_at = n;
        rc = trace_buffers_of(3);
        whole_fail_at = 0;
        expect(rc == 0 || (rc == -ENOMEM && mm_free_pages() == free_pages));
    }
    expect_eq(rc, 0);
    expect(whole_allocations > 1 && mm_free_pages() < free_pages);
}

HOST_TEST_MAIN
