/*
 * References and types of frames: one 64-bit word each, changed only by compare-exchange or atomic
 * addition.
 *
 * What the word goes through (count: type references; every one of them holds a reference too):
 *
 *                        claim                commit
 *     count 0, any type --------> LOCKED ----------------> VALIDATED <---> VALIDATED
 *         ^                        |  ^ |                   count 1         count n
 *         |                suspend |  | | condemn              |
 *         |                        v  | |                      | retire: the last table reference
 *         |                    PARTIAL  |                      | goes (leaves straight to count 0)
 *         |                condemn |    |                      |
 *         |  release               v    v                      |
 *         +---------------------- DEAD <-----------------------+
 *
 *  - LOCKED, PARTIAL and DEAD frames have type count 1, and that type reference and one reference
 *    are the frame's own: nobody else needs to remember them. So whoever comes next resumes a
 *    suspended validation, and what is half-validated, failed or no longer used is taken apart by
 *    whoever works on the owner's list of DEAD frames.
 *  - In these three states entries below frame->progress hold the references that a valid table's
 *    entries hold, and the others hold none. Only pv/pagetable brings tables there, under the
 *    owner's LOCK_PAGETABLE.
 *  - A frame is LOCKED *before* TLBs are flushed for its change of type and becomes VALIDATED after
 *    it: nobody can use it as the new type while a stale entry uses it as the old one, and nobody
 *    can use it as the old type again.
 *  - WRITABLE needs no validation, so that the next claim of a frame that was WRITABLE only counts.
 *    Its last type reference, and that of descriptors, goes by way of LOCKED, while the frame is
 *    stamped.
 *    Descriptors and tables are validated anew whenever the count leaves 0.
 */
#include "mm/frame.h"

#include "console/console.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "lib/guard.h"
#include "mm/frame_inline.h"
#include "mm/map.h"
#include "mm/tlb.h"
#include "pv/segment/segment.h"
#include "smp/smp.h"

bool frame_get(struct frame *frame, domid_t owner)
{
    return frame_get_inline(frame, owner);
}

void frame_put(struct frame *frame)
{
    frame_put_inline(frame);
}

void frame_mapped_uncached(struct frame *frame, bool writable)
{
    u64 flag = writable ? FRAME_UNCACHED : 0;

    if ( !(atomic_fetch_or(&frame->state, flag) & FRAME_UNCACHED) )
        tlb_flush_cached_page(mfn_to_virt(frame_to_mfn(frame)));
}

/*
 * Nobody uses @frame as what it was, nor can by a stale TLB entry. What we read next of a table,
 * and the processor's walks too, must be the same as what comes later (XSA-402).
 */
static void end_old_use(struct frame *frame, u64 old)
{
    tlb_flush_stamped(frame);
    if ( GUARD(flush_of_caches, old & FRAME_UNCACHED) )
    {
        tlb_flush_cached_page(mfn_to_virt(frame_to_mfn(frame)));
        atomic_fetch_and(&frame->state, ~FRAME_UNCACHED);
    }
}

/*
 * Claim a frame at type count 0, whose word was @old. 0, FRAME_CLAIMED, -EINVAL; -EAGAIN the word
 * has changed.
 *
 * The frame's own reference comes with the claim and goes with the commit: FRAME_REF_LIMIT leaves
 * room for it. A frame without a type that has a stamp came back to the owner it had before:
 * nothing was flushed for that.
 */
static long claim_unused(struct frame *frame, enum frame_type type, u64 old)
{
    enum frame_type was = frame_type_of(old);
    bool writable = type == FRAME_WRITABLE;
    bool flush = GUARD(flush_for_type, was != type && (was != FRAME_NONE || frame->tlb_stamp));
    u64 new = (old & ~(FRAME_TYPE_MASK | FRAME_VALIDATED)) | (u64)type << FRAME_TYPE_SHIFT;

    if ( GUARD(hypervisors_frames, old & FRAME_HYPERVISOR) || type == FRAME_SHARED )
        return -EINVAL;

    if ( writable && !flush )
        return atomic_cmpxchg(&frame->state, &old, (new | FRAME_VALIDATED) + FRAME_TYPE_ONE)
                   ? 0
                   : -EAGAIN;

    if ( !atomic_cmpxchg(&frame->state, &old,
                         (new | FRAME_LOCKED) + FRAME_TYPE_ONE + FRAME_REF_ONE) )
        return -EAGAIN;
    frame->progress = 0;
    if ( flush )
        end_old_use(frame, old);
    if ( !writable )
        return FRAME_CLAIMED;

    frame_commit_type(frame);
    return 0;
}

/*
 * Another CPU changes the type, validates a descriptor page or stamps the frame: it does not wait
 * for us, but may want our TLB flushed.
 */
static void wait_while_locked(const struct frame *frame)
{
    while ( READ_ONCE(frame->state) & FRAME_LOCKED )
    {
        smp_poll();
        cpu_relax();
    }
}

/* Claim a frame whose type is in use. As claim_unused. */
static long claim_used(struct frame *frame, enum frame_type type, u64 old)
{
    if ( frame_type_of(old) != type )
        return -EINVAL;
    if ( old & FRAME_VALIDATED )
        return atomic_cmpxchg(&frame->state, &old, old + FRAME_TYPE_ONE) ? 0 : -EAGAIN;
    if ( old & FRAME_DEAD )
        return -ERESTART;
    if ( old & FRAME_PARTIAL )
        return atomic_cmpxchg(&frame->state, &old, old ^ (FRAME_PARTIAL | FRAME_LOCKED))
                   ? FRAME_CLAIMED
                   : -EAGAIN;

    wait_while_locked(frame);
    return -EAGAIN;
}

