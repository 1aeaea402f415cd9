/*
 * Inside grant/.
 *
 * Two roles, each with a lock of its own (both LOCK_GRANT, never held together): the granter's table, and the mapper's
 * handles. Neither is held while page tables change, since LOCK_PAGETABLE comes before LOCK_GRANT.
 *
 * An entry of the granter's table may change under our hands at any time, until it is pinned: then what was checked is
 * kept in our own struct grant_active, and only that is used. Each pin holds a reference to the frame, with a writable
 * type if it may write, and so the granter, who is there for as long as he owns a frame; each handle holds one pin, so
 * that both are there when it is undone.
 */
#ifndef GRANT_TABLE_H
#define GRANT_TABLE_H

#include "domain/domain.h"
#include "grant/grant.h"
#include "lib/atomic.h"
#include "mm/frame.h"

/* Frames of entries of version 2 whose words a status frame has. */
#define STATUS_COVERS (sizeof(union grant_entry_v2) / sizeof(grant_status_t))

#define GRANT_FRAME_UNKNOWN (~0u)

/* Our side of an entry: who uses it. */
struct grant_active {
    u32 frame; /* while it is pinned, in version 1: GRANT_FRAME_UNKNOWN it may not be a whole one that is */
    domid_t user;
    union {
        struct {
            u8 readers;
            u8 writers;
        };
        u16 pins; /* both: GRANT_PIN_* each */
    };
};

#define GRANT_PIN_READER 0x0001u
#define GRANT_PIN_WRITER 0x0100u

/* Our side of what is at @shared in a frame of entries. */
static inline struct grant_active *grant_active_of(void *shared)
{
    return (struct grant_active *)((u8 *)shared + PAGE_SIZE);
}

struct grant_handle; /* maptrack.h */

struct grant_table {
    struct lock lock; /* the table */
    u32 version;      /* 1 or 2: entry.h */
    u32 uses;         /* pins, and transfers under way */
    u32 nr_frames;    /* grows only */
    u8 **shared;      /* max_frames pages, for the guest to write; behind each our side of it */
    u32 max_frames;
    u32 max_version;
    grant_status_t **status; /* of version 2: written by the guest as it likes, and never read */
    u32 nr_status_frames;    /* grows only */

    struct lock handles_lock; /* the handles */
    u32 max_handle_frames;
    u32 nr_handle_frames;
    struct grant_handle **handles;    /* max_handle_frames pages; NULL before the first mapping */
    struct grant_handle *free_handle; /* list of free ones */
    u32 release_cursor;               /* teardown: handles below it are gone */
};

/* What is left of a call of grant_table_op: the handler's own, in registers where no pointer to it escapes. */
struct grant_call {
    struct vcpu *v;
    struct domain *self;
    gva_t uop; /* the array, from the element on that is next */
    u32 cmd;
    u32 count; /* elements that are left */
};

static inline struct grant_call grant_call(unsigned long cmd, gva_t uop, u32 count)
{
    struct vcpu *v = current_vcpu();

    return (struct grant_call){
        .v = v, .self = v->domain, .uop = uop, .cmd = (u32)cmd, .count = count
    };
}

/*
 * The domain @id, for one element: NULL there is none, or it is dying. @last is the one that the element before named,
 * which most elements do: with a reference, or NULL. Valid until the next grant_peer with the same @last; at the end
 * grant_peer_forget.
 */
static inline struct domain *grant_peer(struct domain **last, domid_t id)
{
    struct domain *d = *last;

    if ( !d || d->id != id )
    {
        if ( d )
            domain_put(d);
        d = *last = domain_get_guest(id);
    }
    return d && READ_ONCE(d->life) == DOMAIN_ALIVE ? d : NULL;
}

static inline void grant_peer_forget(struct domain *last)
{
    if ( last )
        domain_put(last);
}

/* What an entry grants: who can do with one kind can do with those before it. */
enum grant_kind {
    GRANT_WHOLE,      /* a frame */
    GRANT_PART,       /* of a frame, @size bytes from @start on */
    GRANT_TRANSITIVE, /* what entry @next_ref of @next_granter grants to this entry's domain */
    GRANT_NOTHING,
};

struct grant_use {
    enum grant_kind kind;
    mfn_t mfn; /* referenced; a transitive one has none */
    u32 start, size;
    domid_t next_granter;
    u32 next_ref;
};

/*
 * Use entry @ref of @d's table for @user, to read or also to write, if what it grants is of a kind up to @most:
 * GNTST_okay with *@use; else nothing has changed. Sets GTF_reading and GTF_writing. Takes the table's lock.
 */
