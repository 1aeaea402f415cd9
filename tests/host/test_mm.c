/*
 * Frames and blocks: the buddies, what domains are given and give back, the heap, the map of RAM.
 *
 * LINK: hypervisor/mm/buddy.c hypervisor/mm/alloc.c hypervisor/mm/assign.c hypervisor/mm/heap.c
 * LINK: hypervisor/mm/ranges.c hypervisor/smp/lock.c
 */
#include "tests/host/fake/frames.h"

/* --- the buddies --- */

static u64 take_block(unsigned int order, unsigned int max_bits)
{
    return buddy_take(&order, order, max_bits);
}

TEST(blocks_are_aligned_and_come_together_again)
{
    u64 taken[64];

    machine();
    for ( unsigned int order = 0; order <= 12; order++ )
    {
        unsigned int n = 0;
        u64 mfn;

        while ( n < 64 && (mfn = take_block(order, 0)) )
        {
            expect(IS_ALIGNED(mfn, 1UL << order));
            for ( u64 i = 0; i < 1UL << order; i++ )
                expect(mfn_valid(to_mfn(mfn + i)) && !frame_of(to_mfn(mfn + i))->state);
            taken[n++] = mfn;
        }
        while ( n )
            buddy_give(taken[--n], order);
        expect_eq(buddy_free_frames(), RAM);
    }
    expect(take_block(12, 0) != 0);
    expect(!take_block(MM_MAX_ORDER, 0));
    finish();
}

TEST(address_bits_choose_memory)
{
    u64 mfn;

    machine();
    mfn = take_block(0, 0);
    expect(mfn >= 8192); /* high memory first */
    for ( unsigned int bits = 21; bits <= 26; bits++ )
    {
        mfn = take_block(0, bits);
        expect(mfn && mfn < 1UL << (bits - PAGE_SHIFT));
    }
    expect(!take_block(0, 20)); /* the first MiB is nobody's */
    expect(!take_block(0, 5));
    expect(!take_block(9, 21));
    finish();
}

TEST(random_takes_and_gives)
{
    static u64 held[4096];
    static u8 orders[4096], used[FRAMES];
    unsigned int n = 0;
    u64 frames = 0;

    machine();
    host_test_seed(3);
    for ( int round = 0; round < 20000; round++ )
    {
        if ( n < 4096 && host_test_random() % 5 < 3 )
        {
            unsigned int order = host_test_random() % 6;
            u64 mfn = take_block(order, 0);

            if ( !mfn )
                continue;
            for ( u64 i = mfn; i < mfn + (1UL << order); i++ )
            {
                expect(!used[i]);
                used[i] = 1;
            }
            held[n] = mfn;
            orders[n++] = (u8)order;
            frames += 1UL << order;
        }
        else if ( n )
        {
            unsigned int i = host_test_random() % n;

            memset(used + held[i], 0, 1UL << orders[i]);
            buddy_give(held[i], orders[i]);
            frames -= 1UL << orders[i];
            held[i] = held[--n];
            orders[i] = orders[n];
        }
        expect_eq(buddy_free_frames(), RAM - frames);
    }
    while ( n-- )
        buddy_give(held[n], orders[n]);
    expect(take_block(13, 0) != 0);
    finish();
}

/* --- the hypervisor's own --- */

TEST(mm_alloc_zeroes_and_takes_back)
{
    u8 *p, *q;

    machine();
    p = mm_alloc(3);
    require(p);
    for ( unsigned int i = 0; i < 8; i++ )
        expect(page_is(mfn_add(virt_to_mfn(p), i), 0));
    expect(frame_of(virt_to_mfn(p))->state & FRAME_HYPERVISOR);
    memset(p, 1, 8 * PAGE_SIZE);
    mm_free(p, 3);
    q = mm_alloc(3);
    expect(page_is(virt_to_mfn(q), 0));
    mm_free(q, 3);
    mm_free(NULL, 0);
    expect_eq(mm_free_pages(), RAM);
    finish();
}

