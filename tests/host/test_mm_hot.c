/*
 * The short ways of the frame that a balloon gives and takes (mm/hot.h), against the general ones, at random.
 *
 * LINK: hypervisor/mm/buddy.c hypervisor/mm/alloc.c hypervisor/mm/assign.c hypervisor/mm/heap.c
 * LINK: hypervisor/mm/ranges.c hypervisor/smp/lock.c
 */
#include "tests/host/fake/frames.h"

#include "tests/host/both_ways.h"

/* All that has changed, in short; of stamps, which go up with each way's steps, whether there is one. */
static u64 outcome(u64 rc)
{
    u64 hash = mix(mix(rc, flushes), mm_free_pages());

    for ( u64 mfn = FIRST; mfn < FRAMES; mfn++ )
    {
        const struct frame *frame = &frame_table[mfn];

        if ( mfn_valid(to_mfn(mfn)) )
            hash = mix(mix(mix(mix(mix(hash, frame->state), (u64)frame->owner << 32 | frame->link),
                               (u64)frame->next << 32 | frame->prev),
                           m2p[mfn] + !frame->tlb_stamp),
                       *(u64 *)mfn_to_virt(to_mfn(mfn)));
    }
    for ( u64 i = 0; i < mm_hot.nr; i++ )
        hash = mix(hash, mm_hot.mfn[i]);
    for ( unsigned int i = 0; i < ARRAY_SIZE(domains); i++ )
        if ( domains[i] )
            hash = mix(mix(mix(hash, domains[i]->refs), domains[i]->memory.tot_pages),
                       (u64)domains[i]->memory.claimed << 32 | domains[i]->memory.first);
    return hash;
}

static u64 take_page(struct domain *d, pfn_t pfn, bool general)
{
    return (general ? mm_alloc_domain(d, 0, 0, pfn) : mm_alloc_domain_page(d, pfn)).n;
}

/* The general way is that of a frame with another reference, the last to go. */
static u64 give_page(struct domain *d, struct frame *frame, bool general)
{
    long rc;

    general = general && frame->owner == d->id && (frame->state & FRAME_ALLOCATED);
    if ( general )
        frame->state += FRAME_REF_ONE;
    rc = mm_release_owner_ref(d, frame);
    if ( general )
        frame_put(frame);
    return (u64)rc;
}

/* One of @d's frames, or any. */
static u64 some_frame(const struct domain *d)
{
    u64 mfn = d->memory.first;

    if ( !mfn || !pick(20) )
        return FIRST + pick(HOLE - FIRST);
    for ( unsigned int n = pick(8); n && frame_table[mfn].next; n-- )
        mfn = frame_table[mfn].next;
    return mfn;
}

static void settle(struct domain *d)
{
    d->memory.max_pages = RAM;
    d->memory.max_bits = 0;
    d->memory.tag = FRAME_FIRST_TAG + d->id;
    d->life = DOMAIN_ALIVE;
    (void)mm_claim(d, 0);
}

/* What may be otherwise when the next frame is asked for. */
static void turn_something(struct domain *d)
{
    switch ( pick(6) )
    {
    case 0:
        d->memory.max_pages = d->memory.tot_pages + pick(2);
        break;
    case 1:
        d->memory.max_bits = 20 + pick(7);
        break;
    case 2:
        d->life = DOMAIN_DYING;
        break;
    case 3:
        (void)mm_claim(d, d->memory.tot_pages + 1 + pick(100));
        break;
    case 4:
        (void)mm_claim(d, d->memory.tot_pages + mm_free_pages() - pick(2));
        break;
    default:
        d->memory.tag = FRAME_DIRTY;
        break;
    }
}

/* A step: @d takes a page for @pfn, or gives @frame back. */
struct step {
    struct domain *d;
    struct frame *frame;
    pfn_t pfn;
    bool take;
};

static u64 step(const struct step *s, bool general)
{
    return s->take ? take_page(s->d, s->pfn, general) : give_page(s->d, s->frame, general);
}

static u64 step_general_way(const void *arg)
{
    return outcome(step(arg, true));
}

/* A frame that a balloon takes and gives has ways of its own, which must do what the general ones do. */
TEST(short_ways_do_what_the_general_ones_do)
{
    unsigned long taken = 0, given = 0, steps = 300;
    struct domain *d;

    machine();
    host_test_seed(0xba1100);
    for ( domid_t id = 1; id < ARRAY_SIZE(domains); id++ )
        new_domain(id, false);
    d = domains[1];
    for ( unsigned long i = 0; i < steps; i++ )
    {
        struct step next = { .pfn = pick(8) ? to_pfn(pick(1000)) : INVALID_PFN };
        u64 rc, general;

        if ( !pick(4) )
            d = domains[pick(ARRAY_SIZE(domains))];
        next.d = d;
        next.take = pick(d->memory.tot_pages < 4 ? 3 : 2);
        next.frame = &frame_table[some_frame(d)];
        for ( domid_t id = 0; id < ARRAY_SIZE(domains); id++ )
            settle(domains[id]);
        if ( pick(4) )
            turn_something(pick(4) ? d : domains[pick(ARRAY_SIZE(domains))]);
        general = apart(step_general_way, &next);
        rc = step(&next, false);
        require(outcome(rc) == general);
        if ( next.take && rc != INVALID_MFN.n )
            *(u64 *)mfn_to_virt(to_mfn(rc)) = host_test_random();
        taken += next.take && rc != INVALID_MFN.n;
        given += !next.take && !rc;
    }
    expect(taken > steps / 10);
    expect(given > steps / 10);
}

HOST_TEST_MAIN
