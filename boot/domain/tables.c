/*
 * The first page tables: one tree that shows the initial mapping, and the p2m where INIT_P2M wants it. Pages are mapped
 * writable, the tables among them read-only. The hypervisor's slots are empty: it fills them when it takes the root.
 * All pages are a kernel's: to say so is the guest's business in 32 bits, and in 64 not.
 */
#include "internal.h"

#include "lib/bits.h"
#include "lib/string.h"

#define PTE_PRESENT  0x001ULL
#define PTE_WRITABLE 0x002ULL
#define PTE_USER     0x004ULL
#define PTE_ACCESSED 0x020ULL
#define PTE_DIRTY    0x040ULL

#define LEAF_FLAGS  (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY)
#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITABLE | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

#define ENTRIES 512ULL

static bool within(u64 n, u64 first, u64 count)
{
    return n - first < count;
}

static u64 leaf_flags(const struct builder_layout *layout, u64 pfn)
{
    bool table = within(pfn, layout->tables.pfn, layout->tables.pages) ||
                 within(pfn, layout->p2m_tables.pfn, layout->p2m_tables.pages);

    return table ? LEAF_FLAGS : LEAF_FLAGS | PTE_WRITABLE;
}

/* PAE knows no rights in an L3. */
static u64 entry_flags(const struct builder *b, unsigned int level, u64 pfn)
{
    if ( level == 1 )
        return leaf_flags(&b->layout, pfn);
    return level == 3 && !b->image.is64 ? PTE_PRESENT : TABLE_FLAGS;
}

/* Those entries of table @number at @level that lead to the range's own items. */
static void fill_entries(struct builder *b, u64 *table, unsigned int level, u64 number,
                         const struct builder_range *range)
{
    u64 item = number * ENTRIES, end = item + ENTRIES, pfn;
    u64 first = max(item, range->first[level - 1]);
    u64 last = min(end, range->first[level - 1] + range->count[level - 1]);

    if ( first >= last )
        return;

    pfn = range->pfn[level - 1] + first - range->first[level - 1];
    table += first - item;
    b->ops->get_mfns(b, to_pfn(pfn), last - first, table);
    for ( u64 i = 0; i < last - first; i++ )
        table[i] = table[i] << PAGE_SHIFT | entry_flags(b, level, pfn + i);
}

struct tables {
    unsigned int level;
    u64 number; /* of the first one */
};

/* Consecutive tables of one level. One may hold entries of both ranges. */
static void fill_tables(struct builder *b, void *va, u64 done, u64 pages, void *arg)
{
    const struct tables *tables = arg;

    for ( u64 i = 0; i < pages; i++ )
    {
        u64 *table = (u64 *)va + i * ENTRIES;
        u64 number = tables->number + done + i;

        memset(table, 0, PAGE_SIZE);
        fill_entries(b, table, tables->level, number, &b->layout.main);
        fill_entries(b, table, tables->level, number, &b->layout.extra);
    }
}

static int write_range(struct builder *b, const struct builder_range *range)
{
    int rc = 0;

    for ( unsigned int level = 1; !rc && level <= 4; level++ )
    {
        struct tables tables = { level, range->first[level] };

        rc = builder_for_pages(b, range->pfn[level], range->count[level], fill_tables, &tables);
    }
    return rc;
}

int builder_page_tables(struct builder *b)
{
    int rc = write_range(b, &b->layout.main);

    if ( !rc )
        rc = write_range(b, &b->layout.extra);
    if ( !rc )
        b->ops->get_mfns(b, to_pfn(b->layout.tables.pfn), 1, &b->root.n);
    return rc;
}
