/* Inside grant/: the handles of a domain's mappings of others' frames. */
#ifndef GRANT_MAPTRACK_H
#define GRANT_MAPTRACK_H

#include "grant/table.h"
#include "lib/atomic.h"
#include "lib/guard.h"

struct grant_handle {
    struct domain *granter; /* who is there while his frame is: HANDLE_HOLDS */
    u32 ref;
    u32 frame;
    struct grant_handle *next_free; /* while it is free */
    u32 flags;  /* atomic. GNTMAP_*: what is mapped, or 0: free, or not yet in use; HANDLE_* */
    u32 number; /* its own: 32 bytes, so that the way from it to the handle is a shift */
};

#define HANDLE_BUSY  0x8000u /* an unmap is under way: nobody else may touch it */
#define HANDLE_HOLDS 0x4000u /* it has a reference to the granter */
#define HANDLE_KINDS (GNTMAP_host_map | GNTMAP_device_map)
#define HANDLE_FLAGS (HANDLE_KINDS | GNTMAP_readonly | GNTMAP_contains_pte)

/* May who has a handle with these flags write? */
static inline bool handle_writes(u32 flags)
{
    return !(flags & GNTMAP_readonly);
}

/*
 * Does a handle for @mfn, which is pinned, need a reference to the granter? A domain is there for as long as it owns a
 * frame (domain/domain.c), and a frame has the owner that it had when a reference was taken until that goes, with the
 * pin, which goes after all that its end does to the granter. But those of the hypervisor's that are shared with it are
 * its own in name only: they are taken back when the domain is freed.
 */
static inline bool handle_must_hold(mfn_t mfn)
{
    return READ_ONCE(mfn_to_frame(mfn)->state) & FRAME_HYPERVISOR;
}

#define HANDLES_PER_FRAME (PAGE_SIZE / sizeof(struct grant_handle))

/* Handle @number, which there is. */
static inline struct grant_handle *maptrack_at(const struct grant_table *t, u32 number)
{
    return &t->handles[number / HANDLES_PER_FRAME][number % HANDLES_PER_FRAME];
}

/* Is there a handle *@number? Pages of them stay until the domain is gone. */
static inline bool maptrack_exists(const struct grant_table *t, u32 *number)
{
    u32 handles = atomic_load(&t->nr_handle_frames) * HANDLES_PER_FRAME;

    return !GUARD(grant_handle_bound, !index_below(number, handles));
}

/* In maptrack.c, under the lock: a further page of handles. False: there can't be one. */
bool maptrack_grow(struct grant_table *t);

/*
 * A new handle of the current vcpu @v's domain, unknown to others until maptrack_commit; NULL: none is left. The one
 * that the vcpu gave back last is kept for it, so that most mappings take no lock.
 */
static inline struct grant_handle *maptrack_new(struct vcpu *v)
{
    struct grant_table *t = v->domain->grant.table;
    struct grant_handle *h = v->grant.spare;

    if ( h )
    {
        v->grant.spare = NULL;
        return h;
    }
    lock_acquire(&t->handles_lock);
    if ( __builtin_expect(t->free_handle != NULL, 1) || maptrack_grow(t) )
    {
        h = t->free_handle;
        t->free_handle = h->next_free;
    }
    lock_release(&t->handles_lock);
    return h;
}

/* @h, which is new and tells what is mapped but for the flags, is in use. */
static inline void maptrack_commit(struct grant_handle *h, u32 flags)
{
    atomic_store(&h->flags, flags);
}

/* Put handle @h on the list of free ones. Under the lock. */
static inline void maptrack_list(struct grant_table *t, struct grant_handle *h)
{
    WRITE_ONCE(h->flags, 0);
    h->next_free = t->free_handle;
    t->free_handle = h;
}

static inline void maptrack_free(struct grant_table *t, struct grant_handle *h)
{
    lock_acquire(&t->handles_lock);
    maptrack_list(t, h);
    lock_release(&t->handles_lock);
}

/* Give back a handle of the current vcpu @v's domain. */
static inline void maptrack_give_back(struct vcpu *v, struct grant_handle *h)
{
    if ( __builtin_expect(v->grant.spare != NULL, 0) )
    {
        maptrack_free(v->domain->grant.table, h);
        return;
    }
    WRITE_ONCE(h->flags, 0);
    v->grant.spare = h;
}

/*
 * Take a handle in order to unmap: nobody else changes it then. Its flags were *@was. NULL: it is not in use, or taken
 * by somebody else.
 */
static inline struct grant_handle *maptrack_claim(struct grant_table *t, u32 number, u32 *was)
{
    struct grant_handle *h;
    u32 flags;

    if ( !maptrack_exists(t, &number) )
        return NULL;
    h = maptrack_at(t, number);
    flags = READ_ONCE(h->flags);
    if ( !flags || GUARD(unmap_once, (flags & HANDLE_BUSY) ||
                                         !atomic_cmpxchg(&h->flags, &flags, flags | HANDLE_BUSY)) )
        return NULL;
    *was = flags;
    return h;
}

/* ... and let it go on with @flags, of which some mapping is left. */
static inline void maptrack_unclaim(struct grant_handle *h, u32 flags)
{
    atomic_store(&h->flags, flags);
}

/* Handles of @d in use. Takes no lock: true as of some moment for each handle. */
u32 maptrack_mappings(struct domain *d);

/* Teardown: end what is still mapped. 0, -ERESTART. */
long maptrack_release_all(struct domain *d);

void maptrack_destroy(struct grant_table *t);

#endif
