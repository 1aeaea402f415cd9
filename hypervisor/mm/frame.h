/*
 * The frame table: one struct frame for each frame of RAM.
 *
 * A frame has an owner, a number of references, and a type with a count of its own. All but the
 * owner live in one 64-bit word, so that taking a reference and a type is one compare-exchange.
 *
 *  - A frame that is allocated to a domain holds one reference (FRAME_ALLOCATED); each mapping or
 *    use holds another. At 0 references the frame is freed.
 *  - Each type reference holds a reference too, so that the type count never exceeds the
 *    references. The type changes only at type count 0.
 *  - Types of page tables and descriptors are validated on the way from 0 to 1. Page tables are
 *    taken apart when the count returns to 0. mm/frame.c draws the states in between.
 *  - When a frame changes from one type to another, TLBs that may still use it as the former are
 *    flushed (tlb_stamp): a stale writable entry could write to a table, a stale walk could use a
 *    page that is the guest's to write.
 */
#ifndef MM_FRAME_H
#define MM_FRAME_H

#include <hypercall/abi.h>
#include "lib/types.h"
#include "mm/layout.h"

enum frame_type {
    FRAME_NONE = 0,
    FRAME_L1,
    FRAME_L2,
    FRAME_L3,
    FRAME_L4,
    FRAME_L2_TOP,  /* the L2 of a 32-bit guest's last GiB, which shows the hypervisor's M2P too */
    FRAME_SEGDESC, /* holds descriptors of a GDT or LDT */
    FRAME_WRITABLE,
    FRAME_SHARED, /* the hypervisor's, shared with its owner: mapped writable, never a table */
};

/* struct frame.state: references 0-25, type count 26-51, type 52-55, flags above. */
#define FRAME_REF_ONE    1UL
#define FRAME_REF_MASK   0x0000000003ffffffUL
#define FRAME_TYPE_ONE   (1UL << 26)
#define FRAME_COUNT_MASK 0x000ffffffc000000UL
#define FRAME_TYPE_SHIFT 52
#define FRAME_TYPE_MASK  (0xfUL << FRAME_TYPE_SHIFT)
#define FRAME_VALIDATED  (1UL << 56) /* the type's contents were checked */
#define FRAME_PARTIAL    (1UL << 57) /* validation stopped half-way: see progress */
#define FRAME_LOCKED     (1UL << 58) /* the type is changing, or validation runs, on some CPU */
#define FRAME_PINNED     (1UL << 59) /* a guest's pin holds one type reference */
#define FRAME_ALLOCATED  (1UL << 60) /* the owner's own reference is held */
#define FRAME_HYPERVISOR                                                                           \
    (1UL << 61) /* the hypervisor's: never handed to a guest, never freed through references */
#define FRAME_DEAD                                                                                 \
    (1UL << 62) /* a table that nobody uses any more, waiting to be taken apart: see progress */

#define FRAME_UNCACHED                                                                             \
    (1UL << 63) /* was mapped writable, and not write-back: caches may not hold what it does */

/*
 * Guests' references end here, one bit below what fits: the engine's own always find room, and so do those of
 * equal slots (validate.c), 7 at most for each CPU.
 */
#define FRAME_REF_LIMIT 0x0000000002000000UL

#define DOMID_NOBODY ((domid_t)0x7fff) /* owner of frames that belong to no domain */

struct frame {
    u64 state;      /* atomic */
    u32 tlb_stamp;  /* flush clock when the last mapping that matters went */
    domid_t owner;  /* changes only while there are no references */
    u16 progress;   /* LOCKED, PARTIAL, DEAD tables: entries below it hold their references */
    u32 next, prev; /* lists by frame number: the owner's frames, or the allocator's; 0 ends */
    u32 link;   /* pv/pagetable: next DEAD table of the owner, 0 ends; the allocator's while free;
                   shadow.c's of a valid L4 */
    s32 linear; /* pv/pagetable: > 0 linear entries use it, < 0 it holds linear entries */
};

_Static_assert(sizeof(struct frame) == 32, "the frame table is 32 bytes a frame");

/*
 * The owner that is read where there is no RAM. Below 1 MiB, too, there is none for us: that is the
 * firmware's and dom0's.
 */
#define FRAME_NO_RAM ((domid_t)DOMID_INVALID)

extern u64 frame_limit; /* first mfn beyond all RAM */

#ifdef HOST_TEST

