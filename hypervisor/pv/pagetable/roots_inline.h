/* Switches between roots that are in use, inline for mmuext_op: roots.c does all others, and tells the rules. */
#ifndef PV_PAGETABLE_ROOTS_INLINE_H
#define PV_PAGETABLE_ROOTS_INLINE_H

#include "mm/tlb.h"
#include "pv/pagetable/internal.h"

/*
 * A process cannot read the M2P. Under m2p_strict that holds for whatever is its root; otherwise a new L4 is without it
 * (validate.c), and gets it for good when it becomes a kernel's root, so that one that is both needs no change.
 */
static inline void show_m2p(const struct domain *d, mfn_t root, bool user)
{
    const u64 *hypervisors = maddr_to_virt(map_idle_root);
    u64 *l4 = mfn_to_virt(root);

    if ( !(d->vm_assist & (1UL << VMASST_TYPE_m2p_strict)) && user )
        return;
    /* In one store: other CPUs may be using the root. */
    WRITE_ONCE(l4[HV_SLOT_FIRST], user ? 0 : hypervisors[HV_SLOT_FIRST]);
}

static inline mfn_t *root_of(struct vcpu *v, bool user)
{
    return user ? &v->pv.root_user : &v->pv.root_kernel;
}

/* What vcpu_enter() loads. */
static inline u64 *cr3_of(struct vcpu *v, bool user)
{
    return user ? &v->cpu.cr3_user : &v->cpu.cr3_kernel;
}

/* ... for root @mfn of a 64-bit vcpu. */
static inline u64 set_cr3_direct(struct vcpu *v, mfn_t mfn, bool user)
{
    show_m2p(v->domain, mfn, user);
    return *cr3_of(v, user) = mfn_to_maddr(mfn).n;
}

/* @v is there from now on. Its old root's references are the caller's. */
static inline void set_root(struct vcpu *v, mfn_t mfn, bool user)
{
    *root_of(v, user) = mfn;
    if ( !user )
        GUARD_STEP(walked_root, v->pv.walked.region = WALKED_NONE);
}

/*
 * root_new() and root_new_user() of what guests do when they switch between processes: current, which is @v of @d, goes
 * from a root that stays in use to one that is. @d's roots are not indirect. False: nothing has changed. Takes
 * LOCK_PAGETABLE.
 */
static inline __attribute__((always_inline)) bool root_switch(struct domain *d, struct vcpu *v,
                                                              mfn_t mfn, bool user)
{
    mfn_t old = *root_of(v, user);
    struct frame *left = mfn_to_frame(old);
    bool done = false;
    u64 state;

    if ( mfn_eq(old, INVALID_MFN) || (!user && v->pv.ldt_mapped) )
        return false;

    tables_lock(d);
    state = READ_ONCE(left->state);
    if ( d->life == DOMAIN_ALIVE && !d->pv.dead_tables && ((u32)state & FRAME_COUNT_TWO) &&
         table_take_used(d, mfn, FRAME_L4) )
    {
        u64 cr3 = set_cr3_direct(v, mfn, user);

        set_root(v, mfn, user);
        if ( !user )
            tlb_load_root(to_maddr(cr3));
        audit_touch(left);
        /* The lock keeps others from its type references, not from its references. */
        while ( !atomic_cmpxchg(&left->state, &state, state - FRAME_TYPE_ONE - FRAME_REF_ONE) )
            ;
        done = true;
    }
    tables_unlock(d);
    return done;
}

#endif
