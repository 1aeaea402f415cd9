/*
 * Inside grant/: where an entry of a granter's table is. No other place knows the two layouts of the ABI apart.
 *
 *            version 1                     version 2
 *   entry    8 bytes: flags, domid, then   16 bytes: flags, domid, then which part of the frame (or
 *            the frame                     whose entry instead), then the frame, or the other entry
 *   in use   marks in the flags            marks in a word of its own, in the status frames
 *   ours     8 bytes                       the first 8 of 16
 *
 * So our side of a frame of entries is a frame as well, the next one, and an entry's is at the same offset there.
 */
#ifndef GRANT_ENTRY_H
#define GRANT_ENTRY_H

#include "grant/table.h"
#include "lib/atomic.h"
#include "lib/guard.h"

#define STATUSES_PER_FRAME (PAGE_SIZE / sizeof(grant_status_t))

#define GRANT_MARKS (GTF_reading | GTF_writing)

/* What is called with a version known to the compiler costs what the code for that version alone would. */
#define PER_VERSION static inline __attribute__((always_inline))

struct entry {
    u32 version;
    union {
        u32 *header; /* flags, and the domid above them */
        struct grant_entry_v1 *v1;
        union grant_entry_v2 *v2;
    };
    u16 *marks; /* GTF_reading and GTF_writing are bits of this */
    struct grant_active *active;
};

PER_VERSION u32 entry_size(u32 version)
{
    return version == 1 ? sizeof(struct grant_entry_v1) : sizeof(union grant_entry_v2);
}

/* Is there an entry *@ref? @version is the table's, whose lock is held. */
PER_VERSION bool entry_exists(const struct grant_table *t, u32 version, u32 *ref)
{
    u32 entries = t->nr_frames * ((u32)PAGE_SIZE / entry_size(version));

    return !GUARD(grant_ref_bound, !index_below(ref, entries));
}

/* Entry @ref, which is there. Under the table's lock: the version may change at any other time. */
PER_VERSION struct entry entry_at(const struct grant_table *t, u32 version, u32 ref)
{
    u64 offset = (u64)ref * entry_size(version), frame = offset / PAGE_SIZE;
    struct entry e = { .version = version,
                       .header = (u32 *)(t->shared[frame] + offset % PAGE_SIZE) };

    e.active = grant_active_of(e.header);
    e.marks = version == 1 ? &e.v1->flags
                           : &t->status[ref / STATUSES_PER_FRAME][ref % STATUSES_PER_FRAME];
    return e;
}

/* The frame that the guest names there: read it once. */
PER_VERSION u64 entry_frame(const struct entry *e)
{
    return e->version == 1 ? READ_ONCE(e->v1->frame) : READ_ONCE(e->v2->full_page.frame);
}

PER_VERSION void entry_set_frame(const struct entry *e, u64 frame)
{
    if ( e->version == 1 )
        WRITE_ONCE(e->v1->frame, (u32)frame);
    else
        WRITE_ONCE(e->v2->full_page.frame, frame);
}

/*
 * Mark the entry as in use if its header is @*header: false, it isn't, and @*header is what it is now.
 *
 * In version 1 header and marks are one word. In version 2 we set the marks and then look again, while a granter who
 * ends a grant takes it out of the header and then looks for marks: one of the two sees the other. What was set in vain
 * is the caller's to take back.
 */
PER_VERSION bool entry_mark(const struct entry *e, u32 *header, u16 marks)
{
    u32 before = *header;

    if ( e->version == 1 )
        return atomic_cmpxchg(e->header, header, before | marks);
    atomic_fetch_or(e->marks, marks);
    *header = READ_ONCE(*e->header);
    return !GUARD(grant_looks_again, *header != before);
}

static inline bool pinned(const struct grant_active *active)
{
    return active->pins != 0;
}

#endif
