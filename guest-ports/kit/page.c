#include <kit/kit.h>

#define RESERVE 8 /* pages kept for the tables that mapping more of them takes */

struct free_page {
    struct free_page *next;
};

static struct free_page *free_list;
static ulong next_pfn;   /* never handed out from here on */
static ulong mapped_pfn; /* mapped up to here */

uint64_t page_flags = PTE_KERNEL_RW;

/* Maps the next 2 MiB of our memory: an L1 table, filled before it becomes one. */
static void map_more(void)
{
    ulong end = mapped_pfn + TABLE_ENTRIES;
    pte_t *l1, *l2_entry;

    if ( end > start_info->nr_pages )
        end = start_info->nr_pages;
    if ( mapped_pfn == end )
        panic("out of memory");
    l1 = pfn_to_virt(next_pfn++);
    memset(l1, 0, PAGE_SIZE);
    for ( ulong pfn = mapped_pfn; pfn < end; pfn++ )
        l1[pfn - mapped_pfn] = pte_make(pfn_to_mfn(pfn), page_flags);

    l2_entry = table_make((ulong)pfn_to_virt(mapped_pfn), 2);
    check(page_protect(l1, PTE_KERNEL_RO));
    check(pte_set(l2_entry, pte_make(virt_to_mfn(l1), PTE_TABLE)));
    mapped_pfn = end;
}

static void *take_pages(ulong count, ulong align)
{
    ulong first = (next_pfn + align - 1) & -align;
    void *pages;

    while ( first + count + RESERVE > mapped_pfn )
    {
        map_more();
        first = (next_pfn + align - 1) & -align;
    }
    next_pfn = first + count;
    pages = pfn_to_virt(first);
    memset(pages, 0, count * PAGE_SIZE);
    return pages;
}

void *page_alloc(void)
{
    struct free_page *page = free_list;

    if ( !page )
        return take_pages(1, 1);
    free_list = page->next;
    return memset(page, 0, PAGE_SIZE);
}

void *pages_alloc_aligned(ulong count)
{
    return take_pages(count, count & (count - 1) ? 1 : count);
}

void page_free(void *page)
{
    struct free_page *p = page;

    p->next = free_list;
    free_list = p;
}

/* The builder put the page tables and one page of stack last; behind them lies what it mapped for us to use. */
void page_init(void)
{
    pte_t *entry;

    next_pfn = virt_to_pfn((void *)start_info->pt_base) + start_info->nr_pt_frames + 1;
    mapped_pfn = next_pfn;
    while ( mapped_pfn < start_info->nr_pages &&
            (entry = table_find((ulong)pfn_to_virt(mapped_pfn), 1)) && *entry & PTE_P )
        mapped_pfn++;
    if ( mapped_pfn % TABLE_ENTRIES )
        panic("the builder's mapping ends within a table: pfn %lx", mapped_pfn);
}
