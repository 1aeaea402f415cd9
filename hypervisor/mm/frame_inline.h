/*
 * The hot paths of frame.h, inline: references, with a type or without, one compare-exchange each.
 */
#ifndef MM_FRAME_INLINE_H
#define MM_FRAME_INLINE_H

#include "lib/atomic.h"
#include "lib/guard.h"
#include "mm/frame.h"

/* In frame.c: the last reference is gone. */
void frame_unused(struct frame *frame);

/*
 * Does @mfn have a struct frame that can be read? Enough for who then asks whether it is a guest's:
 * what is no RAM is no guest's.
 */
static inline bool mfn_has_frame(mfn_t mfn)
{
    return mfn.n < frame_limit;
}

/*
 * May another reference be taken? There is one, so that the frame is somebody's, and room for more: one less than there
 * are is below the limit, which is a power of two.
 */
static inline bool frame_referable(u64 state)
{
    return !((u32)(state - FRAME_REF_ONE) & FRAME_REF_LIMIT);
}

/* Is the frame valid as a @type that may be counted? */
static inline bool frame_is_valid_as(u64 state, enum frame_type type)
{
    const u64 flag = FRAME_VALIDATED >> FRAME_TYPE_SHIFT;

    return ((state >> FRAME_TYPE_SHIFT) & (flag | 0xf)) == (flag | type);
}

static inline bool frame_is_of(const struct frame *frame, domid_t owner)
{
    return READ_ONCE_IS(frame->owner, owner);
}

/*
 * The owner is compared on both sides of the exchange: before it, so that no reference to a
 * stranger's frame is ever seen; after it, since the frame may have been freed and given away
 * between the two reads, with an equal word.
 */
static inline bool frame_get_several(struct frame *frame, domid_t owner, unsigned int n)
{
    u64 old = READ_ONCE(frame->state);

    do
        if ( !frame_referable(old) || !frame_is_of(frame, owner) )
            return false;
    while ( !atomic_cmpxchg(&frame->state, &old, old + n * FRAME_REF_ONE) );

    if ( __builtin_expect(!GUARD(owner_again, !frame_is_of(frame, owner)), 1) )
        return true;
    while ( n-- )
        frame_put(frame);
    return false;
}

static inline bool frame_get_inline(struct frame *frame, domid_t owner)
{
    return frame_get_several(frame, owner, 1);
}

/*
 * For the engine's own sake: finds room beyond the limit. False only for a frame that is being
 * freed.
 */
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

/*
 * Mappings of frames that are mapped so already: one compare-exchange, and whatever is not as usual
 * goes a slower path. Where there is a type reference there is a reference, and the type count
 * never exceeds the references. A frame that is valid as something has a type reference.
 */

/*
 * What may be taken of a frame in state @state for its use as @type: 0 leaves it to the slow path. What is looked at
 * spans 32 bits.
 */
static inline u64 frame_takable_as(u64 state, enum frame_type type)
{
    const u32 looked_at = (FRAME_VALIDATED | FRAME_TYPE_MASK | FRAME_REF_LIMIT) / FRAME_REF_LIMIT;
    const u32 wanted = (u32)((FRAME_VALIDATED | (u64)type << FRAME_TYPE_SHIFT) / FRAME_REF_LIMIT);

    return ((u32)(state / FRAME_REF_LIMIT) & looked_at) == wanted ? FRAME_TYPE_ONE + FRAME_REF_ONE
                                                                  : 0;
}

/* ... for a mapping. */
static inline u64 frame_takable(u64 state, bool writable)
{
    if ( __builtin_expect(writable, 1) )
        return frame_takable_as(state, FRAME_WRITABLE);
    return frame_referable(state) ? FRAME_REF_ONE : 0;
}

/*
 * At least two (type) references: only the lowest bits of the type count are looked at, which is one instruction;
 * should they all be 0 the slow path is right too.
 */
#define FRAME_COUNT_TWO 0xf8000000u
#define FRAME_REFS_TWO  0x03fffffeu

/* Drop a reference and a type reference that are not the last: false leaves it to the slow path. */
static inline bool frame_put_and_type_fast(struct frame *frame)
{
    u64 old = READ_ONCE(frame->state);

    return ((u32)old & FRAME_COUNT_TWO) &&
           atomic_cmpxchg(&frame->state, &old, old - FRAME_TYPE_ONE - FRAME_REF_ONE);
}

