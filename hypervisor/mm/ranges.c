#include "mm/internal.h"
#include "boot/boot_info.h"
#include "console/console.h"
#include "cpu/init.h"
#include "lib/bits.h"
#include "mm/layout.h"

#define FIRST_MIB_FRAMES    256
#define CONVENTIONAL_FRAMES 160 /* below 640 KiB */
#define REACH_FRAMES        ((DIRECT_MAP_END - DIRECT_MAP_BASE) >> PAGE_SHIFT)
#define POOL_NODES          1024

static __initbss struct range pool[POOL_NODES];
static __initbss struct range *pool_free;
static __initbss u32 pool_used;

static void *__init pool_alloc(size_t size)
{
    struct range *node = pool_free;

    (void)size;
    if ( node )
        pool_free = node->next;
    else if ( pool_used < POOL_NODES )
        node = &pool[pool_used++];
    return node;
}

static void __init pool_put(void *node)
{
    struct range *range = node;

    range->next = pool_free;
    pool_free = range;
}

void __init ranges_init(struct rangeset *rs)
{
    rangeset_init(rs, pool_alloc, pool_put);
}

/*
 * A page of conventional memory for code that begins in real mode. It stays the firmware's: what
 * was there is lost, the first page, which has its tables, excepted.
 */
static mfn_t low_page = { ~0UL };

mfn_t mm_low_page(void)
{
    return low_page;
}

static void __init find_low_page(const struct rangeset *ram)
{
    struct range *range;

    rangeset_for_each(range, ram)
    {
        u64 last = min(range->last, (u64)CONVENTIONAL_FRAMES - 1);

        if ( last >= range->first && last > 0 )
            low_page = to_mfn(last);
    }
}

/* RAM shrinks to whole frames, everything else grows to them. */
void __init ranges_from_boot(struct rangeset *ram, const struct boot_info *info)
{
    int rc = 0;

    ranges_init(ram);
    for ( u32 i = 0; i < info->nr_ranges; i++ )
    {
        const struct boot_range *r = &info->ranges[i];
        u64 first = DIV_ROUND_UP(r->start, PAGE_SIZE), end = (r->start + r->size) >> PAGE_SHIFT;

        if ( r->kind == BOOT_RAM && first < end )
            rc |= rangeset_add(ram, first, end - 1);
    }
    for ( u32 i = 0; i < info->nr_ranges; i++ )
    {
        const struct boot_range *r = &info->ranges[i];

        if ( r->kind != BOOT_RAM && r->size )
            rc |= rangeset_remove(ram, r->start >> PAGE_SHIFT,
                                  (r->start + r->size - 1) >> PAGE_SHIFT);
    }
    find_low_page(ram);
    rc |= rangeset_remove(ram, 0, FIRST_MIB_FRAMES - 1);
    rc |= rangeset_remove(ram, REACH_FRAMES, ~0UL);
    BUG_ON(rc); /* the pool holds more than BOOT_MAX_RANGES can make */
}
