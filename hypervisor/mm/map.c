/*
 * The hypervisor's own page tables.
 *
 * One root, map_idle_root, holds nothing but L4 slots 256-271; every guest root gets copies of
 * these entries, so what hangs below them is seen in all address spaces at once. No entry is
 * global: a CR3 load flushes everything, and a vcpu never sees another's window through a stale
 * entry.
 *
 * W^X: text is mapped once executable and twice read-only; everything else that is mapped, here and
 * in the direct map, may not be executed.
 *
 * Two slots have no holes: where there is no RAM the frame table reads as frames of no owner, and
 * the M2P as seen by guests as all ones. Both by one page each, mapped all over their slot through
 * tables whose entries are all the same. So mfn_valid is one load, and a guest that asks for a wild
 * number gets an answer instead of a fault.
 */
#include "mm/map.h"
#include "boot/boot_info.h"
#include "console/console.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/init.h"
#include "cpu/isolation.h"
#include "cpu/percpu.h"
#include "lib/bits.h"
#include "lib/bitmap.h"
#include "lib/guard.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/internal.h"
#include "mm/shown.h"
#include "mm/tlb.h"
#include "smp/lock.h"

#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_A | PTE_D)
#define DATA_FLAGS  (PTE_P | PTE_RW | PTE_A | PTE_D | PTE_NX)
#define CONST_FLAGS (PTE_P | PTE_A | PTE_NX)
#define TEXT_FLAGS  (PTE_P | PTE_A)
#define GUEST_FLAGS (PTE_P | PTE_US | PTE_A | PTE_NX)
#define UC_FLAGS    (DATA_FLAGS | PTE_PWT | PTE_PCD)
#define WC_FLAGS    (DATA_FLAGS | PTE_PAT) /* write-combining: entry 4 of PAT_VALUE; L1 only */

#define EARLY_REACH (1UL << (32 - PAGE_SHIFT)) /* frames that head.S's tables map */
#define LOW_MIB_VGA 0xa0
#define LOW_MIB_ROM 0xc0
#define LOW_MIB_END 0x100

#define FRAMES_PER_TABLE_PAGE (PAGE_SIZE / sizeof(struct frame))
#define M2P_CHUNK_FRAMES      (PTES_PER_TABLE * PAGE_SIZE / 8) /* their entries fill 2 MiB */
#define WINDOWS_MAX           32768
#define L1_SIZE               ((u64)PTES_PER_TABLE << PAGE_SHIFT)

extern const u8 image_start[], text_end[], rodata_start[], data_start[], init_start[],
    init_data_start[], init_end[], image_end[], boot_stack_pages[];
extern const u32 stack_area_pages;

static u64 idle_root[PTES_PER_TABLE] __attribute__((section(".bss.page_aligned"), aligned(4096)));
static struct frame hole_frames[FRAMES_PER_TABLE_PAGE]
    __attribute__((section(".bss.page_aligned"), aligned(4096)));
static u64 hole_m2p[PTES_PER_TABLE] __attribute__((section(".bss.page_aligned"), aligned(4096)));
static u8 no_vcpu[PAGE_SIZE] __attribute__((section(".bss.page_aligned"), aligned(4096)));

/* What an entry holds where nothing is mapped, by level: 0 but in the two slots without holes. */
static u64 frame_holes[4], m2p_holes[4];

maddr_t map_idle_root;
u64 frame_limit;

static struct lock map_lock = LOCK_INIT(LOCK_MAP);
static bool allocator_works;
static u64 device_next = HV_DYNAMIC_BASE;
static DECLARE_BITMAP(windows, WINDOWS_MAX);

static mfn_t image_mfn(const void *va)
{
    return to_mfn(((u64)va - HV_IMAGE_BASE) >> PAGE_SHIFT);
}

/* Tables */

static u64 hole_at(u64 va, unsigned int level)
{
    switch ( va >> 39 )
    {
    case FRAME_TABLE_BASE >> 39:
        return level < 4 ? frame_holes[level] : 0;
    case M2P_RO_BASE >> 39:
        return level < 4 ? m2p_holes[level] : 0;
    default:
        return 0;
    }
}

