/*
 * GNTTABOP_copy: between granted frames and our own, within a page each.
 *
 * What is granted may be a part of a frame, or what a third domain grants to the granter (transitive): then both
 * entries are in use while we copy. One step of that kind is all there is, so nothing recurses and no circle is walked.
 */
#include "grant/pin_inline.h"

#include "domain/widen.h"
#include "lib/atomic.h"
#include "lib/guard.h"
#include "lib/string.h"
#include "mm/map.h"
#include "smp/smp.h"

/* An entry in use. */
struct copy_entry {
    struct domain *granter;
    u32 ref;
};

/* One end of a copy, ready: its frame is referenced and, if granted, pinned. */
struct copy_end {
    struct copy_entry entry; /* of the frame; no granter: a frame of our own */
    struct copy_entry via;   /* the one that stood for it, if any: then we hold entry.granter */
    struct grant_use use;
};

/* The entry of @end stands for one of another domain's, to which its granter has no more rights than anybody. */
static s16 follow(struct copy_end *end, bool write)
{
    struct grant_use *use = &end->use;
    struct copy_entry next = { domain_get_guest(use->next_granter), use->next_ref };
    domid_t user = end->entry.granter->id;
    s16 status = GNTST_general_error;

    if ( !next.granter )
        return status;
    if ( next.granter != end->entry.granter && READ_ONCE(next.granter->life) == DOMAIN_ALIVE )
        status = grant_pin(next.granter, next.ref, user, write, GRANT_PART, use);
    if ( status != GNTST_okay )
    {
        domain_put(next.granter);
        return status;
    }
    end->via = end->entry;
    end->entry = next;
    return GNTST_okay;
}

static __attribute__((noinline)) void close_via(const struct copy_end *end, bool write)
{
    domain_put(end->entry.granter);
    grant_unpin_entry(end->via.granter, end->via.ref, write);
}

static inline void close_granted(const struct copy_end *end, bool write)
{
    grant_unpin_inline(end->entry.granter, end->entry.ref, write, end->use.mfn);
    if ( __builtin_expect(end->via.granter != NULL, 0) )
        close_via(end, write);
}

/* What @end has in use is no whole frame, or no frame yet. */
static __attribute__((noinline)) s16 open_part(u32 offset, u32 len, bool write,
                                               struct copy_end *end)
{
    const struct grant_use *use = &end->use;
    s16 status = use->kind == GRANT_TRANSITIVE ? follow(end, write) : GNTST_okay;

    if ( status != GNTST_okay )
    {
        GUARD_STEP(transitive_refused,
                   grant_unpin_entry(end->entry.granter, end->entry.ref, write));
        return status;
    }
    if ( use->kind == GRANT_WHOLE )
        return GNTST_okay;
    if ( GUARD(copy_within_part, offset < use->start || offset + len > use->start + use->size) )
    {
        close_granted(end, write);
        return GNTST_general_error;
    }
    return GNTST_okay;
}

/* The two ends may name different domains: each has a slot of @call. */
static inline s16 open_granted(struct grant_call *call, const struct gnttab_copy_ptr *ptr, u32 len,
                               bool write, struct copy_end *end)
{
    struct domain *d = ptr->domid == DOMID_SELF ? call->self : grant_peer(call, write, ptr->domid);
    s16 status;

    if ( !d )
        return GNTST_bad_domain;
    status = grant_pin_inline(d, ptr->u.ref, call->self->id, write, GRANT_TRANSITIVE, &end->use);
    if ( status != GNTST_okay )
        return status;
    end->entry.granter = d;
    end->entry.ref = ptr->u.ref;
    end->via.granter = NULL;
    return end->use.kind == GRANT_WHOLE ? GNTST_okay : open_part(ptr->offset, len, write, end);
}

/* Frames by number are our own only. */
static inline s16 open_own(struct grant_call *call, const struct gnttab_copy_ptr *ptr, bool write,
                           struct copy_end *end)
{
    if ( ptr->domid != DOMID_SELF )
        return GNTST_permission_denied;
    end->entry.granter = NULL;
    end->use.mfn = to_mfn(ptr->u.gmfn);
    return grant_frame_get(end->use.mfn, call->self->id, write);
}

/* @write is known to the compiler, here and in close_end(). */
static inline __attribute__((always_inline)) s16 open_end(struct grant_call *call,
                                                          const struct gnttab_copy_ptr *ptr,
                                                          bool granted, u32 len, bool write,
                                                          struct copy_end *end)
{
    return granted ? open_granted(call, ptr, len, write, end) : open_own(call, ptr, write, end);
}

static inline __attribute__((always_inline)) void close_end(const struct copy_end *end, bool write)
{
    if ( end->entry.granter )
        close_granted(end, write);
    else
        grant_frame_put(end->use.mfn, write);
}

static void copy_bytes(const struct gnttab_copy *op, mfn_t to, mfn_t from)
{
    u8 *dest = (u8 *)mfn_to_virt(to) + op->dest.offset;
    const u8 *source = (const u8 *)mfn_to_virt(from) + op->source.offset;

    memmove(dest, source, op->len);
}

static s16 copy_one(struct grant_call *call, const struct gnttab_copy *op)
{
    struct copy_end source, dest;
    s16 status;

    if ( GUARD(copy_within_a_page, (u32)op->source.offset + op->len > PAGE_SIZE ||
                                       (u32)op->dest.offset + op->len > PAGE_SIZE) )
        return GNTST_bad_copy_arg;
    status = open_end(call, &op->source, op->flags & GNTCOPY_source_gref, op->len, false, &source);
    if ( status != GNTST_okay )
        return status;
    status = open_end(call, &op->dest, op->flags & GNTCOPY_dest_gref, op->len, true, &dest);
    if ( status == GNTST_okay )
    {
        copy_bytes(op, dest.use.mfn, source.use.mfn);
        close_end(&dest, true);
    }
    close_end(&source, false);
    return status;
}

/* An element in guests' memory, by grant_call.wide. */
static const struct copy_layout {
    u32 size, status;
} layouts[] = {
    { sizeof(struct compat_gnttab_copy), offsetof(struct compat_gnttab_copy, status) },
    { sizeof(struct gnttab_copy), offsetof(struct gnttab_copy, status) },
};

/* -EFAULT an element can't be read or its status written; those before it are done. */
long grant_op_copy(struct grant_call *call)
{
    const struct copy_layout layout = layouts[call->wide];
    struct gnttab_copy op;

    for ( u32 i = 0; i < call->count; i++ )
    {
        gva_t at = to_gva(call->uop.n + (u64)i * layout.size);
        s16 status;

        if ( i && GUARD(grant_copy_stops, preempt_pending()) )
            return grant_continue(call, i, layout.size);
        if ( call->wide ? !guest_load_struct(&op, at) : !compat_load_gnttab_copy(&op, at) )
            return -EFAULT;
        status = copy_one(call, &op);
        if ( !guest_store_u16(to_gva(at.n + layout.status), (u16)status) )
            return -EFAULT;
    }
    return 0;
}
