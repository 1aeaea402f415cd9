/*
 * GNTTABOP_copy: between granted frames and our own, within a page each.
 *
 * What is granted may be a part of a frame, or what a third domain grants to the granter (transitive): then both
 * entries are in use while we copy. One step of that kind is all there is, so nothing recurses and no circle is walked.
 */
#include "grant/once.h"

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

static void close_via(const struct copy_grant *grant, bool write)
{
    domain_put(grant->granter);
    grant_unpin_entry(grant->via, grant->via_ref, write);
}

static void close_granted(const struct copy_grant *grant, mfn_t mfn, bool write)
{
    grant_unpin(grant->granter, grant->ref, write, mfn);
    if ( grant->via )
        close_via(grant, write);
}

/* What @grant has in use is no whole frame, or no frame yet. */
static s16 open_part(struct copy_grant *grant, struct grant_use *use, u32 offset, u32 len,
                     bool write)
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

static s16 open_granted(struct domain *self, struct domain **last,
                        const struct gnttab_copy_ptr *ptr, u32 len, bool write,
                        struct copy_grant *grant, mfn_t *mfn)
{
    struct domain *d = ptr->domid == DOMID_SELF ? self : grant_peer(last, ptr->domid);
    struct grant_use use;
    s16 status;

    if ( !d )
        return GNTST_bad_domain;
    status = grant_pin(d, ptr->u.ref, self->id, write, GRANT_TRANSITIVE, &use);
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

/* Frames by number are our own only. */
static s16 open_own(const struct domain *self, const struct gnttab_copy_ptr *ptr, bool write,
                    mfn_t *mfn)
{
    if ( ptr->domid != DOMID_SELF )
        return GNTST_permission_denied;
    *mfn = to_mfn(ptr->u.gmfn);
    return grant_frame_get(*mfn, self->id, write, 1);
}

/* One end of a copy: its frame, referenced and, if granted, pinned. */
static s16 open_end(struct domain *self, struct domain **last, const struct gnttab_copy_ptr *ptr,
                    bool granted, u32 len, bool write, struct copy_grant *grant, mfn_t *mfn)
{
    return granted ? open_granted(self, last, ptr, len, write, grant, mfn)
                   : open_own(self, ptr, write, mfn);
}

static void close_end(bool granted, const struct copy_grant *grant, mfn_t mfn, bool write)
{
    if ( granted )
        close_granted(grant, mfn, write);
    else
        grant_frame_put(mfn, write);
}

/* From what is @at an offset in @from to what is in @to: a frame's number, and below. */
static inline __attribute__((always_inline)) void copy_bytes(mfn_t to, u32 to_at, mfn_t from,
                                                             u32 from_at, u32 len)
{
    u8 *dest = (u8 *)mfn_to_virt(to) + to_at;
    const u8 *source = (const u8 *)mfn_to_virt(from) + from_at;

    /* Into what is yet to be read. */
    if ( __builtin_expect((u64)(dest - source) - 1 < len - 1UL, 0) )
        memmove(dest, source, len);
    else
        copy_inline(dest, source, len);
}

/* --- What needs no wait --- */

/* An element's words, in registers where it is alone. */
#define SOURCE(words) (words)[0], (words)[1]
#define DEST(words)   (words)[2], (words)[3]
#define DOMID(where)  ((domid_t)(where))
#define OFFSET(where) ((u16)((where) >> 16))
#define LEN(words)    ((u16)(words)[4])
#define FLAGS(words)  ((u16)((words)[4] >> 16))
#define STATUS_AT     offsetof(struct gnttab_copy, status)

_Static_assert(sizeof(struct gnttab_copy) == 5 * sizeof(u64) && STATUS_AT == 36 &&
                   offsetof(struct gnttab_copy, dest) == 16 &&
                   offsetof(struct gnttab_copy_ptr, domid) == 8 &&
                   offsetof(struct gnttab_copy_ptr, offset) == 10,
               "the words");

static inline bool within_a_page(const u64 words[5])
{
    return !GUARD(copy_within_a_page, (u32)OFFSET(words[1]) + LEN(words) > PAGE_SIZE ||
                                          (u32)OFFSET(words[3]) + LEN(words) > PAGE_SIZE);
}

/* Is that a frame of our own that needs no reference, since it is copied before anything that may wait? */
static inline __attribute__((always_inline)) bool at_once(const struct domain *self, u64 gmfn,
                                                          u64 where, bool write)
{
    return DOMID(where) == DOMID_SELF && frame_usable_at_once(to_mfn(gmfn), self->id, write);
}

static inline __attribute__((always_inline)) bool copy_own(const struct domain *self,
                                                           const u64 words[5])
{
    if ( !at_once(self, SOURCE(words), false) || !at_once(self, DEST(words), true) )
        return false;
    copy_bytes(to_mfn(words[2]), OFFSET(words[3]), to_mfn(words[0]), OFFSET(words[1]), LEN(words));
    return true;
}

/*
 * Between a page of our own and one that is granted, one @write, by an entry that is pinned as most are. Where that is
 * is no other place when the copy is done, if the table is of version 1 then: frames of entries stay where they are.
 */
static inline __attribute__((always_inline)) bool copy_granted(const struct domain *self, u64 own,
                                                               u64 own_where, u64 ref, u64 where,
                                                               u32 len, bool write)
{
    struct grant_once o;

    if ( !at_once(self, own, own_where, !write) ||
         !grant_pin_once(DOMID(where), (u32)ref, self->id, write, 1, &o) )
        return false;
    if ( write )
        copy_bytes(o.mfn, OFFSET(where), to_mfn(own), OFFSET(own_where), len);
    else
        copy_bytes(to_mfn(own), OFFSET(own_where), o.mfn, OFFSET(where), len);
    grant_unpin_once(&o, (u32)ref, write);
    grant_frame_put(o.mfn, write);
    return true;
}

/* False: nothing was done. */
static inline __attribute__((always_inline)) bool copy_usual(const struct domain *self,
                                                             const u64 words[5])
{
    switch ( FLAGS(words) & (GNTCOPY_source_gref | GNTCOPY_dest_gref) )
    {
    case 0:
        return copy_own(self, words);
    case GNTCOPY_source_gref:
        return copy_granted(self, DEST(words), SOURCE(words), LEN(words), false);
    case GNTCOPY_dest_gref:
        return copy_granted(self, SOURCE(words), DEST(words), LEN(words), true);
    default:
        return false;
    }
}

/* --- All --- */

/* The domains that the elements before named, as source and as destination. */
struct copy_peers {
    struct domain *source, *dest;
};

/* Both ends are held while it is done. */
static __attribute__((noinline)) s16 copy_held(struct domain *self, struct copy_peers *peers,
                                               const struct gnttab_copy *op)
{
    bool from_granted = op->flags & GNTCOPY_source_gref, to_granted = op->flags & GNTCOPY_dest_gref;
    struct copy_grant source, dest;
    mfn_t from, to;
    s16 status =
        open_end(self, &peers->source, &op->source, from_granted, op->len, false, &source, &from);

    if ( status != GNTST_okay )
        return status;
    status = open_end(self, &peers->dest, &op->dest, to_granted, op->len, true, &dest, &to);
    if ( status == GNTST_okay )
    {
        copy_bytes(to, op->dest.offset, from, op->source.offset, op->len);
        close_end(to_granted, &dest, to, true);
    }
    close_end(from_granted, &source, from, false);
    return status;
}

static inline __attribute__((always_inline)) s16
copy_one(struct domain *self, struct copy_peers *peers, const struct gnttab_copy *op)
{
    const u64 *words = (const u64 *)op;

    if ( !within_a_page(words) )
        return GNTST_bad_copy_arg;
    return copy_usual(self, words) ? GNTST_okay : copy_held(self, peers, op);
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

static __attribute__((noinline)) long copy_any(unsigned long cmd, gva_t uop, u32 count)
{
    struct grant_call call = grant_call(cmd, uop, count);

    return copy(&call, true);
}

long compat_grant_op_copy(unsigned long cmd, gva_t uop, u32 count)
{
    struct grant_call call = grant_call(cmd, uop, count);

    return copy(&call, false);
}

/* One alone that needs no wait. */
long grant_op_copy(unsigned long cmd, gva_t uop, u32 count)
{
    u64 words[5];

    if ( count != 1 || !guest_load_struct(&words, uop) || !within_a_page(words) ||
         !copy_usual(current_vcpu()->domain, words) )
        return copy_any(cmd, uop, count);
    return guest_store_u16(to_gva(uop.n + STATUS_AT), GNTST_okay) ? 0 : -EFAULT;
}