static u64 *new_table(u64 fill)
{
    u64 *table;

    if ( allocator_works )
        table = mm_alloc(0);
    else
        table = mfn_to_virt(early_take(1, 1, EARLY_REACH));
    if ( !table || (allocator_works && !fill) )
        return table;
    if ( !fill )
        return memset(table, 0, PAGE_SIZE);
    for ( unsigned int i = 0; i < PTES_PER_TABLE; i++ )
        table[i] = fill;
    return table;
}

static u64 table_flags(u64 va)
{
    return va >> 39 == M2P_RO_BASE >> 39 ? TABLE_FLAGS | PTE_US : TABLE_FLAGS;
}

/* The entry that maps @va at @level, making tables on the way. NULL: no memory. */
static u64 *entry_of(u64 va, unsigned int level)
{
    u64 *table = idle_root;

    for ( unsigned int at = 4; at > level; at-- )
    {
        u64 *entry = &table[pte_index(va, at)];

        if ( *entry == hole_at(va, at) )
        {
            u64 *below = new_table(hole_at(va, at - 1));

            if ( !below )
                return NULL;
            *entry = pte_make(virt_to_mfn(below), table_flags(va));
        }
        table = mfn_to_virt(pte_mfn(*entry));
    }
    return &table[pte_index(va, level)];
}

/* The L1 entry of @va, if all tables above it are there; NULL otherwise, or below a large page. */
static u64 *existing_entry(u64 va)
{
    u64 *table = idle_root;

    for ( unsigned int at = 4; at > 1; at-- )
    {
        u64 entry = table[pte_index(va, at)];

        if ( !(entry & PTE_P) || entry == hole_at(va, at) || (entry & PTE_PS) )
            return NULL;
        table = mfn_to_virt(pte_mfn(entry));
    }
    return &table[pte_index(va, 1)];
}

static unsigned int largest_level(u64 va, u64 mfn, u64 frames)
{
    for ( unsigned int level = cpu_features.page1gb ? 3 : 2; level > 1; level-- )
    {
        u64 size = 1UL << (9 * (level - 1));

        if ( frames >= size && IS_ALIGNED(mfn, size) && IS_ALIGNED(va >> PAGE_SHIFT, size) )
            return level;
    }
    return 1;
}

/* Map @frames from @mfn at @va by the largest pages that fit. */
static void __init map_range(u64 va, mfn_t mfn, u64 frames, u64 flags)
{
    while ( frames )
    {
        unsigned int level = largest_level(va, mfn.n, frames);
        u64 size = 1UL << (9 * (level - 1));
        u64 *entry = entry_of(va, level);

        BUG_ON(!entry);
        *entry = pte_make(mfn, level > 1 ? flags | PTE_PS : flags);
        va += size << PAGE_SHIFT;
        mfn = mfn_add(mfn, size);
        frames -= size;
    }
}

/* The slots at boot */

/* Fill @entries[1..3] so that each level is a table whose entries all lead to @page. */
static void __init make_holes(u64 *holes, const void *page, u64 flags, u64 upper)
{
    holes[1] = pte_make(image_mfn(page), flags);
    for ( unsigned int level = 2; level < 4; level++ )
        holes[level] = pte_make(virt_to_mfn(new_table(holes[level - 1])), upper);
}

static void __init map_holes(void)
{
    for ( unsigned int i = 0; i < ARRAY_SIZE(hole_frames); i++ )
        hole_frames[i].owner = FRAME_NO_RAM;
    memset(hole_m2p, 0xff, sizeof(hole_m2p));
    make_holes(frame_holes, hole_frames, CONST_FLAGS, TABLE_FLAGS);
    make_holes(m2p_holes, hole_m2p, GUEST_FLAGS, TABLE_FLAGS | PTE_US);
    BUG_ON(!entry_of(FRAME_TABLE_BASE, 3) || !entry_of(M2P_RO_BASE, 3));
}

static void __init map_image_part(const u8 *first, const u8 *end, u64 flags)
{
    u64 frames = ((u64)end - (u64)first + PAGE_SIZE - 1) >> PAGE_SHIFT;

    for ( u64 i = 0; i < frames; i++ )
        *entry_of((u64)first + i * PAGE_SIZE, 1) = pte_make(mfn_add(image_mfn(first), i), flags);
}

