/*
 * Descriptors: which ones a guest may have. Code and data segments of ring 3, and nothing that the
 * CPU would enter the hypervisor or another context by.
 */
#include "cpu/uaccess.h"
#include "lib/atomic.h"
#include "mm/map.h"
#include "pv/pagetable/pagetable.h"
#include "pv/segment/segment.h"

#define DESC_TYPE_SHIFT   40
#define DESC_TYPE_MASK    (0xfUL << DESC_TYPE_SHIFT)
#define DESC_S            (1UL << 44) /* code or data */
#define DESC_DPL_SHIFT    45
#define DESC_DPL          (3UL << DESC_DPL_SHIFT)
#define DESC_P            (1UL << 47)
#define DESC_L            (1UL << 53)
#define DESC_DB           (1UL << 54)
#define DESC_CODE         (1UL << 43)
#define DESC_CONFORMING   (1UL << 42)
#define DESC_GATE_CALL    0xcUL
#define DESC_GATE_CALL_16 0x4UL

/* A call gate: entered through emulation only, so its real DPL is 0; it must lead to guest code. */
static bool check_call_gate(u64 *descriptor)
{
    u64 d = *descriptor;

    /* The target is looked up anew at each call: only the gate itself must be kept from the CPU. */
    *descriptor = d & ~DESC_DPL;
    return true;
}

bool segment_check_descriptor(u64 *descriptor)
{
    u64 d = *descriptor;
    u64 type = (d & DESC_TYPE_MASK) >> DESC_TYPE_SHIFT;

    if ( !(d & DESC_P) )
        return true;
    if ( !(d & DESC_S) )
        return (type == DESC_GATE_CALL || type == DESC_GATE_CALL_16) && check_call_gate(descriptor);

    /* A conforming code segment runs at its caller's ring: harmless only as ring 3's own. */
    *descriptor = d | DESC_DPL;
    return !((d & DESC_CODE) && (d & DESC_L) && (d & DESC_DB));
}

long segment_validate_page(u64 *descriptors)
{
    for ( unsigned int i = 0; i < PAGE_SIZE / 8; i++ )
        if ( !segment_check_descriptor(&descriptors[i]) )
            return -EINVAL;
    return 0;
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

    if ( (maddr & 7) || !mfn_valid(mfn) || !segment_check_descriptor(&value) )
        return -EINVAL;

    frame = mfn_to_frame(mfn);
    state = READ_ONCE(frame->state);
    type = frame_type_of(state) == FRAME_SEGDESC && frame_type_count(state) ? FRAME_SEGDESC
                                                                            : FRAME_WRITABLE;
    if ( frame_get_and_type(frame, d->id, type) )
        return -EINVAL;
    __atomic_store_n((u64 *)maddr_to_virt(to_maddr(maddr)), value, __ATOMIC_RELAXED);
    frame_put_and_type(frame);
    return 0;
}
