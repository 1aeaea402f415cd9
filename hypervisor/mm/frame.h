/*
 * The frame table: one struct frame for each frame of RAM.
 *
 * A frame has an owner, a number of references, and a type with a count of its own. All but the owner live in one 64-bit
 * word, so that taking a reference and a type is one compare-exchange.
 *
 *  - A frame that is allocated to a domain holds one reference (FRAME_ALLOCATED); each mapping or use holds another. At 0
 *    references the frame is freed.
 *  - Each type reference holds a reference too. The type changes only at type count 0. Types of page tables and
 *    descriptors are validated on the way from 0 to 1 (frame_validate, which may stop half-way) and taken apart when the
 *    count returns to 0.
 *  - While validation or devalidation runs or is suspended, the frame is FRAME_PARTIAL or FRAME_LOCKED and holds exactly
 *    one type reference for it; its progress is in the frame, so that whoever comes next resumes it.
 *  - Before a frame that was writable becomes a table, TLBs that may hold writable entries are flushed (tlb_stamp).
 */
#ifndef MM_FRAME_H
#define MM_FRAME_H

#include <hypercall/abi.h>
#include "lib/types.h"

enum frame_type {
    FRAME_NONE = 0,
    FRAME_L1,
    FRAME_L2,
    FRAME_L3,
    FRAME_L4,
    FRAME_SEGDESC,  /* holds descriptors of a GDT or LDT */
    FRAME_WRITABLE,
    FRAME_SHARED,   /* the hypervisor shares it with its owner: shared_info, grant table; writable by mapping, never a table */
};

/* struct frame.state: references 0-25, type count 26-51, type 52-55, flags above. */
#define FRAME_REF_ONE    1UL
#define FRAME_REF_MASK   0x0000000003ffffffUL
#define FRAME_TYPE_ONE   (1UL << 26)
#define FRAME_COUNT_MASK 0x000ffffffc000000UL
#define FRAME_TYPE_SHIFT 52
#define FRAME_TYPE_MASK  (0xfUL << FRAME_TYPE_SHIFT)
#define FRAME_VALIDATED  (1UL << 56) /* the type's contents were checked */
#define FRAME_PARTIAL    (1UL << 57) /* (de)validation stopped half-way: see progress */
#define FRAME_LOCKED     (1UL << 58) /* (de)validation is running on some CPU */
#define FRAME_PINNED     (1UL << 59) /* a guest's pin holds one type reference */
#define FRAME_ALLOCATED  (1UL << 60) /* the owner's own reference is held */
#define FRAME_HYPERVISOR (1UL << 61) /* the hypervisor's: never handed to a guest, never freed through references */

#define DOMID_NOBODY ((domid_t)0x7fff) /* owner of frames that belong to no domain */

struct frame {
    u64 state;       /* atomic */
    u32 tlb_stamp;   /* flush clock when the last type reference that matters to TLBs was dropped; allocator: order */
    domid_t owner;   /* changes only while there are no references */
    u16 progress;    /* FRAME_PARTIAL: entries done */
    u32 next, prev;  /* lists by frame number: the owner's frames, or the allocator's; 0 ends */
    u64 extra;       /* linear page-table uses; allocator's and pv/pagetable's private word */
};

_Static_assert(sizeof(struct frame) == 32, "the frame table is 32 bytes a frame");

extern struct frame *frame_table; /* indexed by mfn; mapped only where there is RAM */
extern u64 frame_limit;           /* first mfn beyond all RAM */

/* True if @mfn is RAM with a struct frame. The table is sparse: ask before mfn_to_frame. */
bool mfn_valid(mfn_t mfn);

static inline struct frame *mfn_to_frame(mfn_t mfn)
{
    return &frame_table[mfn.n];
}

static inline mfn_t frame_to_mfn(const struct frame *frame)
{
    return (mfn_t){ (u64)(frame - frame_table) };
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
 * Take a reference to @frame for @owner's sake. False if it belongs to somebody else, is free, or the count is full.
 */
bool frame_get(struct frame *frame, domid_t owner);

/* Drop a reference; at the last one the frame goes back to the allocator. */
void frame_put(struct frame *frame);

/*
 * Take a type reference to a frame to which the caller holds a reference (which becomes the type's). Returns 0, -EINVAL
 * (another type is in use, or validation refused), -ERESTART (stopped half-way: the caller must let the guest take its
 * events and come again; nothing is held then), -EBUSY count full. May flush TLBs. Table types: under the owner's
 * LOCK_PAGETABLE.
 */
long frame_get_type(struct frame *frame, enum frame_type type);

/* Drop a type reference, devalidating a table at the last one: to the end (the caller can't resume). */
void frame_put_type(struct frame *frame);

/* The same, but may stop half-way with -ERESTART: the reference is still held, call again. */
long frame_put_type_preemptible(struct frame *frame);

/* frame_get + frame_get_type, and frame_put_type + frame_put, in one step each for writable frames. */
long frame_get_and_type(struct frame *frame, domid_t owner, enum frame_type type);
void frame_put_and_type(struct frame *frame);

/* Internal to the hypervisor: the operation stopped half-way and is to be continued. Never reaches a guest. */
#define ERESTART 85

#endif