static void __init map_image(void)
{
    map_image_part(image_start, text_end, TEXT_FLAGS);
    map_image_part(rodata_start, data_start, CONST_FLAGS);
    map_image_part(data_start, init_start, DATA_FLAGS);
    map_image_part(init_start, init_data_start, TEXT_FLAGS);
    map_image_part(init_data_start, image_end, DATA_FLAGS);
}

static void __init map_direct(u64 first, u64 end, u64 flags)
{
    if ( first < end )
        map_range(DIRECT_MAP_BASE + (first << PAGE_SHIFT), to_mfn(first), end - first, flags);
}

/* The part of [first, end) that lies in [from, to). */
static void __init map_direct_within(u64 first, u64 end, u64 from, u64 to, u64 flags)
{
    map_direct(max(first, from), min(end, to), flags);
}

/* RAM, with what is executable elsewhere read-only here. */
static void __init map_ram(u64 first, u64 end)
{
    u64 image = image_mfn(image_start).n, data = image_mfn(data_start).n;
    u64 init = image_mfn(init_start).n, init_data = image_mfn(init_data_start).n;

    map_direct_within(first, end, 0, image, DATA_FLAGS);
    map_direct_within(first, end, image, data, CONST_FLAGS);
    map_direct_within(first, end, data, init, DATA_FLAGS);
    map_direct_within(first, end, init, init_data, CONST_FLAGS);
    map_direct_within(first, end, init_data, ~0UL, DATA_FLAGS);
}

/* The firmware's tables lie in ranges of their own kind; they are for reading. */
static void __init map_firmware(const struct boot_info *info)
{
    for ( u32 i = 0; i < info->nr_ranges; i++ )
    {
        const struct boot_range *r = &info->ranges[i];
        u64 first = r->start >> PAGE_SHIFT, end = DIV_ROUND_UP(r->start + r->size, PAGE_SIZE);

        if ( (r->kind == BOOT_ACPI || r->kind == BOOT_NVS) && first >= LOW_MIB_END &&
             end <= EARLY_REACH )
            for ( ; first < end; first++ )
                *entry_of(DIRECT_MAP_BASE + (first << PAGE_SHIFT), 1) =
                    pte_make(to_mfn(first), CONST_FLAGS);
    }
}

/* What entries of guests that are isolated find of their vcpu, others find as well: none. */
static void __init map_no_vcpu(void)
{
    if ( isolation_in_use() )
        *entry_of(SHOWN_VCPU, 1) = pte_make(image_mfn(no_vcpu), CONST_FLAGS);
}

/* As boot/ found it, for the console. */
static void __init map_framebuffer(const struct boot_info *info)
{
    const struct boot_framebuffer *fb = &info->framebuffer;
    u64 end = fb->base + (u64)fb->pitch * fb->height;

    if ( !console_has_framebuffer(info) )
        return;
    for ( u64 at = fb->base & PAGE_MASK; at < end; at += PAGE_SIZE )
        *entry_of(DIRECT_MAP_BASE + at, 1) = pte_make(maddr_to_mfn(to_maddr(at)), WC_FLAGS);
}

static void __init map_direct_all(const struct rangeset *ram, const struct boot_info *info)
{
    struct range *range;

    map_direct(0, LOW_MIB_VGA, DATA_FLAGS);
    map_direct(LOW_MIB_VGA, LOW_MIB_ROM, UC_FLAGS);
    map_direct(LOW_MIB_ROM, LOW_MIB_END, DATA_FLAGS);
    rangeset_for_each(range, ram) map_ram(range->first, range->last + 1);
    map_firmware(info);
    map_framebuffer(info);
}

/* The area of the boot CPU, where head.S has put it. */
static void __init map_boot_stacks(void)
{
    mfn_t mfn = image_mfn(boot_stack_pages);

    for ( unsigned int page = 0; page < STACK_AREA_PAGES; page++ )
    {
        if ( !(stack_area_pages & (1u << page)) )
            continue;
        *entry_of(STACK_AREAS_BASE + page * PAGE_SIZE, 1) = pte_make(mfn, DATA_FLAGS);
        mfn = mfn_add(mfn, 1);
    }
}

