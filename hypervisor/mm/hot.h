/*
 * Single frames that were freed lately, the latest first: a domain that balloons gets its own back, inline.
 */
#ifndef MM_HOT_H
#define MM_HOT_H

#include "lib/atomic.h"
#include "mm/internal.h"
#include "smp/lock.h"

#define HOT_FRAMES 64

extern struct mm_hot {
    struct lock lock; /* LOCK_ALLOC: of all that alloc.c has */
    u64 nr;
    u32 mfn[HOT_FRAMES];
    u64 nr_claimed; /* not of these alone: of all free frames */
} mm_hot;

/* A frame becomes free; what it holds, @tag tells. */
static inline void frame_set_free(struct frame *frame, u32 tag)
{
    frame->link = tag;
    frame->linear = 0;
    frame->progress = 0;
    WRITE_ONCE(frame->owner, DOMID_NOBODY);
    atomic_store(&frame->state, 0);
}

/* Keep a frame that holds what @tag's domain wrote at hand. False: there is no room. Takes LOCK_ALLOC, as hot_take. */
static inline bool hot_put(mfn_t mfn, u32 tag)
{
    u64 nr;

    lock_acquire(&mm_hot.lock);
    nr = mm_hot.nr;
    if ( nr < HOT_FRAMES )
    {
        frame_set_free(mfn_to_frame(mfn), tag);
        mm_hot.mfn[nr] = (u32)mfn.n;
        mm_hot.nr = nr + 1;
    }
    lock_release(&mm_hot.lock);
    return nr < HOT_FRAMES;
}

/*
 * The frame that was freed last, if it was @tag's and nobody has claimed any: who had it may have it as it is, stale
 * TLB entries included. 0: it isn't so.
 */
static inline u64 hot_take(u32 tag)
{
    u64 nr, mfn = 0;

    lock_acquire(&mm_hot.lock);
    nr = mm_hot.nr;
    if ( nr && !mm_hot.nr_claimed && tag >= FRAME_FIRST_TAG )
    {
        u32 last = mm_hot.mfn[nr - 1];
        struct frame *frame = mfn_to_frame(to_mfn(last));

        if ( frame->link == tag )
        {
            frame->link = 0;
            mm_hot.nr = nr - 1;
            mfn = last;
        }
    }
    lock_release(&mm_hot.lock);
    return mfn;
}

#endif
