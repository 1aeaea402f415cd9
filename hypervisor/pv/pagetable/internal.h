/*
 * Between the files of the page-type engine.
 *
 * Unless a comment says otherwise: @d owns the tables, its LOCK_PAGETABLE is held, and a 'type' is
 * a table's: kinds.h tells what tables of that type are like.
 */
#ifndef PV_PAGETABLE_INTERNAL_H
#define PV_PAGETABLE_INTERNAL_H

#include "console/console.h"
#include "cpu/percpu.h"
#include "cpu/uaccess.h"
#include "lib/atomic.h"
#include "lib/guard.h"
#include "mm/frame_inline.h"
#include "pv/pagetable/audit.h"
#include "pv/pagetable/kinds.h"
#include "pv/pagetable/pagetable.h"
#include "smp/smp.h"

_Static_assert((int)FRAME_L1 == 1 && (int)FRAME_L4 == 4, "types of tables are numbered by level");

/*
 * ---- entry.c: what an entry may say, and the references that it holds
 */

/*
 * Check @pte, which is to be present entry @index of a higher table of @d, take its references and
 * make of it what the hardware will see. What it names must be @d's. 0; -EINVAL, -ERESTART: nothing
 * was taken. For L1: entry_l1.h.
 */
long entry_get_table(struct domain *d, struct frame *table, enum frame_type type,
                     unsigned int index, u64 *pte);

/* Drop the references of a present entry that is no longer in the table. */
void entry_put_table(struct domain *d, struct frame *table, enum frame_type type, u64 pte);

/*
 * Write @new into entry @index of a valid higher table, keeping references right. @preserve_ad: keep
 * the A and D bits that the hardware has set. Errors as for the gets, and -EINVAL if that entry
 * can't be changed: then nothing has. For L1: entry_l1.h.
 */
long entry_replace_table(struct domain *d, struct frame *table, enum frame_type type,
                         unsigned int index, u64 new, bool preserve_ad);

/*
 * Write an entry of a valid table: after the references of the new value were taken, before those
 * of the old one are dropped.
 */
static inline void entry_write(u64 *slot, u64 new)
{
    audit_entry(slot, *slot, new); /* read only where there is an audit */
    WRITE_ONCE(*slot, new);
}

/* The same if it is still *@old; else false, and *@old is what it is. */
static inline bool entry_exchange(u64 *slot, u64 *old, u64 new)
{
    if ( !atomic_cmpxchg(slot, old, new) )
        return false;
    audit_entry(slot, *old, new);
    return true;
}

/* Write @new where @old was. @preserve_ad: keep the A and D bits that the hardware has set, and may set meanwhile. */
static inline void entry_store(u64 *slot, u64 old, u64 new, bool preserve_ad)
{
    if ( !preserve_ad )
        entry_write(slot, new);
    else
        while ( !entry_exchange(slot, &old, new | (old & (PTE_A | PTE_D))) )
            ;
}

/* Write @new, whatever the entry was, which is returned. */
static inline u64 entry_swap(u64 *slot, u64 new)
{
    u64 old = atomic_xchg(slot, new);

    audit_entry(slot, old, new);
    return old;
}

/* l1_replace if the slot's value is still @old: false it is not; true: *@rc is the result. */
bool entry_exchange_l1(const struct domain *d, u64 *slot, u64 old, u64 new, long *rc);

/* linear.c: an entry that names a table of its own level. -EINVAL. */
long linear_get(struct frame *table, struct frame *target, u64 pte);
void linear_put(struct domain *d, struct frame *table, struct frame *target);

/* ---- validate.c: tables as a whole; those named by_slots are for boot option coalescing=off */

/*
 * Take a type reference to a frame of @d as a table of @type, validating it if it is the first.
 * The caller holds a reference, which becomes the type's. 0; -EINVAL; -ERESTART stopped half-way:
 * the reference is still the caller's.
 */
long table_get(struct domain *d, struct frame *frame, enum frame_type type);
long table_get_by_slots(struct domain *d, struct frame *frame, enum frame_type type);

/*
 * Drop a type reference to a table and the reference with it. The table that nobody uses any more
 * awaits table_drain.
 */
void table_put(struct domain *d, struct frame *frame);

/*
 * A reference and a type reference to what is valid as a table of @d, in one step. False: nothing was taken, table_get
 * knows more.
 *
 * A table that is @d's when we look for its owner stays one, and @d's, while the lock is held. A frame of @d's that is
 * none doesn't become another domain's table before the exchange, which would take that one: whoever gives it waits
 * until this CPU, too, has flushed its TLB (as for is_l1_of).
 */
static inline bool table_take_used(const struct domain *d, mfn_t mfn, enum frame_type type)
{
    struct frame *frame;
    u64 old, some;

    if ( !mfn_has_frame(mfn) )
        return false;
    frame = mfn_to_frame(mfn);
    old = READ_ONCE(frame->state);
    some = frame_takable_as(old, type);
    if ( !some || READ_ONCE(frame->owner) != d->id ||
         !atomic_cmpxchg(&frame->state, &old, old + some) )
        return false;
    audit_touch(frame);
    return true;
}

/* The same where most tables are in use, and stay so. */
static inline void table_put_used(struct domain *d, struct frame *frame)
{
    audit_touch(frame);
    if ( __builtin_expect(!frame_put_and_type_fast(frame), 0) )
        table_put(d, frame);
}

/* A suspended validation that nobody will resume: let table_drain take it apart. */
void table_condemn(struct domain *d, struct frame *frame);

