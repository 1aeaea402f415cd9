/*
 * Our reservation: give frames back, get others, exchange some; what the memory maps say.
 */
#include "test.h"

#define NOWHERE ((void *)0x10)

struct e820 {
    uint64_t base, size;
    uint32_t type;
} __attribute__((packed));

static long reserve(unsigned int command, xen_pfn_t *frames, ulong count, unsigned int order)
{
    struct xen_memory_reservation r = { .nr_extents = count,
                                        .extent_order = order,
                                        .domid = DOMID_SELF };

    set_xen_guest_handle(r.extent_start, frames);
    return hypercall(memory_op, command, &r);
}

/* What places frames for guests that are translated: we translate ourselves. */
static void not_translated(void)
{
    struct xen_add_to_physmap one = { .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table };
    struct xen_add_to_physmap_batch many = { .domid = DOMID_SELF,
                                             .space = XENMAPSPACE_gmfn_foreign,
                                             .size = 1 };

    expect_eq(hypercall(memory_op, XENMEM_add_to_physmap, &one), -EACCES, "place a frame");
    expect_eq(hypercall(memory_op, XENMEM_add_to_physmap_batch, &many), -EACCES, "place frames");
}

static void balloon(void)
{
    void *page = page_alloc();
    ulong pfn = virt_to_pfn(page), mfn = virt_to_mfn(page), before;
    domid_t self = DOMID_SELF;
    xen_pfn_t frames[2] = { mfn, mfn };

    before = (ulong)need(hypercall(memory_op, XENMEM_current_reservation, &self));
    need(table_unmap((ulong)page));
    expect_eq(reserve(XENMEM_decrease_reservation, frames, 2, 0), 1,
              "the same frame twice: once is done");
    expect_eq(hypercall(memory_op, XENMEM_current_reservation, &self), before - 1,
              "one frame less");
    expect_eq(table_map((ulong)page, mfn, PTE_KERNEL_RW), -EBUSY, "it is not ours any more");
    frames[0] = pfn;
    expect_eq(reserve(XENMEM_populate_physmap, frames, 1, 0), 1, "get one back");
    expect_eq(hypercall(memory_op, XENMEM_current_reservation, &self), before, "as many as before");
    expect_eq(mfn_to_pfn(frames[0]), pfn, "the M2P knows it");
    p2m()[pfn] = frames[0];
    expect_eq(table_map((ulong)page, frames[0], PTE_KERNEL_RW), 0, "it is ours");
    *(volatile ulong *)page = 5;
    page_free(page);

    frames[0] = ~0UL >> 12;
    expect_eq(reserve(XENMEM_decrease_reservation, frames, 1, 0), 0,
              "a frame that is no RAM: none is done");
    expect_eq(reserve(XENMEM_decrease_reservation, NULL, 1, 0), 0,
              "frames from nowhere: none is done");
    expect_eq(hypercall(memory_op, XENMEM_decrease_reservation, 0x10), 0,
              "an argument from nowhere: none is done");
    expect_eq(reserve(XENMEM_populate_physmap, frames, 1, 40), 0, "an absurd order: none is done");
}

static void in_use(void)
{
    void *page = page_alloc();
    ulong pfn = virt_to_pfn(page);
    xen_pfn_t frame = virt_to_mfn(page);

    expect_eq(reserve(XENMEM_decrease_reservation, &frame, 1, 0), 1,
              "give back a frame that is still mapped");
    *(volatile ulong *)page = 7;
    expect_eq(*(volatile ulong *)page, 7,
              "the mapping is still good: the frame lives on until it goes");
    need(table_unmap((ulong)page));
    frame = pfn;
    need(reserve(XENMEM_populate_physmap, &frame, 1, 0) == 1 ? 0 : -1);
    p2m()[pfn] = frame;
    need(table_map((ulong)page, frame, PTE_KERNEL_RW));
    page_free(page);
}

