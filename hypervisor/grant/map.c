/*
 * GNTTABOP_map_grant_ref, GNTTABOP_unmap_grant_ref and GNTTABOP_unmap_and_replace.
 *
 * A mapping is a handle (maptrack.c), which holds a pin on the granter's entry (pin.c), and an entry in the mapper's
 * page tables, which holds references of its own like any other. So a guest that overwrites the latter by other means
 * harms nobody: the frame stays alive, and in use in the granter's eyes, until the handle goes, at the latest with its
 * domain.
 */
#include "grant/maptrack.h"
#include "grant/once.h"

#include "cpu/uaccess.h"
#include "lib/atomic.h"
#include "lib/guard.h"
#include "mm/tlb.h"
#include "pv/pagetable/grantmap.h"
#include "smp/smp.h"

/* Unmaps that share one TLB flush. */
#define UNMAP_BATCH 32

/* GNTMAP_guest_avail bits go to the bits of an entry that hardware ignores, from 9 on. */
#define PTE_AVAIL_SHIFT 9
#define PTE_AVAIL_BITS  (7u << PTE_AVAIL_SHIFT)

/* --- Mapping --- */

static u64 grant_pte(mfn_t mfn, u32 flags)
{
    u64 pte = pte_make(mfn, PTE_P | PTE_A | PTE_D | PTE_NX);

    if ( !(flags & GNTMAP_readonly) )
        pte |= PTE_RW;
    if ( flags & GNTMAP_application_map )
        pte |= PTE_US;
    return pte | (flags >> (_GNTMAP_guest_avail0 - PTE_AVAIL_SHIFT) & PTE_AVAIL_BITS);
}

static s16 enter_into_tables(struct vcpu *v, const struct gnttab_map_grant_ref *op, mfn_t mfn)
{
    u64 pte = grant_pte(mfn, op->flags);
    long rc;

    if ( op->flags & GNTMAP_contains_pte )
        rc = pagetable_grant_map_pte(v, to_maddr(op->host_addr), pte);
    else
        rc = pagetable_grant_map_va(v, op->host_addr, pte);
    return rc ? GNTST_general_error : GNTST_okay;
}

/*
 * Pin what @op names, and map it: the frame is in *@mfn. Else nothing has changed. The entry's references are taken
 * together with the pin's, and given back if there is no entry.
 */
static inline s16 pin_and_map(struct grant_call *call, struct domain *granter,
                              const struct gnttab_map_grant_ref *op, mfn_t *mfn)
{
    bool write = !(op->flags & GNTMAP_readonly), entered = op->flags & GNTMAP_host_map;
    struct grant_use use;
    s16 status = grant_pin_inline(granter, op->ref, call->self->id, write, GRANT_WHOLE, 2, &use);

    if ( status != GNTST_okay )
        return status;
    *mfn = use.mfn;
    if ( entered )
        status = enter_into_tables(call->v, op, *mfn);
    if ( __builtin_expect(!entered || status != GNTST_okay, 0) )
        grant_frame_put(*mfn, write);
    if ( status != GNTST_okay )
        GUARD_STEP(map_refused, grant_unpin(granter, op->ref, write, *mfn));
    return status;
}

static inline s16 map_one(struct grant_call *call, struct domain **last,
                          struct gnttab_map_grant_ref *op)
{
    u32 flags = op->flags & HANDLE_FLAGS;
    struct grant_handle *h;
    struct domain *granter;
    mfn_t mfn;
    s16 status;

    if ( !(op->flags & HANDLE_KINDS) )
        return GNTST_bad_gntref;
    granter = grant_peer(last, op->dom);
    if ( !granter )
        return GNTST_bad_domain;
    h = maptrack_new(call->v);
    if ( !h )
        return GNTST_no_space;

