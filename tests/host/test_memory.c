/*
 * memory_op: reservations, exchange, maps, resources, over a fake machine.
 *
 * LINK: hypervisor/domain/memory_op.c hypervisor/domain/reservation.c hypervisor/domain/exchange.c
 * LINK: hypervisor/domain/memory_map.c hypervisor/mm/frame.c tests/host/fake/machine*.c
 */
#include "tests/host/fake/reservations.h"

#include "boot/boot_info.h"
#include "cpu/uaccess.h"
#include "mm/alloc.h"
#include "mm/heap.h"

static u64 list[LIST];

/* --- reservations --- */

TEST(populate_numbers_and_tells_the_frames)
{
    start();
    for ( int i = 0; i < 8; i++ )
        list[i] = 100 + i;
    expect_eq(reservation(XENMEM_populate_physmap, DOMID_SELF, list, 8, 0), 8);
    expect_eq(dom0->memory.tot_pages, 8);
    for ( int i = 0; i < 8; i++ )
        expect_eq(m2p_get(to_mfn(list[i])).n, 100 + i);
}

TEST(populate_of_larger_extents_numbers_each_page)
{
    start();
    list[0] = 512;
    expect_eq(reservation(XENMEM_populate_physmap, 5, list, 1, 4), 1);
    expect_eq(domu->memory.tot_pages, 16);
    for ( int i = 0; i < 16; i++ )
        expect_eq(m2p_get(to_mfn(list[0] + i)).n, 512 + i);
}

TEST(down_and_up_again)
{
    start();
    run(domu);
    for ( int i = 0; i < 4; i++ )
        list[i] = i;
    expect_eq(reservation(XENMEM_populate_physmap, DOMID_SELF, list, 4, 0), 4);
    expect_eq(reservation(XENMEM_decrease_reservation, DOMID_SELF, list, 4, 0), 4);
    expect_eq(domu->memory.tot_pages, 0);
    expect_eq(fake_frames_in_use(), 0);
}

/* The first extent that fails ends the call: its index is the number done. */
TEST(partial_success_is_counted)
{
    start();
    dom0->memory.max_pages = 3;
    for ( int i = 0; i < 5; i++ )
        list[i] = i;
    expect_eq(reservation(XENMEM_populate_physmap, DOMID_SELF, list, 5, 0), 3);
    expect_eq(list[3], 3);

    list[1] = list[0]; /* given back twice */
    expect_eq(reservation(XENMEM_decrease_reservation, DOMID_SELF, list, 3, 0), 1);
    expect_eq(dom0->memory.tot_pages, 2);
}

TEST(foreign_frames_are_not_given_back)
{
    start();
    list[0] = fake_frame(domu).n;
    list[1] = FAKE_FRAMES;
    list[2] = ~0UL;
    for ( int i = 0; i < 3; i++ )
        expect_eq(reservation(XENMEM_decrease_reservation, DOMID_SELF, list + i, 1, 0), 0);
    expect_eq(domu->memory.tot_pages, 1);
}

/* XSA-252's kin: giving up a frame that is mapped, or pinned, does not undo its uses. */
TEST(a_frame_in_use_outlives_its_reservation)
{
    mfn_t mfn;

    start();
    run(domu);
    mfn = fake_frame(domu);
    list[0] = mfn.n;
    require(!frame_get_and_type(mfn_to_frame(mfn), 5, FRAME_WRITABLE));
    expect_eq(reservation(XENMEM_decrease_reservation, DOMID_SELF, list, 1, 0), 1);
    expect_eq(fake_count(mfn), 1);
    expect_eq(domu->memory.tot_pages, 1);
    expect_eq(reservation(XENMEM_decrease_reservation, DOMID_SELF, list, 1, 0), 0);
    frame_put_and_type(mfn_to_frame(mfn));
    expect_eq(domu->memory.tot_pages, 0);
}

TEST(others_memory_is_for_the_privileged)
{
    start();
    run(domu);
    expect_eq(reservation(XENMEM_populate_physmap, 0, list, 1, 0), 0);
    expect_eq(reservation(XENMEM_decrease_reservation, 0, list, 1, 0), 0);
    expect_eq(reservation(XENMEM_populate_physmap, 77, list, 1, 0), 0);
    expect_eq(memory_op(XENMEM_populate_physmap, 16), 0);
}

