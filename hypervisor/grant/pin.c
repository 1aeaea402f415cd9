/*
 * Pins: uses of a granter's entries, and what the granter is told of them.
 *
 * A pin is checked and counted under the table's lock. Then a reference to the frame is taken, which goes last when the
 * use ends: so nobody gets at a frame that its owner has back.
 */
#include "grant/entry.h"

#include "mm/frame_inline.h"
#include "mm/map.h"

/* More pins than this on one entry, of readers or of writers, are refused: there is no honest use for them. */
#define PINS_MAX 255

/* A guest that changes an entry all the time is not waited for. */
#define TRIES 8

/* --- References --- */

/*
 * A frame that is in use as it is to be used takes one compare-exchange: as in pv/pagetable. False: go the slow way.
 */
static inline bool frame_take_fast(struct frame *frame, domid_t owner, bool write)
{
    u64 old = READ_ONCE(frame->state), some = frame_takable(old, write);

    if ( !some || READ_ONCE(frame->owner) != owner ||
         !atomic_cmpxchg(&frame->state, &old, old + some) )
        return false;
    if ( __builtin_expect(READ_ONCE(frame->owner) == owner, 1) )
        return true;
    grant_frame_put(frame_to_mfn(frame), write); /* given away between our two looks at it */
    return false;
}

static __attribute__((noinline)) s16 frame_take_slowly(struct frame *frame, domid_t owner,
                                                       bool write)
{
    long rc;

    if ( !write )
        return frame_get(frame, owner) ? GNTST_okay : GNTST_bad_page;
    rc = frame_get_and_type(frame, owner, FRAME_WRITABLE);
    if ( rc )
        return rc == -EBUSY ? GNTST_bad_page : GNTST_general_error;
    return GNTST_okay;
}

static inline s16 frame_take(mfn_t mfn, domid_t owner, bool write)
{
    struct frame *frame;

    if ( !mfn_valid(mfn) )
        return GNTST_bad_page;
    frame = mfn_to_frame(mfn);
    return frame_take_fast(frame, owner, write) ? GNTST_okay
                                                : frame_take_slowly(frame, owner, write);
}

s16 grant_frame_get(mfn_t mfn, domid_t owner, bool write)
{
    return frame_take(mfn, owner, write);
}

void grant_frame_put(mfn_t mfn, bool write)
{
    struct frame *frame = mfn_to_frame(mfn);

    if ( write )
        frame_put_used(frame);
    else
        frame_put_inline(frame);
}

/* --- Under the table's lock --- */

/* What an entry with this header grants, in version 1 whole frames only. GRANT_NOTHING is more than one may ask for. */
PER_VERSION enum grant_kind kind_of(u32 version, u32 header)
{
    if ( (header & (GTF_type_mask | GTF_sub_page)) == GTF_permit_access )
        return GRANT_WHOLE;
    if ( version == 1 )
        return GRANT_NOTHING;
    if ( (header & GTF_type_mask) == GTF_permit_access )
        return GRANT_PART;
    return (header & GTF_type_mask) == GTF_transitive ? GRANT_TRANSITIVE : GRANT_NOTHING;
}

PER_VERSION bool allows(u32 version, u32 header, domid_t user, bool write, enum grant_kind most)
{
    if ( GUARD(grant_grantee, header >> 16 != user) ||
         GUARD(grant_read_only, write && (header & GTF_readonly)) )
        return false;
    switch ( kind_of(version, header) )
    {
    case GRANT_WHOLE:
        return true;
    case GRANT_PART:
        return !GUARD(part_not_mapped, most < GRANT_PART);
    case GRANT_TRANSITIVE:
        return !GUARD(transitive_once, most < GRANT_TRANSITIVE);
    default:
        return false;
    }
}

