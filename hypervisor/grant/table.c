/* The granter's side: the table, its growth, and the pins on its entries. */
#include "grant/table.h"

#include "lib/atomic.h"
#include "lib/guard.h"
#include "mm/alloc.h"
#include "mm/frame_inline.h"
#include "mm/heap.h"
#include "mm/map.h"

/* More pins than this on one entry, of readers or of writers, are refused: there is no honest use for them. */
#define PINS_MAX 255

/* --- Growth: under the table's lock --- */

static long grow_by_one(struct domain *d, struct grant_table *t)
{
    struct grant_entry_v1 *shared = mm_alloc(0);
    struct grant_active *active = mm_alloc(0);

    if ( !shared || !active )
    {
        if ( shared )
            mm_free(shared, 0);
        if ( active )
            mm_free(active, 0);
        return -ENOMEM;
    }
    mm_share_with_domain(shared, d);
    t->shared[t->nr_frames] = shared;
    t->active[t->nr_frames] = active;
    atomic_store(&t->nr_frames, t->nr_frames + 1);
    return 0;
}

static long grow(struct domain *d, struct grant_table *t, u32 frames)
{
    long rc = frames <= t->max_frames ? 0 : -EINVAL;

    while ( !rc && t->nr_frames < frames )
        rc = grow_by_one(d, t);
    return rc;
}

long grant_frame(struct domain *d, u32 index, mfn_t *mfn)
{
    struct grant_table *t = d->grant.table;
    long rc = index < t->max_frames ? 0 : -EINVAL;

    lock_acquire(&t->lock);
    if ( !rc )
        rc = grow(d, t, index + 1);
    if ( !rc )
        *mfn = virt_to_mfn(t->shared[index]);
    lock_release(&t->lock);
    return rc;
}

u32 grant_table_frames(struct domain *d)
{
    return READ_ONCE(d->grant.table->nr_frames);
}

u32 grant_table_max_frames(struct domain *d)
{
    return d->grant.table->max_frames;
}

/* --- Entries --- */

static struct grant_entry_v1 *shared_entry(const struct grant_table *t, u32 ref)
{
    return &t->shared[ref / GRANT_ENTRIES_PER_FRAME][ref % GRANT_ENTRIES_PER_FRAME];
}

static struct grant_active *active_entry(const struct grant_table *t, u32 ref)
{
    return &t->active[ref / GRANT_ENTRIES_PER_FRAME][ref % GRANT_ENTRIES_PER_FRAME];
}

static bool ref_exists(const struct grant_table *t, u32 ref)
{
    return !GUARD(grant_ref_bound, ref / GRANT_ENTRIES_PER_FRAME >= t->nr_frames);
}

static bool pinned(const struct grant_active *active)
{
    return active->readers || active->writers;
}

/* The order that the ABI asks of a granter: what is granted, then that it is. */
long grant_seed(struct domain *d, u32 ref, domid_t to, u64 frame)
{
    struct grant_table *t = d->grant.table;
    struct grant_entry_v1 *entry;
    long rc = frame == (u32)frame ? 0 : -EINVAL;

    lock_acquire(&t->lock);
    if ( !rc )
        rc = grow(d, t, ref / GRANT_ENTRIES_PER_FRAME + 1);
    if ( !rc )
    {
        entry = shared_entry(t, ref);
        entry->domid = to;
        entry->frame = (u32)frame;
        atomic_store(&entry->flags, GTF_permit_access);
    }
    lock_release(&t->lock);
    return rc;
}

/* --- Pins --- */

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

s16 grant_frame_get(mfn_t mfn, domid_t owner, bool write)
{
    struct frame *frame;
    long rc;

    if ( !mfn_valid(mfn) )
        return GNTST_bad_page;
    frame = mfn_to_frame(mfn);
    if ( frame_take_fast(frame, owner, write) )
        return GNTST_okay;
    if ( !write )
        return frame_get(frame, owner) ? GNTST_okay : GNTST_bad_page;
    rc = frame_get_and_type(frame, owner, FRAME_WRITABLE);
    if ( rc )
        return rc == -EBUSY ? GNTST_bad_page : GNTST_general_error;
    return GNTST_okay;
}