TEST(nonsense_does_nothing)
{
    struct xen_memory_reservation r = { .extent_start = { (xen_pfn_t *)list },
                                        .nr_extents = 4,
                                        .domid = DOMID_SELF };

    start();
    expect_eq(reservation(XENMEM_populate_physmap, DOMID_SELF, list, ~0UL, 0), 0);
    expect_eq(reservation(XENMEM_populate_physmap, DOMID_SELF, list, 1, 10), 0);
    expect_eq(reservation(XENMEM_decrease_reservation, DOMID_SELF, list, 1, 200), 0);
    expect_eq(reservation(XENMEM_populate_physmap, DOMID_SELF, NULL, 1, 0), 0);
    r.mem_flags = XENMEMF_address_bits(8);
    expect_eq(memory_op(XENMEM_populate_physmap, (unsigned long)&r), 0);
    expect_eq(memory_op(XENMEM_populate_physmap | 9UL << 6, (unsigned long)&r),
              9); /* a hint beyond the list */
    expect_eq(dom0->memory.tot_pages, 0);
}

/* What the guest can't be told of, it doesn't get. */
TEST(an_unwritable_list_costs_nothing)
{
    start();
    expect_eq(reservation(XENMEM_increase_reservation, DOMID_SELF, (u64 *)8, 2, 0), 0);
    expect_eq(dom0->memory.tot_pages, 0);
    expect_eq(fake_frames_in_use(), 0);
}

TEST(increase_without_a_list)
{
    start();
    expect_eq(reservation(XENMEM_increase_reservation, DOMID_SELF, NULL, 3, 0), 3);
    expect_eq(dom0->memory.tot_pages, 3);
}

TEST(address_bits_that_matter)
{
    struct xen_memory_reservation r = { .extent_start = { (xen_pfn_t *)list },
                                        .nr_extents = 1,
                                        .domid = DOMID_SELF };

    start();
    r.mem_flags = XENMEMF_address_bits(32); /* more than the machine has: no limit */
    expect_eq(memory_op(XENMEM_populate_physmap, (unsigned long)&r), 1);
    expect_eq(bits_asked, 0);
    r.mem_flags = XENMEMF_address_bits(20) | XENMEMF_node(0);
    expect_eq(memory_op(XENMEM_populate_physmap, (unsigned long)&r), 1);
    expect_eq(bits_asked, 20);
}

TEST(a_dying_domain_gets_nothing)
{
    start();
    domu->life = DOMAIN_DYING;
    expect_eq(reservation(XENMEM_populate_physmap, 5, list, 1, 0), 0);
}

/* A long list stops when there is other work, and goes on where it stopped, as often as needed. */
TEST(long_lists_are_continued)
{
    static u64 many[200];
    struct xen_memory_reservation r = { .extent_start = { (xen_pfn_t *)many },
                                        .nr_extents = 200,
                                        .domid = DOMID_SELF };
    long rc;
    int stops = 0;

    start();
    for ( int i = 0; i < 200; i++ )
        many[i] = i;
    fake_preempt_at = fake_preempt_every = 2;
    rc = memory_op(XENMEM_populate_physmap, (unsigned long)&r);
    while ( rc == -ERESTART )
    {
        stops++;
        expect_eq(fake_continuation.nr, __HYPERVISOR_memory_op);
        rc = memory_op(fake_continuation.arg[0], fake_continuation.arg[1]);
    }
    expect_eq(rc, 200);
    expect(stops >= 2);
    expect_eq(dom0->memory.tot_pages, 200);
    for ( int i = 0; i < 200; i++ )
        expect_eq(m2p_get(to_mfn(many[i])).n, i);
}

TEST(questions)
{
    struct xen_memory_domain ask = { .domid = 5 };
    struct shared_info shared = { .arch.max_pfn = 77 };

    start();
    fake_frame(domu);
    domu->shared_info = &shared;
    expect_eq(memory_op(XENMEM_current_reservation, (unsigned long)&ask), 1);
    expect_eq(memory_op(XENMEM_maximum_reservation, (unsigned long)&ask), 2000);
    expect_eq(memory_op(XENMEM_maximum_gpfn, (unsigned long)&ask), 76);
    shared.arch.max_pfn = 0; /* not told yet: tools take a negative number for an error */
    expect_eq(memory_op(XENMEM_maximum_gpfn, (unsigned long)&ask), 0);
    expect_eq(memory_op(XENMEM_maximum_ram_page, 0), FAKE_FRAMES);
    expect_eq(memory_op(XENMEM_add_to_physmap, (unsigned long)&ask), -EACCES);
    expect_eq(memory_op(XENMEM_maximum_gpfn | 1 << 6, (unsigned long)&ask), -EINVAL);
    expect_eq(memory_op(XENMEM_machphys_mapping | 1 << 6, (unsigned long)&ask), -ENOSYS);
    ask.domid = 99;
    expect_eq(memory_op(XENMEM_remove_from_physmap, (unsigned long)&ask), -ESRCH);
    expect_eq(memory_op(63, 0), -ENOSYS);
    run(domu);
    ask.domid = 0;
    expect_eq(memory_op(XENMEM_current_reservation, (unsigned long)&ask), -EPERM);
}

