/*
 * Frames on their way between the buddies and those who use them.
 *
 * A free frame's link tells what it holds (FRAME_LEFTOVER, FRAME_ZEROED or the tag of the domain
 * that wrote it), its tlb_stamp when it was last mapped. Both are looked at when the frame becomes
 * somebody else's: then it is scrubbed, and TLBs that may still hold entries for it are flushed. A
 * domain that gets its own frame back, as ballooning does, pays for neither.
 *
 * For that case, single frames that were freed lately are kept apart for a while, the latest first.
 * When there are none, single frames come one after the other from a block that is cut up.
 * Frames of domains that are being destroyed, and exchanged ones, go to a list of which the idle loop
 * flushes and scrubs: nobody will want them back as they are.
 */
#include "mm/alloc.h"
#include "console/console.h"
#include "console/keys.h"
#include "domain/domain.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "lib/guard.h"
#include "lib/string.h"
#include "mm/hot.h"
#include "mm/internal.h"
#include "mm/map.h"
#include "mm/tlb.h"
#include "smp/lock.h"

#define CUT_ORDER     5
#define SCRUB_AT_ONCE 8
#define DRAIN_AT_ONCE 1024

struct mm_hot mm_hot = { .lock = LOCK_INIT(LOCK_ALLOC) };

static u64 cut_next, cut_end; /* what is left of the block that single frames are cut from */
static u32 scrub_first;       /* list by frame->next */
static u64 nr_scrub;
static u64 total_frames;

static struct frame *frame_at(u64 mfn)
{
    return mfn_to_frame(to_mfn(mfn));
}

static void scrub(u64 mfn)
{
    memset(mfn_to_virt(to_mfn(mfn)), 0, PAGE_SIZE);
}

/* Taking. Under the lock only the choice is made; scrubbing and flushing come after it. */

/*
 * Give the buddies up to @count frames of the scrub list as they are: their links tell that they
 * are dirty.
 */
static bool drain_scrub_list(unsigned int count)
{
    bool any = scrub_first != 0;

    for ( ; scrub_first && count; count-- )
    {
        u32 mfn = scrub_first;

        scrub_first = frame_at(mfn)->next;
        nr_scrub--;
        buddy_give(mfn, 0);
    }
    return any;
}

static bool drain_hot(void)
{
    bool any = mm_hot.nr != 0;

    while ( mm_hot.nr )
        buddy_give(mm_hot.mfn[--mm_hot.nr], 0);
    return any;
}

static bool drain_cut(void)
{
    u64 first = cut_next;

    cut_next = cut_end;
    buddy_give_range(first, cut_end);
    return first != cut_end;
}

/* buddy_take(), when all that is free and elsewhere has gone to the buddies if it must. */
static u64 take_block(unsigned int *order, unsigned int most, unsigned int max_bits)
{
    u64 mfn;

    do
        mfn = buddy_take(order, most, max_bits);
    while ( !mfn && (drain_scrub_list(DRAIN_AT_ONCE) || drain_hot() || drain_cut()) );
    return mfn;
}

/*
 * A single frame for the domain with @tag: the one freed last if that was its own, as there is nothing
 * to clean; for others the hot ones are good enough when there are many. Then the next of a block that
 * is cut up.
 */
static u64 take_single(u32 tag)
{
    unsigned int order = 0;

    if ( mm_hot.nr >= HOT_FRAMES / 2 ||
         (mm_hot.nr && tag >= FRAME_FIRST_TAG && frame_at(mm_hot.mfn[mm_hot.nr - 1])->link == tag) )
        return mm_hot.mfn[--mm_hot.nr];
    if ( cut_next == cut_end )
    {
        cut_next = take_block(&order, CUT_ORDER, 0);
        if ( !cut_next )
            return cut_end = 0;
        cut_end = cut_next + (1UL << order);
    }
    return cut_next++;
}