TEST(free_memory_runs_out_and_recovers)
{
    void **all = calloc(FRAMES, sizeof(*all));
    u64 n = 0;

    machine();
    while ( (all[n] = mm_alloc(0)) )
        n++;
    expect_eq(n, RAM);
    expect_eq(mm_free_pages(), 0);
    expect(mfn_eq(mm_alloc_domain_page(domains[0], INVALID_PFN), INVALID_MFN));
    while ( n )
        mm_free(all[--n], 0);
    expect_eq(mm_free_pages(), RAM);
    expect(mm_alloc(12) != NULL);
    free(all);
    finish();
}

/* --- frames of domains --- */

TEST(a_domain_gets_frames_and_is_held_by_them)
{
    struct domain *d;
    mfn_t mfn;

    machine();
    d = new_domain(1, false);
    mfn = mm_alloc_domain(d, 4, 0, INVALID_PFN);
    require(!mfn_eq(mfn, INVALID_MFN));
    expect_eq(d->memory.tot_pages, 16);
    expect_eq(d->refs, 2);
    expect_eq(frame_of(mfn)->owner, 1);
    expect_eq(frame_of(mfn)->state, FRAME_ALLOCATED | FRAME_REF_ONE);
    for ( unsigned int i = 0; i < 16; i++ )
        expect(page_is(mfn_add(mfn, i), 0));
    for ( unsigned int i = 0; i < 16; i += 2 )
        release(d, mfn_add(mfn, i));
    expect_eq(mm_release_owner_ref(d, frame_of(mfn)), -EINVAL);
    for ( unsigned int i = 1; i < 16; i += 2 )
        release(d, mfn_add(mfn, i));
    expect_eq(d->memory.tot_pages, 0);
    expect_eq(d->memory.first, 0);
    expect_eq(d->refs, 1);
    expect_eq(mm_free_pages(), RAM);
    finish();
}

TEST(dom0_takes_what_boot_left_others_do_not)
{
    machine();
    expect(page_is(mm_alloc_domain_page(domains[0], INVALID_PFN), 0xaa));
    expect(page_is(mm_alloc_domain_page(new_domain(1, false), INVALID_PFN), 0));
    finish();
}

TEST(its_own_frame_comes_back_as_it_was)
{
    struct domain *d;
    mfn_t a, b;

    machine();
    d = new_domain(1, false);
    mm_alloc_domain_page(d, INVALID_PFN);
    a = mm_alloc_domain_page(d, INVALID_PFN);
    release(d, a);
    b = mm_alloc_domain_page(d, INVALID_PFN);
    expect_eq(b.n, a.n);
    expect(page_is(b, 0x55));
    expect_eq(flushes, 0);
    finish();
}

/* A domain of two frames that has given one of them back: *@mfn, which thus was freed last. */
static struct domain *ballooned(domid_t id, mfn_t *mfn)
{
    struct domain *d = new_domain(id, false);

    mm_alloc_domain_page(d, INVALID_PFN);
    *mfn = mm_alloc_domain_page(d, INVALID_PFN);
    release(d, *mfn);
    return d;
}

/* Nobody has to look far for what was freed last; so here, too, is asked whether the domain may have another at all. */
TEST(its_own_frame_comes_back_once_and_only_while_it_may)
{
    struct domain *d, *other;
    mfn_t mfn, again, low;

    machine();
    d = ballooned(1, &mfn);
    other = new_domain(2, false);

    d->memory.max_pages = 1;
    expect(mfn_eq(mm_alloc_domain_page(d, INVALID_PFN), INVALID_MFN));
    d->memory.max_pages = RAM;
    expect_eq(mm_claim(other, mm_free_pages()), 0);
    expect(mfn_eq(mm_alloc_domain_page(d, INVALID_PFN), INVALID_MFN));
    expect_eq(mm_claim(other, 0), 0);
    d->life = DOMAIN_DYING;
    expect(mfn_eq(mm_alloc_domain_page(d, INVALID_PFN), INVALID_MFN));
    d->life = DOMAIN_ALIVE;

    d->memory.max_bits = fls64(mfn.n - 1) - 1 + PAGE_SHIFT;
    require(mfn.n >= 1UL << (d->memory.max_bits - PAGE_SHIFT));
    low = mm_alloc_domain_page(d, INVALID_PFN);
    expect(low.n < 1UL << (d->memory.max_bits - PAGE_SHIFT));
    d->memory.max_bits = 0;

    again = mm_alloc_domain_page(d, INVALID_PFN);
    expect_eq(again.n, mfn.n);
    again = mm_alloc_domain_page(d, INVALID_PFN);
    expect(!mfn_eq(again, mfn) && !mfn_eq(again, INVALID_MFN));
    expect_eq(d->memory.tot_pages, 4);
    expect_eq(mm_free_pages(), RAM - 4);
    finish();
}