void grant_frame_put(mfn_t mfn, bool write)
{
    struct frame *frame = mfn_to_frame(mfn);

    if ( !write )
        frame_put_inline(frame);
    else if ( !frame_put_and_type_fast(frame) )
        frame_put_and_type(frame);
}

/*
 * Tell the guest that its entry is in use, if it still grants that to @user. Flags and domid are one word, so that
 * what is checked is what is marked. A guest that changes the word all the time is not waited for.
 */
static s16 claim(struct grant_entry_v1 *entry, domid_t user, bool write)
{
    u32 *word = (u32 *)entry, old = READ_ONCE(*word);

    for ( int tries = 0; tries < 8; tries++ )
    {
        u16 flags = (u16)old;

        if ( (flags & GTF_type_mask) != GTF_permit_access ||
             GUARD(grant_grantee, old >> 16 != user) || (flags & GTF_sub_page) )
            return GNTST_general_error;
        if ( GUARD(grant_read_only, write && (flags & GTF_readonly)) )
            return GNTST_general_error;
        if ( atomic_cmpxchg(word, &old, old | GTF_reading | (write ? GTF_writing : 0)) )
            return GNTST_okay;
    }
    return GNTST_general_error;
}

/* Take back the marks that no pin stands behind any more. */
static void unclaim(struct grant_entry_v1 *entry, const struct grant_active *active)
{
    u16 gone = 0;

    if ( !active->writers )
        gone |= GTF_writing;
    if ( !pinned(active) )
        gone |= GTF_reading;
    if ( gone )
        atomic_fetch_and(&entry->flags, (u16)~gone);
}

/* Under the lock: what of the entry has to be checked for a further pin. */
static s16 check_pin(struct grant_entry_v1 *entry, struct grant_active *active, domid_t user,
                     bool write)
{
    if ( GUARD(grant_one_user, pinned(active) && active->user != user) )
        return GNTST_general_error;
    if ( GUARD(grant_pins_bound, (write ? active->writers : active->readers) == PINS_MAX) )
        return GNTST_general_error;
    if ( pinned(active) && (!write || active->writers) )
        return GNTST_okay;
    return claim(entry, user, write);
}

s16 grant_pin(struct domain *d, u32 ref, domid_t user, bool write, mfn_t *mfn)
{
    struct grant_table *t = d->grant.table;
    s16 status = GNTST_bad_gntref;

    lock_acquire(&t->lock);
    if ( ref_exists(t, ref) )
    {
        struct grant_entry_v1 *entry = shared_entry(t, ref);
        struct grant_active *active = active_entry(t, ref);

        status = check_pin(entry, active, user, write);
        if ( status == GNTST_okay )
        {
            *mfn = to_mfn(GUARD(grant_frame_kept, pinned(active)) ? active->frame
                                                                  : READ_ONCE(entry->frame));
            status = grant_frame_get(*mfn, d->id, write);
            if ( status == GNTST_okay )
            {
                active->frame = (u32)mfn->n;
                active->user = user;
                active->readers += !write;
                active->writers += write;
            }
            else
                unclaim(entry, active);
        }
    }
    lock_release(&t->lock);
    return status;
}

void grant_unpin(struct domain *d, u32 ref, bool write, mfn_t mfn)
{
    struct grant_table *t = d->grant.table;
    struct grant_active *active = active_entry(t, ref);

    lock_acquire(&t->lock);
    active->readers -= !write;
    active->writers -= write;
    unclaim(shared_entry(t, ref), active);
    lock_release(&t->lock);
    grant_frame_put(mfn, write);
}

/* --- Transfers --- */

