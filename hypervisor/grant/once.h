/*
 * Inside grant/: a pin as most are, in few instructions and without a call: of an entry of version 1 that nobody uses,
 * which grants a page of the domain's own, while nobody has the table's lock. All else is left to pin_inline.h, and
 * then nothing was done.
 *
 * The granter needs no reference. Between looking him up and the reference to his frame nothing is waited for, so that
 * he is there (domain_look_up): a lock that is taken is not, and a frame whose type would have to change is left alone.
 * And then he owns a frame, for as long as the pin has it (handle_must_hold in maptrack.h).
 */
#ifndef GRANT_ONCE_H
#define GRANT_ONCE_H

#include "grant/pin_inline.h"

struct grant_once {
    struct domain *granter;
    struct entry e;
    mfn_t mfn;
};

/* What was taken of a frame that just became a stranger's goes back when no lock is held any more. In pin.c. */
void grant_give_back(mfn_t mfn, bool write, unsigned int refs);

/* Under the lock of @t, entry *@ref of which is @o's: are its header and the frame as is usual? Then it is pinned. */
PER_VERSION enum frame_take pin_usual(struct grant_table *t, domid_t granter, domid_t user,
                                      bool write, unsigned int refs, struct grant_once *o)
{
    const struct entry *e = &o->e;
    u32 header = READ_ONCE(*e->header);
    enum frame_take take;

    if ( !allows(1, header, user, write, GRANT_WHOLE) ||
         !entry_mark(e, &header, GTF_reading | (write ? GTF_writing : 0)) )
        return FRAME_NOT_TAKEN;
    o->mfn = to_mfn(entry_frame(e));
    take = frame_take_page(o->mfn, granter, write, refs);
    if ( __builtin_expect(take != FRAME_TAKEN, 0) )
    {
        atomic_fetch_and(e->marks, (u16)~GRANT_MARKS);
        return take;
    }
    e->active->frame = (u32)o->mfn.n;
    e->active->user = user;
    e->active->pins = write ? GRANT_PIN_WRITER : GRANT_PIN_READER;
    t->uses++;
    return FRAME_TAKEN;
}

/* A pin with @refs references to the frame, for @user, whom @granter's entry @ref names. False: nothing was done. */
PER_VERSION bool grant_pin_once(domid_t granter, u32 ref, domid_t user, bool write,
                                unsigned int refs, struct grant_once *o)
{
    bool guest = !GUARD(once_guest, granter >= DOMID_FIRST_RESERVED);
    struct domain *d = guest ? domain_look_up(granter) : NULL;
    enum frame_take take = FRAME_NOT_TAKEN;
    struct grant_table *t;

    if ( !d || GUARD(once_alive, READ_ONCE(d->life) != DOMAIN_ALIVE) )
        return false;
    t = d->grant.table;
    if ( !lock_try(&t->lock) )
        return false;
    if ( !GUARD(once_version, t->version != 1) && entry_exists(t, 1, &ref) )
    {
        o->granter = d;
        o->e = entry_at(t, 1, ref);
        if ( !GUARD(once_unused, pinned(o->e.active)) )
            take = pin_usual(t, granter, user, write, refs, o);
    }
    lock_release(&t->lock);
    if ( __builtin_expect(take == FRAME_MISTAKEN, 0) )
        grant_give_back(o->mfn, write, refs);
    return take == FRAME_TAKEN;
}

/* Its end, but for the references. */
PER_VERSION void grant_unpin_once(const struct grant_once *o, u32 ref, bool write)
{
    struct grant_table *t = o->granter->grant.table;

    lock_acquire(&t->lock);
    if ( __builtin_expect(GUARD(unpin_once_version, t->version != 1), 0) )
        unpin_entry_v2(t, ref, write);
    else
        unpin(t, &o->e, write);
    lock_release(&t->lock);
}

#endif
