/*
 * Buddies: a free block of 2^order frames begins at a multiple of its size; with its buddy, if that
 * is free too, it makes a block of the next order.
 *
 * Blocks are listed by order and by zone: zone z holds the blocks whose frame numbers have bit z as
 * their highest, so that "below so many address bits" is a choice of zones, and memory that few
 * devices' addresses reach is used last. A block never spans zones, because frame 0 belongs to
 * nobody.
 *
 * In the frame table a block's first frame is marked FRAME_FREE and knows the order; the words of
 * the others are zero.
 */
#include "console/console.h"
#include "lib/bits.h"
#include "mm/internal.h"

#define FRAME_FREE (1UL << 63)
#define NR_ZONES   32

struct zone {
    u32 first[MM_MAX_ORDER + 1]; /* lists by frame number */
    u32 orders;                  /* bit k: there is a block of order k */
};

static struct zone zones[NR_ZONES];
static u32 zones_used; /* bit z: zone z has a block */
static u64 free_frames;

static struct frame *frame_at(u64 mfn)
{
    return mfn_to_frame(to_mfn(mfn));
}

static unsigned int zone_of(u64 mfn)
{
    return fls64(mfn) - 1;
}

static void block_insert(u64 mfn, unsigned int order)
{
    struct zone *zone = &zones[zone_of(mfn)];
    struct frame *frame = frame_at(mfn);
    u32 next = zone->first[order];

    frame->state = FRAME_FREE;
    frame->progress = (u16)order;
    frame->prev = 0;
    frame->next = next;
    if ( next )
        frame_at(next)->prev = (u32)mfn;
    zone->first[order] = (u32)mfn;
    zone->orders |= 1u << order;
    zones_used |= 1u << zone_of(mfn);
}

static void block_remove(u64 mfn, unsigned int order)
{
    struct zone *zone = &zones[zone_of(mfn)];
    struct frame *frame = frame_at(mfn);

    if ( frame->next )
        frame_at(frame->next)->prev = frame->prev;
    if ( frame->prev )
        frame_at(frame->prev)->next = frame->next;
    else
        zone->first[order] = frame->next;
    if ( !zone->first[order] )
    {
        zone->orders &= ~(1u << order);
        if ( !zone->orders )
            zones_used &= ~(1u << zone_of(mfn));
    }
    frame->state = 0;
    frame->progress = 0;
}

/* The smallest block that is large enough, in the highest zone that has one. False: none. */
static bool find_block(unsigned int order, u32 allowed, u64 *mfn, unsigned int *found)
{
    for ( u32 left = zones_used & allowed; left; )
    {
        unsigned int z = fls64(left) - 1;
        u32 orders = zones[z].orders & (~0u << order);

        if ( orders )
        {
            *found = ffs64(orders) - 1;
            *mfn = zones[z].first[*found];
            return true;
        }
        left &= ~(1u << z);
    }
    return false;
}

u64 buddy_take(unsigned int *order, unsigned int most, unsigned int max_bits)
{
    u32 allowed = ~0u;
    unsigned int found;
    u64 mfn;

    if ( max_bits && max_bits < NR_ZONES + PAGE_SHIFT )
        allowed = max_bits > PAGE_SHIFT ? (1u << (max_bits - PAGE_SHIFT)) - 1 : 0;
    if ( *order > MM_MAX_ORDER || !find_block(*order, allowed, &mfn, &found) )
        return 0;

    block_remove(mfn, found);
    while ( found > most )
    {
        found--;
        block_insert(mfn + (1UL << found), found);
    }
    *order = found;
    free_frames -= 1UL << found;
    return mfn;
}

static bool is_free_block(u64 mfn, unsigned int order)
{
    struct frame *frame;

    if ( !mfn_valid(to_mfn(mfn)) )
        return false;
    frame = frame_at(mfn);
    return frame->state == FRAME_FREE && frame->progress == order;
}

void buddy_give(u64 mfn, unsigned int order)
{
    ASSERT(mfn && IS_ALIGNED(mfn, 1UL << order));
    free_frames += 1UL << order;
    for ( ; order < MM_MAX_ORDER; order++ )
    {
        u64 buddy = mfn ^ (1UL << order);

        if ( !is_free_block(buddy, order) )
            break;
        block_remove(buddy, order);
        mfn &= ~(1UL << order);
    }
    block_insert(mfn, order);
}

void buddy_give_range(u64 first, u64 end)
{
    while ( first < end )
    {
        unsigned int order = min_t(unsigned int, ffs64(first) - 1, fls64(end - first) - 1);

        order = min_t(unsigned int, order, MM_MAX_ORDER);
        buddy_give(first, order);
        first += 1UL << order;
    }
}

u64 buddy_free_frames(void)
{
    return free_frames;
}