/* Back @pages pages of the frame table from page number @first on. */
static void __init back_frame_table(u64 first, u64 pages, struct rangeset *backed)
{
    map_range(FRAME_TABLE_BASE + (first << PAGE_SHIFT), early_take(pages, pages, ~0UL), pages,
              DATA_FLAGS);
    BUG_ON(rangeset_add(backed, first, first + pages - 1));
}

static u64 __init ram_within(const struct rangeset *ram, u64 first, u64 last)
{
    struct range *range;
    u64 frames = 0;

    rangeset_for_each(range, ram) if ( range->first <= last && range->last >= first ) frames +=
        min(range->last, last) - max(range->first, first) + 1;
    return frames;
}

/*
 * 2 MiB of table at a time where most of what they describe is RAM, else only the pages that are
 * needed.
 */
static void __init map_frame_table(const struct rangeset *ram, struct rangeset *backed)
{
    const u64 chunk = FRAMES_PER_TABLE_PAGE * PTES_PER_TABLE;

    for ( u64 first = 0; first < frame_limit; first += chunk )
    {
        u64 page = first / FRAMES_PER_TABLE_PAGE;

        if ( ram_within(ram, first, first + chunk - 1) >= chunk / 4 * 3 )
        {
            back_frame_table(page, PTES_PER_TABLE, backed);
            continue;
        }
        for ( u64 at = first; at < first + chunk; at += FRAMES_PER_TABLE_PAGE, page++ )
            if ( rangeset_overlaps(ram, at, at + FRAMES_PER_TABLE_PAGE - 1) )
                back_frame_table(page, 1, backed);
    }
}

/* A large page for each chunk; but of the last one only what tells of RAM, if that is much less. */
u64 m2p_chunk_pages(u64 index)
{
    u64 pages = DIV_ROUND_UP(frame_limit - index * M2P_CHUNK_FRAMES, PAGE_SIZE / 8);

    return pages < PTES_PER_TABLE / 4 * 3 ? pages : PTES_PER_TABLE;
}

static void __init map_m2p(const struct rangeset *ram)
{
    for ( u64 first = 0; first < frame_limit; first += M2P_CHUNK_FRAMES )
    {
        u64 pages = m2p_chunk_pages(first / M2P_CHUNK_FRAMES);
        mfn_t mfn;

        if ( !rangeset_overlaps(ram, first, first + M2P_CHUNK_FRAMES - 1) )
            continue;
        mfn = early_take(pages, PTES_PER_TABLE, ~0UL);
        map_range(M2P_BASE + first * 8, mfn, pages, DATA_FLAGS);
        map_range(M2P_RO_BASE + first * 8, mfn,
                  PTES_PER_TABLE - GUARD(m2p_ends, PTES_PER_TABLE - pages), GUEST_FLAGS);
    }
}

/* In the pages of the table that exist, frames that are no RAM. */
static void __init mark_holes(u64 first, u64 end)
{
    for ( ; first < end; first++ )
        frame_table[first].owner = FRAME_NO_RAM;
}

static void __init fill_frame_table(const struct rangeset *ram, const struct rangeset *backed)
{
    struct range *pages, *range;

    rangeset_for_each(pages, backed)
    {
        u64 first = pages->first * FRAMES_PER_TABLE_PAGE,
            end = (pages->last + 1) * FRAMES_PER_TABLE_PAGE;

        memset(&frame_table[first], 0, (end - first) * sizeof(struct frame));
        rangeset_for_each(range, ram)
        {
            if ( range->last < first || range->first >= end )
                continue;
            if ( first < range->first )
                mark_holes(first, range->first);
            first = range->last + 1;
        }
        if ( first < end )
            mark_holes(first, end);
    }
}

static void __init fill_m2p(const struct rangeset *ram)
{
    for ( u64 first = 0; first < frame_limit; first += M2P_CHUNK_FRAMES )
        if ( rangeset_overlaps(ram, first, first + M2P_CHUNK_FRAMES - 1) )
            memset((u64 *)M2P_BASE + first, 0xff,
                   m2p_chunk_pages(first / M2P_CHUNK_FRAMES) << PAGE_SHIFT);
}