    status = pin_and_map(call, granter, op, &mfn);
    if ( status != GNTST_okay )
    {
        maptrack_give_back(call->v, h);
        return status;
    }
    if ( GUARD(handle_holds, handle_must_hold(mfn)) )
    {
        domain_hold(granter);
        flags |= HANDLE_HOLDS;
    }
    h->granter = granter;
    h->ref = op->ref;
    h->frame = (u32)mfn.n;
    maptrack_commit(h, flags);
    op->handle = h->number;
    op->dev_bus_addr = mfn_to_maddr(mfn).n;
    return GNTST_okay;
}

/* What is written back: the words from @dom and @status on. */
#define MAP_RESULTS offsetof(struct gnttab_map_grant_ref, dom)
_Static_assert(MAP_RESULTS == 16 && sizeof(struct gnttab_map_grant_ref) == 32, "two words");

/* -EFAULT an element can't be read or written; those before it are done. */
static inline long map_all(struct grant_call *call, struct domain **last)
{
    struct gnttab_map_grant_ref op;

    while ( call->count )
    {
        if ( !guest_load_struct(&op, call->uop) )
            return -EFAULT;
        op.status = map_one(call, last, &op);
        if ( !guest_store_words(to_gva(call->uop.n + MAP_RESULTS), (const u8 *)&op + MAP_RESULTS,
                                sizeof(op) - MAP_RESULTS) )
            return -EFAULT;
        grant_done(call, 1, sizeof(op));
        if ( call->count && GUARD(grant_map_stops, preempt_pending()) )
            return grant_continue(call);
    }
    return 0;
}

__attribute__((noinline)) long grant_op_map_any(unsigned long cmd, gva_t uop, u32 count)
{
    struct grant_call call = grant_call(cmd, uop, count);
    struct domain *last = NULL;
    long rc = map_all(&call, &last);

    grant_peer_forget(last);
    return rc;
}

/* There is no place for the entry, or not at once: what was pinned for it is pinned no more. */
static __attribute__((noinline)) long map_anew(unsigned long cmd, gva_t uop,
                                               const struct grant_handle *h, bool write)
{
    grant_unpin_entry(h->granter, h->ref, write);
    grant_give_back(to_mfn(h->frame), write, 2);
    return grant_op_map_any(cmd, uop, 1);
}

/* The words of an element, in registers. Of the flags in MAP_PLAIN it has but the first. */
#define MAP_FLAGS(words) ((u32)(words)[1])
#define MAP_REF(words)   ((u32)((words)[1] >> 32))
#define MAP_DOM(words)   ((domid_t)(words)[2])
#define MAP_PLAIN        (GNTMAP_host_map | GNTMAP_contains_pte | GNTMAP_application_map)

/* One alone, of an entry that is pinned as most are, to map a page of the kernel's by address: in registers. */
static inline __attribute__((always_inline)) long map_usual(unsigned long cmd, gva_t uop,
                                                            u64 words[4], bool write)
{
    struct vcpu *v = current_vcpu();
    struct grant_handle *h = v->grant.spare;
    u32 flags = MAP_FLAGS(words) & ~(MAP_PLAIN | GNTMAP_readonly);
    struct grant_once o;

    flags |= GNTMAP_host_map | (write ? 0 : GNTMAP_readonly);
    if ( !h || !grant_pin_once(MAP_DOM(words), MAP_REF(words), v->domain->id, write, 2, &o) )
        return grant_op_map_any(cmd, uop, 1);
    h->granter = o.granter;
    h->ref = MAP_REF(words);
    h->frame = (u32)o.mfn.n;
    if ( !grant_map_usual(v, words[0], grant_pte(o.mfn, flags)) )
        return map_anew(cmd, uop, h, write);
    v->grant.spare = NULL;
    maptrack_commit(h, flags & HANDLE_FLAGS);
    words[2] = MAP_DOM(words) | (u64)h->number << 32;
    words[3] = mfn_to_maddr(to_mfn(h->frame)).n;
    return guest_store_words(to_gva(uop.n + MAP_RESULTS), &words[2], 16) ? 0 : -EFAULT;
}