TEST(claims)
{
    struct xen_memory_reservation r = { .nr_extents = 500, .domid = 5 };

    start();
    expect_eq(memory_op(XENMEM_claim_pages, (unsigned long)&r), 0);
    expect_eq(claim, 500);
    r.nr_extents = 5000;
    expect_eq(memory_op(XENMEM_claim_pages, (unsigned long)&r), -ENOMEM);
    r.extent_order = 1;
    expect_eq(memory_op(XENMEM_claim_pages, (unsigned long)&r), -EINVAL);
    run(domu);
    expect_eq(memory_op(XENMEM_claim_pages, (unsigned long)&r), -EPERM);
}

/* --- exchange --- */

static u64 out_list[LIST];

static struct xen_memory_exchange exchange_of(unsigned long nr_in, unsigned int in_order,
                                              unsigned long nr_out, unsigned int out_order)
{
    return (struct xen_memory_exchange){
        .in = { .extent_start = { (xen_pfn_t *)list },
                .nr_extents = nr_in,
                .extent_order = in_order,
                .domid = DOMID_SELF },
        .out = { .extent_start = { (xen_pfn_t *)out_list },
                 .nr_extents = nr_out,
                 .extent_order = out_order,
                 .domid = DOMID_SELF },
    };
}

static long exchange(struct xen_memory_exchange *x)
{
    return memory_op(XENMEM_exchange, (unsigned long)x);
}

/* As Linux's swiotlb: single pages for contiguous ones. */
TEST(pages_for_a_contiguous_extent)
{
    struct xen_memory_exchange x = exchange_of(16, 0, 1, 4);

    start();
    for ( int i = 0; i < 16; i++ )
        list[i] = fake_frame(dom0).n;
    out_list[0] = 0x40;
    x.out.mem_flags = XENMEMF_address_bits(24);

    expect_eq(exchange(&x), 0);
    expect_eq(x.nr_exchanged, 16);
    expect_eq(bits_asked, 24);
    expect_eq(dom0->memory.tot_pages, 16);
    for ( int i = 0; i < 16; i++ )
    {
        expect_eq(m2p_get(to_mfn(out_list[0] + i)).n, 0x40 + i);
        expect(frame_table[list[i]].owner == DOMID_NOBODY);
    }
}

TEST(an_extent_for_pages)
{
    struct xen_memory_exchange x = exchange_of(1, 3, 8, 0);

    start();
    list[0] = mm_alloc_domain(dom0, 3, 0, INVALID_PFN).n;
    for ( int i = 0; i < 8; i++ )
        out_list[i] = i;
    expect_eq(exchange(&x), 0);
    expect_eq(x.nr_exchanged, 1);
    expect_eq(dom0->memory.tot_pages, 8);
    for ( int i = 0; i < 8; i++ )
        expect_eq(m2p_get(to_mfn(out_list[i])).n, i);
}

/* The limit is no obstacle: as much goes as comes. */
TEST(at_the_limit)
{
    struct xen_memory_exchange x = exchange_of(4, 0, 4, 0);

    start();
    for ( int i = 0; i < 4; i++ )
        list[i] = fake_frame(dom0).n;
    dom0->memory.max_pages = 4;
    expect_eq(exchange(&x), 0);
    expect_eq(dom0->memory.tot_pages, 4);
}

static void expect_untouched(struct xen_memory_exchange *x, int inputs, long error)
{
    expect_eq(exchange(x), error);
    expect_eq(x->nr_exchanged, 0);
    expect_eq(dom0->memory.tot_pages, inputs);
    for ( int i = 0; i < inputs; i++ )
    {
        expect(frame_table[list[i]].owner == 0);
        expect_eq(fake_refs(to_mfn(list[i])), 1);
    }
}