/* Take back the marks that no pin stands behind any more. */
PER_VERSION void unmark(const struct entry *e)
{
    u16 gone = 0;

    if ( !e->active->writers )
        gone |= GTF_writing;
    if ( !pinned(e->active) )
        gone |= GTF_reading;
    if ( gone )
        atomic_fetch_and(e->marks, (u16)~gone);
}

/*
 * Tell the guest that its entry is in use, if it still grants what is asked for: what is checked is what is marked.
 * The header as it was then in @*header.
 */
PER_VERSION s16 claim(const struct entry *e, domid_t user, bool write, enum grant_kind most,
                      u32 *header)
{
    *header = READ_ONCE(*e->header);
    for ( int tries = 0; tries < TRIES && allows(e->version, *header, user, write, most); tries++ )
        if ( entry_mark(e, header, GTF_reading | (write ? GTF_writing : 0)) )
            return GNTST_okay;
    if ( e->version != 1 )
        unmark(e);
    return GNTST_general_error;
}

/*
 * What of the entry has to be checked for a further pin. In version 1 nothing is looked at again that is marked
 * already; in version 2 it would have to be known whether what is pinned is a whole frame.
 */
PER_VERSION s16 check_pin(const struct entry *e, domid_t user, bool write, enum grant_kind most,
                          u32 *header)
{
    const struct grant_active *active = e->active;

    if ( GUARD(grant_one_user, pinned(active) && active->user != user) )
        return GNTST_general_error;
    if ( GUARD(grant_pins_bound, (write ? active->writers : active->readers) == PINS_MAX) )
        return GNTST_general_error;
    if ( e->version == 1 && pinned(active) && (!write || active->writers) &&
         !GUARD(version_looks_anew, active->frame == GRANT_FRAME_UNKNOWN) )
        return GNTST_okay;
    return claim(e, user, write, most, header);
}

PER_VERSION s16 pin_frame(const struct entry *e, domid_t owner, bool write, mfn_t *mfn)
{
    bool kept = e->version == 1 && GUARD(grant_frame_kept, pinned(e->active)) &&
                e->active->frame != GRANT_FRAME_UNKNOWN;

    *mfn = to_mfn(kept ? e->active->frame : entry_frame(e));
    return frame_take(*mfn, owner, write);
}

/* What is beside the header of an entry that is claimed now: of whole frames only the frame is. */
PER_VERSION s16 read_entry(const struct entry *e, u32 header, domid_t owner, bool write,
                           struct grant_use *use)
{
    use->kind = e->version == 1 ? GRANT_WHOLE : kind_of(e->version, header);
    if ( use->kind == GRANT_TRANSITIVE )
    {
        use->mfn = INVALID_MFN;
        use->next_granter = READ_ONCE(e->v2->transitive.trans_domid);
        use->next_ref = READ_ONCE(e->v2->transitive.gref);
        return GNTST_okay;
    }
    if ( use->kind == GRANT_PART )
    {
        use->start = READ_ONCE(e->v2->sub_page.page_off);
        use->size = READ_ONCE(e->v2->sub_page.length);
    }
    return pin_frame(e, owner, write, &use->mfn);
}

PER_VERSION s16 pin_entry(struct domain *d, struct grant_table *t, u32 version, u32 ref,
                          domid_t user, bool write, enum grant_kind most, struct grant_use *use)
{
    struct entry e;
    u32 header = 0;
    s16 status;

    if ( !entry_exists(t, version, ref) )
        return GNTST_bad_gntref;
    e = entry_at(t, version, ref);
    status = check_pin(&e, user, write, most, &header);
    if ( status != GNTST_okay )
        return status;
    status = read_entry(&e, header, d->id, write, use);
    if ( status != GNTST_okay )
    {
        unmark(&e);
        return status;
    }
    e.active->frame = (u32)use->mfn.n;
    e.active->user = user;
    if ( write )
        e.active->writers++;
    else
        e.active->readers++;
    t->uses++;
    return GNTST_okay;
}

