/* GNTTABOP_copy: between granted frames and our own, within a page each. */
#include "grant/table.h"

#include "domain/widen.h"
#include "lib/guard.h"
#include "lib/string.h"
#include "mm/map.h"
#include "smp/smp.h"

/* One end of a copy, ready: its frame is referenced and, if granted, pinned. */
struct copy_end {
    struct domain *granter; /* with a reference; NULL: a frame of our own */
    u32 ref;
    mfn_t mfn;
    bool write;
};

static s16 open_granted(struct grant_call *call, const struct gnttab_copy_ptr *ptr,
                        struct copy_end *end)
{
    struct domain *d = ptr->domid == DOMID_SELF ? call->self : grant_peer(call, ptr->domid);
    s16 status;

    if ( !d )
        return GNTST_bad_domain;
    status = grant_pin(d, ptr->u.ref, call->self->id, end->write, &end->mfn);
    if ( status != GNTST_okay )
        return status;
    domain_hold(d); /* the other end may name another domain to @call */
    end->granter = d;
    end->ref = ptr->u.ref;
    return GNTST_okay;
}

/* Frames by number are our own only. */
static s16 open_own(struct grant_call *call, const struct gnttab_copy_ptr *ptr,
                    struct copy_end *end)
{
    if ( ptr->domid != DOMID_SELF && ptr->domid != call->self->id )
        return GNTST_permission_denied;
    end->mfn = to_mfn(ptr->u.gmfn);
    return grant_frame_get(end->mfn, call->self->id, end->write);
}

static s16 open_end(struct grant_call *call, const struct gnttab_copy_ptr *ptr, bool granted,
                    struct copy_end *end)
{
    return granted ? open_granted(call, ptr, end) : open_own(call, ptr, end);
}

static void close_end(const struct copy_end *end)
{
    if ( !end->granter )
    {
        grant_frame_put(end->mfn, end->write);
        return;
    }
    grant_unpin(end->granter, end->ref, end->write, end->mfn);
    domain_put(end->granter);
}

static void copy_bytes(const struct gnttab_copy *op, mfn_t to, mfn_t from)
{
    u8 *dest = (u8 *)mfn_to_virt(to) + op->dest.offset;
    const u8 *source = (const u8 *)mfn_to_virt(from) + op->source.offset;

    memmove(dest, source, op->len);
}

static s16 copy_one(struct grant_call *call, const struct gnttab_copy *op)
{
    struct copy_end source = { .write = false }, dest = { .write = true };
    s16 status;

    if ( GUARD(copy_within_a_page, (u32)op->source.offset + op->len > PAGE_SIZE ||
                                       (u32)op->dest.offset + op->len > PAGE_SIZE) )
        return GNTST_bad_copy_arg;
    status = open_end(call, &op->source, op->flags & GNTCOPY_source_gref, &source);
    if ( status != GNTST_okay )
        return status;
    status = open_end(call, &op->dest, op->flags & GNTCOPY_dest_gref, &dest);
    if ( status == GNTST_okay )
    {
        copy_bytes(op, dest.mfn, source.mfn);
        close_end(&dest);
    }
    close_end(&source);
    return status;
}

/* -EFAULT an element can't be read or its status written; those before it are done. */
long grant_op_copy(struct grant_call *call)
{
    u32 size = call->wide ? sizeof(struct gnttab_copy) : sizeof(struct compat_gnttab_copy);
    u32 status_at = call->wide ? offsetof(struct gnttab_copy, status)
                               : offsetof(struct compat_gnttab_copy, status);
    struct gnttab_copy op;

    for ( u32 i = 0; i < call->count; i++ )
    {
        gva_t at = to_gva(call->uop.n + (u64)i * size);
        s16 status;

        if ( i && GUARD(grant_copy_stops, preempt_pending()) )
            return grant_continue(call, i, size);
        if ( !guest_load_as(call->wide, gnttab_copy, &op, at) )
            return -EFAULT;
        status = copy_one(call, &op);
        if ( copy_to_guest(to_gva(at.n + status_at), &status, sizeof(status)) )
            return -EFAULT;
    }
    return 0;
}
