/*
 * The mapper's side: handles. They are small numbers, since guests keep arrays by them, and worthless to anybody but
 * the domain that they were given to, so a guest may try any number: one that is free, or just being unmapped, is
 * refused.
 *
 * The lock is for the list of free handles, and for making more; each vcpu may keep one free handle besides. A handle
 * in use is taken by setting HANDLE_BUSY in its flags, which only one can do; pages of handles stay until the domain is
 * gone.
 */
#include "grant/maptrack.h"

#include "lib/atomic.h"
#include "lib/guard.h"
#include "mm/alloc.h"
#include "smp/smp.h"

/* Handles that teardown looks at before it looks whether to stop. */
#define RELEASE_BATCH 64

static unsigned int list_order(const struct grant_table *t)
{
    return order_of(DIV_ROUND_UP(t->max_handle_frames * sizeof(struct grant_handle *), PAGE_SIZE));
}

/* The lowest is to be given first. */
bool maptrack_grow(struct grant_table *t)
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
    {
        page[i].number = first + i;
        maptrack_list(t, &page[i]);
    }
    atomic_store(&t->nr_handle_frames, t->nr_handle_frames + 1);
    return true;
}

u32 grant_maptrack_frames(struct domain *d)
{
    return d->grant.table->nr_handle_frames;
}

u32 maptrack_mappings(struct domain *d)
{
    const struct grant_table *t = d->grant.table;
    u32 used = 0;

    for ( u32 n = 0; maptrack_exists(t, &n); n++ )
        used += READ_ONCE(maptrack_at(t, n)->flags) != 0;
    return used;
}

/* Nothing of the domain runs any more, and its page tables are gone. */
long maptrack_release_all(struct domain *d)
{
    struct grant_table *t = d->grant.table;

    for ( u32 n = t->release_cursor; maptrack_exists(t, &n); n++ )
    {
        struct domain *granter;
        struct grant_handle *h;
        u32 flags;

        if ( n % RELEASE_BATCH == 0 && n != t->release_cursor && preempt_pending() )
        {
            t->release_cursor = n;
            return -ERESTART;
        }
        h = maptrack_claim(t, n, &flags);
        if ( !h )
            continue;
        granter = h->granter;
        grant_unpin(granter, h->ref, handle_writes(flags), to_mfn(h->frame));
        maptrack_free(t, h);
        if ( flags & HANDLE_HOLDS )
            domain_put(granter);
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
