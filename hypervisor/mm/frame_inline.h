/*
 * The hot paths of frame.h, inline for the page-table engine: a reference with or without the type WRITABLE, one
 * compare-exchange each.
 */
#ifndef MM_FRAME_INLINE_H
#define MM_FRAME_INLINE_H

#include "lib/atomic.h"
#include "mm/frame.h"

/* In frame.c: the last reference is gone. */
void frame_unused(struct frame *frame);

/* May another reference be taken? There is one, so that the frame is somebody's, and room for more. */
static inline bool frame_referable(u64 state)
{
    return frame_refs(state) - 1 < FRAME_REF_LIMIT;
}

/*
 * The owner is compared on both sides of the exchange: before it, so that no reference to a stranger's frame is ever seen; after
 * it, since the frame may have been freed and given away between the two reads, with an equal word.
 */
static inline bool frame_get_inline(struct frame *frame, domid_t owner)
{
    u64 old = READ_ONCE(frame->state);

    do
        if ( !frame_referable(old) || READ_ONCE(frame->owner) != owner )
            return false;
    while ( !atomic_cmpxchg(&frame->state, &old, old + FRAME_REF_ONE) );

    if ( __builtin_expect(READ_ONCE(frame->owner) == owner, 1) )
        return true;
    frame_put(frame);
    return false;
}

/* For the engine's own sake: finds room beyond the limit. False only for a frame that is being freed. */
static inline bool frame_get_internal(struct frame *frame)
{
    u64 old = READ_ONCE(frame->state);

    do
        if ( !frame_refs(old) )
            return false;
    while ( !atomic_cmpxchg(&frame->state, &old, old + FRAME_REF_ONE) );

    return true;
}

static inline void frame_put_inline(struct frame *frame)
{
    if ( !frame_refs(atomic_sub_return(&frame->state, FRAME_REF_ONE)) )
        frame_unused(frame);
}

/* frame_get_and_type for a frame that is WRITABLE already: false leaves it to the slow path. The count can't exceed the references. */
static inline bool frame_get_writable_fast(struct frame *frame, domid_t owner)
{
    const u64 want = FRAME_VALIDATED | (u64)FRAME_WRITABLE << FRAME_TYPE_SHIFT;
    u64 old = READ_ONCE(frame->state);

    if ( (old & (FRAME_VALIDATED | FRAME_TYPE_MASK)) != want || !frame_referable(old) || READ_ONCE(frame->owner) != owner ||
         !atomic_cmpxchg(&frame->state, &old, old + FRAME_TYPE_ONE + FRAME_REF_ONE) )
        return false;

    if ( __builtin_expect(READ_ONCE(frame->owner) == owner, 1) )
        return true;
    frame_put_and_type(frame);
    return false;
}

/* Drop a reference and a type reference that are not the last: false leaves it to the slow path. */
static inline bool frame_put_writable_fast(struct frame *frame)
{
    u64 old = READ_ONCE(frame->state);

    return (old & FRAME_COUNT_MASK) > FRAME_TYPE_ONE &&
           atomic_cmpxchg(&frame->state, &old, old - FRAME_TYPE_ONE - FRAME_REF_ONE);
}

#endif
