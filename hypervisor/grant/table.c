/* The granter's side: the table, its growth, and its end. */
#include "grant/entry.h"

#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/heap.h"
#include "mm/map.h"

/* --- Growth: under the table's lock --- */

static long grow_by_one(struct domain *d, struct grant_table *t)
{
    u8 *shared = mm_alloc(1);

    if ( !shared )
        return -ENOMEM;
    mm_share_with_domain(shared, d);
    t->shared[t->nr_frames] = shared;
    atomic_store(&t->nr_frames, t->nr_frames + 1);
    return 0;
}

static long grow(struct domain *d, struct grant_table *t, u32 frames)
{
    long rc = frames <= t->max_frames ? 0 : -EINVAL;

    if ( !rc && t->version != 1 )
        rc = grant_status_grow(d, t, grant_status_frames_for(frames));
    while ( !rc && t->nr_frames < frames )
        rc = grow_by_one(d, t);
    return rc;
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

/* --- Frames to map --- */

u32 grant_max_frames(struct domain *d, u32 kind)
{
    u32 frames = d->grant.table->max_frames;

    switch ( kind )
    {
    case XENMEM_resource_grant_table_id_shared:
        return frames;
    case XENMEM_resource_grant_table_id_status:
        return grant_status_frames_for(frames);
    default:
        return 0;
    }
}

/* Under the lock: the frame's place, if it is there or can be made. */
static long find_frame(struct domain *d, struct grant_table *t, u32 kind, u32 index, void **page)
{
    bool status = kind == XENMEM_resource_grant_table_id_status;
    long rc;

    if ( status && t->version == 1 )
        return -EINVAL;
    rc = grow(d, t, status ? index * STATUS_COVERS + 1 : index + 1);
    if ( !rc )
        *page = status ? (void *)t->status[index] : t->shared[index];
    return rc;
}

long grant_frame(struct domain *d, u32 kind, u32 index, mfn_t *mfn)
{
    struct grant_table *t = d->grant.table;
    void *page;
    long rc;

    if ( index >= grant_max_frames(d, kind) )
        return -EINVAL;
    lock_acquire(&t->lock);
    rc = find_frame(d, t, kind, index, &page);
    if ( !rc )
        *mfn = virt_to_mfn(page);
    lock_release(&t->lock);
    return rc;
}

u32 grant_table_frames(struct domain *d)
{
    return READ_ONCE(d->grant.table->nr_frames);
}

/* --- Entries as such --- */

/* Under the lock. GNTST_eagain: an entry that would move is in use. */
static s16 swap_entries(struct grant_table *t, u32 a, u32 b)
{
    size_t size = t->version == 1 ? sizeof(struct grant_entry_v1) : sizeof(union grant_entry_v2);
    union grant_entry_v2 entry;
    struct entry first, second;

    if ( !entry_exists(t, t->version, &a) || !entry_exists(t, t->version, &b) )
        return GNTST_bad_gntref;
    first = entry_at(t, t->version, a);
    second = entry_at(t, t->version, b);
    if ( a == b )
        return GNTST_okay;
    if ( GUARD(swap_unused, pinned(first.active) || pinned(second.active)) )
        return GNTST_eagain;
    memcpy(&entry, first.header, size);
    memcpy(first.header, second.header, size);
    memcpy(second.header, &entry, size);
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

/* In version 2 every other of them is never in use. */
u32 grant_entries_in_use(struct domain *d)
{
    const struct grant_table *t = d->grant.table;
    u32 used = 0;

    for ( u32 i = 0; i < grant_table_frames(d); i++ )
    {
        const struct grant_active *active = grant_active_of(t->shared[i]);

        for ( u32 n = 0; n < PAGE_SIZE / sizeof(*active); n++ )
            used += pinned(&active[n]);
    }
    return used;
}

/* --- Life --- */

long grant_table_create(struct domain *d, struct grant_table *t)
{
    u32 frames = t->max_frames;

    lock_init(&t->lock, LOCK_GRANT);
    t->version = 1;
    if ( !frames )
        return 0;
    t->shared = heap_new_array(u8 *, frames);
    t->status = heap_new_array(grant_status_t *, grant_status_frames_for(frames));
    if ( !t->shared || !t->status )
        return -ENOMEM;
    return grow(d, t, 1);
}

/* What somebody still maps lives on until he lets go; our side of it doesn't. */
static void free_entries(void *shared)
{
    if ( mm_unshare(shared) )
        mm_free(shared, 1);
    else
        mm_free(grant_active_of(shared), 0);
}

static void free_status(void *page)
{
    if ( mm_unshare(page) )
        mm_free(page, 0);
}

void grant_table_free(struct grant_table *t)
{
    for ( u32 i = 0; i < t->nr_frames; i++ )
        free_entries(t->shared[i]);
    for ( u32 i = 0; i < t->nr_status_frames; i++ )
        free_status(t->status[i]);
    heap_free(t->shared);
    heap_free(t->status);
}
