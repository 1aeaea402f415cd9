/*
 * GNTTABOP_transfer: give frames of ours, with what is in them, to domains that have said that they would take one.
 *
 * The frame leaves us first, if nobody uses it; then the taker's entry is committed, so that it can't be taken twice;
 * then the frame is the taker's, and the entry tells so. What fails on the way costs us the frame: the ABI has it so,
 * and a giver that is told anything but GNTST_bad_page or GNTST_okay knows that the frame is gone.
 */
#include "grant/table.h"

#include "domain/memory.h"
#include "domain/widen.h"
#include "lib/atomic.h"
#include "lib/guard.h"
#include "mm/alloc.h"
#include "mm/map.h"
#include "smp/smp.h"

static s16 give(struct grant_call *call, struct domain **last, const struct gnttab_transfer *op,
                struct frame *frame)
{
    struct domain *taker = grant_peer(last, op->domid);
    u64 number;
    s16 status;

    if ( !taker )
        return GNTST_bad_domain;
    status = grant_transfer_commit(taker, op->ref, call->self->id, &number);
    if ( status != GNTST_okay )
        return status;
    if ( mm_give_stolen(taker, frame, to_pfn(number)) )
    {
        grant_transfer_revert(taker, op->ref);
        return GNTST_general_error;
    }
    grant_transfer_complete(taker, op->ref, frame_to_mfn(frame));
    return GNTST_okay;
}

static s16 transfer_one(struct grant_call *call, struct domain **last,
                        const struct gnttab_transfer *op)
{
    mfn_t mfn = to_mfn(op->mfn);
    s16 status;

    if ( GUARD(transfer_frame_bound, !mfn_valid(mfn)) || mm_steal(call->self, mfn_to_frame(mfn)) )
        return GNTST_bad_page;
    status = give(call, last, op, mfn_to_frame(mfn));
    if ( status != GNTST_okay )
        mm_free_stolen(mfn_to_frame(mfn));
    return status;
}

/* -EFAULT an element can't be read or its status written; those before it are done. */
static long transfer_all(struct grant_call *call, struct domain **last, bool wide)
{
    u32 size = wide ? sizeof(struct gnttab_transfer) : sizeof(struct compat_gnttab_transfer);
    u32 status_at = wide ? offsetof(struct gnttab_transfer, status)
                         : offsetof(struct compat_gnttab_transfer, status);
    struct gnttab_transfer op;

    while ( call->count )
    {
        s16 status;

        if ( !guest_load_as(wide, gnttab_transfer, &op, call->uop) )
            return -EFAULT;
        status = transfer_one(call, last, &op);
        if ( copy_to_guest(to_gva(call->uop.n + status_at), &status, sizeof(status)) )
            return -EFAULT;
        grant_done(call, 1, size);
        if ( call->count && GUARD(transfer_stops, preempt_pending()) )
            return grant_continue(call);
    }
    return 0;
}

static long transfer(struct grant_call *call, bool wide)
{
    struct domain *last = NULL;
    long rc = transfer_all(call, &last, wide);

    grant_peer_forget(last);
    return rc;
}

GRANT_OP_OF_WIDTHS(transfer, transfer)