TEST(who_gave_back_all_is_held_anew)
{
    struct domain *d;
    mfn_t mfn;

    machine();
    d = ballooned(1, &mfn);
    release(d, to_mfn(d->memory.first));
    expect_eq(d->refs, 1);
    mfn = mm_alloc_domain_page(d, INVALID_PFN);
    expect(page_is(mfn, 0x55)); /* still its own */
    expect_eq(d->refs, 2);
    release(d, mfn);
    expect_eq(d->refs, 1);
    finish();
}

/* After so many domains that no tags are left; and the frames of one that came by them without any. */
TEST(without_a_tag_nothing_is_anybodys_own)
{
    struct domain *d, *other;
    mfn_t mfn, given;

    machine();
    d = ballooned(1, &mfn);
    other = new_domain(2, false);
    other->memory.tag = d->memory.tag = FRAME_DIRTY;
    mm_alloc_domain_page(d, INVALID_PFN);
    mm_alloc_domain_page(other, INVALID_PFN);
    release(d, to_mfn(d->memory.first));
    for ( unsigned int i = 0; i < RAM - 2; i++ )
        expect(page_is(mm_alloc_domain_page(other, INVALID_PFN), 0));
    other->life = DOMAIN_DYING;
    while ( other->memory.first )
        release(other, to_mfn(other->memory.first));

    other = new_domain(3, false);
    for ( unsigned int i = 0; i < 2; i++ )
    {
        given = mm_alloc_domain_page(d, INVALID_PFN);
        expect_eq(mm_steal(d, frame_of(given)), 0);
        expect_eq(mm_give_stolen(other, frame_of(given), INVALID_PFN), 0);
    }
    release(other, given);
    for ( unsigned int i = 0; i < RAM - 2; i++ )
        expect(!page_is(mm_alloc_domain_page(domains[0], INVALID_PFN), 0x55));
    finish();
}

TEST(nobody_else_sees_it)
{
    struct domain *d, *other;
    u64 seen = 0;

    machine();
    d = new_domain(1, false);
    other = new_domain(2, false);
    mm_alloc_domain_page(d, INVALID_PFN);
    for ( unsigned int i = 0; i < 500; i++ )
        mm_alloc_domain_page(d, INVALID_PFN);
    while ( d->memory.tot_pages > 1 )
        release(d, to_mfn(d->memory.first));
    flushes = 0;
    for ( unsigned int i = 0; i < RAM - 1; i++ )
    {
        mfn_t mfn = mm_alloc_domain_page(other, INVALID_PFN);

        require(!mfn_eq(mfn, INVALID_MFN));
        seen += !page_is(mfn, 0);
    }
    expect_eq(seen, 0);
    expect_eq(flushes, 500);
    finish();
}

/* A domain is destroyed with frames ballooned out before; the next one has its domid. */
TEST(a_domid_that_comes_again_is_another_domain)
{
    struct domain *d;
    mfn_t mfn;

    machine();
    d = new_domain(1, false);
    mm_alloc_domain_page(d, INVALID_PFN);
    mfn = mm_alloc_domain_page(d, INVALID_PFN);
    release(d, mfn);
    d = new_domain(1, false);
    for ( unsigned int i = 0; i < RAM - 1; i++ )
        expect(page_is(mm_alloc_domain_page(d, INVALID_PFN), 0));
    finish();
}

TEST(a_dying_domains_frames_are_scrubbed_when_idle)
{
    struct domain *d;
    mfn_t mfn;
    void *p;

    machine();
    d = new_domain(1, false);
    mfn = mm_alloc_domain(d, 5, 0, INVALID_PFN);
    d->life = DOMAIN_DYING;
    for ( unsigned int i = 0; i < 32; i++ )
        release(d, mfn_add(mfn, i));
    expect_eq(mm_free_pages(), RAM);
    while ( mm_scrub_some() )
        ;
    for ( unsigned int i = 0; i < 32; i++ )
        expect(page_is(mfn_add(mfn, i), 0));
    flushes = 0;
    p = mm_alloc(13);
    expect(p);
    expect(flushes == 0 || flushes == 32);
    finish();
}

