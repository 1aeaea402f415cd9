/*
 * The end of a domain: take its tables apart, then give up its frames.
 *
 * In passes over the list of its frames. First roots and pins go, and validations that nobody will
 * resume; what dies of that is taken apart on the way. With no root, no pin and no suspended
 * validation left, no table is in use: linear entries keep no circle alive (linear.c). Then the
 * owner's reference of each frame goes, and frames that other domains still map stay theirs to
 * release.
 *
 * Nothing of the domain runs any more, and hypercalls for its tables are refused since it is not
 * alive. Between slices the pass remembers where it is by a frame to which it holds a reference,
 * which keeps that on the list.
 */
#include "lib/atomic.h"
#include "mm/alloc.h"
#include "pv/pagetable/internal.h"
#include "smp/smp.h"

enum pass {
    PASS_ROOTS,
    PASS_TABLES,
    PASS_FRAMES,
    PASS_DONE,
};

/* Frames between two looks at whether it is time to stop. */
#define STRIDE 256

/* Where the last slice of this pass stopped, with its reference; NULL: nowhere, the list begins. */
static struct frame *cursor_take(const struct domain *d)
{
    return d->pv.relinquish_cursor ? mfn_to_frame(to_mfn(d->pv.relinquish_cursor)) : NULL;
}

/* This slice ends before @frame (NULL: the pass does, and @rc is 0). */
static long cursor_leave(struct domain *d, const struct frame *frame, long rc)
{
    d->pv.relinquish_cursor = frame ? frame_to_mfn(frame).n : 0;
    return rc;
}

/*
 * The next frame after @frame on @d's list (NULL: from the first) that something is to be done about, or the one STRIDE
 * further, with a reference; that to @frame is dropped. NULL at the end.
 */
static struct frame *step(struct domain *d, struct frame *frame)
{
    struct frame *next = NULL;
    unsigned int passed = 0;

    lock_acquire(&d->memory.lock);
    for ( u32 n = frame ? frame->next : d->memory.first; n && !next;
          n = mfn_to_frame(to_mfn(n))->next )
    {
        struct frame *f = mfn_to_frame(to_mfn(n));

        if ( (++passed >= STRIDE || (READ_ONCE(f->state) & (FRAME_PINNED | FRAME_PARTIAL))) &&
             frame_get_internal(f) )
            next = f;
    }
    lock_release(&d->memory.lock);

    /* Its list is @d's, and we had a reference: nobody took it away. */
    if ( frame && !frame_refs(atomic_sub_return(&frame->state, FRAME_REF_ONE)) )
        mm_frame_of_unused(d, frame);
    return next;
}

static long drop_table(struct domain *d, struct frame *frame)
{
    if ( READ_ONCE(frame->state) & FRAME_PINNED )
        table_unpin(d, frame_to_mfn(frame));
    if ( READ_ONCE(frame->state) & FRAME_PARTIAL )
        table_condemn(d, frame);
    return table_drain(d);
}

static long drop_tables(struct domain *d)
{
    struct frame *frame = cursor_take(d);
    long rc = 0;

    if ( !frame )
        frame = step(d, NULL);
    while ( frame && !rc )
    {
        rc = drop_table(d, frame);
        if ( rc )
            break;
        frame = step(d, frame); /* before a look at whether to stop: each slice gets on */
        if ( frame && tables_preempt(d) )
            rc = -ERESTART;
    }
    return cursor_leave(d, frame, rc);
}

static long drop_frames(struct domain *d)
{
    struct frame *frame = cursor_take(d);

    do
        frame = mm_release_frames(d, frame, STRIDE);
    while ( frame && !tables_preempt(d) );
    return cursor_leave(d, frame, frame ? -ERESTART : 0);
}

static long run_pass(struct domain *d)
{
    long rc;

    switch ( d->pv.relinquish_pass )
    {
    case PASS_TABLES:
        rc = table_drain(d);
        return rc ? rc : drop_tables(d);
    case PASS_FRAMES:
        return drop_frames(d);
    default:
        return 0;
    }
}

long pagetable_domain_relinquish(struct domain *d)
{
    struct vcpu *v;
    long rc = 0;

    if ( d->pv.relinquish_pass == PASS_ROOTS )
        for_each_vcpu(d, v)
            pagetable_drop_roots(v);

    tables_lock(d);
    while ( d->pv.relinquish_pass != PASS_DONE )
    {
        rc = run_pass(d);
        if ( rc )
            break;
        d->pv.relinquish_pass++;
    }
    tables_unlock(d);
    return rc;
}
