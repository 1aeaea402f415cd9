/*
 * memory_op's short way for what balloons ask for, against the general one, at random.
 *
 * LINK: hypervisor/domain/memory_op.c hypervisor/domain/reservation.c hypervisor/domain/exchange.c
 * LINK: hypervisor/domain/memory_map.c hypervisor/mm/frame.c tests/host/fake/machine*.c
 */
#include "tests/host/fake/reservations.h"

#include "tests/host/both_ways.h"

#include "cpu/uaccess.h"
#include "domain/memory.h"

#define FEW_FRAMES 48

/* A call's argument and its list, where accesses beyond what a test says fault. */
static struct {
    struct xen_memory_reservation reservation;
    u64 list[LIST];
} balloon;

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

static unsigned long call_op, call_arg;

static u64 call_general_way(const void *arg)
{
    (void)arg;
    return outcome(memory_op_any(call_op, call_arg));
}

/* One call at random by each way, the general one first, in a machine that is forgotten afterwards. */
static long call_both_ways(const struct domain *d)
{
    unsigned long op = pick(2) ? XENMEM_populate_physmap : XENMEM_decrease_reservation;
    u64 general;
    long rc;

    call_arg = pick(50) ? (unsigned long)&balloon.reservation : 8;
    balloon.reservation = some_reservation(d);
    for ( unsigned int i = 0; i < LIST; i++ )
        balloon.list[i] = op == XENMEM_decrease_reservation ? some_mfn(d)
                          : pick(20)                        ? pick(5000)
                                                            : ~0UL;
    fake_guest_limit = pick(8) ? 1UL << 47 : (u64)&balloon.list[pick(LIST)];
    if ( !pick(16) )
        op |= (unsigned long)pick(LIST + 2) << MEMORY_OP_BITS;

    call_op = op;
    general = apart(call_general_way, NULL);
    rc = memory_op(call_op, call_arg);
    expect_eq(outcome(rc), general);
    return rc;
}

/* Balloons' calls have a way of their own, which must do what the general one does, whatever they ask for. */
TEST(the_short_way_does_what_the_general_one_does)
{
    unsigned long done = 0, stopped = 0, calls = 400;

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
        rc = call_both_ways(d);
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

HOST_TEST_MAIN
