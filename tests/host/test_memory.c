/*
 * memory_op: reservations, exchange, maps, resources, over a fake machine.
 *
 * LINK: hypervisor/domain/memory_op.c hypervisor/domain/reservation.c hypervisor/domain/exchange.c
 * LINK: hypervisor/domain/memory_map.c hypervisor/mm/frame.c tests/host/fake/machine*.c
 */
#include "tests/host/fake/machine.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot/boot_info.h"
#include "cpu/uaccess.h"
#include "domain/memory.h"
#include "mm/alloc.h"
#include "mm/heap.h"

/* --- what the fake machine lacks --- */

static long heap_blocks;
static u64 pages_left = ~0UL; /* of the machine's free memory */
static unsigned int bits_asked;

void *heap_alloc(size_t size)
{
    require(size <= PAGE_SIZE);
    heap_blocks++;
    return calloc(1, size);
}

void heap_free(void *p)
{
    if ( p )
        heap_blocks--;
    free(p);
}

unsigned int mm_address_bits(void)
{
    return 25;
}

mfn_t mm_alloc_domain(struct domain *d, unsigned int order, unsigned int max_bits, pfn_t pfn)
{
    mfn_t first = INVALID_MFN;

    bits_asked = max_bits;
    if ( d->memory.tot_pages + (1UL << order) > d->memory.max_pages || pages_left < 1UL << order )
        return INVALID_MFN;
    pages_left -= 1UL << order;
    for ( unsigned long i = 0; i < 1UL << order; i++ )
    {
        mfn_t mfn = fake_frame(d);

        if ( i == 0 )
            first = mfn;
        require(mfn.n == first.n + i);
        if ( pfn.n != INVALID_PFN.n )
            m2p_set(mfn, to_pfn(pfn.n + i));
    }
    return first;
}

mfn_t mm_alloc_domain_page(struct domain *d, pfn_t pfn)
{
    return mm_alloc_domain(d, 0, 0, pfn);
}

/* Off the owner's list by way of the last reference, but kept from being given away. */
long mm_steal(struct domain *d, struct frame *frame)
{
    if ( frame->owner != d->id ||
         frame->state << 8 >> 8 != (FRAME_REF_ONE | (frame->state & FRAME_TYPE_MASK)) ||
         !(frame->state & FRAME_ALLOCATED) )
        return -EINVAL;
    mm_release_owner_ref(d, frame);
    frame->owner = DOMID_NOBODY - 1;
    return 0;
}

void mm_return_stolen(struct domain *d, struct frame *frame)
{
    require(frame->owner == DOMID_NOBODY - 1);
    frame->owner = d->id;
    frame->state = FRAME_ALLOCATED | FRAME_REF_ONE;
    frame->prev = 0;
    frame->next = d->memory.first;
    if ( frame->next )
        frame_table[frame->next].prev = (u32)frame_to_mfn(frame).n;
    d->memory.first = (u32)frame_to_mfn(frame).n;
    d->memory.tot_pages++;
}

void mm_free_stolen(struct frame *frame)
{
    require(frame->owner == DOMID_NOBODY - 1);
    frame->owner = DOMID_NOBODY;
}

static u64 claim;

long mm_claim(struct domain *d, u64 pages)
{
    (void)d;
    claim = pages;
    return pages > 1000 ? -ENOMEM : 0;
}

#define GRANT_FRAMES 4

long grant_frame(struct domain *d, u32 kind, u32 index, mfn_t *mfn)
{
    require(index < GRANT_FRAMES);
    *mfn = to_mfn(0x1000UL * d->id + index);
    return kind == XENMEM_resource_grant_table_id_shared ? 0 : -EINVAL; /* a table of version 1 */
}

u32 grant_max_frames(struct domain *d, u32 kind)
{
    (void)d;
    return kind == XENMEM_resource_grant_table_id_shared ? GRANT_FRAMES : 1;
}

/* The M2P of a machine of 32 MiB is less than one chunk. */
mfn_t m2p_chunk(u64 index)
{
    return index ? INVALID_MFN : to_mfn(0x1000);
}

/* That of 32-bit guests, three chunks with a hole. */
u64 m2p_compat_frames;

mfn_t m2p_compat_chunk(u64 index)
{
    return index == 1 ? INVALID_MFN : to_mfn(0x2000 + index);
}

/* --- set up --- */

static struct domain *dom0, *domu;

static void start(void)
{
    fake_machine();
    fake_cpu_join(0);
    dom0 = fake_domain(0, true, 1);
    domu = fake_domain(5, false, 1);
    dom0->memory.max_pages = domu->memory.max_pages = 2000;
}

static void run(struct domain *d)
{
    fake_run(d->vcpus[0]);
}

static long reservation(unsigned int op, domid_t id, u64 *list, unsigned long nr,
                        unsigned int order)
{
    struct xen_memory_reservation r = {
        .extent_start = { (xen_pfn_t *)list }, .nr_extents = nr, .extent_order = order, .domid = id
    };

    return memory_op(op, (unsigned long)&r);
}

#define LIST 64
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

/* --- the short way --- */

#define FEW_FRAMES 48

/* A call's argument and its list, where accesses beyond what a test says fault. */
static struct {
    struct xen_memory_reservation reservation;
    u64 list[LIST];
} balloon;

