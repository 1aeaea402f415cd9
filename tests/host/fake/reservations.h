/* The fixture of tests of memory_op: what the fake machine lacks, dom0 and a domain, a call. */
#ifndef FAKE_RESERVATIONS_H
#define FAKE_RESERVATIONS_H

#include "tests/host/fake/machine.h"

#include "boot/boot_info.h"
#include "mm/alloc.h"
#include "mm/heap.h"

#define LIST 64 /* frame numbers at most in a call's list */

/* --- what the fake machine lacks --- */

static long heap_blocks;
static u64 pages_left = ~0UL; /* of the machine's free memory */
static unsigned int bits_asked;

void *heap_alloc(size_t size)
{
    require(size <= PAGE_SIZE);
    heap_blocks++;
    return calloc(1, size);
}

void heap_free(void *p)
{
    if ( p )
        heap_blocks--;
    free(p);
}

unsigned int mm_address_bits(void)
{
    return 25;
}

mfn_t mm_alloc_domain(struct domain *d, unsigned int order, unsigned int max_bits, pfn_t pfn)
{
    mfn_t first = INVALID_MFN;

    bits_asked = max_bits;
    if ( d->memory.tot_pages + (1UL << order) > d->memory.max_pages || pages_left < 1UL << order )
        return INVALID_MFN;
    pages_left -= 1UL << order;
    for ( unsigned long i = 0; i < 1UL << order; i++ )
    {
        mfn_t mfn = fake_frame(d);

        if ( i == 0 )
            first = mfn;
        require(mfn.n == first.n + i);
        if ( pfn.n != INVALID_PFN.n )
            m2p_set(mfn, to_pfn(pfn.n + i));
    }
    return first;
}

mfn_t mm_alloc_domain_page(struct domain *d, pfn_t pfn)
{
    return mm_alloc_domain(d, 0, 0, pfn);
}

/* Off the owner's list by way of the last reference, but kept from being given away. */
long mm_steal(struct domain *d, struct frame *frame)
{
    if ( frame->owner != d->id ||
         frame->state << 8 >> 8 != (FRAME_REF_ONE | (frame->state & FRAME_TYPE_MASK)) ||
         !(frame->state & FRAME_ALLOCATED) )
        return -EINVAL;
    mm_release_owner_ref(d, frame);
    frame->owner = DOMID_NOBODY - 1;
    return 0;
}

void mm_return_stolen(struct domain *d, struct frame *frame)
{
    require(frame->owner == DOMID_NOBODY - 1);
    frame->owner = d->id;
    frame->state = FRAME_ALLOCATED | FRAME_REF_ONE;
    frame->prev = 0;
    frame->next = d->memory.first;
    if ( frame->next )
        frame_table[frame->next].prev = (u32)frame_to_mfn(frame).n;
    d->memory.first = (u32)frame_to_mfn(frame).n;
    d->memory.tot_pages++;
}

void mm_free_stolen(struct frame *frame)
{
    require(frame->owner == DOMID_NOBODY - 1);
    frame->owner = DOMID_NOBODY;
}

static u64 claim;

long mm_claim(struct domain *d, u64 pages)
{
    (void)d;
    claim = pages;
    return pages > 1000 ? -ENOMEM : 0;
}

#define GRANT_FRAMES 4

long grant_frame(struct domain *d, u32 kind, u32 index, mfn_t *mfn)
{
    require(index < GRANT_FRAMES);
    *mfn = to_mfn(0x1000UL * d->id + index);
    return kind == XENMEM_resource_grant_table_id_shared ? 0 : -EINVAL; /* a table of version 1 */
}

u32 grant_max_frames(struct domain *d, u32 kind)
{
    (void)d;
    return kind == XENMEM_resource_grant_table_id_shared ? GRANT_FRAMES : 1;
}

/* The M2P of a machine of 32 MiB is less than one chunk. */
mfn_t m2p_chunk(u64 index)
{
    return index ? INVALID_MFN : to_mfn(0x1000);
}

/* That of 32-bit guests, three chunks with a hole. */
u64 m2p_compat_frames;

mfn_t m2p_compat_chunk(u64 index)
{
    return index == 1 ? INVALID_MFN : to_mfn(0x2000 + index);
}

/* --- set up --- */

static struct domain *dom0, *domu;

static inline void start(void)
{
    fake_machine();
    fake_cpu_join(0);
    dom0 = fake_domain(0, true, 1);
    domu = fake_domain(5, false, 1);
    dom0->memory.max_pages = domu->memory.max_pages = 2000;
}

static inline void run(struct domain *d)
{
    fake_run(d->vcpus[0]);
}

static inline long reservation(unsigned int op, domid_t id, u64 *list, unsigned long nr,
                               unsigned int order)
{
    struct xen_memory_reservation r = {
        .extent_start = { (xen_pfn_t *)list }, .nr_extents = nr, .extent_order = order, .domid = id
    };

    return memory_op(op, (unsigned long)&r);
}

#endif