long frame_claim_type(struct frame *frame, enum frame_type type)
{
    long rc;

    do
    {
        u64 old = READ_ONCE(frame->state);

        rc = old & FRAME_COUNT_MASK ? claim_used(frame, type, old) : claim_unused(frame, type, old);
    } while ( rc == -EAGAIN );

    return rc;
}

/*
 * The claimer of a LOCKED frame owns the flags: others may change only its references meanwhile, so
 * that adding is enough.
 */
void frame_commit_type(struct frame *frame)
{
    atomic_fetch_add(&frame->state, FRAME_VALIDATED - FRAME_LOCKED - FRAME_REF_ONE);
}

void frame_suspend_type(struct frame *frame)
{
    atomic_fetch_add(&frame->state, FRAME_PARTIAL - FRAME_LOCKED);
}

void frame_condemn_type(struct frame *frame)
{
    u64 from = READ_ONCE(frame->state) & (FRAME_LOCKED | FRAME_PARTIAL);

    atomic_fetch_add(&frame->state, FRAME_DEAD - from);
}

/* The table's last type reference and the reference with it become the frame's own. */
bool frame_retire_type(struct frame *frame)
{
    u64 old = READ_ONCE(frame->state), new;

    do
    {
        ASSERT(old & FRAME_VALIDATED);
        new = frame_type_count(old) > 1 ? old - FRAME_TYPE_ONE - FRAME_REF_ONE
                                        : old ^ (FRAME_VALIDATED | FRAME_DEAD);
    } while ( !atomic_cmpxchg(&frame->state, &old, new) );

    return new &FRAME_DEAD;
}

void frame_release_type(struct frame *frame)
{
    u64 left;

    GUARD_STEP(stamp_of_tables, tlb_stamp(frame));
    left = atomic_sub_return(&frame->state, FRAME_DEAD + FRAME_TYPE_ONE + FRAME_REF_ONE);
    if ( !frame_refs(left) )
        frame_unused(frame);
}

/* Look at a LOCKED page of descriptors. 0 or -EINVAL: nobody has it as a type then. */
static long validate_descriptors(struct frame *frame)
{
    long rc = GUARD(descriptors_anew,
                    segment_validate_page(mfn_to_virt(frame_to_mfn(frame)), frame->owner));

    if ( !rc )
        frame_commit_type(frame);
    else
        /* Its caller holds a reference: this is not the last. */
        atomic_fetch_sub(&frame->state, FRAME_LOCKED + FRAME_TYPE_ONE + FRAME_REF_ONE);

    return rc;
}

long frame_get_type(struct frame *frame, enum frame_type type)
{
    long rc;

    BUG_ON(frame_type_is_table(type));
    rc = frame_claim_type(frame, type);

    return rc == FRAME_CLAIMED ? validate_descriptors(frame) : rc;
}

/*
 * Drop a type reference that is not a table's, and @refs references with it.
 *
 * The last one goes in two steps, with the frame LOCKED in between. The stamp comes before the
 * count reaches 0, since from then on another CPU may claim the frame and flush by the stamp; and
 * after all mappings were cleared. Were the frame not locked, another CPU could map and unmap it
 * between our look at the clock and the end, and leave a word that looks the same and a stamp that
 * is too old (XSA-401 was such a race).
 */
static void put_leaf_type(struct frame *frame, u64 refs)
{
    u64 old = READ_ONCE(frame->state), new;
    bool last;

    do
    {
        last = frame_type_count(old) == 1;
        BUG_ON(!frame_type_count(old) || (last && frame_type_is_table(frame_type_of(old))));
        new = last ? old ^ GUARD(stamp_while_locked, FRAME_VALIDATED | FRAME_LOCKED)
                   : old - FRAME_TYPE_ONE - refs;
    } while ( !atomic_cmpxchg(&frame->state, &old, new) );

    if ( last )
    {
        u64 locked = FRAME_LOCKED & new;

        GUARD_STEP(stamp_of_writable, tlb_stamp(frame));
        new = atomic_sub_return(&frame->state, locked + FRAME_TYPE_ONE + refs);
    }
    if ( !frame_refs(new) )
        frame_unused(frame);
}

void frame_put_type(struct frame *frame)
{
    put_leaf_type(frame, 0);
}

long frame_get_and_type(struct frame *frame, domid_t owner, enum frame_type type)
{
    long rc;

    if ( !frame_get(frame, owner) )
        return -EBUSY;
    rc = frame_get_type(frame, type);
    if ( rc )
        frame_put(frame);

    return rc;
}

void frame_put_and_type(struct frame *frame)
{
    if ( !frame_put_and_type_fast(frame) )
        put_leaf_type(frame, FRAME_REF_ONE);
}

void frame_put_and_type_several(struct frame *frame, unsigned int n)
{
    while ( n-- )
        frame_put_and_type(frame);
}

long frame_get_and_type_several(struct frame *frame, domid_t owner, enum frame_type type,
                                unsigned int n)
{
    for ( unsigned int i = 0; i < n; i++ )
    {
        long rc = frame_get_and_type(frame, owner, type);

        if ( rc )
        {
            frame_put_and_type_several(frame, i);
            return rc;
        }
    }
    return 0;
}

void frame_unused(struct frame *frame)
{
    if ( !(READ_ONCE(frame->state) & FRAME_HYPERVISOR) )
        mm_frame_unused(frame);
}
