/*
 * Grants, the reservation, and what the hypervisor keeps for itself.
 */
#include "bench.h"

static grant_ref_t ref;
static domid_t own;

static void prepare_grant(void)
{
    own = own_domid();
    if ( !ref )
        ref = grant_give(own, virt_to_mfn(bench_page), false);
}

static void grant_map(long count)
{
    ulong va = bench_va + 64 * PAGE_SIZE;

    REPEAT(count, {
        struct gnttab_map_grant_ref map = {
            .host_addr = va, .flags = GNTMAP_host_map, .ref = ref, .dom = own
        };
        struct gnttab_unmap_grant_ref unmap = { .host_addr = va };

        hypercall(grant_table_op, GNTTABOP_map_grant_ref, &map, 1);
        unmap.handle = map.handle;
        hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, &unmap, 1);
    });
}

static void copy(bool by_ref, long count)
{
    struct gnttab_copy op = { .dest = { .u.gmfn = virt_to_mfn(bench_page), .domid = DOMID_SELF },
                              .len = 4096 };

    if ( by_ref )
    {
        op.flags = GNTCOPY_source_gref;
        op.source.u.ref = ref;
        op.source.domid = own;
    }
    else
    {
        op.source.u.gmfn = virt_to_mfn(start_info);
        op.source.domid = DOMID_SELF;
    }
    REPEAT(count, hypercall(grant_table_op, GNTTABOP_copy, &op, 1));
}

static void copy_by_ref(long count)
{
    copy(true, count);
}

static void copy_by_frame(long count)
{
    copy(false, count);
}

#define FRAMES 32

static xen_pfn_t frames[FRAMES];

/* The pages whose frames come and go: unmapped, so that they can. */
static void prepare_reservation(void)
{
    if ( frames[0] )
        return;
    for ( unsigned int i = 0; i < FRAMES; i++ )
    {
        void *page = page_alloc();

        frames[i] = virt_to_mfn(page);
        check(table_unmap((ulong)page));
    }
}

/* Down and up; what comes back lands in the same array. */
static void reservation(long count, unsigned int size)
{
    struct xen_memory_reservation r = { .nr_extents = size, .domid = DOMID_SELF };

    set_xen_guest_handle(r.extent_start, frames);
    REPEAT(count, hypercall(memory_op, XENMEM_decrease_reservation, &r);
           for ( unsigned int i = 0; i < size; i++ ) frames[i] = 1000 + i;
           hypercall(memory_op, XENMEM_populate_physmap, &r));
}

static void reservation_one(long count)
{
    reservation(count, 1);
}

static void reservation_32(long count)
{
    reservation(count, FRAMES);
}

/* KiB of RAM that are neither ours nor free. */
static long hypervisor_memory(void)
{
    static struct xen_sysctl sysctl;
    static struct e820 {
        uint64_t base, size;
        uint32_t type;
    } __attribute__((packed)) entries[128];
    struct xen_memory_map map = { .nr_entries = 128 };
    domid_t self = DOMID_SELF;
    uint64_t ram = 0;

    set_xen_guest_handle(map.buffer, entries);
    check(hypercall(memory_op, XENMEM_machine_memory_map, &map));
    for ( unsigned int i = 0; i < map.nr_entries; i++ )
    {
        if ( entries[i].type == 1 )
            ram += entries[i].size >> PAGE_SHIFT;
    }
    sysctl.cmd = XEN_SYSCTL_physinfo;
    sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    if ( hypercall(sysctl, &sysctl) )
        return 0;
    return (long)(ram - sysctl.u.physinfo.free_pages -
                  (uint64_t)hypercall(memory_op, XENMEM_current_reservation, &self)) *
           4;
}

/* The TSC at our first instruction; bench takes the TSC at the hypervisor's entry from it. */
static long start_tsc(void)
{
    return (long)kit_start_tsc;
}

const struct bench bench_memory[] = {
    { "grant_map_unmap", .prepare = prepare_grant, .run = grant_map },
    { "grant_copy_by_ref", .prepare = prepare_grant, .run = copy_by_ref },
    { "grant_copy_by_frame", .run = copy_by_frame },
    { "reservation_one", .prepare = prepare_reservation, .run = reservation_one },
    { "reservation_32", .prepare = prepare_reservation, .run = reservation_32, .per = 32 },
    { "start_tsc", .measure = start_tsc, .dom0 = true },
    { "hypervisor_memory_kib", .measure = hypervisor_memory, .dom0 = true },
    { 0 },
};