TEST(inputs_in_use_stop_it)
{
    struct xen_memory_exchange x = exchange_of(4, 0, 1, 2);

    start();
    for ( int i = 0; i < 4; i++ )
        list[i] = fake_frame(dom0).n;
    require(frame_get(mfn_to_frame(to_mfn(list[3])), 0));
    expect_eq(exchange(&x), -EINVAL);
    expect_eq(x.nr_exchanged, 0);
    frame_put(mfn_to_frame(to_mfn(list[3])));
    expect_eq(dom0->memory.tot_pages, 4);

    list[4] = list[3];
    list[3] = list[0]; /* the same frame twice */
    expect_eq(exchange(&x), -EINVAL);
    list[3] = list[4];

    list[3] = fake_frame(domu).n;
    expect_eq(exchange(&x), -EINVAL);
    list[3] = ~0UL;
    expect_eq(exchange(&x), -EINVAL);
    list[3] = list[4];
    expect_eq(dom0->memory.tot_pages, 4);
    expect_eq(exchange(&x), 0);
}

TEST(no_memory_gives_the_inputs_back)
{
    struct xen_memory_exchange x = exchange_of(1, 3, 8, 0);

    start();
    for ( int i = 0; i < 8; i++ )
        list[i] = fake_frame(dom0).n;
    pages_left = 5; /* it fails in the middle */
    expect_untouched(&x, 8, -ENOMEM);
    pages_left = ~0UL;
    expect_eq(fake_frames_in_use(), 8);
}

/* XSA-29, XSA-212: lists that aren't the guest's to name. */
TEST(bad_lists_give_the_inputs_back)
{
    struct xen_memory_exchange x = exchange_of(2, 0, 2, 0);

    start();
    for ( int i = 0; i < 2; i++ )
        list[i] = fake_frame(dom0).n;
    x.out.extent_start.p = NULL;
    expect_untouched(&x, 2, -EFAULT);
    x.out.extent_start.p = (xen_pfn_t *)(HV_VIRT_START + 0x1000);
    expect_untouched(&x, 2, -EFAULT);
    x.out.extent_start.p = (xen_pfn_t *)(~0UL - 7);
    expect_untouched(&x, 2, -EFAULT);
    x.in.extent_start.p = NULL;
    expect_eq(exchange(&x), -EINVAL);
}

TEST(ill_formed_exchanges)
{
    static const struct {
        unsigned long nr_in, nr_out, done;
        unsigned int in_order, out_order;
    } bad[] = {
        { 4, 2, 0, 0, 0 },                 /* more in than out */
        { 1UL << 60, 1UL << 60, 0, 9, 9 }, /* overflows */
        { 1, 1, 0, 10, 10 },               /* too large at once */
        { 6, 6, 7, 0, 0 },                 /* further than the end */
        { 8, 2, 3, 0, 2 },                 /* within a chunk */
        { 1UL << 63, 2, 0, 1, 0 },
    };

    start();
    for ( unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++ )
    {
        struct xen_memory_exchange x =
            exchange_of(bad[i].nr_in, bad[i].in_order, bad[i].nr_out, bad[i].out_order);

        x.nr_exchanged = bad[i].done;
        expect_eq(exchange(&x), -EINVAL);
    }
    expect_eq(memory_op(XENMEM_exchange, 8), -EFAULT);
}

/*
 * Sizes whose sum of pages overflows to 0, as many as nothing on the other side: the first chunk would already write
 * beyond the list of outputs, which is empty.
 */
TEST(sizes_that_overflow)
{
    struct xen_memory_exchange x = exchange_of(1UL << 63, 1, 0, 0);

    start();
    list[0] = mm_alloc_domain(dom0, 1, 0, INVALID_PFN).n;
    list[1] = ~0UL;
    out_list[0] = out_list[1] = 0x77;
    expect_eq(exchange(&x), -EINVAL);
    expect_eq(x.nr_exchanged, 0);
    expect(out_list[0] == 0x77 && out_list[1] == 0x77);
}

/* Chunk by chunk, with other work in between; what was done is told on the way. */
TEST(exchange_is_continued)
{
    struct xen_memory_exchange x = exchange_of(32, 0, 32, 0);
    long rc;
    int stops = 0;

    start();
    for ( int i = 0; i < 32; i++ )
    {
        list[i] = fake_frame(dom0).n;
        out_list[i] = 1000 + i;
    }
    fake_preempt_at = fake_preempt_every = 5;
    rc = exchange(&x);
    while ( rc == -ERESTART )
    {
        stops++;
        expect(x.nr_exchanged > 0 && x.nr_exchanged < 32);
        rc = memory_op(fake_continuation.arg[0], fake_continuation.arg[1]);
    }
    expect_eq(rc, 0);
    expect_eq(stops, 6);
    expect_eq(x.nr_exchanged, 32);
    expect_eq(dom0->memory.tot_pages, 32);
    for ( int i = 0; i < 32; i++ )
        expect_eq(m2p_get(to_mfn(out_list[i])).n, 1000 + i);
}