static void exchange(void)
{
    struct xen_memory_exchange op = { .in = { .nr_extents = 1, .domid = DOMID_SELF },
                                      .out = { .nr_extents = 1, .domid = DOMID_SELF } };
    void *page = page_alloc();
    ulong pfn = virt_to_pfn(page);
    xen_pfn_t in = virt_to_mfn(page), out = pfn;

    set_xen_guest_handle(op.in.extent_start, &in);
    set_xen_guest_handle(op.out.extent_start, &out);
    expect_eq(hypercall(memory_op, XENMEM_exchange, &op), -EINVAL,
              "exchange a frame that is mapped");
    expect_eq(op.nr_exchanged, 0, "none exchanged");
    need(table_unmap((ulong)page));
    out = pfn;
    op.nr_exchanged = 0;
    op.out.mem_flags = XENMEMF_address_bits(16);
    expect_eq(hypercall(memory_op, XENMEM_exchange, &op), -ENOMEM, "for one below 64 KiB");
    op.out.mem_flags = 0;
    out = pfn;
    op.nr_exchanged = 0;
    expect_eq(hypercall(memory_op, XENMEM_exchange, &op), 0, "exchange one that is not");
    expect_eq(op.nr_exchanged, 1, "one exchanged");
    expect_eq(mfn_to_pfn(out), pfn, "the M2P knows the new one");
    p2m()[pfn] = out;
    expect_eq(table_map((ulong)page, out, PTE_KERNEL_RW), 0, "it is ours");
    page_free(page);
    op.nr_exchanged = 2;
    expect_eq(hypercall(memory_op, XENMEM_exchange, &op), -EINVAL, "more done than asked for");
    op.nr_exchanged = 0;
    op.out.nr_extents = 2;
    expect_eq(hypercall(memory_op, XENMEM_exchange, &op), -EINVAL, "unequal amounts");
}

/* What a command can't be read from, or its answer be put to. */
static void nowhere(void)
{
    static const unsigned int all[] = { XENMEM_exchange, XENMEM_memory_map, XENMEM_get_vnumainfo,
                                        XENMEM_machphys_mapping };
    struct xen_memory_exchange none = { .in.domid = DOMID_SELF, .out.domid = DOMID_SELF };
    void *page = page_copied_readonly(&none, sizeof(none));
    long rc;

    for ( unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++ )
        expect_eq(hypercall(memory_op, all[i], NOWHERE), -EFAULT, "a command from nowhere");
    rc = hypercall(memory_op, XENMEM_exchange, page);
    expect(rc == 0 || rc == -EFAULT, "no place to tell that none was exchanged");
    page_release(page);
}

/* Where the M2P is, which dom0's tools save. */
static void m2p(void)
{
    struct xen_machphys_mfn_list list = { .max_extents = 1 };
    xen_pfn_t frame = 0;
    void *page;

    set_xen_guest_handle(list.extent_start, &frame);
    expect_eq(hypercall(memory_op, XENMEM_machphys_mfn_list, &list), 0, "the M2P's first frames");
    expect_eq(list.nr_extents, 1, "as many as asked for");
    expect(frame != 0, "it is told");
    set_xen_guest_handle(list.extent_start, NOWHERE);
    expect_eq(hypercall(memory_op, XENMEM_machphys_mfn_list, &list), -EFAULT, "no place for it");
    list.max_extents = 0;
    page = page_copied_readonly(&list, sizeof(list));
    expect_eq(hypercall(memory_op, XENMEM_machphys_mfn_list, page), -EFAULT, "nor for how many");
    page_release(page);
    expect_eq(hypercall(memory_op, XENMEM_machphys_mfn_list, NOWHERE), -EFAULT, "asked nowhere");
    expect_eq(hypercall(memory_op, XENMEM_machine_memory_map, NOWHERE), -EFAULT, "likewise");
    expect_eq(hypercall(memory_op, XENMEM_set_memory_map, NOWHERE), -EFAULT, "likewise");
}

/* What we are told of virtual nodes: there are none. */
static void nodes(void)
{
    struct xen_vnuma_topology_info info = { .domid = DOMID_SELF };

    expect_eq(hypercall(memory_op, XENMEM_get_vnumainfo, &info), -EOPNOTSUPP, "virtual nodes");
    info.pad = 1;
    expect_eq(hypercall(memory_op, XENMEM_get_vnumainfo, &info), -EINVAL, "of padding");
    info = (struct xen_vnuma_topology_info){ .domid = 999 };
    expect_eq(hypercall(memory_op, XENMEM_get_vnumainfo, &info), -ESRCH, "of nobody");
}

static long set_map(struct e820 *from, uint32_t count)
{
    struct xen_foreign_memory_map op = { .domid = DOMID_SELF, .map.nr_entries = count };

    set_xen_guest_handle(op.map.buffer, from);
    return hypercall(memory_op, XENMEM_set_memory_map, &op);
}

static long get_map(unsigned int command, struct e820 *to, uint32_t count)
{
    struct xen_memory_map op = { .nr_entries = count };

    set_xen_guest_handle(op.buffer, to);
    return hypercall(memory_op, command, &op) ?: (long)op.nr_entries;
}

