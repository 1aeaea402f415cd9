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

/*
 * What a granted end of a copy has in use, beside the reference to its frame: entry @ref of @granter's table. If
 * another entry stood for that one, @via_ref of @via's table, then it is in use too, and we hold @granter.
 */
struct copy_grant {
    struct domain *granter;
    struct domain *via; /* or NULL */
    u32 ref, via_ref;
};

/* @use of @grant's entry is one of another domain's entry, to which the granter has no more rights than anybody. */
static s16 follow(struct copy_grant *grant, struct grant_use *use, bool write)
{
    struct domain *user = grant->granter, *next = domain_get_guest(use->next_granter);
    u32 ref = use->next_ref;
    s16 status = GNTST_general_error;

    if ( !next )
        return status;
    if ( next != user && READ_ONCE(next->life) == DOMAIN_ALIVE )
        status = grant_pin(next, ref, user->id, write, GRANT_PART, use);
    if ( status != GNTST_okay )
    {
        domain_put(next);
        return status;
    }
    grant->via = user;
    grant->via_ref = grant->ref;
    grant->granter = next;
    grant->ref = ref;
    return GNTST_okay;
}

static __attribute__((noinline)) void close_via(const struct copy_grant *grant, bool write)
{
    domain_put(grant->granter);
    grant_unpin_entry(grant->via, grant->via_ref, write);
}

static inline __attribute__((always_inline)) void close_granted(const struct copy_grant *grant,
                                                                mfn_t mfn, bool write)
{
    grant_unpin_inline(grant->granter, grant->ref, write, mfn);
    if ( __builtin_expect(grant->via != NULL, 0) )
        close_via(grant, write);
}

/* What @grant has in use is no whole frame, or no frame yet. */
static __attribute__((noinline)) s16 open_part(struct copy_grant *grant, struct grant_use *use,
                                               u32 offset, u32 len, bool write)
{
    s16 status = use->kind == GRANT_TRANSITIVE ? follow(grant, use, write) : GNTST_okay;

    if ( status != GNTST_okay )
    {
        GUARD_STEP(transitive_refused, grant_unpin_entry(grant->granter, grant->ref, write));
        return status;
    }
    if ( use->kind == GRANT_WHOLE )
        return GNTST_okay;
    if ( GUARD(copy_within_part, offset < use->start || offset + len > use->start + use->size) )
    {
        close_granted(grant, use->mfn, write);
        return GNTST_general_error;
    }
    return GNTST_okay;
}

static inline __attribute__((always_inline)) s16
open_granted(struct domain *self, struct domain **last, const struct gnttab_copy_ptr *ptr, u32 len,
             bool write, struct copy_grant *grant, mfn_t *mfn)
{
    struct domain *d = ptr->domid == DOMID_SELF ? self : grant_peer(last, ptr->domid);
    struct grant_use use;
    s16 status;

    if ( !d )
        return GNTST_bad_domain;
    status = grant_pin_inline(d, ptr->u.ref, self->id, write, GRANT_TRANSITIVE, 1, &use);
    if ( status != GNTST_okay )
        return status;
    grant->granter = d;
    grant->ref = ptr->u.ref;
    grant->via = NULL;
    if ( use.kind != GRANT_WHOLE )
        status = open_part(grant, &use, ptr->offset, len, write);
    *mfn = use.mfn;
    return status;
}

/* Is what @ptr names a frame of our own that needs no reference, since it is copied before anything that may wait? */
static inline __attribute__((always_inline)) bool
at_once(const struct domain *self, const struct gnttab_copy_ptr *ptr, bool write)
{
    return ptr->domid == DOMID_SELF && frame_usable_at_once(to_mfn(ptr->u.gmfn), self->id, write);
}

/* Frames by number are our own only. */
static inline __attribute__((always_inline)) s16
open_own(const struct domain *self, const struct gnttab_copy_ptr *ptr, bool write, mfn_t *mfn)
{
    if ( ptr->domid != DOMID_SELF )
        return GNTST_permission_denied;
    *mfn = to_mfn(ptr->u.gmfn);
    return grant_frame_get(*mfn, self->id, write, 1);
}

/* One end of a copy: its frame, referenced and, if granted, pinned. The compiler knows @write, here and at its end. */
static inline __attribute__((always_inline)) s16 open_end(struct domain *self, struct domain **last,
                                                          const struct gnttab_copy_ptr *ptr,
                                                          bool granted, u32 len, bool write,
                                                          struct copy_grant *grant, mfn_t *mfn)
{
    return granted ? open_granted(self, last, ptr, len, write, grant, mfn)
                   : open_own(self, ptr, write, mfn);
}