/* What is free, and zeroed from now on, nobody may write to by what his TLB still has. */
static void flush_free(struct frame *frame)
{
    tlb_flush_stamped(frame);
    frame->tlb_stamp = 0;
}

/*
 * Make a frame fit for an owner whose tag is @tag. What was its own it may have as it is, stale TLB
 * entries included.
 */
static inline void make_clean(struct frame *frame, u64 mfn, u32 tag, bool leftovers)
{
    u32 holds = frame->link;

    frame->link = 0;
    if ( holds == tag && tag >= FRAME_FIRST_TAG )
        return;
    if ( GUARD(flush_for_owner, frame->tlb_stamp) )
        flush_free(frame);
    if ( GUARD(scrub_for_owner, holds != FRAME_ZEROED && !(holds == FRAME_LEFTOVER && leftovers)) )
        scrub(mfn);
}

static inline u64 frame_take(u32 tag, bool leftovers)
{
    u64 mfn;

    lock_acquire(&mm_hot.lock);
    mfn = take_single(tag);
    lock_release(&mm_hot.lock);
    if ( mfn )
        make_clean(frame_at(mfn), mfn, tag, leftovers);
    return mfn;
}

/* Apart, so that a single frame's way saves no registers for it. */
static __attribute__((noinline)) u64 block_take(unsigned int order, unsigned int max_bits, u32 tag,
                                                bool leftovers)
{
    struct frame *frame;
    u64 mfn;

    lock_acquire(&mm_hot.lock);
    mfn = take_block(&order, order, max_bits);
    lock_release(&mm_hot.lock);
    if ( !mfn )
        return 0;

    frame = frame_at(mfn);
    for ( u64 i = 0; i < 1UL << order; i++, frame++ )
        if ( !leftovers || (frame->link | frame->tlb_stamp) ) /* none of what boot gives to dom0 */
            make_clean(frame, mfn + i, tag, leftovers);
    return mfn;
}

u64 frames_take(unsigned int order, unsigned int max_bits, u32 tag, bool leftovers)
{
    return order | max_bits ? block_take(order, max_bits, tag, leftovers)
                            : frame_take(tag, leftovers);
}

static inline void put_hot(u64 mfn)
{
    if ( mm_hot.nr == HOT_FRAMES )
    {
        /* The older half goes. */
        for ( u32 i = 0; i < HOT_FRAMES / 2; i++ )
            buddy_give(mm_hot.mfn[i], 0);
        memmove(mm_hot.mfn, mm_hot.mfn + HOT_FRAMES / 2, HOT_FRAMES / 2 * sizeof(mm_hot.mfn[0]));
        mm_hot.nr = HOT_FRAMES / 2;
    }
    mm_hot.mfn[mm_hot.nr++] = (u32)mfn;
}

void frames_put(u64 mfn, u32 tag, bool keep_hot)
{
    struct frame *frame = frame_at(mfn);

    frame_set_free(frame, tag);
    lock_acquire(&mm_hot.lock);
    if ( keep_hot )
        put_hot(mfn);
    else
    {
        frame->next = scrub_first;
        scrub_first = (u32)mfn;
        nr_scrub++;
    }
    lock_release(&mm_hot.lock);
}

void *mm_alloc(unsigned int order)
{
    return mm_alloc_below(order, 0);
}

void *mm_alloc_below(unsigned int order, unsigned int max_bits)
{
    u64 mfn = frames_take(order, max_bits, FRAME_ZEROED, false);

    if ( !mfn )
        return NULL;
    for ( u64 i = 0; i < 1UL << order; i++ )
    {
        struct frame *frame = frame_at(mfn + i);

        frame->next = frame->prev = 0;
        frame->owner = DOMID_NOBODY;
        frame->state = FRAME_HYPERVISOR | FRAME_REF_ONE;
    }
    return mfn_to_virt(to_mfn(mfn));
}

