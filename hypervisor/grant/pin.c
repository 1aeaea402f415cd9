/*
 * Pins: uses of a granter's entries, and what the granter is told of them.
 *
 * A pin is checked and counted under the table's lock. Then a reference to the frame is taken, which goes last when the
 * use ends: so nobody gets at a frame that its owner has back.
 */
#include "grant/once.h"

s16 pin_entry_v2(struct domain *d, struct grant_table *t, u32 ref, domid_t user, bool write,
                 enum grant_kind most, unsigned int refs, struct grant_use *use)
{
    return pin_entry(d, t, 2, ref, user, write, most, refs, use);
}

void unpin_entry_v2(struct grant_table *t, u32 ref, bool write)
{
    unpin_entry(t, 2, ref, write);
}

s16 grant_pin(struct domain *d, u32 ref, domid_t user, bool write, enum grant_kind most,
              struct grant_use *use)
{
    return grant_pin_inline(d, ref, user, write, most, 1, use);
}

void grant_unpin(struct domain *d, u32 ref, bool write, mfn_t mfn)
{
    grant_unpin_inline(d, ref, write, mfn);
}

void grant_unpin_entry(struct domain *d, u32 ref, bool write)
{
    grant_unpin_entry_inline(d, ref, write);
}

void grant_give_back(mfn_t mfn, bool write, unsigned int refs)
{
    while ( refs-- )
        grant_frame_put(mfn, write);
}

/* --- Transfers --- */

/* As claim(), for a transfer. Its marks are in the header in both versions. */
static s16 claim_transfer(const struct entry *e, domid_t giver, u64 *number)
{
    u32 old = READ_ONCE(*e->header);

    for ( int tries = 0; tries < GRANT_TRIES; tries++ )
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
    if ( entry_exists(t, t->version, &ref) )
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
