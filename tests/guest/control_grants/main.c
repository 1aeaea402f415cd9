/*
 * The grant table of a domain that dom0 builds: XENMEM_acquire_resource tells its frames, dom0 maps them, and writes
 * the first entries before the domain runs. Here it accepts a frame of dom0's: not while it has as much as it may have.
 */
#include "control.h"

#define REF     8
#define NOWHERE ((void *)0x10)

static struct xen_domctl op;
static domid_t child;

static struct xen_mem_acquire_resource resource(uint32_t id, uint32_t nr, void *list)
{
    struct xen_mem_acquire_resource r = {
        .domid = child, .type = XENMEM_resource_grant_table, .id = id, .nr_frames = nr
    };

    set_xen_guest_handle(r.frame_list, list);
    return r;
}

static long acquire(uint32_t id, uint32_t nr, void *list)
{
    struct xen_mem_acquire_resource r = resource(id, nr, list);

    return hypercall(memory_op, XENMEM_acquire_resource, &r);
}

static long acquire_of(domid_t id, uint16_t type)
{
    static xen_pfn_t frame;
    struct xen_mem_acquire_resource r = resource(0, 1, &frame);

    r.domid = id;
    r.type = type;
    return hypercall(memory_op, XENMEM_acquire_resource, &r);
}

static void refused(void)
{
    static xen_pfn_t frames[64];
    struct xen_mem_acquire_resource size = resource(0, 0, NULL);
    void *page = page_copied_readonly(&size, sizeof(size));

    expect_eq(hypercall(memory_op, XENMEM_acquire_resource, &size), 0, "how large it may become");
    expect_eq(size.nr_frames, 4, "as it was made");
    expect_eq(hypercall(memory_op, XENMEM_acquire_resource, page), -EFAULT, "no place to tell");
    expect_eq(hypercall(memory_op, XENMEM_acquire_resource, 0x10), -EFAULT, "nothing to ask");
    page_release(page);
    size.pad = 1;
    expect_eq(hypercall(memory_op, XENMEM_acquire_resource, &size), -EINVAL, "what must be 0");
    expect_eq(acquire(0, 1, NULL), -EINVAL, "a frame, and no place for it");
    expect_eq(acquire(0, 1, NOWHERE), -EFAULT, "or none that is ours");
    expect_eq(acquire(0, 5, frames), -EINVAL, "more frames than it may have");
    expect_eq(acquire(99, 1, frames), -EINVAL, "no such part");
    expect_eq(acquire(XENMEM_resource_grant_table_id_status, 1, frames), -EINVAL,
              "status frames, which version 1 has not");
    expect_eq(acquire_of(child, 99), -EOPNOTSUPP, "no such resource");
    expect_eq(acquire_of(999, XENMEM_resource_grant_table), -ESRCH, "of nobody");
    expect_eq(acquire_of(0, XENMEM_resource_grant_table), -EPERM, "one's own");
}

static volatile struct grant_entry_v1 *map_table(ulong where)
{
    static xen_pfn_t frame;
    struct mmu_update update = { .ptr = virt_to_machine(table_make(where, 1)) };

    need(acquire(0, 1, &frame));
    update.val = pte_make((ulong)frame, PTE_USER_RW);
    need(hypercall(mmu_update, &update, 1, NULL, child));
    return (void *)where;
}

/* Gives it a page by what its table says; ours is gone in any case, so we get another. */
static int give(volatile struct grant_entry_v1 *table)
{
    void *page = page_alloc();
    struct gnttab_transfer transfer = { .mfn = virt_to_mfn(page), .domid = child, .ref = REF };
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    xen_pfn_t frame = virt_to_pfn(page);

    table[REF].domid = own_domid();
    table[REF].frame = 5;
    table[REF].flags = GTF_accept_transfer;
    need(table_unmap((ulong)page));
    need(hypercall(grant_table_op, GNTTABOP_transfer, &transfer, 1));
    set_xen_guest_handle(r.extent_start, &frame);
    need(hypercall(memory_op, XENMEM_populate_physmap, &r) == 1 ? 0 : -1);
    p2m()[virt_to_pfn(page)] = (ulong)frame;
    need(table_map((ulong)page, (ulong)frame, PTE_KERNEL_RW));
    page_free(page);
    return transfer.status;
}

static void limit(uint64_t kib)
{
    op.u.max_mem.max_memkb = kib;
    need(control_domctl(&op, XEN_DOMCTL_max_mem, child));
}

static uint64_t free_pages(void)
{
    static struct xen_sysctl info;

    need(control_sysctl(&info, XEN_SYSCTL_physinfo));
    return info.u.physinfo.free_pages;
}

/* What is mapped of a table lives on until it is let go, though its domain is gone; then all is as before. */
static void outlived(ulong window)
{
    uint64_t end = time_now() + PATIENCE, before = free_pages();
    volatile struct grant_entry_v1 *table;

    child = control_create(&op);
    table = map_table(window);
    table[REF].frame = 77;
    need(control_domctl(&op, XEN_DOMCTL_destroydomain, child));
    expect_eq(table[REF].frame, 77, "what we still have of it");
    need(table_unmap(window));
    while ( free_pages() < before && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    expect(free_pages() >= before, "nothing is left of it");
}

void test_main(void)
{
    ulong window = table_window();
    volatile struct grant_entry_v1 *table;

    if ( !is_dom0() )
    {
        expect_eq(acquire_of(0, XENMEM_resource_grant_table), -EPERM, "without the rights of dom0");
        return;
    }
    outlived(window);
    child = control_create(&op);
    refused();
    table = map_table(window);
    limit(0);
    expect_eq(give(table), GNTST_general_error, "a frame for who may have none");
    expect_eq(table[REF].flags & GTF_transfer_completed, 0, "it has not got it");
    limit(64);
    expect_eq(give(table), GNTST_okay, "for who may");
    expect(table[REF].flags & GTF_transfer_completed, "it has got it");
    need(table_unmap(window));
    need(control_domctl(&op, XEN_DOMCTL_destroydomain, child));
}
