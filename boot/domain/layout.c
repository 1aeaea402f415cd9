/*
 * What goes where, for both widths. From virt_base up, and from pfn 0 up: kernel, initrd, p2m, start_info, the ring
 * pages, page tables, stack, and padding to a 4 MiB boundary. Behind these, in pfns only: an initrd that need not be
 * mapped, and a p2m that is mapped elsewhere with the tables for that.
 */
#include "internal.h"

#include "lib/bits.h"

#define PADDING   (512ULL << 10)
#define END_ALIGN (4ULL << 20)

/* More than any machine has; keeps all sums here far from overflow. */
#define MAX_PAGES (1ULL << 40)

static u64 pages_of(u64 bytes)
{
    return DIV_ROUND_UP(bytes, PAGE_SIZE);
}

static u64 p2m_pages(const struct builder *b)
{
    return pages_of(b->nr_pages * builder_width(b)->word);
}

static bool p2m_elsewhere(const struct builder *b)
{
    return b->image.init_p2m != BUILDER_UNSET;
}

/* The number that the item of @level at @va has: see struct builder_range. */
static u64 item_number(u64 va, unsigned int level)
{
    return (va & ((1ULL << 48) - 1)) >> (PAGE_SHIFT + 9 * level);
}

/* Number the pages of [@va, @va + @pages) and the tables at every level that map them. */
static void number_range(const struct builder *b, struct builder_range *range, u64 va, u64 pages)
{
    u64 last = va + pages * PAGE_SIZE - 1;

    for ( unsigned int level = 0; level <= builder_width(b)->levels; level++ )
    {
        range->first[level] = item_number(va, level);
        range->count[level] = item_number(last, level) - range->first[level] + 1;
    }
}

/* Put the range's tables at @pfn, the highest first. Returns how many there are. */
static u64 place_tables(struct builder_range *range, u64 pfn)
{
    u64 start = pfn;

    for ( unsigned int level = 4; level >= 1; level-- )
    {
        range->pfn[level] = pfn;
        pfn += range->count[level];
    }
    return pfn - start;
}

/*
 * Take the tables out of @range that @other has already. The two do not overlap, so at each level they can share one
 * table only, at an end.
 */
static void share_tables(struct builder_range *range, const struct builder_range *other)
{
    for ( unsigned int level = 1; level <= 4; level++ )
    {
        u64 last = range->first[level] + range->count[level] - 1;

        if ( range->first[level] == other->first[level] + other->count[level] - 1 )
        {
            range->first[level]++;
            range->count[level]--;
        }
        else if ( last == other->first[level] )
            range->count[level]--;
    }
}

/* The next area, at *@pfn of the initial mapping. */
static struct builder_area place(const struct builder_layout *layout, u64 *pfn, u64 pages)
{
    struct builder_area area = { 0 };

    if ( pages )
        area = (struct builder_area){ layout->v_start + *pfn * PAGE_SIZE, *pfn, pages };
    *pfn += pages;
    return area;
}

/* As place, for an area that the initial mapping does not show. */
static struct builder_area place_unmapped(u64 *pfn, u64 pages)
{
    struct builder_area area = { 0, *pfn, pages };

    *pfn += pages;
    return area;
}

/* Everything in front of the page tables. Returns the first pfn behind it. */
static u64 place_front(const struct builder *b, struct builder_layout *layout)
{
    const struct builder_image *image = &b->image;
    u64 first = (image->kernel_start - image->virt_base) / PAGE_SIZE;
    u64 last = (image->kernel_end - 1 - image->virt_base) / PAGE_SIZE, pfn = first;

    layout->kernel = place(layout, &pfn, last - first + 1);
    if ( !image->initrd_unmapped )
        layout->initrd = place(layout, &pfn, pages_of(b->initrd_size));
    if ( !p2m_elsewhere(b) )
        layout->p2m = place(layout, &pfn, p2m_pages(b));
    layout->start_info = place(layout, &pfn, 1);
    layout->xenstore = place(layout, &pfn, b->ring_pages);
    layout->console = place(layout, &pfn, b->ring_pages);
    return pfn;
}

/*
 * In a 32-bit guest's last L2 the hypervisor has entries: there must be one, whether or not the mapping reaches there.
 * It is put at @pfn unless the mapping has it. Returns how many pages that takes.
 */
static u64 place_last_l2(const struct builder *b, struct builder_layout *layout, u64 pfn)
{
    const u64 last = 3;

    layout->extra = (struct builder_range){ 0 };
    if ( b->image.is64 || layout->main.first[2] + layout->main.count[2] - 1 == last )
        return 0;
    layout->extra.first[2] = last;
    layout->extra.count[2] = 1;
    layout->extra.pfn[2] = pfn;
    return 1;
}