/* The same of a reference alone. */
static inline bool frame_put_fast(struct frame *frame)
{
    u64 old = READ_ONCE(frame->state);

    return ((u32)old & FRAME_REFS_TWO) && atomic_cmpxchg(&frame->state, &old, old - FRAME_REF_ONE);
}

/* @n times what a mapping holds, which is not all that there is: false leaves it to the slow path. */
static inline bool frame_put_several(struct frame *frame, bool writable, unsigned int n)
{
    u64 old = READ_ONCE(frame->state);

    if ( (writable ? frame_type_count(old) : frame_refs(old)) <= n )
        return false;
    return atomic_cmpxchg(&frame->state, &old,
                          old - n * (writable ? FRAME_TYPE_ONE + FRAME_REF_ONE : FRAME_REF_ONE));
}

/*
 * What is used at once needs no reference: is @mfn a frame of @owner's, in use as a page if @write? A frame that the
 * running domain has, or has writable, is for this CPU what an entry of its TLB is: whoever gives it to others, or
 * makes a table of it, has this CPU flush first (mm/tlb.h), and so waits until it looks up from what it is doing. So
 * does who gives it a frame of others, between our two looks. Hence: @owner is the domain that runs here, and between
 * this and the last access nothing may wait for a lock, nor for another CPU. False leaves it to who takes references.
 */
static inline bool frame_usable_at_once(mfn_t mfn, domid_t owner, bool write)
{
    const struct frame *frame = mfn_to_frame(mfn);

    return mfn_has_frame(mfn) &&
           (write ? frame_takable_as(READ_ONCE(frame->state), FRAME_WRITABLE)
                  : READ_ONCE(frame->state) & FRAME_ALLOCATED) &&
           !GUARD(at_once_owner, !frame_is_of(frame, owner));
}

enum frame_take {
    FRAME_TAKEN,
    FRAME_NOT_TAKEN, /* nothing was: somebody who may wait knows more, or why not */
    FRAME_MISTAKEN,  /* of a frame that just became a stranger's: give it back */
};

/*
 * @n times what a mapping of @owner's own page holds, in one step and without a wait. What is the hypervisor's, and
 * only shared with him, isn't among his pages.
 */
static inline __attribute__((always_inline)) enum frame_take
frame_take_page(mfn_t mfn, domid_t owner, bool write, unsigned int n)
{
    struct frame *frame = mfn_to_frame(mfn);
    u64 old, some;

    if ( !mfn_has_frame(mfn) )
        return FRAME_NOT_TAKEN;
    old = READ_ONCE(frame->state);
    some = frame_takable(old, write);
    if ( !some || (!write && GUARD(once_own_page, old & FRAME_HYPERVISOR)) ||
         !frame_is_of(frame, owner) || !atomic_cmpxchg(&frame->state, &old, old + n * some) )
        return FRAME_NOT_TAKEN;
    return __builtin_expect(frame_is_of(frame, owner), 1) ? FRAME_TAKEN : FRAME_MISTAKEN;
}

/* In frame.c: @n times frame_get_and_type, or not once; frame_put_and_type. */
long frame_get_and_type_several(struct frame *frame, domid_t owner, enum frame_type type,
                                unsigned int n);
void frame_put_and_type_several(struct frame *frame, unsigned int n);

/* The same, and frame_put_and_type, where frames are in use as that type already. */
static inline long frame_get_used_several(struct frame *frame, domid_t owner, enum frame_type type,
                                          unsigned int n)
{
    u64 old = READ_ONCE(frame->state), some = frame_takable_as(old, type);

    if ( __builtin_expect(!some || !frame_is_of(frame, owner) ||
                              !atomic_cmpxchg(&frame->state, &old, old + n * some),
                          0) )
        return frame_get_and_type_several(frame, owner, type, n);
    if ( __builtin_expect(!GUARD(owner_again, !frame_is_of(frame, owner)), 1) )
        return 0;
    frame_put_and_type_several(frame, n);
    return -EBUSY;
}

static inline long frame_get_used(struct frame *frame, domid_t owner, enum frame_type type)
{
    return frame_get_used_several(frame, owner, type, 1);
}

static inline void frame_put_used(struct frame *frame)
{
    if ( __builtin_expect(!frame_put_and_type_fast(frame), 0) )
        frame_put_and_type(frame);
}

#endif