static unsigned int pick(unsigned int n)
{
    return host_test_random() % n;
}

static u64 mix(u64 hash, u64 word)
{
    return (hash ^ word) * 0x9e3779b97f4a7c15UL >> 7 ^ hash << 57;
}

/* All that a call has changed, in short. */
static u64 outcome(long rc)
{
    u64 hash = mix(mix((u64)rc, pages_left), rc == -ERESTART ? fake_continuation.arg[0] : 0);

    for ( unsigned int i = 0; i < LIST; i++ )
        hash = mix(hash, balloon.list[i]);
    for ( u64 mfn = FAKE_IO_FRAMES; mfn < FAKE_FRAMES; mfn++ )
    {
        const struct frame *frame = &frame_table[mfn];

        hash =
            mix(mix(mix(hash, frame->state), frame->owner), (u64)frame->next << 32 | frame->prev);
        hash = mix(hash, m2p_get(to_mfn(mfn)).n);
    }
    hash = mix(mix(hash, dom0->memory.tot_pages), dom0->refs);
    return mix(mix(hash, domu->memory.tot_pages), domu->refs);
}

/* One of @d's frames; sometimes another's, or none. */
static u64 some_mfn(const struct domain *d)
{
    u64 mfn;

    if ( !pick(30) )
        return pick(2) ? FAKE_FRAMES - 2 + pick(4) : host_test_random();
    if ( !pick(30) )
        d = d == dom0 ? domu : dom0;
    mfn = d->memory.first;
    for ( unsigned int n = pick(FEW_FRAMES); n && mfn && frame_table[mfn].next; n-- )
        mfn = frame_table[mfn].next;
    return mfn;
}

static unsigned long some_number(void)
{
    static const unsigned long odd[] = { 0, 1, LIST, ~0UL, ~0UL >> 6, (~0UL >> 6) + 1, 1UL << 32 };

    return pick(8) ? 1 + pick(LIST) : odd[pick(ARRAY_SIZE(odd))];
}

/* What balloons ask for, or almost. The bytes that mean nothing are anything. */
static struct xen_memory_reservation some_reservation(const struct domain *d)
{
    static const unsigned int flags[] = { 1, 1U << 16, XENMEMF_address_bits(8), XENMEMF_node(0),
                                          XENMEMF_address_bits(32) };
    struct xen_memory_reservation r;

    for ( unsigned int i = 0; i < sizeof(r) / sizeof(u64); i++ )
        ((u64 *)&r)[i] = host_test_random();
    r.extent_start.p = pick(16) ? balloon.list : (xen_pfn_t *)(pick(2) ? 8 : 1UL << 47);
    r.nr_extents = some_number();
    r.extent_order = pick(16) ? 0 : 1 + pick(9);
    r.mem_flags = pick(16) ? 0 : flags[pick(ARRAY_SIZE(flags))];
    r.domid = pick(16) ? DOMID_SELF : pick(2) ? d->id : (domid_t)(5 * pick(3));
    return r;
}

/* One call at random by each way, the general one first, in a machine that is forgotten afterwards. */
static long call_both_ways(const struct domain *d, u64 *general)
{
    unsigned long op = pick(2) ? XENMEM_populate_physmap : XENMEM_decrease_reservation;
    unsigned long arg = pick(50) ? (unsigned long)&balloon.reservation : 8;
    pid_t child;
    int status;
    long rc;

    balloon.reservation = some_reservation(d);
    for ( unsigned int i = 0; i < LIST; i++ )
        balloon.list[i] = op == XENMEM_decrease_reservation ? some_mfn(d)
                          : pick(20)                        ? pick(5000)
                                                            : ~0UL;
    fake_guest_limit = pick(8) ? 1UL << 47 : (u64)&balloon.list[pick(LIST)];
    if ( !pick(16) )
        op |= (unsigned long)pick(LIST + 2) << MEMORY_OP_BITS;

    child = fork();
    if ( !child )
    {
        *general = outcome(memory_op_any(op, arg));
        _exit(0);
    }
    require(waitpid(child, &status, 0) == child && !status);
    rc = memory_op(op, arg);
    expect_eq(outcome(rc), *general);
    return rc;
}

/* Balloons' calls have a way of their own, which must do what the general one does, whatever they ask for. */
TEST(the_short_way_does_what_the_general_one_does)
{
    u64 *general = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    unsigned long done = 0, stopped = 0, calls = 400;

    require(general != MAP_FAILED);
    start();
    host_test_seed(0xba1100);
    for ( unsigned long i = 0; i < calls; i++ )
    {
        struct domain *d = pick(2) ? dom0 : domu;
        long rc;

        run(d);
        d->memory.max_pages = pick(8) ? 2000 : pick(100);
        pages_left = pick(8) ? 1000 : pick(40);
        fake_preempt_at = pick(3) ? 1 + pick(4) : 0;
        fake_preempt_every = pick(3);
        rc = call_both_ways(d, general);
        done += rc > 0;
        stopped += rc == -ERESTART;
        for ( u64 mfn = some_mfn(d); !pick(3); mfn = some_mfn(d) ) /* mapped for good */
            if ( mfn < FAKE_FRAMES )
                (void)frame_get(&frame_table[mfn], d->id);
    }
    expect(done > calls / 2);
    expect(stopped > calls / 50);
    fake_guest_limit = 1UL << 47;
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