static inline __attribute__((always_inline)) void
close_end(bool granted, const struct copy_grant *grant, mfn_t mfn, bool write)
{
    if ( granted )
        close_granted(grant, mfn, write);
    else
        grant_frame_put(mfn, write);
}

static inline void copy_bytes(const struct gnttab_copy *op, mfn_t to, mfn_t from)
{
    u8 *dest = (u8 *)mfn_to_virt(to) + op->dest.offset;
    const u8 *source = (const u8 *)mfn_to_virt(from) + op->source.offset;

    /* Into what is yet to be read. */
    if ( __builtin_expect(mfn_eq(to, from) && (u64)(dest - source) - 1 < op->len - 1UL, 0) )
        memmove(dest, source, op->len);
    else
        copy_inline(dest, source, op->len);
}

/* The domains that the elements before named, as source and as destination. */
struct copy_peers {
    struct domain *source, *dest;
};

/* From @from, which is held. */
static inline __attribute__((always_inline)) s16
copy_from(struct domain *self, struct domain **last, const struct gnttab_copy *op, mfn_t from)
{
    bool granted = op->flags & GNTCOPY_dest_gref;
    struct copy_grant dest;
    mfn_t to;
    s16 status;

    if ( !granted && at_once(self, &op->dest, true) )
    {
        copy_bytes(op, to_mfn(op->dest.u.gmfn), from);
        return GNTST_okay;
    }
    status = open_end(self, last, &op->dest, granted, op->len, true, &dest, &to);
    if ( status == GNTST_okay )
    {
        copy_bytes(op, to, from);
        close_end(granted, &dest, to, true);
    }
    return status;
}

static inline __attribute__((always_inline)) s16
copy_one(struct domain *self, struct copy_peers *peers, const struct gnttab_copy *op)
{
    struct copy_grant source;
    mfn_t from;
    s16 status;

    if ( GUARD(copy_within_a_page, (u32)op->source.offset + op->len > PAGE_SIZE ||
                                       (u32)op->dest.offset + op->len > PAGE_SIZE) )
        return GNTST_bad_copy_arg;
    if ( !(op->flags & (GNTCOPY_source_gref | GNTCOPY_dest_gref)) &&
         at_once(self, &op->source, false) && at_once(self, &op->dest, true) )
    {
        copy_bytes(op, to_mfn(op->dest.u.gmfn), to_mfn(op->source.u.gmfn));
        return GNTST_okay;
    }
    status = open_end(self, &peers->source, &op->source, op->flags & GNTCOPY_source_gref, op->len,
                      false, &source, &from);
    if ( status != GNTST_okay )
        return status;
    status = copy_from(self, &peers->dest, op, from);
    close_end(op->flags & GNTCOPY_source_gref, &source, from, false);
    return status;
}

/* -EFAULT an element can't be read or its status written; those before it are done. @wide is known to the compiler. */
static inline __attribute__((always_inline)) long copy_all(struct grant_call *call,
                                                           struct copy_peers *peers, bool wide)
{
    const u32 size = wide ? sizeof(struct gnttab_copy) : sizeof(struct compat_gnttab_copy);
    const u32 status_at =
        wide ? offsetof(struct gnttab_copy, status) : offsetof(struct compat_gnttab_copy, status);
    struct gnttab_copy op[1]; /* an array: the stack is not aligned for the parts of one */

    while ( call->count )
    {
        s16 status;

        if ( wide ? !guest_load_struct(op, call->uop) : !compat_load_gnttab_copy(op, call->uop) )
            return -EFAULT;
        status = copy_one(call->self, peers, op);
        if ( !guest_store_u16(to_gva(call->uop.n + status_at), (u16)status) )
            return -EFAULT;
        grant_done(call, 1, size);
        if ( call->count && GUARD(grant_copy_stops, preempt_pending()) )
            return grant_continue(call);
    }
    return 0;
}

static inline __attribute__((always_inline)) long copy(struct grant_call *call, bool wide)
{
    struct copy_peers peers = { NULL, NULL };
    long rc = copy_all(call, &peers, wide);

    grant_peer_forget(peers.source);
    grant_peer_forget(peers.dest);
    return rc;
}

GRANT_OP_OF_WIDTHS(copy, copy)