/* --- maps --- */

struct e820 {
    u64 start, size;
    u32 kind;
} __attribute__((packed));

static struct e820 map[200];

static long set_map(domid_t id, u32 nr)
{
    struct xen_foreign_memory_map arg = { .domid = id, .map = { nr, { map } } };

    return memory_op(XENMEM_set_memory_map, (unsigned long)&arg);
}

static long get_map(unsigned int op, u32 room, void *to, u32 *nr)
{
    struct xen_memory_map arg = { room, { to } };
    long rc = memory_op(op, (unsigned long)&arg);

    *nr = arg.nr_entries;
    return rc;
}

TEST(the_map_that_was_set)
{
    struct e820 got[3] = {};
    u32 nr;

    start();
    map[0] = (struct e820){ 0, 0x9f000, 1 };
    map[1] = (struct e820){ 0x100000, 0x8000000, 1 };
    expect_eq(set_map(5, 2), 0);

    expect_eq(get_map(XENMEM_memory_map, 3, got, &nr), -ENOSYS); /* dom0 has none */
    run(domu);
    expect_eq(get_map(XENMEM_memory_map, 3, got, &nr), 0);
    expect_eq(nr, 2);
    expect(!memcmp(got, map, 2 * sizeof(map[0])) && !got[2].size);
    got[1].size = 0;
    expect_eq(get_map(XENMEM_memory_map, 1, got, &nr), 0);
    expect(nr == 1 && !got[1].size);
    expect_eq(get_map(XENMEM_memory_map, 3, NULL, &nr), -EFAULT);

    expect_eq(set_map(0, 1), -EPERM);
    expect_eq(set_map(DOMID_SELF, 129), -EINVAL);
    expect_eq(set_map(DOMID_SELF, 128), 0);
    memory_domain_destroy(domu);
    expect_eq(heap_blocks, 0);
}

TEST(the_machines_map_is_sorted_and_dom0s)
{
    static struct boot_info boot = {
        .nr_ranges = 3,
        .ranges = { { 0x100000, 0x1000, 1 }, { 0xf0000, 0x10000, 2 }, { 0, 0x9fc00, 1 } }
    };
    struct e820 got[4] = {};
    u32 nr;

    start();
    memory_keep_machine_map(&boot);
    expect_eq(get_map(XENMEM_machine_memory_map, 0, NULL, &nr), 0);
    expect_eq(nr, 3);
    expect_eq(get_map(XENMEM_machine_memory_map, 4, got, &nr), 0);
    expect(nr == 3 && got[0].start == 0 && got[1].start == 0xf0000 && got[2].start == 0x100000 &&
           got[1].kind == 2);
    got[1].size = 0;
    expect_eq(get_map(XENMEM_machine_memory_map, 1, got, &nr), 0);
    expect(nr == 1 && !got[1].size);
    run(domu);
    expect_eq(get_map(XENMEM_machine_memory_map, 4, got, &nr), -EPERM);
}

TEST(the_frames_of_the_m2p_of_32_bit_guests)
{
    u64 chunks[4] = {};
    struct xen_machphys_mfn_list arg = { .max_extents = 4,
                                         .extent_start = { (xen_pfn_t *)chunks } };

    start();
    expect_eq(memory_op(XENMEM_machphys_compat_mfn_list, (unsigned long)&arg), 0);
    expect(arg.nr_extents == 0 && !chunks[0]); /* there is none yet */
    m2p_compat_frames = (5UL << 20) / sizeof(u32);
    expect_eq(memory_op(XENMEM_machphys_compat_mfn_list, (unsigned long)&arg), 0);
    expect_eq(arg.nr_extents, 3);
    expect(chunks[0] == 0x2000 && chunks[1] == 0x2000 && chunks[2] == 0x2002 && !chunks[3]);
    arg.max_extents = 1;
    expect_eq(memory_op(XENMEM_machphys_compat_mfn_list, (unsigned long)&arg), 0);
    expect_eq(arg.nr_extents, 1);
    expect_eq(memory_op(XENMEM_machphys_mfn_list, (unsigned long)&arg), 0);
    expect_eq(chunks[0], 0x1000);
    arg.extent_start.p = NULL;
    expect_eq(memory_op(XENMEM_machphys_compat_mfn_list, (unsigned long)&arg), -EFAULT);
    run(domu);
    expect_eq(memory_op(XENMEM_machphys_compat_mfn_list, (unsigned long)&arg), -EPERM);
}