extern struct frame *frame_table;
bool mfn_valid(mfn_t mfn);

#else

/* Indexed by mfn. It takes memory only where there is RAM, and can be read everywhere. */
#define frame_table ((struct frame *)FRAME_TABLE_BASE)

/* True if @mfn is RAM with a struct frame: ask before mfn_to_frame. */
static inline bool mfn_valid(mfn_t mfn)
{
    return mfn.n < frame_limit && frame_table[mfn.n].owner != FRAME_NO_RAM;
}

#endif

static inline struct frame *mfn_to_frame(mfn_t mfn)
{
    return &frame_table[mfn.n];
}

static inline mfn_t frame_to_mfn(const struct frame *frame)
{
    return (mfn_t){ (u64)(frame - frame_table) };
}

static inline bool frame_type_is_table(enum frame_type type)
{
    return (unsigned int)type - FRAME_L1 <= FRAME_L2_TOP - FRAME_L1;
}

static inline u64 frame_refs(u64 state)
{
    return state & FRAME_REF_MASK;
}

static inline u64 frame_type_count(u64 state)
{
    return (state & FRAME_COUNT_MASK) / FRAME_TYPE_ONE;
}

static inline enum frame_type frame_type_of(u64 state)
{
    return (enum frame_type)((state & FRAME_TYPE_MASK) >> FRAME_TYPE_SHIFT);
}

/*
 * Take a reference to @frame for @owner's sake. False if it belongs to somebody else, is free, or
 * the count is full. No lock.
 */
bool frame_get(struct frame *frame, domid_t owner);

/*
 * Drop a reference; at the last one the frame goes back to the allocator: mm_frame_unused. No lock.
 */
void frame_put(struct frame *frame);

/*
 * Take a type reference to a frame to which the caller holds a reference (which becomes the
 * type's). For FRAME_WRITABLE, FRAME_SEGDESC and FRAME_SHARED; tables are pv/pagetable's. 0;
 * -EINVAL another type is in use, validation refused, or it is a frame that guests may not have so.
 * May flush TLBs and wait for another CPU's change of type. No lock needed.
 */
long frame_get_type(struct frame *frame, enum frame_type type);

/* Drop a type reference that is not a table's; the reference stays the caller's. */
void frame_put_type(struct frame *frame);

/*
 * frame_get + frame_get_type, and frame_put_type + frame_put, in one step. -EBUSY: frame_get said
 * false.
 */
long frame_get_and_type(struct frame *frame, domid_t owner, enum frame_type type);
void frame_put_and_type(struct frame *frame);

/*
 * A mapping other than write-back was made of @frame, to which the caller holds a reference. The
 * direct map is write-back, so that caches and memory may differ from now on: what the guest will
 * see is what the caches hold now. When the frame's type changes, what it then holds is seen by all.
 */
void frame_mapped_uncached(struct frame *frame, bool writable);

/*
 * The steps that pv/pagetable drives tables through: mm/frame.c draws them. All but
 * frame_claim_type are made by the one who put the frame into the state that they leave.
 */
#define FRAME_CLAIMED 1
/*
 * 0 counted: the type was valid; FRAME_CLAIMED: LOCKED, validate from frame->progress on; -EINVAL;
 * -ERESTART DEAD.
 */
long frame_claim_type(struct frame *frame, enum frame_type type);
void frame_commit_type(
    struct frame *frame); /* LOCKED -> VALIDATED: one type reference, the claimer's */
void frame_suspend_type(struct frame *frame); /* LOCKED -> PARTIAL */
void frame_condemn_type(struct frame *frame); /* LOCKED or PARTIAL -> DEAD */
bool frame_retire_type(
    struct frame
        *frame); /* drop a table's type reference and reference; true: the last, now DEAD */
void frame_release_type(struct frame *frame); /* DEAD, taken apart -> type count 0 */

/*
 * In mm/alloc.c: @frame lost its last reference. Take it off its owner's list, stamp it (a stale
 * TLB entry may still read it: flush before another owner gets it) and free it.
 */
struct domain;
void mm_frame_unused(struct frame *frame);
void mm_frame_of_unused(struct domain *d,
                        struct frame *frame); /* it is @d's, which the caller holds */

/*
 * Internal to the hypervisor: the operation stopped half-way and is to be continued. Never reaches
 * a guest.
 */
#define ERESTART 85

#endif
