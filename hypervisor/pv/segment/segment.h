/* Segmentation of guests: GDT, LDT, descriptors, segment bases. */
#ifndef PV_SEGMENT_SEGMENT_H
#define PV_SEGMENT_SEGMENT_H

#include "domain/domain.h"

long segment_set_gdt(unsigned long frames, unsigned long entries);
long segment_update_descriptor(unsigned long maddr, unsigned long descriptor);
long segment_set_base(unsigned long which, unsigned long base);

/* MMUEXT_SET_LDT: @base page-aligned guest address, @entries at most 8192 (0: no LDT). -EINVAL. */
long segment_set_ldt(struct vcpu *v, u64 base, u32 entries);

/* A fault in the LDT window: map the page. True: resume; false: give the guest a #PF at *va. */
bool segment_ldt_fault(struct vcpu *v, u64 offset, u64 *va);

/* Unmap what was mapped lazily of the LDT: before a change of root, or of the LDT. */
void segment_ldt_drop(struct vcpu *v);

/* Drop the vcpu's GDT frames. */
void segment_gdt_drop(struct vcpu *v);
long segment_gdt_install(struct vcpu *v, const mfn_t *frames, u32 entries);

/*
 * Validate the 512 descriptors of a frame of @owner's for type FRAME_SEGDESC, forcing DPLs up: 0 or
 * -EINVAL. Called by the page-type engine with the frame locked.
 */
long segment_validate_page(u64 *descriptors, domid_t owner);

/*
 * What @selector names in the tables of @v, which is current: a present code or data segment of
 * the guest's. False: there is none.
 */
bool segment_lookup(const struct vcpu *v, u16 selector, u64 *descriptor);

/* Likewise, a call gate of a 32-bit guest's. */
struct call_gate {
    u16 selector;
    u32 offset;
    u8 parameters; /* words to be copied to the other stack */
    u8 ring;       /* who may use it, with all that are more privileged */
};
bool segment_call_gate(const struct vcpu *v, u16 selector, struct call_gate *gate);

/*
 * Of such a descriptor: its base, its limit, and how many bytes from @offset on may be accessed so.
 * Not for 64-bit code, which knows no limits.
 */
enum segment_use { SEGMENT_EXECUTE, SEGMENT_READ, SEGMENT_WRITE };
u32 segment_base(u64 descriptor);
u32 segment_limit(u64 descriptor);
u64 segment_room(u64 descriptor, u32 offset, enum segment_use use);

/* Its ring: 3 in 64-bit guests, 1 to 3 in others. */
static inline unsigned int segment_ring(u64 descriptor)
{
    return descriptor >> 45 & 3;
}

/* Of a code segment: it runs in its caller's ring. */
static inline bool segment_is_conforming(u64 descriptor)
{
    return descriptor & (1UL << 42);
}

#define SEGMENT_64BIT (1UL << 53) /* bits of a code segment's */
#define SEGMENT_32BIT (1UL << 54) /* else it is 16 bits */

/*
 * Check one descriptor, forcing its DPL and, in a 32-bit domain, its limit: false if @d may not
 * have it.
 */
bool segment_check_descriptor(const struct domain *d, u64 *descriptor);

/* A selector as a guest gives it, of a ring that its kernel may run in. */
static inline u16 segment_raise(const struct vcpu *v, u64 selector)
{
    const u16 ring = v->cpu.mode.kernel_ring;

    return (u16)((selector & 3) >= ring ? selector : (selector & ~3UL) | ring);
}

#endif
