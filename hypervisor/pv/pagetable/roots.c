/*
 * Roots and pins: the uses of whole tables that are not entries of other tables.
 *
 * A vcpu holds a type reference to each of its two L4 tables, kernel's and user's; a pin holds one,
 * told by FRAME_PINNED. While a vcpu is on a CPU as the guest's kernel its kernel root is in CR3;
 * the user root gets there when it leaves for user mode.
 *
 * A 32-bit vcpu has one root, an L3, for both modes. What is in CR3 is its monitor: an L4 of ours, a
 * vcpu's own, whose first entry names that root. The guest's addresses, 32 bits wide, reach nothing
 * else of it.
 */
#include "pv/pagetable/roots_inline.h"
#include "pv/pagetable/shadow.h"
#include "pv/segment/segment.h"

/* Find a frame of @d with a new reference. */
static inline struct frame *get_own_frame(const struct domain *d, mfn_t mfn)
{
    struct frame *frame;

    if ( !mfn_has_frame(mfn) )
        return NULL;
    frame = mfn_to_frame(mfn);
    return frame_get_inline(frame, d->id) ? frame : NULL;
}

#define MONITOR_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

static inline bool is_loaded(const struct vcpu *v, bool user)
{
    return v == current_vcpu() && (v->domain->pv32 || !user == !!v->cpu.kernel_mode);
}

/* The monitor shows root @mfn from now on. What is to be in CR3 for it. */
static u64 show_in_monitor(struct vcpu *v, mfn_t mfn)
{
    bool none = mfn_eq(mfn, INVALID_MFN);

    WRITE_ONCE(v->pv.monitor[0], none ? 0 : pte_make(mfn, MONITOR_FLAGS));
    return none ? 0 : mfn_to_maddr(virt_to_mfn(v->pv.monitor)).n;
}

/* What vcpu_enter() loads for root @mfn, and for none. A 32-bit vcpu has one root: it is the user's too. */
static u64 set_cr3(struct vcpu *v, mfn_t mfn, bool user)
{
    const struct domain *d = v->domain;
    u64 cr3;

    if ( d->pv32 )
        return v->cpu.cr3_kernel = v->cpu.cr3_user = show_in_monitor(v, mfn);

    if ( mfn_eq(mfn, INVALID_MFN) )
        cr3 = *cr3_of(v, user) = 0;
    else
        cr3 = set_cr3_direct(v, mfn, user);
    if ( d->pv.isolated && cr3 )
        shadow_show(v, mfn, user);
    else if ( d->pv.isolated )
        shadow_hide(v, user);
    return cr3;
}

/*
 * Commit: @mfn is valid, referenced, or INVALID_MFN. The old root is dropped only after the CPU has
 * left it, which has it @loaded.
 */
static inline __attribute__((always_inline)) void install(struct domain *d, struct vcpu *v,
                                                          mfn_t mfn, bool user, bool loaded)
{
    mfn_t old = *root_of(v, user);
    u64 cr3 = set_cr3(v, mfn, user);

    set_root(v, mfn, user);
    if ( !user && v->pv.ldt_mapped )
        segment_ldt_drop(v);
    if ( loaded )
        tlb_load_root(cr3 ? to_maddr(cr3) : map_idle_root);

    if ( !mfn_eq(old, INVALID_MFN) )
        table_put_used(d, mfn_to_frame(old));
}

/* A reference and a type reference to what is in use as a root of @d; the type known to the compiler. */
static inline bool take_root(const struct domain *d, mfn_t mfn)
{
    return d->pv32 ? table_take_used(d, mfn, FRAME_L3) : table_take_used(d, mfn, FRAME_L4);
}

/* The same of any frame. -EINVAL, -ERESTART. */
static __attribute__((noinline)) long get_root(struct domain *d, mfn_t mfn)
{
    struct frame *frame = get_own_frame(d, mfn);
    long rc;

    if ( !frame )
        return -EINVAL;
    rc = table_get(d, frame, root_type(d));
    if ( rc )
        frame_put(frame);
    return rc;
}

static inline __attribute__((always_inline)) long switch_to(struct domain *d, struct vcpu *v,
                                                            mfn_t mfn, bool user, bool loaded)
{
    long rc = 0;

    if ( mfn_eq(mfn, *root_of(v, user)) )
    {
        if ( GUARD(root_again, !mfn_eq(mfn, INVALID_MFN) && loaded) )
            tlb_load_root(to_maddr(*cr3_of(v, user)));
        return 0;
    }

    if ( __builtin_expect(!take_root(d, mfn), 0) && !(user && mfn_eq(mfn, INVALID_MFN)) )
        rc = get_root(d, mfn);
    if ( !rc )
        install(d, v, mfn, user, loaded);
    return rc;
}

/* It is a guest's kernel that asks: what is loaded is its root. */
long root_new(struct domain *d, mfn_t mfn)
{
    return with_tables(d, switch_to(d, current_vcpu(), mfn, false, true));
}

long root_new_user(struct domain *d, mfn_t mfn)
{
    return with_tables(d, d->pv32 ? -EINVAL : switch_to(d, current_vcpu(), mfn, true, false));
}

long pagetable_set_root(struct vcpu *v, mfn_t mfn, bool user)
{
    struct domain *d = v->domain;
    long rc, drained = 0;

    tables_lock(d);
    rc = table_drain(d);
    if ( !rc )
    {
        rc = user && d->pv32 ? -EINVAL : switch_to(d, v, mfn, user, is_loaded(v, user));
        drained = table_drain(d); /* of what it came from, or is refused */
    }
    tables_unlock(d);
    return rc ? rc : drained;
}

void pagetable_drop_roots(struct vcpu *v)
{
    tables_lock(v->domain);
    if ( !mfn_eq(v->pv.root_user, INVALID_MFN) )
        install(v->domain, v, INVALID_MFN, true, is_loaded(v, true));
    if ( !mfn_eq(v->pv.root_kernel, INVALID_MFN) )
        install(v->domain, v, INVALID_MFN, false, is_loaded(v, false));
    tables_unlock(v->domain);
}

long pagetable_drain(struct domain *d)
{
    long rc;

    tables_lock(d);
    rc = table_drain(d);
    tables_unlock(d);
    return rc;
}

long table_pin(struct domain *d, mfn_t mfn, enum frame_type type)
{
    struct frame *frame = get_own_frame(d, mfn);
    long rc;

    if ( !frame )
        return -EINVAL;
    rc = READ_ONCE(frame->state) & FRAME_PINNED ? -EINVAL : table_get(d, frame, type);
    if ( rc )
        GUARD_STEP(pin_refused, frame_put(frame));
    else
        atomic_fetch_or(&frame->state, FRAME_PINNED);
    return rc;
}

long table_unpin(struct domain *d, mfn_t mfn)
{
    struct frame *frame = get_own_frame(d, mfn);
    bool pinned;

    if ( !frame )
        return -EINVAL;
    pinned = atomic_fetch_and(&frame->state, ~FRAME_PINNED) & FRAME_PINNED;
    if ( pinned )
        table_put(d, frame);
    frame_put(frame);
    return pinned ? 0 : -EINVAL;
}

long pagetable_pin_root(struct domain *d, mfn_t root)
{
    long rc;

    tables_lock(d);
    do
        rc = table_pin(d, root, root_type(d));
    while ( rc == -ERESTART );
    tables_unlock(d);
    return rc;
}
