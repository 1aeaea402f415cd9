/*
 * The hot path of L1 entries, inline for mmu_update, update_va_mapping and validation: entry.c
 * tells the rules. What is not RAM of its owner, write-back, and mapped in this way already, goes
 * the slow way.
 */
#ifndef PV_PAGETABLE_ENTRY_L1_H
#define PV_PAGETABLE_ENTRY_L1_H

#include "pv/pagetable/internal.h"

#define L1_CACHE (PTE_PAT | PTE_PCD | PTE_PWT)

/* Bits of which a change changes what an entry holds, or needs a check. */
#define L1_COUNTED                                                                                 \
    (PTE_P | GUARD(l1_rw_counts, PTE_RW) | PTE_FRAME | GUARD(l1_cache_counts, L1_CACHE))

#define PTE_GUEST_KERNEL (1UL << 52)

/*
 * Write @new into @slot of a valid L1 of @d, keeping references right. The frame that it maps must
 * be @from's. @preserve_ad: keep the A and D bits that the hardware has set. 0; -EINVAL, -EPERM,
 * -EBUSY: nothing has changed.
 */
long l1_replace(const struct domain *d, const struct domain *from, u64 *slot, u64 new,
                bool preserve_ad);

/* The rest of l1_put. Returns 0. */
long l1_put_slow(u64 pte);

/* What the hardware sees: entry.c. A 32-bit guest's entries are as it wrote them. */
static inline u64 l1_for_hardware(bool pv32, u64 pte)
{
    if ( pv32 )
        return pte;
    if ( __builtin_expect((pte & PTE_US) && !(pte & PTE_GUEST_KERNEL), 1) )
        return pte | PTE_G;
    return (pte | PTE_GUEST_KERNEL | PTE_US) & ~PTE_G;
}

enum l1_take {
    L1_TAKEN,
    L1_NOT_TAKEN, /* nothing was: the slow path knows more, or why not */
    L1_MISTAKEN,  /* of a frame that just became a stranger's: give it back */
};

/*
 * Take @some references of a frame in state @old, 0: none may be. The owner is compared before and after, as in
 * frame_get_inline; that a frame is @from's says too that it is RAM.
 */
static inline __attribute__((always_inline)) enum l1_take
l1_take_some(const struct domain *from, struct frame *frame, u64 old, u64 some)
{
    if ( !some || READ_ONCE(frame->owner) != from->id ||
         !atomic_cmpxchg(&frame->state, &old, old + some) )
        return L1_NOT_TAKEN;
    return READ_ONCE(frame->owner) == from->id ? L1_TAKEN : L1_MISTAKEN;
}

/* Take the references of @n entries that say the same as @pte does in L1_COUNTED. */
static inline __attribute__((always_inline)) enum l1_take l1_take_several(const struct domain *from,
                                                                          u64 pte, unsigned int n)
{
    mfn_t mfn = pte_mfn(pte);
    struct frame *frame;
    u64 old;

    if ( !mfn_has_frame(mfn) || (pte & L1_CACHE) )
        return L1_NOT_TAKEN;
    frame = mfn_to_frame(mfn);
    old = READ_ONCE(frame->state);
    if ( __builtin_expect(pte & PTE_RW, 1) )
        return l1_take_some(from, frame, old, n * frame_takable(old, true));
    return l1_take_some(from, frame, old, n * frame_takable(old, false));
}

static inline enum l1_take l1_take(const struct domain *from, u64 pte)
{
    return l1_take_several(from, pte, 1);
}

/*
 * In a table of @d that is being validated: all checks for a slot after l1_take() did not take.
 * -EINVAL, -EPERM, -EBUSY.
 */
long entry_get_l1(const struct domain *d, u64 *slot, enum l1_take take);

/* l1_put() of what isn't the last of its kind; false: of nothing. */
static inline bool l1_put_fast(u64 pte)
{
    mfn_t mfn = pte_mfn(pte);

    return __builtin_expect(mfn_has_frame(mfn) &&
                                (pte & PTE_RW ? frame_put_and_type_fast(mfn_to_frame(mfn))
                                              : frame_put_fast(mfn_to_frame(mfn))),
                            1);
}

/*
 * Drop the references of a present entry that is no longer in the table. What is no RAM has none.
 */
static inline long l1_put(u64 pte)
{
    return l1_put_fast(pte) ? 0 : l1_put_slow(pte);
}

/* l1_put() of @n entries that say the same as @pte does in L1_COUNTED; false: of none. */
static inline bool l1_put_several(u64 pte, unsigned int n)
{
    mfn_t mfn = pte_mfn(pte);

    return mfn_has_frame(mfn) && frame_put_several(mfn_to_frame(mfn), pte & PTE_RW, n);
}

/* What l1_update() leaves to do: l1_finish() does it. */
enum l1_left {
    L1_DONE,             /* nothing */
    L1_PUT,              /* to drop references: the entry is written */
    L1_REPLACE,          /* everything: nothing was done */
    L1_REPLACE_MISTAKEN, /* the same, but for references to the frame, which became a stranger's */
};

/*
 * l1_replace by *@pte for the common case: in few instructions, without a call, so that no register is saved for one.
 * @pv32 is @d's; it and @preserve_ad are known to the compiler. *@pte then is l1_finish's.
 *
 * An entry that maps the same frame with the same rights holds the same references: it needs none
 * taken and none dropped. RW counts as a right here, whatever else changes (it once didn't,
 * elsewhere, and that made tables writable: XSA-182).
 */
static inline __attribute__((always_inline)) enum l1_left
l1_update(bool pv32, const struct domain *d, const struct domain *from, u64 *slot, u64 *pte,
          bool preserve_ad)
{
    u64 old = READ_ONCE(*slot), was = old;

    if ( *pte & PTE_P )
    {
        *pte = l1_for_hardware(pv32, *pte);
        if ( (old & PTE_P) && !((old ^ *pte) & L1_COUNTED) )
            old = 0;
        else
        {
            enum l1_take take = l1_take(from, *pte);

            if ( __builtin_expect(take != L1_TAKEN, 0) )
                return take == L1_MISTAKEN ? L1_REPLACE_MISTAKEN : L1_REPLACE;
        }
    }
    else if ( __builtin_expect(*pte && d->pv.bars_l1tf, 0) )
        return L1_REPLACE;

    /* Nothing but the hardware changes a valid table's entries meanwhile, and only A and D. */
    entry_store(slot, was, *pte, preserve_ad);
    *pte = old;
    return !(old & PTE_P) || l1_put_fast(old) ? L1_DONE : L1_PUT;
}

/* The rest of l1_update(), with the *@pte that it left. As l1_replace. */
long l1_finish(enum l1_left left, const struct domain *d, const struct domain *from, u64 *slot,
               u64 pte, bool preserve_ad);

/* Both. What isn't common leaves by a tail call. */
static inline __attribute__((always_inline)) long l1_replace_fast(bool pv32, const struct domain *d,
                                                                  const struct domain *from,
                                                                  u64 *slot, u64 pte,
                                                                  bool preserve_ad)
{
    enum l1_left left = l1_update(pv32, d, from, slot, &pte, preserve_ad);

    return __builtin_expect(left == L1_DONE, 1) ? 0
                                                : l1_finish(left, d, from, slot, pte, preserve_ad);
}

#endif
