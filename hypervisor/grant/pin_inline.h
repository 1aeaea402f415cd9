/*
 * Inside grant/: pins, inline for the hot paths of map, unmap and copy. pin.c tells what a pin is.
 *
 * All but the last three, which take it, are called under the table's lock.
 */
#ifndef GRANT_PIN_INLINE_H
#define GRANT_PIN_INLINE_H

#include "grant/entry.h"
#include "grant/reference.h"

/* More pins than this on one entry, of readers or of writers, are refused: there is no honest use for them. */
#define GRANT_PINS_MAX 255

/* A guest that changes an entry all the time is not waited for. */
#define GRANT_TRIES 8

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
    for ( int tries = 0; tries < GRANT_TRIES && allows(e->version, *header, user, write, most);
          tries++ )
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
    if ( GUARD(grant_pins_bound, (write ? active->writers : active->readers) == GRANT_PINS_MAX) )
        return GNTST_general_error;
    if ( e->version == 1 && pinned(active) && (!write || active->writers) &&
         !GUARD(version_looks_anew, active->frame == GRANT_FRAME_UNKNOWN) )
        return GNTST_okay;
    return claim(e, user, write, most, header);
}

PER_VERSION s16 pin_frame(const struct entry *e, domid_t owner, bool write, unsigned int refs,
                          mfn_t *mfn)
{
    bool kept = e->version == 1 && GUARD(grant_frame_kept, pinned(e->active)) &&
                e->active->frame != GRANT_FRAME_UNKNOWN;

    *mfn = to_mfn(kept ? e->active->frame : entry_frame(e));
    return grant_frame_get(*mfn, owner, write, refs);
}

/* What is beside the header of an entry that is claimed now: of whole frames only the frame is. */
PER_VERSION s16 read_entry(const struct entry *e, u32 header, domid_t owner, bool write,
                           unsigned int refs, struct grant_use *use)
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
    return pin_frame(e, owner, write, refs, &use->mfn);
}

PER_VERSION s16 pin_entry(struct domain *d, struct grant_table *t, u32 version, u32 ref,
                          domid_t user, bool write, enum grant_kind most, unsigned int refs,
                          struct grant_use *use)
{
    struct entry e;
    u32 header = 0;
    s16 status;

    if ( !entry_exists(t, version, &ref) )
        return GNTST_bad_gntref;
    e = entry_at(t, version, ref);
    status = check_pin(&e, user, write, most, &header);
    if ( status != GNTST_okay )
        return status;
    status = read_entry(&e, header, d->id, write, refs, use);
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

/* What was marked for the pin goes with the last that needs it. */
PER_VERSION void unpin(struct grant_table *t, const struct entry *e, bool write)
{
    e->active->pins -= write ? GRANT_PIN_WRITER : GRANT_PIN_READER;
    if ( __builtin_expect(!pinned(e->active), 1) )
        atomic_fetch_and(e->marks, (u16)~GRANT_MARKS);
    else if ( write && !e->active->writers )
        atomic_fetch_and(e->marks, (u16)~GTF_writing);
    t->uses--;
}

PER_VERSION void unpin_entry(struct grant_table *t, u32 version, u32 ref, bool write)
{
    struct entry e = entry_at(t, version, ref);

    unpin(t, &e, write);
}

/* In pin.c: in tables of version 2. */
s16 pin_entry_v2(struct domain *d, struct grant_table *t, u32 ref, domid_t user, bool write,
                 enum grant_kind most, unsigned int refs, struct grant_use *use);
void unpin_entry_v2(struct grant_table *t, u32 ref, bool write);

/* grant_pin() with @refs references to the frame, and grant_unpin(). */
PER_VERSION s16 grant_pin_inline(struct domain *d, u32 ref, domid_t user, bool write,
                                 enum grant_kind most, unsigned int refs, struct grant_use *use)
{
    struct grant_table *t = d->grant.table;
    s16 status;

    lock_acquire(&t->lock);
    if ( __builtin_expect(t->version == 1, 1) )
        status = pin_entry(d, t, 1, ref, user, write, most, refs, use);
    else
        status = pin_entry_v2(d, t, ref, user, write, most, refs, use);
    lock_release(&t->lock);
    return status;
}

PER_VERSION void grant_unpin_entry_inline(struct domain *d, u32 ref, bool write)
{
    struct grant_table *t = d->grant.table;

    lock_acquire(&t->lock);
    if ( __builtin_expect(t->version == 1, 1) )
        unpin_entry(t, 1, ref, write);
    else
        unpin_entry_v2(t, ref, write);
    lock_release(&t->lock);
}

PER_VERSION void grant_unpin_inline(struct domain *d, u32 ref, bool write, mfn_t mfn)
{
    grant_unpin_entry_inline(d, ref, write);
    grant_frame_put(mfn, write);
}

#endif