TEST(the_frames_of_the_m2p)
{
    u64 chunks[2] = {};
    struct xen_machphys_mfn_list arg = { .max_extents = 2,
                                         .extent_start = { (xen_pfn_t *)chunks } };

    start();
    expect_eq(memory_op(XENMEM_machphys_mfn_list, (unsigned long)&arg), 0);
    expect(arg.nr_extents == 1 && chunks[0] == 0x1000 && !chunks[1]);
    arg.extent_start.p = NULL;
    expect_eq(memory_op(XENMEM_machphys_mfn_list, (unsigned long)&arg), -EFAULT);
    run(domu);
    expect_eq(memory_op(XENMEM_machphys_mfn_list, (unsigned long)&arg), -EPERM);
}

TEST(grant_frames_to_map)
{
    u64 frames[5] = {};
    struct xen_mem_acquire_resource arg = { .domid = 5, .type = XENMEM_resource_grant_table };

    start();
    expect_eq(memory_op(XENMEM_acquire_resource, (unsigned long)&arg), 0);
    expect_eq(arg.nr_frames, GRANT_FRAMES);

    arg.frame = 1;
    arg.nr_frames = 3;
    arg.frame_list.p = frames;
    expect_eq(memory_op(XENMEM_acquire_resource, (unsigned long)&arg), 0);
    expect(frames[0] == 0x5001 && frames[2] == 0x5003 && !frames[3]);

    arg.nr_frames = 4;
    expect_eq(memory_op(XENMEM_acquire_resource, (unsigned long)&arg), -EINVAL);
    arg.frame = ~0UL;
    arg.nr_frames = 2;
    expect_eq(memory_op(XENMEM_acquire_resource, (unsigned long)&arg), -EINVAL);
    arg.frame = 0;
    arg.nr_frames = 0;
    expect_eq(memory_op(XENMEM_acquire_resource, (unsigned long)&arg), -EINVAL);
    arg.nr_frames = 1;
    arg.id = XENMEM_resource_grant_table_id_status;
    expect_eq(memory_op(XENMEM_acquire_resource, (unsigned long)&arg), -EINVAL);
    arg.frame_list.p = NULL;
    arg.nr_frames = 0;
    expect_eq(memory_op(XENMEM_acquire_resource, (unsigned long)&arg), 0);
    expect_eq(arg.nr_frames, 1);
    arg.frame_list.p = frames;
    arg.id = 2;
    expect_eq(memory_op(XENMEM_acquire_resource, (unsigned long)&arg), -EINVAL);
    arg.id = XENMEM_resource_grant_table_id_shared;
    arg.type = XENMEM_resource_ioreq_server;
    expect_eq(memory_op(XENMEM_acquire_resource, (unsigned long)&arg), -EOPNOTSUPP);
    arg.type = XENMEM_resource_grant_table;
    arg.pad = 1;
    expect_eq(memory_op(XENMEM_acquire_resource, (unsigned long)&arg), -EINVAL);
    arg.pad = 0;
    arg.domid = DOMID_SELF; /* remote ones only have a name here */
    expect_eq(memory_op(XENMEM_acquire_resource, (unsigned long)&arg), -ESRCH);
    run(domu);
    arg.domid = 0;
    expect_eq(memory_op(XENMEM_acquire_resource, (unsigned long)&arg), -EPERM);
}

TEST(no_domain_has_virtual_numa)
{
    struct xen_vnuma_topology_info ask = { .domid = 5 };

    start();
    expect_eq(memory_op(XENMEM_get_vnumainfo, (unsigned long)&ask), -EOPNOTSUPP);
    ask.domid = 77;
    expect_eq(memory_op(XENMEM_get_vnumainfo, (unsigned long)&ask), -ESRCH);
    ask.domid = 0;
    ask.pad = 1;
    expect_eq(memory_op(XENMEM_get_vnumainfo, (unsigned long)&ask), -EINVAL);
    expect_eq(memory_op(XENMEM_get_vnumainfo, 8), -EFAULT);
    run(domu);
    ask.pad = 0;
    expect_eq(memory_op(XENMEM_get_vnumainfo, (unsigned long)&ask), -EPERM);
}

HOST_TEST_MAIN
