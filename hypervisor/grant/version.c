/*
 * The two versions of a granter's table, and what only the second has: frames for the marks of entries in use.
 *
 * Status frames stay until their domain is gone, whatever the version becomes: so no mapping of one, made or on its way
 * when the version changes, ever is a mapping of somebody else's memory.
 */
#include "grant/entry.h"

#include "lib/string.h"
#include "mm/alloc.h"

/* An entry that outlives a change of versions, in no layout, and our side of it. */
struct kept {
    u32 header;
    u32 part;
    u64 frame;
    struct grant_active active;
};

/* --- Status frames: under the table's lock --- */

u32 grant_status_frames_for(u32 frames)
{
    return DIV_ROUND_UP(frames, STATUS_COVERS);
}

long grant_status_grow(struct domain *d, struct grant_table *t, u32 frames)
{
    while ( t->nr_status_frames < frames )
    {
        void *page = mm_alloc(0);

        if ( !page )
            return -ENOMEM;
        mm_share_with_domain(page, d);
        t->status[t->nr_status_frames++] = page;
    }
    return 0;
}

/* Does anybody have a status frame mapped? */
static bool status_mapped(const struct grant_table *t)
{
    for ( u32 i = 0; i < t->nr_status_frames; i++ )
        if ( mm_shared_in_use(t->status[i]) )
            return true;
    return false;
}

u32 grant_status_frames(struct domain *d)
{
    struct grant_table *t = d->grant.table;
    u32 frames;

    lock_acquire(&t->lock);
    frames = t->version == 1 ? 0 : grant_status_frames_for(t->nr_frames);
    lock_release(&t->lock);
    return frames;
}

/* --- A change of versions: under the table's lock --- */

/* The marks of use are ours to set; of a transfer these bits tell something else. */
static u32 without_marks(u32 header)
{
    return (header & GTF_type_mask) == GTF_accept_transfer ? header : header & ~(u32)GRANT_MARKS;
}

static u16 marks_of(const struct grant_active *active)
{
    return (pinned(active) ? GTF_reading : 0) | (active->writers ? GTF_writing : 0);
}

static struct kept keep(const struct entry *e)
{
    return (struct kept){
        .header = without_marks(READ_ONCE(*e->header)),
        .part = e->version == 1 ? 0 : READ_ONCE(e->v2->full_page.pad0),
        .frame = entry_frame(e),
        .active = *e->active,
    };
}

/* Can version 1 say the same? A part of a frame, which it can't tell, is nothing there. */
static bool fits_version_1(const struct kept *kept)
{
    u32 type = kept->header & GTF_type_mask;

    return type == GTF_invalid || (type != GTF_transitive && kept->frame == (u32)kept->frame);
}

/* Who uses it goes on to; but whether they use a whole frame is nothing that version 1 knows. */
static void put_back(const struct entry *e, const struct kept *kept)
{
    *e->active = kept->active;
    e->active->frame = GRANT_FRAME_UNKNOWN;
    entry_set_frame(e, kept->frame);
    if ( e->version != 1 )
        e->v2->full_page.pad0 = kept->part;
    atomic_store(e->header, kept->header);
    if ( pinned(e->active) )
        atomic_fetch_or(e->marks, marks_of(e->active));
}

static void set_layout(struct grant_table *t, u32 version)
{
    for ( u32 i = 0; i < t->nr_frames; i++ )
        memset(t->shared[i], 0, PAGE_SIZE);
    for ( u32 i = 0; i < t->nr_status_frames; i++ )
        memset(t->status[i], 0, PAGE_SIZE);
    if ( t->nr_frames )
        memset(grant_active_of(t->shared[0]), 0, PAGE_SIZE); /* where the reserved ones were */
    WRITE_ONCE(t->version, version);
}

static long change(struct domain *d, struct grant_table *t, u32 version)
{
    struct kept kept[GNTTAB_NR_RESERVED_ENTRIES];
    u32 reserved = t->nr_frames ? ARRAY_SIZE(kept) : 0, uses = 0;
    struct entry e;
    long rc;

    if ( version == 1 && GUARD(status_unmapped, status_mapped(t)) )
        return -EBUSY;
    rc = version == 1 ? 0 : grant_status_grow(d, t, grant_status_frames_for(t->nr_frames));
    if ( rc )
        return rc;
    for ( u32 ref = 0; ref < reserved; ref++ )
    {
        e = entry_at(t, t->version, ref);
        kept[ref] = keep(&e);
        uses += kept[ref].active.readers + kept[ref].active.writers;
        if ( version == 1 && !fits_version_1(&kept[ref]) )
            return -ERANGE;
    }
    if ( GUARD(version_unused, t->uses != uses) )
        return -EBUSY;

    set_layout(t, version);
    for ( u32 ref = 0; ref < reserved; ref++ )
    {
        e = entry_at(t, version, ref);
        put_back(&e, &kept[ref]);
    }
    return 0;
}

long grant_set_version(struct domain *d, u32 version)
{
    struct grant_table *t = d->grant.table;
    long rc = 0;

    if ( version != 1 && version != 2 )
        return -EINVAL;
    if ( version > t->max_version )
        return -ENOSYS;
    lock_acquire(&t->lock);
    if ( version != t->version )
        rc = change(d, t, version);
    lock_release(&t->lock);
    return rc;
}

u32 grant_version(struct domain *d)
{
    return READ_ONCE(d->grant.table->version);
}