void mm_free(void *va, unsigned int order)
{
    u64 mfn;

    if ( !va )
        return;
    mfn = virt_to_mfn(va).n;
    for ( u64 i = 0; i < 1UL << order; i++ )
    {
        struct frame *frame = frame_at(mfn + i);

        BUG_ON(frame->state != (FRAME_HYPERVISOR | FRAME_REF_ONE));
        frame->state = 0;
        frame->link = FRAME_DIRTY;
    }
    lock_acquire(&mm_hot.lock);
    buddy_give(mfn, order);
    lock_release(&mm_hot.lock);
}

void frames_add(u64 first, u64 end)
{
    lock_acquire(&mm_hot.lock);
    buddy_give_range(first, end);
    lock_release(&mm_hot.lock);
}

bool mm_scrub_some(void)
{
    for ( unsigned int i = 0; i < SCRUB_AT_ONCE; i++ )
    {
        u32 mfn;

        lock_acquire(&mm_hot.lock);
        mfn = scrub_first;
        if ( mfn )
            scrub_first = frame_at(mfn)->next;
        lock_release(&mm_hot.lock);
        if ( !mfn )
            return false;

        if ( GUARD(flush_for_scrub, frame_at(mfn)->tlb_stamp) )
            flush_free(frame_at(mfn));
        scrub(mfn);
        frame_at(mfn)->link = FRAME_ZEROED;
        lock_acquire(&mm_hot.lock);
        nr_scrub--;
        buddy_give(mfn, 0);
        lock_release(&mm_hot.lock);
    }
    return true;
}

static u64 all_free(void)
{
    return buddy_free_frames() + mm_hot.nr + nr_scrub + (cut_end - cut_next);
}

u64 mm_free_pages(void)
{
    u64 frames;

    lock_acquire(&mm_hot.lock);
    frames = all_free();
    lock_release(&mm_hot.lock);
    return frames;
}

bool frames_unclaimed(u64 count)
{
    u64 frames;

    /* What is not there is found out by taking it. */
    if ( __builtin_expect(!READ_ONCE(mm_hot.nr_claimed), 1) )
        return true;
    lock_acquire(&mm_hot.lock);
    frames = all_free();
    frames -= min(frames, mm_hot.nr_claimed);
    lock_release(&mm_hot.lock);
    return frames >= count;
}

bool frames_claim(u64 frames)
{
    bool ok;

    lock_acquire(&mm_hot.lock);
    ok = frames <= all_free() && mm_hot.nr_claimed <= all_free() - frames;
    if ( ok )
        mm_hot.nr_claimed += frames;
    lock_release(&mm_hot.lock);
    return ok;
}

void frames_unclaim(u64 frames)
{
    lock_acquire(&mm_hot.lock);
    mm_hot.nr_claimed -= min(frames, mm_hot.nr_claimed);
    lock_release(&mm_hot.lock);
}

void frames_set_total(u64 frames)
{
    total_frames = frames;
}

u64 mm_total_pages(void)
{
    return total_frames;
}

unsigned int mm_address_bits(void)
{
    return PAGE_SHIFT + fls64(frame_limit - 1);
}

/* Debug key 'm'. */
void mm_dump(void)
{
    u64 of_domains = 0;
    struct domain *d = domain_first_at_or_above(0), *next;

    while ( d )
    {
        log_error("  d%u: %lu frames of %lu, %u shared, %lu claimed", d->id, d->memory.tot_pages,
                  d->memory.max_pages, d->memory.shared_frames, d->memory.claimed);
        of_domains += d->memory.tot_pages;
        next = domain_first_at_or_above((domid_t)(d->id + 1));
        domain_put(d);
        d = next;
    }
    log_error("%lu frames: %lu free (%lu to be scrubbed), %lu domains', %lu the hypervisor's",
              total_frames, mm_free_pages(), nr_scrub, of_domains,
              total_frames - mm_free_pages() - of_domains);
}