long grant_op_map(unsigned long cmd, gva_t uop, u32 count)
{
    u64 words[4];

    if ( count != 1 || !guest_load_struct(&words, uop) ||
         (MAP_FLAGS(words) & MAP_PLAIN) != GNTMAP_host_map )
        return grant_op_map_any(cmd, uop, count);
    if ( MAP_FLAGS(words) & GNTMAP_readonly )
        return map_usual(cmd, uop, words, false);
    return map_usual(cmd, uop, words, true);
}

/* --- Unmapping --- */

union unmap_op {
    struct gnttab_unmap_grant_ref unmap;
    struct gnttab_unmap_and_replace replace; /* the same but for new_addr in dev_bus_addr's place */
};

_Static_assert(sizeof(union unmap_op) == sizeof(struct gnttab_unmap_grant_ref) &&
                   offsetof(struct gnttab_unmap_grant_ref, handle) ==
                       offsetof(struct gnttab_unmap_and_replace, handle) &&
                   offsetof(struct gnttab_unmap_grant_ref, status) ==
                       offsetof(struct gnttab_unmap_and_replace, status),
               "one batch for both");

#define UNMAP_STATUS offsetof(struct gnttab_unmap_grant_ref, status)

/* An element that was begun. */
struct unmap {
    struct grant_handle *handle; /* claimed, or NULL */
    u32 number;                  /* its */
    u32 flags;                   /* its, then */
    u32 undone;                  /* GNTMAP_host_map, GNTMAP_device_map */
    s16 status;
};

static inline long remove_from_tables(struct vcpu *v, u64 host_addr, const struct unmap *u)
{
    mfn_t mfn = to_mfn(u->handle->frame);
    bool readonly = !handle_writes(u->flags);

    if ( u->flags & GNTMAP_contains_pte )
        return pagetable_grant_unmap_pte(v, to_maddr(host_addr), mfn, readonly);
    return pagetable_grant_unmap_va(v, host_addr, mfn, readonly);
}

/* The first half of an unmap: what the processor may still hold in its TLB. */
static inline s16 unmap_begin(struct vcpu *v, const struct gnttab_unmap_grant_ref *op,
                              struct unmap *u)
{
    if ( GUARD(unmap_dev_bus_addr,
               op->dev_bus_addr && op->dev_bus_addr != mfn_to_maddr(to_mfn(u->handle->frame)).n) )
        return GNTST_general_error;

    if ( op->host_addr && (u->flags & GNTMAP_host_map) )
    {
        if ( remove_from_tables(v, op->host_addr, u) )
            return GNTST_general_error;
        u->undone |= GNTMAP_host_map;
    }
    if ( op->dev_bus_addr )
        u->undone |= u->flags & GNTMAP_device_map;
    return GNTST_okay;
}

/*
 * The same, another entry coming to the place of what is unmapped. What is mapped by entry can't be replaced; what has
 * no address to come from is just unmapped.
 */
static __attribute__((noinline)) s16
replace_begin(struct vcpu *v, const struct gnttab_unmap_and_replace *op, struct unmap *u)
{
    long rc;

    if ( !op->host_addr || !(u->flags & GNTMAP_host_map) )
        return GNTST_okay;
    if ( !op->new_addr )
        rc = remove_from_tables(v, op->host_addr, u);
    else if ( GUARD(replace_by_address, u->flags & GNTMAP_contains_pte) )
        return GNTST_general_error;
    else
        rc = pagetable_grant_replace_va(v, op->host_addr, op->new_addr, to_mfn(u->handle->frame),
                                        !handle_writes(u->flags));
    if ( rc )
        return GNTST_general_error;
    u->undone = GNTMAP_host_map;
    return GNTST_okay;
}

static inline __attribute__((always_inline)) s16 begin(struct vcpu *v, const union unmap_op *op,
                                                       bool replace, struct unmap *u)
{
    u->undone = 0;
    u->number = op->unmap.handle;
    u->handle = maptrack_claim(v->domain->grant.table, u->number, &u->flags);
    if ( !u->handle )
        return GNTST_bad_handle;
    return __builtin_expect(replace, 0) ? replace_begin(v, &op->replace, u)
                                        : unmap_begin(v, &op->unmap, u);
}

