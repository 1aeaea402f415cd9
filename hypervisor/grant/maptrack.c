/*
 * The mapper's side: handles. They are small numbers, since guests keep arrays by them, and worthless to anybody but
 * the domain that they were given to, so a guest may try any number: one that is free, or just being unmapped, is
 * refused.
 *
 * The lock is for the list of free handles, and for making more. A handle in use is taken by setting HANDLE_BUSY in
 * its flags, which only one can do; pages of handles stay until the domain is gone.
 */
#include "grant/maptrack.h"

#include "lib/atomic.h"
#include "lib/guard.h"
#include "mm/alloc.h"
#include "smp/smp.h"

#define HANDLES_PER_FRAME (PAGE_SIZE / sizeof(struct grant_handle))

/* Handles that teardown looks at before it looks whether to stop. */
#define RELEASE_BATCH 64

static unsigned int list_order(const struct grant_table *t)
{
    return order_of(DIV_ROUND_UP(t->max_handle_frames * sizeof(struct grant_handle *), PAGE_SIZE));
}

static struct grant_handle *handle_at(const struct grant_table *t, u32 handle)
{
    return &t->handles[handle / HANDLES_PER_FRAME][handle % HANDLES_PER_FRAME];
}

static bool handle_exists(const struct grant_table *t, u32 handle)
{
    return !GUARD(grant_handle_bound,
                  handle / HANDLES_PER_FRAME >= atomic_load(&t->nr_handle_frames));
}

static void free_locked(struct grant_table *t, u32 handle)
{
    struct grant_handle *h = handle_at(t, handle);

    WRITE_ONCE(h->flags, 0);
    h->next_free = t->free_handle;
    t->free_handle = handle + 1;
}

/* A further page of handles; the lowest is to be given first. */
static bool grow(struct grant_table *t)
{
    u32 first = t->nr_handle_frames * HANDLES_PER_FRAME;
    struct grant_handle *page;

    if ( t->nr_handle_frames == t->max_handle_frames )
        return false;
    if ( !t->handles )
        t->handles = mm_alloc(list_order(t));
    page = t->handles ? mm_alloc(0) : NULL;
    if ( !page )
        return false;
    t->handles[t->nr_handle_frames] = page;
    for ( u32 i = HANDLES_PER_FRAME; i-- > 0; )
        free_locked(t, first + i);
    atomic_store(&t->nr_handle_frames, t->nr_handle_frames + 1);
    return true;
}

u32 maptrack_new(struct domain *d)
{
    struct grant_table *t = d->grant.table;
    u32 handle = HANDLE_INVALID;

    lock_acquire(&t->handles_lock);
    if ( t->free_handle || grow(t) )
    {
        handle = t->free_handle - 1;
        t->free_handle = handle_at(t, handle)->next_free;
    }
    lock_release(&t->handles_lock);
    return handle;
}

void maptrack_commit(struct domain *d, u32 handle, const struct grant_handle *contents)
{
    struct grant_handle *h = handle_at(d->grant.table, handle);

    h->granter = contents->granter;
    h->ref = contents->ref;
    h->frame = contents->frame;
    atomic_store(&h->flags, contents->flags);
}

void maptrack_free(struct domain *d, u32 handle)
{
    struct grant_table *t = d->grant.table;

    lock_acquire(&t->handles_lock);
    free_locked(t, handle);
    lock_release(&t->handles_lock);
}

bool maptrack_claim(struct domain *d, u32 handle, struct grant_handle *copy)
{
    struct grant_table *t = d->grant.table;
    struct grant_handle *h;
    u32 flags;

    if ( !handle_exists(t, handle) )
        return false;
    h = handle_at(t, handle);
    flags = READ_ONCE(h->flags);
    if ( !flags || GUARD(unmap_once, (flags & HANDLE_BUSY) ||
                                         !atomic_cmpxchg(&h->flags, &flags, flags | HANDLE_BUSY)) )
        return false;
    copy->granter = h->granter;
    copy->ref = h->ref;
    copy->frame = h->frame;
    copy->flags = flags;
    return true;
}

void maptrack_unclaim(struct domain *d, u32 handle, u32 flags)
{
    atomic_store(&handle_at(d->grant.table, handle)->flags, flags);
}

u32 grant_maptrack_frames(struct domain *d)
{
    return d->grant.table->nr_handle_frames;
}

u32 maptrack_mappings(struct domain *d)
{
    const struct grant_table *t = d->grant.table;
    u32 used = 0;

    for ( u32 n = 0; handle_exists(t, n); n++ )
        used += READ_ONCE(handle_at(t, n)->flags) != 0;
    return used;
}

/* Nothing of the domain runs any more, and its page tables are gone. */
long maptrack_release_all(struct domain *d)
{
    struct grant_table *t = d->grant.table;

    for ( u32 n = t->release_cursor; handle_exists(t, n); n++ )
    {
        struct grant_handle h;

        if ( n % RELEASE_BATCH == 0 && n != t->release_cursor && preempt_pending() )
        {
            t->release_cursor = n;
            return -ERESTART;
        }
        if ( !maptrack_claim(d, n, &h) )
            continue;
        grant_unpin(h.granter, h.ref, handle_writes(&h), to_mfn(h.frame));
        maptrack_free(d, n);
        domain_put(h.granter);
    }
    return 0;
}

void maptrack_destroy(struct grant_table *t)
{
    for ( u32 i = 0; i < t->nr_handle_frames; i++ )
        mm_free(t->handles[i], 0);
    if ( t->handles )
        mm_free(t->handles, list_order(t));
}