/* A TLB may still have an entry for what is scrubbed, as that of a domain who had mapped a dying one's frame. */
TEST(what_is_scrubbed_stays_so)
{
    struct domain *d;

    machine();
    d = new_domain(1, false);
    while ( !mfn_eq(mm_alloc_domain_page(d, INVALID_PFN), INVALID_MFN) )
        ;
    d->life = DOMAIN_DYING;
    while ( d->memory.first )
        release(d, to_mfn(d->memory.first));
    stale_write = 0x66;
    while ( mm_scrub_some() )
        ;
    for ( unsigned int i = 0; i < RAM; i++ )
    {
        const u8 *page = mm_alloc(0);

        require(page);
        expect_eq(page[0] | page[PAGE_SIZE - 1], 0);
    }
    stale_write = 0;
    finish();
}

TEST(without_idle_time_the_list_is_used_up)
{
    struct domain *d;
    u64 n = 0;

    machine();
    d = new_domain(1, false);
    while ( !mfn_eq(mm_alloc_domain_page(d, INVALID_PFN), INVALID_MFN) )
        n++;
    expect_eq(n, RAM);
    d->life = DOMAIN_DYING;
    while ( d->memory.first )
        release(d, to_mfn(d->memory.first));
    d = new_domain(2, false);
    expect(!mfn_eq(mm_alloc_domain(d, 9, 0, INVALID_PFN), INVALID_MFN));
    expect(page_is(to_mfn(d->memory.first), 0));
    expect(!mfn_eq(mm_alloc_domain(d, 0, 22, INVALID_PFN), INVALID_MFN));
    finish();
}

TEST(limits_and_claims)
{
    struct domain *d, *other;

    machine();
    d = new_domain(1, false);
    other = new_domain(2, false);
    d->memory.max_pages = 10;
    expect(mfn_eq(mm_alloc_domain(d, 4, 0, INVALID_PFN), INVALID_MFN));
    expect(!mfn_eq(mm_alloc_domain(d, 3, 0, INVALID_PFN), INVALID_MFN));
    expect_eq(mm_claim(d, 11), -EINVAL);
    expect_eq(mm_claim(d, 7), -EINVAL);
    d->memory.max_pages = FRAMES * 2;
    expect_eq(mm_claim(d, RAM + 1), -ENOMEM);
    expect_eq(mm_claim(d, RAM - 100), 0);
    expect_eq(mm_claim(d, RAM - 99), -EINVAL);
    expect_eq(mm_claim(other, 101), -ENOMEM);
    for ( unsigned int i = 0; i < 100; i++ )
        expect(!mfn_eq(mm_alloc_domain_page(other, INVALID_PFN), INVALID_MFN));
    expect(mfn_eq(mm_alloc_domain_page(other, INVALID_PFN), INVALID_MFN));
    expect(!mfn_eq(mm_alloc_domain(d, 9, 0, INVALID_PFN), INVALID_MFN));
    expect_eq(d->memory.claimed, RAM - 100 - 8 - 512);
    expect_eq(mm_claim(d, 0), 0);
    expect(!mfn_eq(mm_alloc_domain_page(other, INVALID_PFN), INVALID_MFN));
    finish();
}

/* A domain that can name frames up to some address only gets no others, neither new nor from another one. */
TEST(address_bits_of_a_domain)
{
    struct domain *d, *other;
    mfn_t low, high;
    u64 limit;

    machine();
    d = new_domain(1, false);
    other = new_domain(2, false);
    high = mm_alloc_domain_page(other, INVALID_PFN);
    d->memory.max_bits = fls64(high.n - 1) - 1 + PAGE_SHIFT;
    limit = 1UL << (d->memory.max_bits - PAGE_SHIFT);
    require(high.n >= limit);
    low = mm_alloc_domain_page(d, INVALID_PFN);
    expect(low.n < limit);
    release(d, low);
    low = mm_alloc_domain(d, 0, 60, INVALID_PFN);
    expect(low.n < limit);

    expect_eq(mm_steal(other, frame_of(high)), 0);
    expect_eq(mm_give_stolen(d, frame_of(high), INVALID_PFN), -ENOMEM);
    expect_eq(mm_give_stolen(other, frame_of(high), INVALID_PFN), 0);
    expect_eq(mm_steal(d, frame_of(low)), 0);
    expect_eq(mm_give_stolen(other, frame_of(low), INVALID_PFN), 0);
}

