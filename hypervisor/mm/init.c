/*
 * From the loader's memory map to a working allocator.
 *
 * Everything that must exist before there is an allocator (page tables, frame table, M2P) is taken
 * from the top of what is free, so that the image, the modules and what the loader left lie
 * undisturbed. Memory is not touched beyond that: a free frame's struct is all zeroes, but for the
 * first of a block.
 */
#include "boot/boot_info.h"
#include "console/console.h"
#include "cpu/init.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/internal.h"
#include "mm/map.h"
#include "mm/shown.h"
#include "smp/lock.h"

#define LEAST_MIB 32 /* of RAM, to begin at all */

extern const u8 image_start[], image_end[], init_start[], init_end[];

static __initbss struct rangeset spare; /* RAM that nobody uses yet */

static void __init reserve(u64 start, u64 end)
{
    if ( start < end )
        BUG_ON(rangeset_remove(&spare, start >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT));
}

mfn_t __init early_take(u64 frames, u64 align, u64 limit)
{
    u64 best = 0;
    struct range *range;

    rangeset_for_each(range, &spare)
    {
        u64 end = min(range->last + 1, limit), at;

        if ( end < range->first + frames )
            continue;
        at = ALIGN_DOWN(end - frames, align);
        if ( at >= range->first )
            best = at;
    }
    if ( !best )
        fatal("too little memory: no %lu pages for the hypervisor's tables", frames);
    BUG_ON(rangeset_remove(&spare, best, best + frames - 1));
    return to_mfn(best);
}

static u64 __init count_frames(const struct rangeset *set)
{
    struct range *range;
    u64 frames = 0;

    rangeset_for_each(range, set) frames += range->last - range->first + 1;
    return frames;
}

static void __init copy_set(struct rangeset *to, const struct rangeset *from)
{
    struct range *range;

    ranges_init(to);
    rangeset_for_each(range, from) BUG_ON(rangeset_add(to, range->first, range->last));
}

static void __init reserve_boot(const struct boot_info *info)
{
    reserve((u64)image_start - HV_IMAGE_BASE, (u64)image_end - HV_IMAGE_BASE);
    for ( u32 i = 0; i < info->nr_modules; i++ )
        reserve(info->modules[i].start, info->modules[i].start + info->modules[i].size);
}

static void keep(u64 first, u64 last, domid_t owner)
{
    for ( ; first <= last; first++ )
    {
        struct frame *frame = mfn_to_frame(to_mfn(first));

        frame->state = FRAME_HYPERVISOR | FRAME_REF_ONE;
        frame->owner = owner;
    }
}

/* What is RAM and not spare is the hypervisor's. The M2P is shown to the tools, read-only. */
static void __init keep_used(const struct rangeset *ram)
{
    struct rangeset used;
    struct range *range;
    mfn_t mfn;

    copy_set(&used, ram);
    rangeset_for_each(range, &spare) BUG_ON(rangeset_remove(&used, range->first, range->last));
    rangeset_for_each(range, &used) keep(range->first, range->last, DOMID_NOBODY);
    for ( u64 i = 0; i < frame_limit / (PTES_PER_TABLE * PTES_PER_TABLE) + 1; i++ )
        if ( !mfn_eq(mfn = m2p_chunk(i), INVALID_MFN) )
            keep(mfn.n, mfn.n + m2p_chunk_pages(i) - 1, DOMID_XEN);
    keep(m2p_hole().n, m2p_hole().n, DOMID_XEN);
    rangeset_clear(&used);
}

void __init mm_init(const struct boot_info *info)
{
    struct rangeset ram;
    struct range *range;
    u64 total;

    ranges_from_boot(&ram, info);
    total = count_frames(&ram);
    if ( total < LEAST_MIB << (20 - PAGE_SHIFT) )
        fatal("too little memory: %lu KiB of RAM above 1 MiB, %u MiB are the least", total * 4,
              LEAST_MIB);

    copy_set(&spare, &ram);
    reserve_boot(info);
    map_init(&ram, info);
    keep_used(&ram);
    rangeset_for_each(range, &spare) buddy_give_range(range->first, range->last + 1);
    rangeset_clear(&spare);
    map_use_allocator();
    frames_set_total(total);
    shown_init();

    log_info("RAM: %lu MiB up to %#lx; %lu KiB are the hypervisor's and the modules'", total >> 8,
             frame_limit << PAGE_SHIFT, (total - mm_free_pages()) * 4);
}

/*
 * The hypervisor's for the time of boot, and nobody's use now? A loader may also have put a module
 * where no RAM of ours is.
 */
static bool give_one(u64 mfn)
{
    struct frame *frame = mfn_to_frame(to_mfn(mfn));

    if ( !mfn_valid(to_mfn(mfn)) || frame->state != (FRAME_HYPERVISOR | FRAME_REF_ONE) )
        return false;
    frame->state = 0;
    return true;
}

void mm_give(maddr_t start, u64 size)
{
    u64 end = (start.n + size + PAGE_SIZE - 1) >> PAGE_SHIFT;

    for ( u64 mfn = start.n >> PAGE_SHIFT, first = mfn; mfn <= end; mfn++ )
    {
        if ( mfn < end && give_one(mfn) )
            continue;
        frames_add(first, mfn);
        first = mfn + 1;
    }
}

void mm_free_init(void)
{
    map_drop_init();
    mm_give(to_maddr((u64)init_start - HV_IMAGE_BASE), (u64)init_end - (u64)init_start);
}