/* As claim(), for a transfer. */
static s16 claim_transfer(struct grant_entry_v1 *entry, domid_t giver, u32 *number)
{
    u32 *word = (u32 *)entry, old = READ_ONCE(*word);

    for ( int tries = 0; tries < 8; tries++ )
    {
        if ( (old & GTF_type_mask) != GTF_accept_transfer ||
             GUARD(transfer_giver, old >> 16 != giver) ||
             GUARD(transfer_once, old & (GTF_transfer_committed | GTF_transfer_completed)) )
            return GNTST_general_error;
        *number = READ_ONCE(entry->frame);
        if ( atomic_cmpxchg(word, &old, old | GTF_transfer_committed) )
            return GNTST_okay;
    }
    return GNTST_general_error;
}

s16 grant_transfer_commit(struct domain *d, u32 ref, domid_t giver, u32 *number)
{
    struct grant_table *t = d->grant.table;
    s16 status = GNTST_general_error;

    lock_acquire(&t->lock);
    if ( ref_exists(t, ref) )
        status = claim_transfer(shared_entry(t, ref), giver, number);
    lock_release(&t->lock);
    return status;
}

/* The taker reads the frame's number when it sees the flag. */
void grant_transfer_complete(struct domain *d, u32 ref, mfn_t mfn)
{
    struct grant_table *t = d->grant.table;
    struct grant_entry_v1 *entry = shared_entry(t, ref);

    lock_acquire(&t->lock);
    WRITE_ONCE(entry->frame, (u32)mfn.n);
    atomic_fetch_or(&entry->flags, (u16)GTF_transfer_completed);
    lock_release(&t->lock);
}

void grant_transfer_revert(struct domain *d, u32 ref)
{
    struct grant_table *t = d->grant.table;

    lock_acquire(&t->lock);
    atomic_fetch_and(&shared_entry(t, ref)->flags, (u16)~GTF_transfer_committed);
    lock_release(&t->lock);
}

/* --- Operations on the table as a whole --- */

/* Under the lock. GNTST_eagain: an entry is in use. */
static s16 swap_entries(struct grant_table *t, u32 a, u32 b)
{
    struct grant_entry_v1 entry;

    if ( !ref_exists(t, a) || !ref_exists(t, b) )
        return GNTST_bad_gntref;
    if ( GUARD(swap_unused, pinned(active_entry(t, a)) || pinned(active_entry(t, b))) )
        return GNTST_eagain;
    entry = *shared_entry(t, a);
    *shared_entry(t, a) = *shared_entry(t, b);
    *shared_entry(t, b) = entry;
    return GNTST_okay;
}

s16 grant_swap(struct domain *d, u32 a, u32 b)
{
    struct grant_table *t = d->grant.table;
    s16 status;

    lock_acquire(&t->lock);
    status = swap_entries(t, a, b);
    lock_release(&t->lock);
    return status;
}

/* Grow to @frames: 0, -EINVAL, -ENOMEM. */
long grant_table_grow(struct domain *d, u32 frames)
{
    struct grant_table *t = d->grant.table;
    long rc;

    lock_acquire(&t->lock);
    rc = grow(d, t, frames);
    lock_release(&t->lock);
    return rc;
}

u32 grant_entries_in_use(struct domain *d)
{
    const struct grant_table *t = d->grant.table;
    u32 entries = grant_table_frames(d) * GRANT_ENTRIES_PER_FRAME, used = 0;

    for ( u32 ref = 0; ref < entries; ref++ )
        used += pinned(active_entry(t, ref));
    return used;
}

void grant_table_free(struct grant_table *t)
{
    for ( u32 i = 0; i < t->nr_frames; i++ )
    {
        if ( mm_unshare(t->shared[i]) )
            mm_free(t->shared[i], 0);
        mm_free(t->active[i], 0);
    }
    heap_free(t->shared);
    heap_free(t->active);
}