/* A domain's own memory map: dom0 has none before it makes one. */
static void own_map(void)
{
    struct e820 map = { 0, 0x10000, 1 }, got = { 0 };

    expect_eq(get_map(XENMEM_memory_map, &got, 1), -ENOSYS, "no map");
    expect_eq(set_map(&map, 1), 0, "one");
    expect_eq(get_map(XENMEM_memory_map, &got, 2), 1, "it has one entry");
    expect_eq(got.size, 0x10000, "ours");
    expect_eq(get_map(XENMEM_memory_map, NOWHERE, 1), -EFAULT, "no place for it");
    expect_eq(set_map(&map, 100000), -EINVAL, "more entries than can be");
    expect_eq(set_map(NOWHERE, 1), -EFAULT, "from nowhere");
    expect_eq(set_map(&map, 0), 0, "none");
    expect_eq(get_map(XENMEM_memory_map, &got, 1), -ENOSYS, "again no map");
}

static void machines_map(void)
{
    static struct e820 entries[128];
    struct xen_memory_map count = { .nr_entries = 0 };
    void *page = page_copied_readonly(&count, sizeof(count));

    expect(get_map(XENMEM_machine_memory_map, entries, 128) >= 3, "the machine's memory map");
    expect_eq(entries[0].base, 0, "begins at 0");
    expect_eq(entries[0].type, 1, "with RAM");
    expect_eq(get_map(XENMEM_machine_memory_map, NOWHERE, 128), -EFAULT, "no place for it");
    expect_eq(hypercall(memory_op, XENMEM_machine_memory_map, page), -EFAULT, "nor for its size");
    page_release(page);
}

/* Frames set aside: for nobody by the piece. */
static void claim(void)
{
    struct xen_memory_reservation r = { .extent_order = 1, .domid = DOMID_SELF };

    expect_eq(hypercall(memory_op, XENMEM_claim_pages, &r), -EINVAL, "a claim of pairs");
}

/* The upper bits of a command tell where to go on: what never stops half-way takes none. */
static void try_continued(void)
{
    static const unsigned int refused[] = {
        XENMEM_maximum_ram_page,    XENMEM_current_reservation,
        XENMEM_maximum_reservation, XENMEM_maximum_gpfn,
        XENMEM_claim_pages,         XENMEM_get_vnumainfo,
        XENMEM_remove_from_physmap, XENMEM_exchange,
    };
    static const unsigned int unknown[] = {
        XENMEM_machphys_mfn_list,       XENMEM_machphys_compat_mfn_list,
        XENMEM_machphys_mapping,        XENMEM_memory_map,
        XENMEM_machine_memory_map,      XENMEM_set_memory_map,
        XENMEM_get_sharing_freed_pages, XENMEM_get_sharing_shared_pages,
    };

    for ( unsigned int i = 0; i < sizeof(refused) / sizeof(refused[0]); i++ )
        expect_eq(hypercall(memory_op, refused[i] | 1 << 6, NULL), -EINVAL, "continued, never");
    for ( unsigned int i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++ )
        expect_eq(hypercall(memory_op, unknown[i] | 1 << 6, NULL), -ENOSYS, "no such command");
}

void test_main(void)
{
    domid_t self = DOMID_SELF, other = 999;

    expect(hypercall(memory_op, XENMEM_maximum_ram_page, NULL) > 0x1000, "maximum_ram_page");
    expect_eq(hypercall(memory_op, XENMEM_current_reservation, &self), start_info->nr_pages,
              "current_reservation");
    expect(hypercall(memory_op, XENMEM_maximum_reservation, &self) >= (long)start_info->nr_pages,
           "maximum_reservation");
    expect_eq(hypercall(memory_op, XENMEM_current_reservation, &other), -ESRCH,
              "of a domain that is not there");
    not_translated();
    balloon();
    in_use();
    exchange();
    nowhere();
    nodes();
    if ( is_dom0() )
    {
        m2p();
        own_map();
        machines_map();
        claim();
    }
    else
        expect_eq(get_map(XENMEM_machine_memory_map, NULL, 0), -EPERM, "the machine's memory map");
    expect_eq(hypercall(memory_op, XENMEM_get_sharing_freed_pages, NULL), 0, "none are shared");
    expect_eq(hypercall(memory_op, XENMEM_get_sharing_shared_pages, NULL), 0, "likewise");
    expect_eq(hypercall(memory_op, 60, NULL), -ENOSYS, "60, which is none");
    try_continued();
}
