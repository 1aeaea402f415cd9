/*
 * Segments as the processor sees them: what 32-bit code of a guest's reaches memory through.
 *
 * The descriptors are read where the processor reads them, in the vcpu's window. A page of the LDT
 * that isn't mapped yet is mapped by the fault; one that can't be ends the look-up.
 */
#include "cpu/extable.h"
#include "cpu/segments.h"
#include "lib/guard.h"
#include "mm/map.h"
#include "pv/segment/segment.h"

#define SELECTOR_LDT 4u

#define DESC_S         (1UL << 44) /* code or data */
#define DESC_GATE      (DESC_P | DESC_S | 0xfUL << 40)
#define DESC_CALL_GATE (0xcUL << 40)
#define DESC_P         (1UL << 47)
#define DESC_G         (1UL << 55) /* the limit is in pages */
#define DESC_CODE      (1UL << 43)
#define DESC_DOWN      (1UL << 42) /* data: what lies above the limit is the segment */
#define DESC_RW        (1UL << 41) /* code: readable, data: writable */

static bool read_window(u64 va, u64 *descriptor)
{
    u64 got;

    __asm__ goto("1: mov (%1), %0\n" EXTABLE_FAULT(1b) : "=r"(got) : "r"(va) : "memory" : fault);
    *descriptor = got;
    return true;
fault:
    return false;
}

/* The descriptor that @selector names. False: there is none. */
static bool read_descriptor(const struct vcpu *v, u16 selector, u64 *descriptor)
{
    u32 offset = selector & ~7u;
    u64 table = v->pv.window;

    if ( selector & SELECTOR_LDT )
    {
        if ( GUARD(ldt_bound, offset >= v->pv.ldt_entries * 8) )
            return false;
        table += VCPU_MAP_LDT_PAGE * PAGE_SIZE;
    }
    else if ( !offset || GUARD(gdt_bound, offset > GDT_LIMIT) )
        return false;

    return read_window(table + offset, descriptor);
}

bool segment_lookup(const struct vcpu *v, u16 selector, u64 *descriptor)
{
    return read_descriptor(v, selector, descriptor) &&
           (*descriptor & (DESC_P | DESC_S)) == (DESC_P | DESC_S) && segment_ring(*descriptor);
}

bool segment_call_gate(const struct vcpu *v, u16 selector, struct call_gate *gate)
{
    u64 d;

    if ( !read_descriptor(v, selector, &d) || (d & DESC_GATE) != (DESC_P | DESC_CALL_GATE) )
        return false;
    *gate = (struct call_gate){
        .selector = (u16)(d >> 16) & ~3u,
        .offset = (u32)(d & 0xffff) | (u32)(d >> 32 & 0xffff0000),
        .parameters = d >> 32 & 0x1f,
        .ring = d >> 16 & 3, /* kept there by segment_check_descriptor */
    };
    return true;
}

u32 segment_limit(u64 descriptor)
{
    u32 limit = (descriptor & 0xffff) | (descriptor >> 32 & 0xf0000);

    return descriptor & DESC_G ? limit << PAGE_SHIFT | (PAGE_SIZE - 1) : limit;
}

/* How many bytes from @offset on are within the segment. */
static u64 room_at(u64 descriptor, u32 offset)
{
    u32 limit = segment_limit(descriptor);

    if ( (descriptor & (DESC_CODE | DESC_DOWN)) != DESC_DOWN )
        return offset <= limit ? (u64)limit - offset + 1 : 0;
    if ( offset <= limit )
        return 0;
    return (descriptor & SEGMENT_32BIT ? 1UL << 32 : 1UL << 16) - offset;
}

static bool allows(u64 descriptor, enum segment_use use)
{
    switch ( use )
    {
    case SEGMENT_EXECUTE:
        return descriptor & DESC_CODE;
    case SEGMENT_READ:
        return (descriptor & (DESC_CODE | DESC_RW)) != DESC_CODE;
    default:
        return (descriptor & (DESC_CODE | DESC_RW)) == DESC_RW;
    }
}

u64 segment_room(u64 descriptor, u32 offset, enum segment_use use)
{
    return allows(descriptor, use) ? room_at(descriptor, offset) : 0;
}

u32 segment_base(u64 descriptor)
{
    return (u32)(descriptor >> 16 & 0xffffff) | (u32)(descriptor >> 56) << 24;
}