TEST(stolen_frames)
{
    struct domain *d, *other;
    mfn_t mfn;

    machine();
    d = new_domain(1, false);
    other = new_domain(2, false);
    mfn = mm_alloc_domain(d, 1, 0, INVALID_PFN);
    frame_of(mfn)->state += FRAME_REF_ONE;
    expect_eq(mm_steal(d, frame_of(mfn)), -EINVAL);
    frame_of(mfn)->state -= FRAME_REF_ONE;
    expect_eq(mm_steal(other, frame_of(mfn)), -EINVAL);
    expect_eq(mm_steal(d, frame_of(mfn)), 0);
    expect_eq(mm_steal(d, frame_of(mfn)), -EINVAL);
    expect_eq(d->memory.tot_pages, 1);
    expect_eq(mm_give_stolen(other, frame_of(mfn), INVALID_PFN), 0);
    expect_eq(flushes, 1);
    expect_eq(frame_of(mfn)->owner, 2);
    expect_eq(mm_steal(other, frame_of(mfn)), 0);
    expect_eq(other->refs, 1);
    d->memory.max_pages = 1;
    expect_eq(mm_give_stolen(d, frame_of(mfn), INVALID_PFN), -ENOMEM);
    mm_return_stolen(d, frame_of(mfn));
    expect_eq(frame_of(mfn)->owner, 1);
    expect_eq(mm_steal(d, frame_of(mfn)), 0);
    d->memory.max_pages = 10;
    d->life = DOMAIN_DYING;
    expect(mfn_eq(mm_alloc_domain_page(d, INVALID_PFN),
                  INVALID_MFN)); /* who would take it away again? */
    mm_return_stolen(d, frame_of(mfn));
    expect_eq(frame_of(mfn)->owner, DOMID_NOBODY);
    expect_eq(d->memory.tot_pages, 1);
    release(d, mfn_add(mfn, 1));
    expect_eq(mm_free_pages(), RAM);
    finish();
}

/* The owner's reference goes once, and by the owner alone: whoever holds another keeps the frame. */
TEST(given_back_twice)
{
    struct domain *d, *stranger;
    mfn_t mfn;

    machine();
    d = new_domain(1, false);
    stranger = new_domain(2, false);
    mfn = mm_alloc_domain_page(d, INVALID_PFN);
    expect_eq(mm_release_owner_ref(stranger, frame_of(mfn)), -EINVAL);
    frame_of(mfn)->state += FRAME_REF_ONE; /* somebody maps it */
    expect_eq(mm_release_owner_ref(d, frame_of(mfn)), 0);
    expect_eq(mm_release_owner_ref(d, frame_of(mfn)), -EINVAL);
    expect_eq(d->memory.tot_pages, 1);
    expect_eq(frame_refs(frame_of(mfn)->state), 1);
}

/* At the end of a domain: a slice begins where the last one stopped, and what somebody maps stays behind. */
TEST(released_by_slices)
{
    struct frame *at = NULL, *mapped;
    struct domain *d;
    mfn_t mfns[8];

    machine();
    d = new_domain(1, false);
    for ( unsigned int i = 0; i < ARRAY_SIZE(mfns); i++ )
        mfns[i] = mm_alloc_domain_page(d, INVALID_PFN);
    mapped = frame_of(mfns[4]);
    mapped->state += FRAME_REF_ONE;
    d->life = DOMAIN_DYING;

    at = mm_release_frames(d, at, 3); /* the newest is the first */
    expect_eq(at, mapped);
    expect_eq(frame_refs(at->state), 3); /* ours, too */
    expect_eq(d->memory.tot_pages, 5);
    at = mm_release_frames(d, at, 3);
    expect_eq(at, frame_of(mfns[0]));
    expect_eq(frame_refs(mapped->state), 1);
    expect_eq(mm_release_owner_ref(d, mapped), -EINVAL);
    expect_eq(mm_release_frames(d, at, 3), NULL);
    expect_eq(d->memory.tot_pages, 1);
    expect_eq(mm_free_pages(), RAM - 1);
    expect_eq(mm_release_frames(d, NULL, 3), NULL);
    expect_eq(frame_refs(mapped->state), 1);

    mapped->state -= FRAME_REF_ONE;
    mm_frame_unused(mapped);
    expect_eq(d->memory.tot_pages, 0);
    expect_eq(mm_free_pages(), RAM);
    finish();
}