/*
 * Each slot that will ever be used gets its L3 now, since guests' roots hold copies of the L4
 * entries.
 */
static void __init make_slots(void)
{
    static const u64 bases[] = { M2P_BASE, VCPU_MAP_BASE, HV_DYNAMIC_BASE, HV_IMAGE_BASE,
                                 DIRECT_MAP_BASE };

    for ( unsigned int i = 0; i < ARRAY_SIZE(bases); i++ )
        BUG_ON(!entry_of(bases[i], 3));
}

void __init map_init(const struct rangeset *ram, const struct boot_info *info)
{
    struct rangeset backed;
    struct range *range;

    rangeset_for_each(range, ram) frame_limit = range->last + 1;
    ranges_init(&backed);

    make_slots();
    map_holes();
    map_image();
    map_boot_stacks();
    map_no_vcpu();
    map_direct_all(ram, info);
    map_frame_table(ram, &backed);
    map_m2p(ram);

    map_idle_root = mfn_to_maddr(image_mfn(idle_root));
    tlb_load_root(map_idle_root);
    fill_frame_table(ram, &backed);
    fill_m2p(ram);
    rangeset_clear(&backed);
}

void map_use_allocator(void)
{
    allocator_works = true;
}

/* From here on: at any time */

long map_page(u64 va, mfn_t mfn, u64 flags)
{
    u64 *entry;

    lock_acquire(&map_lock);
    entry = entry_of(va, 1);
    if ( entry )
        *entry = pte_make(mfn, flags);
    lock_release(&map_lock);
    tlb_flush_page_local(va);
    return entry ? 0 : -ENOMEM;
}

void unmap_page(u64 va)
{
    u64 *entry;

    lock_acquire(&map_lock);
    entry = existing_entry(va);
    if ( entry )
        *entry = hole_at(va, 1);
    lock_release(&map_lock);
    tlb_flush_page_local(va);
}

void *map_device(maddr_t maddr, u64 len)
{
    u64 first = maddr.n & PAGE_MASK, end = ALIGN_UP(maddr.n + len, PAGE_SIZE), va;

    lock_acquire(&map_lock);
    va = device_next;
    device_next += end - first + PAGE_SIZE; /* and a guard page */
    lock_release(&map_lock);
    if ( va + (end - first) > STACK_AREAS_BASE || end < first )
        return NULL;

    for ( u64 at = first; at < end; at += PAGE_SIZE )
        if ( map_page(va + (at - first), maddr_to_mfn(to_maddr(at)), UC_FLAGS) )
            return NULL;
    return (void *)(va + (maddr.n - first));
}

void map_fill_l4(u64 *l4)
{
    memcpy(&l4[HV_SLOT_FIRST], &idle_root[HV_SLOT_FIRST], HV_SLOTS * sizeof(*l4));
}

u64 map_entry_of(u64 va)
{
    u64 *entry = existing_entry(va);

    BUG_ON(!entry);
    return *entry;
}

/*
 * Windows of vcpus: 128 KiB each, 16 to an L1. Where domains are isolated there is one to an L1, and
 * none where shadow roots, which have a single L2 for windows and CPUs' areas, show the latter.
 */

static u64 window_distance(void)
{
    return isolation_in_use() ? L1_SIZE : VCPU_MAP_SIZE;
}

static bool is_shown_elsewhere(u64 va)
{
    unsigned int index = pte_index(va, 2), areas = pte_index(STACK_AREAS_BASE, 2);

    return isolation_in_use() &&
           (index == pte_index(SHOWN_BASE, 2) ||
            index - areas <=
                pte_index(STACK_AREAS_BASE + NR_CPUS * STACK_AREA_SIZE - 1, 2) - areas);
}

/* The address of a window that nobody has, 0: there is none. */
static u64 find_window(void)
{
    for ( ;; )
    {
        unsigned long index = find_first_zero_bit(windows, WINDOWS_MAX);
        u64 va = VCPU_MAP_BASE + index * window_distance();

        if ( index == WINDOWS_MAX )
            return 0;
        if ( !is_shown_elsewhere(va) )
            return va;
        __set_bit(index, windows);
    }
}