/*
 * The second half, after the flush: only now may the granter think that its frame is its own again. The references of
 * an entry that was taken out go together with the pin's, if that ends.
 */
static inline __attribute__((always_inline)) void unmap_finish(struct vcpu *v,
                                                               const struct unmap *u)
{
    struct grant_handle *h = u->handle;
    struct domain *granter;
    u32 left;
    bool write;
    mfn_t mfn;

    if ( !h )
        return;
    granter = h->granter;
    left = u->flags & ~u->undone;
    write = handle_writes(u->flags);
    mfn = to_mfn(h->frame);
    if ( left & HANDLE_KINDS )
    {
        maptrack_unclaim(h, left);
        if ( u->undone & GNTMAP_host_map )
            grant_frame_put(mfn, write);
        return;
    }
    grant_unpin_entry_inline(granter, h->ref, write);
    if ( u->undone & GNTMAP_host_map )
        grant_frame_put_both(mfn, write);
    else
        grant_frame_put(mfn, write);
    maptrack_give_back(v, h);
    if ( u->flags & HANDLE_HOLDS )
        domain_put(granter);
}

/*
 * Everything, if there is @undone what @d's CPUs may know: an entry's table may hang in several places, so that an
 * address is not all that it was seen at. What we wrote to the entries is there before we look who may still have read
 * them (pv/pagetable/flush.c).
 */
static inline void unmap_flush(struct domain *d, u32 undone)
{
    if ( !GUARD(unmap_flushes, undone & GNTMAP_host_map) )
        return;
    mb();
    tlb_flush_all(READ_ONCE(d->dirty_cpus));
}

/* Element @at, before and after the flush. False: it can't be read, or its status not be written. */
static inline __attribute__((always_inline)) bool begin_at(struct vcpu *v, gva_t at, bool replace,
                                                           struct unmap *u)
{
    union unmap_op op;

    if ( !guest_load_struct(&op, at) )
        return false;
    u->status = begin(v, &op, replace, u);
    return true;
}

static inline __attribute__((always_inline)) bool finish_at(struct vcpu *v, gva_t at,
                                                            const struct unmap *u)
{
    unmap_finish(v, u);
    return guest_store_u16(to_gva(at.n + UNMAP_STATUS), (u16)u->status);
}

/* Is the handle of batch[n] that of an earlier one? It may undo what that leaves, once that is finished. */
static bool named_before(const struct unmap *batch, u32 n)
{
    for ( u32 i = 0; i < n; i++ )
        if ( batch[i].handle && batch[i].number == batch[n].number )
            return true;
    return false;
}

static gva_t element(gva_t array, u32 i)
{
    return to_gva(array.n + (u64)i * sizeof(union unmap_op));
}

/*
 * At most @n elements from @at on; how many were done. What was begun is finished, whether its status can be written or
 * not.
 */
static long unmap_batch(struct vcpu *v, gva_t at, u32 n, bool replace)
{
    struct unmap batch[UNMAP_BATCH];
    u32 begun, undone = 0;
    long rc = 0;

    for ( begun = 0; begun < n; begun++ )
    {
        if ( !begin_at(v, element(at, begun), replace, &batch[begun]) )
        {
            rc = -EFAULT;
            break;
        }
        undone |= batch[begun].undone;
        if ( batch[begun].status == GNTST_bad_handle && named_before(batch, begun) )
            break;
    }
    unmap_flush(v->domain, undone);
    for ( u32 i = 0; i < begun; i++ )
        if ( !finish_at(v, element(at, i), &batch[i]) )
            rc = -EFAULT;
    return rc ? rc : begun;
}

static inline __attribute__((always_inline)) long unmap_all(unsigned long cmd, gva_t uop, u32 count,
                                                            bool replace)
{
    struct grant_call call = grant_call(cmd, uop, count);

    while ( call.count )
    {
        long rc = unmap_batch(call.v, call.uop, min_t(u32, call.count, UNMAP_BATCH), replace);

        if ( rc < 0 )
            return rc;
        grant_done(&call, (u32)rc, sizeof(union unmap_op));
        if ( call.count && preempt_pending() )
            return grant_continue(&call);
    }
    return 0;
}