/*
 * Page tables, stack, padding: the tables map themselves, so their number is found by trying until it stays
 * the same, which it does because it only grows, and by much less than the mapping. Returns the first pfn
 * behind the mapping; 0 if that would run out of addresses.
 */
static u64 place_back(const struct builder *b, struct builder_layout *layout, u64 pfn)
{
    u64 tables, needed = builder_width(b)->levels, end, size;

    do
    {
        tables = needed;
        size = (pfn + tables + 1) * PAGE_SIZE + PADDING;
        if ( !builder_range_ok(b, layout->v_start, size + END_ALIGN) )
            return 0;
        end = ALIGN_UP(layout->v_start + size, END_ALIGN);
        number_range(b, &layout->main, layout->v_start, (end - layout->v_start) / PAGE_SIZE);
        needed = place_tables(&layout->main, pfn);
        needed += place_last_l2(b, layout, pfn + needed);
    } while ( needed != tables );

    layout->v_end = end;
    layout->main.pfn[0] = 0;
    layout->tables = place(layout, &pfn, tables);
    layout->stack = place(layout, &pfn, 1);
    return (end - layout->v_start) / PAGE_SIZE;
}

/* The initrd and the p2m that lie behind the initial mapping, if the kernel can have them there. */
static u64 place_unmapped_areas(const struct builder *b, struct builder_layout *layout, u64 pfn)
{
    if ( b->image.initrd_unmapped )
        layout->initrd = place_unmapped(&pfn, pages_of(b->initrd_size));
    if ( !p2m_elsewhere(b) )
        return pfn;

    layout->p2m = place_unmapped(&pfn, p2m_pages(b));
    layout->p2m.va = b->image.init_p2m;
    number_range(b, &layout->extra, layout->p2m.va, layout->p2m.pages);
    share_tables(&layout->extra, &layout->main);
    layout->extra.pfn[0] = layout->p2m.pfn;
    layout->p2m_tables = place_unmapped(&pfn, place_tables(&layout->extra, pfn));
    return pfn;
}

/* By last bytes, since a range may end where the address space does. */
static bool overlap(u64 a, u64 a_last, u64 b, u64 b_last)
{
    return a <= b_last && b <= a_last;
}

/* The p2m is where the guest may map something, and apart from the initial mapping. */
static int check_p2m(struct builder *b)
{
    const struct builder_layout *layout = &b->layout;
    u64 size = layout->p2m.pages * PAGE_SIZE;

    if ( builder_range_ok(b, layout->p2m.va, size) &&
         (!p2m_elsewhere(b) ||
          !overlap(layout->p2m.va, layout->p2m.va + size - 1, layout->v_start, layout->v_end - 1)) )
        return 0;
    return builder_fail(b, -EINVAL, "the kernel's INIT_P2M %#llx collides with something else",
                        (unsigned long long)layout->p2m.va);
}

static int check_sizes(struct builder *b)
{
    const struct builder_image *image = &b->image;

    if ( !b->nr_pages || b->nr_pages > MAX_PAGES ||
         (image->kernel_end - image->virt_base) / PAGE_SIZE > b->nr_pages ||
         pages_of(b->initrd_size) > b->nr_pages )
        return builder_fail(b, -ENOMEM, "%llu KiB of memory cannot hold kernel and initrd",
                            (unsigned long long)b->nr_pages * 4);
    return 0;
}

int builder_layout(struct builder *b)
{
    struct builder_layout *layout = &b->layout;
    u64 pfn;
    int rc = check_sizes(b);

    if ( rc )
        return rc;
    *layout = (struct builder_layout){ .v_start = b->image.virt_base };
    pfn = place_front(b, layout);
    pfn = place_back(b, layout, pfn);
    if ( !pfn )
        return builder_fail(b, -EINVAL,
                            "the kernel's initial mapping at %#llx runs out of addresses",
                            (unsigned long long)layout->v_start);
    layout->pages_needed = place_unmapped_areas(b, layout, pfn);
    rc = check_p2m(b);
    if ( !rc && layout->pages_needed > b->nr_pages )
        rc = builder_fail(
            b, -ENOMEM, "%llu KiB of memory are too little: the kernel needs %llu KiB to start",
            (unsigned long long)b->nr_pages * 4, (unsigned long long)layout->pages_needed * 4);
    return rc;
}