u64 map_vcpu_window(u64 **ptes)
{
    u64 va;

    lock_acquire(&map_lock);
    va = find_window();
    if ( va && (*ptes = entry_of(va, 1)) != NULL )
        __set_bit((va - VCPU_MAP_BASE) / window_distance(), windows);
    else
        va = 0;
    lock_release(&map_lock);
    return va;
}

/* Nobody uses the table any more, but any CPU may have looked at it, without need. */
static void free_window_table(u64 va)
{
    u64 *entry, *table;

    lock_acquire(&map_lock);
    entry = entry_of(va, 2);
    table = mfn_to_virt(pte_mfn(*entry));
    *entry = 0;
    lock_release(&map_lock);
    tlb_flush_mask(smp_online, TLB_FLUSH_ALL);
    mm_free(table, 0);
}

/*
 * No CPU runs the vcpu any more, and each that did has loaded another root since: of its pages there
 * is nothing to flush.
 */
void unmap_vcpu_window(u64 va)
{
    if ( isolation_in_use() )
        free_window_table(va);
    lock_acquire(&map_lock);
    if ( !isolation_in_use() )
        memset(entry_of(va, 1), 0, VCPU_MAP_PAGES * sizeof(u64));
    __clear_bit((va - VCPU_MAP_BASE) / window_distance(), windows);
    lock_release(&map_lock);
}

/* Another CPU's stacks */

struct percpu *map_stack_area(u32 cpu)
{
    u64 area = STACK_AREAS_BASE + (u64)cpu * STACK_AREA_SIZE;

    for ( unsigned int page = 0; page < STACK_AREA_PAGES; page++ )
    {
        void *memory;

        if ( !(stack_area_pages & (1u << page)) )
            continue;
        memory = mm_alloc(0);
        if ( !memory || map_page(area + page * PAGE_SIZE, virt_to_mfn(memory), DATA_FLAGS) )
            return NULL;
    }
    if ( !shown_add_cpu(cpu) )
        return NULL;
    return (struct percpu *)(area + STACK_PERCPU_PAGE * PAGE_SIZE);
}

/* M2P */

pfn_t m2p_get(mfn_t mfn)
{
    return to_pfn(READ_ONCE(((u64 *)M2P_BASE)[mfn.n]));
}

mfn_t m2p_chunk(u64 index)
{
    u64 va = M2P_BASE + index * (PTES_PER_TABLE << PAGE_SHIFT);
    u64 *table = idle_root;

    if ( index * M2P_CHUNK_FRAMES >= frame_limit )
        return INVALID_MFN;
    for ( unsigned int level = 4;; level-- )
    {
        u64 entry = table[pte_index(va, level)];

        if ( !(entry & PTE_P) )
            return INVALID_MFN;
        if ( level == 1 || (entry & PTE_PS) )
            return pte_mfn(entry);
        table = mfn_to_virt(pte_mfn(entry));
    }
}

bool m2p_lacks(mfn_t mfn)
{
    u64 last = (frame_limit - 1) / M2P_CHUNK_FRAMES, pages = m2p_chunk_pages(last);

    return mfn.n - m2p_chunk(last).n - pages < PTES_PER_TABLE - pages;
}

mfn_t m2p_hole(void)
{
    return image_mfn(hole_m2p);
}

/* What only boot needed is no longer mapped as image, and plain memory in the direct map. */
void map_drop_init(void)
{
    u64 first = image_mfn(init_start).n, end_of_text = image_mfn(init_data_start).n,
        end = image_mfn(init_end).n;

    for ( u64 i = first; i < end; i++ )
        *existing_entry(HV_IMAGE_BASE + (i << PAGE_SHIFT)) = 0;
    for ( u64 i = first; i < end_of_text; i++ )
        *existing_entry(DIRECT_MAP_BASE + (i << PAGE_SHIFT)) = pte_make(to_mfn(i), DATA_FLAGS);
    tlb_flush_local();
}
