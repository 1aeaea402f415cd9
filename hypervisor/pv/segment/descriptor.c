/*
 * Descriptors: which ones a guest may have. Code and data segments of ring 3, in 32-bit guests of
 * rings 1 to 3, and nothing that the CPU would enter the hypervisor or another context by.
 *
 * Ring 1 is supervisor code to the MMU, and could read and write all of the hypervisor's memory but
 * that 32-bit code does not reach it: so a 32-bit guest gets no segment of 64-bit code.
 */
#include "cpu/uaccess.h"
#include "lib/atomic.h"
#include "lib/guard.h"
#include "mm/frame_inline.h"
#include "mm/map.h"
#include "pv/pagetable/pagetable.h"
#include "pv/segment/segment.h"

#define DESC_TYPE_SHIFT   40
#define DESC_TYPE_MASK    (0xfUL << DESC_TYPE_SHIFT)
#define DESC_S            (1UL << 44) /* code or data */
#define DESC_DPL_SHIFT    45
#define DESC_DPL          (3UL << DESC_DPL_SHIFT)
#define DESC_P            (1UL << 47)
#define DESC_LIMIT        (0xffffUL | 0xfUL << 48)
#define DESC_G            (1UL << 55)
#define DESC_L            (1UL << 53)
#define DESC_DB           (1UL << 54)
#define DESC_CODE         (1UL << 43)
#define DESC_CONFORMING   (1UL << 42)
#define GATE_RPL_SHIFT    16
#define DESC_GATE_CALL    0xcUL
#define DESC_GATE_CALL_16 0x4UL

/*
 * A call gate: entered through emulation only (pv/compat/gate.c), so its real DPL is 0, and the
 * guest's is kept in the target selector's lowest bits, which mean nothing in a gate. The target is
 * looked up anew at each call: only the gate itself must be kept from the CPU.
 */
static bool check_call_gate(u64 *descriptor)
{
    u64 d = *descriptor, dpl = (d & DESC_DPL) >> DESC_DPL_SHIFT;

    if ( dpl )
        d = (d & ~(3UL << GATE_RPL_SHIFT)) | dpl << GATE_RPL_SHIFT;
    *descriptor = d & ~DESC_DPL;
    return true;
}

/*
 * Code and data of a 64-bit guest are ring 3's: so they are where the processor asks for ring 3,
 * and a conforming code segment, which runs at its caller's ring, does no harm.
 */
static bool check_segment_64(u64 *descriptor)
{
    *descriptor |= DESC_DPL;
    return !((*descriptor & DESC_CODE) && (*descriptor & DESC_L) && (*descriptor & DESC_DB));
}

/*
 * Kernels made for a 32-bit hypervisor end their segments where it began, and would not reach the
 * M2P: one that reaches beyond the start of the hole, or wraps, gets all.
 */
static u64 extend_limit(u64 descriptor)
{
    u64 base = segment_base(descriptor), end = base + segment_limit(descriptor) + 1;
    bool down = (descriptor & (DESC_CODE | DESC_CONFORMING)) == DESC_CONFORMING;

    if ( down || !(descriptor & DESC_G) || (base && end <= 1UL << 32) || end <= HV32_START )
        return descriptor;
    return descriptor | DESC_LIMIT;
}

static bool check_segment_32(u64 *descriptor)
{
    u64 d = *descriptor;

    if ( (d & DESC_CODE) && (d & DESC_L) )
        return false;
    if ( !(d & DESC_DPL) )
        d |= 1UL << DESC_DPL_SHIFT;
    *descriptor = extend_limit(d);
    return true;
}

static inline __attribute__((always_inline)) bool check(const struct domain *d, u64 *descriptor)
{
    u64 type = (*descriptor & DESC_TYPE_MASK) >> DESC_TYPE_SHIFT;

    if ( !(*descriptor & DESC_P) )
        return true;
    if ( GUARD(descriptor_types, !(*descriptor & DESC_S)) )
        return (type == DESC_GATE_CALL || type == DESC_GATE_CALL_16) && check_call_gate(descriptor);
    return d->pv32 ? check_segment_32(descriptor) : check_segment_64(descriptor);
}

bool segment_check_descriptor(const struct domain *d, u64 *descriptor)
{
    return check(d, descriptor);
}

long segment_validate_page(u64 *descriptors, domid_t owner)
{
    struct domain *d = domain_get(owner);
    bool ok = d;

    for ( unsigned int i = 0; ok && i < PAGE_SIZE / 8; i++ )
        ok = segment_check_descriptor(d, &descriptors[i]);
    if ( d )
        domain_put(d);
    return ok ? 0 : -EINVAL;
}

/*
 * update_descriptor (public/xen.h): write one descriptor at machine address @maddr, 8-aligned, in a
 * frame of the caller's: a descriptor frame, or one that becomes neither that nor a table
 * meanwhile. -EINVAL.
 */
long segment_update_descriptor(unsigned long maddr, unsigned long descriptor)
{
    struct domain *d = current_vcpu()->domain;
    mfn_t mfn = maddr_to_mfn(to_maddr(maddr));
    u64 value = descriptor, state;
    struct frame *frame;
    enum frame_type type;

    if ( (maddr & 7) || !mfn_has_frame(mfn) || !check(d, &value) )
        return -EINVAL;

    frame = mfn_to_frame(mfn);
    state = READ_ONCE(frame->state);
    type = frame_type_of(state) == FRAME_SEGDESC && frame_type_count(state) ? FRAME_SEGDESC
                                                                            : FRAME_WRITABLE;
    if ( frame_get_used(frame, d->id, type) )
        return -EINVAL;
    __atomic_store_n((u64 *)maddr_to_virt(to_maddr(maddr)), value, __ATOMIC_RELAXED);
    frame_put_used(frame);
    return 0;
}
