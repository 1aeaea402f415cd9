/*
 * Segments by selector, as emulation looks them up.
 *
 * LINK: hypervisor/pv/segment/lookup.c
 */
#include "tests/host/host.h"

#include "cpu/segments.h"
#include "mm/map.h"
#include "pv/segment/segment.h"

#define LDT       4u
#define DATA_USER 0x00cff3000000ffffUL /* flat, ring 3, present */
#define ENTRIES   (PAGE_SIZE / 8)

static u64 window[VCPU_MAP_PAGES * ENTRIES] __attribute__((aligned(4096)));

/* A vcpu whose window is full of descriptors that a guest may use, from the first page to the last. */
static struct vcpu *vcpu(void)
{
    static struct vcpu v;

    for ( size_t i = 0; i < ARRAY_SIZE(window); i++ )
        window[i] = DATA_USER;
    v.pv.window = (u64)window;
    v.pv.ldt_entries = 10;
    return &v;
}

/*
 * XSA-298: the processor checks a selector against the table's limit when it is loaded, but the table may have become
 * shorter since. What lies beyond, in the window or behind it, is no descriptor.
 */
TEST(no_descriptor_beyond_a_table)
{
    const struct vcpu *v = vcpu();
    u64 descriptor;

    expect(segment_lookup(v, 9 << 3 | LDT | 3, &descriptor));
    expect(!segment_lookup(v, 10 << 3 | LDT | 3, &descriptor));
    expect(!segment_lookup(v, 0xffff, &descriptor));

    expect(segment_lookup(v, 8 | 3, &descriptor));
    expect(!segment_lookup(v, 0 | 3, &descriptor));
    expect(segment_lookup(v, GDT_LIMIT & ~7u, &descriptor));
    expect(!segment_lookup(v, (GDT_LIMIT & ~7u) + 8, &descriptor));
}

HOST_TEST_MAIN