s16 grant_pin(struct domain *d, u32 ref, domid_t user, bool write, enum grant_kind most,
              struct grant_use *use);

/* The use ends, with the reference; and that of a transitive entry, which has none. Take the table's lock. */
void grant_unpin(struct domain *d, u32 ref, bool write, mfn_t mfn);
void grant_unpin_entry(struct domain *d, u32 ref, bool write);

/*
 * Entry @ref of @d's table is to take a frame of @giver's: GNTST_okay with the number in *@number that @d wants it to
 * have; GNTST_general_error it accepts none, or not from @giver, or is committed already. Then one of the other two:
 * the frame is there, or it is not and the entry accepts as before. Take the table's lock.
 */
s16 grant_transfer_commit(struct domain *d, u32 ref, domid_t giver, u64 *number);
void grant_transfer_complete(struct domain *d, u32 ref, mfn_t mfn);
void grant_transfer_revert(struct domain *d, u32 ref);

/* Let @d's table have at least @frames. -EINVAL beyond its limit, -ENOMEM. Takes the table's lock. */
long grant_table_grow(struct domain *d, u32 frames);

/*
 * Choose the layout of @d's table. Entries are lost but for the reserved ones, which may be in use. -EINVAL no such
 * version, -ENOSYS not for this domain, -EBUSY another entry is in use or a status frame mapped, -ERANGE version 1
 * can't say what a reserved entry does, -ENOMEM; then nothing has changed. Takes the table's lock.
 */
long grant_set_version(struct domain *d, u32 version);
u32 grant_version(struct domain *d);

/* Status frames that @d's table has now: none in version 1. Takes the table's lock. */
u32 grant_status_frames(struct domain *d);

/* How many there are to so many @frames of entries; let there be at least so many: -ENOMEM. Under the table's lock. */
u32 grant_status_frames_for(u32 frames);
long grant_status_grow(struct domain *d, struct grant_table *t, u32 frames);

/* Swap two entries. GNTST_bad_gntref, GNTST_eagain one is in use. Takes the table's lock. */
s16 grant_swap(struct domain *d, u32 a, u32 b);

/* Entries of @d's table that somebody uses. Takes no lock: true as of some moment for each entry. */
u32 grant_entries_in_use(struct domain *d);

/* A table of t->max_frames, t->max_version for the new domain @d: 0, -ENOMEM with some of it made. */
long grant_table_create(struct domain *d, struct grant_table *t);

/* The domain's end: nobody uses an entry any more. */
void grant_table_free(struct grant_table *t);

/*
 * The operations: ops/grant_table.def. 0 or -errno; the elements' codes are in them. The arguments are where the
 * guest's are, so that the way from a hypercall's handler to them is a jump. compat_*: a 32-bit guest's structures.
 */
typedef long grant_op_fn(unsigned long cmd, gva_t uop, u32 count);
grant_op_fn grant_op_map, grant_op_unmap; /* of 64-bit guests; of any: */
grant_op_fn grant_op_map_any, grant_op_unmap_any, grant_op_unmap_and_replace, grant_op_swap;
grant_op_fn grant_op_query_size, grant_op_set_version, grant_op_get_version;
grant_op_fn grant_op_copy, grant_op_transfer, grant_op_setup_table, grant_op_get_status_frames;
grant_op_fn compat_grant_op_copy, compat_grant_op_transfer;
grant_op_fn compat_grant_op_setup_table, compat_grant_op_get_status_frames;

/* Both handlers of an operation whose structures differ: @body(call, wide), where the compiler knows which it is. */
#define GRANT_OP_OF_WIDTHS(op, body)                                                               \
    long grant_op_##op(unsigned long cmd, gva_t uop, u32 count)                                    \
    {                                                                                              \
        struct grant_call call = grant_call(cmd, uop, count);                                      \
                                                                                                   \
        return body(&call, true);                                                                  \
    }                                                                                              \
    long compat_grant_op_##op(unsigned long cmd, gva_t uop, u32 count)                             \
    {                                                                                              \
        struct grant_call call = grant_call(cmd, uop, count);                                      \
                                                                                                   \
        return body(&call, false);                                                                 \
    }

/* So many elements of that size are done. */
static inline void grant_done(struct grant_call *call, u32 elements, size_t size)
{
    call->uop.n += elements * size;
    call->count -= elements;
}

/* -ERESTART, with the hypercall set to go on with what is left; to be called when preempt_pending(). */
static inline long grant_continue(const struct grant_call *call)
{
    return hypercall_continue(__HYPERVISOR_grant_table_op, call->cmd, call->uop.n, call->count, 0,
                              0);
}

#endif