static __attribute__((noinline)) s16 pin_entry_v2(struct domain *d, struct grant_table *t, u32 ref,
                                                  domid_t user, bool write, enum grant_kind most,
                                                  struct grant_use *use)
{
    return pin_entry(d, t, 2, ref, user, write, most, use);
}

/* --- Pins --- */

s16 grant_pin(struct domain *d, u32 ref, domid_t user, bool write, enum grant_kind most,
              struct grant_use *use)
{
    struct grant_table *t = d->grant.table;
    s16 status;

    lock_acquire(&t->lock);
    if ( t->version == 1 )
        status = pin_entry(d, t, 1, ref, user, write, most, use);
    else
        status = pin_entry_v2(d, t, ref, user, write, most, use);
    lock_release(&t->lock);
    return status;
}

PER_VERSION void unpin_entry(struct grant_table *t, u32 version, u32 ref, bool write)
{
    struct entry e = entry_at(t, version, ref);

    if ( write )
        e.active->writers--;
    else
        e.active->readers--;
    unmark(&e);
    t->uses--;
}

PER_VERSION void unpin(struct domain *d, u32 ref, bool write)
{
    struct grant_table *t = d->grant.table;

    lock_acquire(&t->lock);
    if ( t->version == 1 )
        unpin_entry(t, 1, ref, write);
    else
        unpin_entry(t, 2, ref, write);
    lock_release(&t->lock);
}

void grant_unpin(struct domain *d, u32 ref, bool write, mfn_t mfn)
{
    unpin(d, ref, write);
    grant_frame_put(mfn, write);
}

void grant_unpin_entry(struct domain *d, u32 ref, bool write)
{
    unpin(d, ref, write);
}

/* --- Transfers --- */

/* As claim(), for a transfer. Its marks are in the header in both versions. */
static s16 claim_transfer(const struct entry *e, domid_t giver, u64 *number)
{
    u32 old = READ_ONCE(*e->header);

    for ( int tries = 0; tries < TRIES; tries++ )
    {
        if ( (old & GTF_type_mask) != GTF_accept_transfer ||
             GUARD(transfer_giver, old >> 16 != giver) ||
             GUARD(transfer_once, old & (GTF_transfer_committed | GTF_transfer_completed)) )
            return GNTST_general_error;
        *number = entry_frame(e);
        if ( atomic_cmpxchg(e->header, &old, old | GTF_transfer_committed) )
            return GNTST_okay;
    }
    return GNTST_general_error;
}

s16 grant_transfer_commit(struct domain *d, u32 ref, domid_t giver, u64 *number)
{
    struct grant_table *t = d->grant.table;
    s16 status = GNTST_general_error;

    lock_acquire(&t->lock);
    if ( entry_exists(t, t->version, ref) )
    {
        struct entry e = entry_at(t, t->version, ref);

        status = claim_transfer(&e, giver, number);
        if ( status == GNTST_okay )
            GUARD_STEP(transfer_is_a_use, t->uses++);
    }
    lock_release(&t->lock);
    return status;
}

/* The taker reads the frame's number when it sees the flag. */
void grant_transfer_complete(struct domain *d, u32 ref, mfn_t mfn)
{
    struct grant_table *t = d->grant.table;
    struct entry e;

    lock_acquire(&t->lock);
    e = entry_at(t, t->version, ref);
    entry_set_frame(&e, mfn.n);
    atomic_fetch_or(&e.v1->flags, (u16)GTF_transfer_completed);
    GUARD_STEP(transfer_is_a_use, t->uses--);
    lock_release(&t->lock);
}

void grant_transfer_revert(struct domain *d, u32 ref)
{
    struct grant_table *t = d->grant.table;
    struct entry e;

    lock_acquire(&t->lock);
    e = entry_at(t, t->version, ref);
    atomic_fetch_and(&e.v1->flags, (u16)~GTF_transfer_committed);
    GUARD_STEP(transfer_is_a_use, t->uses--);
    lock_release(&t->lock);
}