/* Take dead tables apart. 0 none is left, -ERESTART come again. */
long table_drain_some(struct domain *d);
long table_drain_some_by_slots(struct domain *d);

static inline long table_drain(struct domain *d)
{
    return __builtin_expect(d->pv.dead_tables, 0) ? table_drain_some(d) : 0;
}

/* A frame that is valid as a table, by its word. */
static inline bool table_is_valid(u64 state)
{
    return (state & FRAME_VALIDATED) && frame_type_is_table(frame_type_of(state));
}

/* Empty slots are the rule: look at that many at once. */
#define SCAN 8

static inline bool all_empty(const u64 *slots)
{
    return !(slots[0] | slots[1] | slots[2] | slots[3] | slots[4] | slots[5] | slots[6] | slots[7]);
}

/* ---- roots.c */

/* As pagetable_set_root, for current, a vcpu of @d in its kernel. -ERESTART may come from validation. */
long root_new(struct domain *d, mfn_t mfn);
long root_new_user(struct domain *d, mfn_t mfn);

/* Pin a frame of @d as a table, and undo that. -EINVAL, -ERESTART. */
long table_pin(struct domain *d, mfn_t mfn, enum frame_type type);
long table_unpin(struct domain *d, mfn_t mfn);

/* ---- walk */

/*
 * The slot of the L1 entry that maps @va under @root (of @d), or NULL. The walk trusts nothing but
 * what is validated; a linear entry on the way can make it end in a table that is not an L1, which
 * is NULL too.
 */
u64 *walk_to_l1(const struct domain *d, mfn_t root, u64 va);

/* The same under the root of @v's kernel, a vcpu whose domain's lock is held. */
u64 *walk_kernel(struct vcpu *v, u64 va);

/*
 * Is @frame valid as an L1 table of @d? It stays so while the lock is held. That it was another's table and comes to be
 * @d's between the two looks can't be: before it is, whoever gives it waits until this CPU, too, has flushed its TLB
 * (tlb_flush_stamped of a frame that is nobody's), which it doesn't do in between.
 */
static inline bool is_l1_of(const struct frame *frame, const struct domain *d)
{
    return frame_is_valid_as(READ_ONCE(frame->state), FRAME_L1) && READ_ONCE(frame->owner) == d->id;
}

static inline struct lock *table_lock(struct domain *d)
{
    return &d->pv.pagetable_lock;
}

/*
 * In the middle of an operation on tables of @d, where it can stop: should it? Another vcpu of the
 * domain that wants its tables spins with interrupts off, on a CPU that others need.
 */
static inline bool tables_preempt(const struct domain *d)
{
    return lock_contended(&d->pv.pagetable_lock) || preempt_pending();
}

/* Around each operation on tables of @d. */
static inline void tables_lock(struct domain *d)
{
    lock_acquire(table_lock(d));
    audit_begin();
}

static inline void tables_unlock(struct domain *d)
{
    audit_end(d);
    lock_release(table_lock(d));
}

/* Run @step on the target's tables, locked, with no dead ones before and none after. */
#define with_tables(d, step)                                                                       \
    ({                                                                                             \
        long rc_;                                                                                  \
                                                                                                   \
        tables_lock(d);                                                                            \
        rc_ = (d)->life == DOMAIN_ALIVE ? table_drain(d) : -EINVAL;                                \
        if ( !rc_ )                                                                                \
            rc_ = (step);                                                                          \
        tables_unlock(d);                                                                          \
        rc_;                                                                                       \
    })

/* ---- flush.c: flushes that guests ask for. No lock needed. */

/* CPUs that the vcpus in the guest's bitmap are on, or those of all. -EFAULT. */
long flush_cpus_of(const struct domain *d, gva_t bitmap, cpumask_t *cpus);
cpumask_t flush_cpus_of_all(const struct domain *d);

/* ---- foreign.c: domains that arguments name */

/*
 * The other party of an update: @id is DOMID_SELF, DOMID_IO, DOMID_XEN or a domain that
 * @current_domain may map. Give it back with foreign_put. -ESRCH, -EPERM.
 */
long foreign_get(struct domain *current_domain, domid_t id, struct domain **out);

/*
 * The same for the frames of mmu_update, where everybody may name DOMID_IO: each frame is looked up in the I/O memory
 * that is permitted to him.
 */
long foreign_get_frames(struct domain *current_domain, domid_t id, struct domain **out);

void foreign_put(struct domain *current_domain, struct domain *d);

/* Before @d's tables map RAM of @from's, of whomever's: flushes for that must reach @d's CPUs, too. */
void foreign_maps(struct domain *d, const struct domain *from);
void foreign_maps_any(struct domain *d);

/* ---- batch.c: hypercalls that do a batch of requests, and may stop between two or within one */

/*
 * Flags in the count: *pdone says what was done before; ... and the batch has failed: only dead
 * tables are left to see to.
 */
#define COUNT_CONTINUED 0x80000000u
#define COUNT_FAILED    0x40000000u
#define COUNT_FLAGS     (COUNT_CONTINUED | COUNT_FAILED)

struct batch_call {
    unsigned int nr;    /* the hypercall */
    unsigned int size;  /* of a request */
    unsigned long reqs; /* after a failure: the error */
    u32 count;          /* with flags */
    unsigned long pdone;
    unsigned long foreigndom;
};

/*
 * The end of a part in which @done requests were done and then @rc happened, on tables of @d, whose
 * lock is not held: tell the guest, and return to it or come again. Dead tables are seen to first,
 * whatever happened: when a pin is refused, the frames are the guest's again.
 */
long batch_end(const struct batch_call *call, struct domain *d, u32 done, long rc);

#endif