TEST(sharing)
{
    struct domain *d;
    struct frame *frame;
    void *p;

    machine();
    d = new_domain(1, false);
    p = mm_alloc(0);
    frame = frame_of(virt_to_mfn(p));
    mm_share_with_domain(p, d);
    expect_eq(frame->owner, 1);
    expect_eq(m2p[virt_to_mfn(p).n], M2P_SHARED);
    expect_eq(frame_type_of(frame->state), FRAME_SHARED);
    expect(!mm_shared_in_use(p));
    expect(mm_unshare(p));
    mm_share_with_domain(p, d);
    frame->state += FRAME_REF_ONE + FRAME_TYPE_ONE; /* somebody maps it */
    expect(mm_shared_in_use(p));
    expect(!mm_unshare(p));
    expect_eq(mm_free_pages(), RAM - 1);
    frame->state -= FRAME_TYPE_ONE;
    frame_put(frame);
    expect_eq(mm_free_pages(), RAM);
    finish();
}

/* --- the heap --- */

TEST(heap_blocks)
{
    static void *blocks[2000];
    static size_t sizes[2000];

    machine();
    host_test_seed(9);
    for ( int round = 0; round < 20000; round++ )
    {
        unsigned int i = host_test_random() % 2000;

        if ( blocks[i] )
        {
            for ( size_t k = 0; k < sizes[i]; k++ )
                if ( ((u8 *)blocks[i])[k] != (u8)i )
                    fail_now("block %u was overwritten", i);
            heap_free(blocks[i]);
            blocks[i] = NULL;
            continue;
        }
        sizes[i] = 1 + host_test_random() % (host_test_random() % 10 ? 300 : 9000);
        blocks[i] = heap_alloc(sizes[i]);
        require(blocks[i]);
        expect(IS_ALIGNED((u64)blocks[i], sizes[i] >= 64 ? 64UL : 16UL));
        for ( size_t k = 0; k < sizes[i]; k++ )
            if ( ((u8 *)blocks[i])[k] )
                fail_now("block of %zu is not zeroed", sizes[i]);
        memset(blocks[i], (int)i, sizes[i]);
    }
    for ( unsigned int i = 0; i < 2000; i++ )
        heap_free(blocks[i]);
    expect(RAM - mm_free_pages() <= 8); /* a page a size is kept */
    finish();
}

/* --- the map of RAM --- */

TEST(ranges_overlap_and_are_cut)
{
    static struct boot_info info = {
        .nr_ranges = 7,
        .ranges = {
            { 0, 0x9fc00, BOOT_RAM },
            { 0x100000, 0x1000000, BOOT_RAM },
            { 0x800000, 0x1000000, BOOT_RAM },      /* overlaps it */
            { 0x300800, 0x10, BOOT_RESERVED },      /* takes its frame */
            { 0x5000010, 0x1ff0, BOOT_RAM },        /* one frame of it is whole */
            { 0xffffffffff000, 0x1000, BOOT_RAM },  /* out of reach */
            { 0x600000, 0, BOOT_RESERVED },
        },
    };
    struct rangeset ram;

    ranges_from_boot(&ram, &info);
    expect(rangeset_contains(&ram, 0x100, 0x2ff));
    expect(!rangeset_contains(&ram, 0x300, 0x300));
    expect(rangeset_contains(&ram, 0x301, 0x17ff));
    expect(!rangeset_overlaps(&ram, 0x1800, 0x5000));
    expect(rangeset_contains(&ram, 0x5001, 0x5001));
    expect(!rangeset_overlaps(&ram, 0x5002, ~0UL));
    expect(!rangeset_overlaps(&ram, 0, 0xff));
    expect_eq(mm_low_page().n, 0x9e);
    rangeset_clear(&ram);
}

HOST_TEST_MAIN