__attribute__((noinline)) long grant_op_unmap_any(unsigned long cmd, gva_t uop, u32 count)
{
    return unmap_all(cmd, uop, count, false);
}

/* What is left to do of the only mapping by @h, whose entry is gone from the tables. */
static __attribute__((noinline)) long unmap_rest(struct vcpu *v, gva_t uop, struct grant_handle *h,
                                                 u32 flags)
{
    struct unmap u = { .handle = h, .flags = flags, .undone = GNTMAP_host_map };

    unmap_flush(v->domain, u.undone);
    return finish_at(v, uop, &u) ? 0 : -EFAULT;
}

/* The last two of the references go, and with them maybe the frame. */
static __attribute__((noinline)) long unmap_put(mfn_t mfn, bool write, long rc)
{
    grant_give_back(mfn, write, 2);
    return rc;
}

/* Mapping @h of @v's, which is claimed and was all that @flags say, at @va. */
static inline __attribute__((always_inline)) long
unmap_usual(struct vcpu *v, gva_t uop, struct grant_handle *h, u64 va, bool write)
{
    const u32 flags = GNTMAP_host_map | (write ? 0 : GNTMAP_readonly);
    mfn_t mfn = to_mfn(h->frame);
    struct grant_table *t;
    long rc;

    if ( grant_unmap_va(false, v, va, mfn, !write) )
    {
        maptrack_unclaim(h, flags);
        return grant_op_unmap_any(GNTTABOP_unmap_grant_ref, uop, 1);
    }
    mb();
    if ( GUARD(unmap_flushes, true) )
    {
        if ( __builtin_expect(READ_ONCE(v->domain->dirty_cpus) != 1UL << this_cpu()->cpu, 0) )
            return unmap_rest(v, uop, h, flags);
        tlb_flush_local();
    }
    t = h->granter->grant.table;
    lock_acquire(&t->lock);
    if ( __builtin_expect(GUARD(unpin_version, t->version != 1), 0) )
    {
        lock_release(&t->lock);
        return unmap_rest(v, uop, h, flags);
    }
    unpin_entry(t, 1, h->ref, write);
    lock_release(&t->lock);
    maptrack_give_back(v, h);
    rc = guest_store_u16(to_gva(uop.n + UNMAP_STATUS), GNTST_okay) ? 0 : -EFAULT;
    return __builtin_expect(frame_put_several(mfn_to_frame(mfn), write, 2), 1)
               ? rc
               : unmap_put(mfn, write, rc);
}

/* One alone, of which there is but an entry that maps it by address, stays in registers. */
long grant_op_unmap(unsigned long cmd, gva_t uop, u32 count)
{
    struct vcpu *v = current_vcpu();
    const struct grant_table *t = v->domain->grant.table;
    struct grant_handle *h;
    u64 words[3];
    u32 number, flags;

    if ( count != 1 || !guest_load_struct(&words, uop) || !words[0] || words[1] )
        return grant_op_unmap_any(cmd, uop, count);
    number = (u32)words[2];
    if ( !maptrack_exists(t, &number) )
        return grant_op_unmap_any(cmd, uop, 1);
    h = maptrack_at(t, number);
    flags = READ_ONCE(h->flags);
    if ( GUARD(unmap_once, (flags & ~GNTMAP_readonly) != GNTMAP_host_map ||
                               !atomic_cmpxchg(&h->flags, &flags, flags | HANDLE_BUSY)) )
        return grant_op_unmap_any(cmd, uop, 1);
    if ( flags & GNTMAP_readonly )
        return unmap_usual(v, uop, h, words[0], false);
    return unmap_usual(v, uop, h, words[0], true);
}

long grant_op_unmap_and_replace(unsigned long cmd, gva_t uop, u32 count)
{
    return unmap_all(cmd, uop, count, true);
}
