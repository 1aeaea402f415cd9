#include "mm/shown.h"
#include "cpu/gdt.h"
#include "cpu/init.h"
#include "cpu/isolation.h"
#include "cpu/percpu.h"
#include "console/console.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/internal.h"
#include "mm/map.h"
#include "smp/smp.h"

#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_A | PTE_D)
#define DATA_FLAGS  (TABLE_FLAGS | PTE_NX)

/* Pages of a window's L1 behind the window itself. */
#define SHOWN_VCPU_PAGE VCPU_MAP_PAGES
#define SHOWN_INFO_PAGE (VCPU_MAP_PAGES + 1)

#define CPUS_PER_TABLE (PTES_PER_TABLE / STACK_AREA_PAGES)

extern const u8 entry_text_start[], entry_text_end[], entry_data_start[], entry_data_end[];

static u64 *common;              /* a root with what all have in common */
static u64 *cpu_tables[NR_CPUS]; /* L1s: a CPU's part of its area */

/* The slot of @va's L1 entry below @root, making tables on the way. NULL: no memory. */
static u64 *slot_below(u64 *root, u64 va)
{
    u64 *table = root;

    for ( unsigned int level = 4; level > 1; level-- )
    {
        u64 *entry = &table[pte_index(va, level)];

        if ( !*entry )
        {
            u64 *below = mm_alloc(0);

            if ( !below )
                return NULL;
            *entry = pte_make(virt_to_mfn(below), TABLE_FLAGS);
        }
        table = mfn_to_virt(pte_mfn(*entry));
    }
    return &table[pte_index(va, 1)];
}

/* Show [first, end) as it is mapped, but not for writing. */
static void __init show_common(const void *first, const void *end)
{
    for ( u64 va = (u64)first & PAGE_MASK; va < (u64)end; va += PAGE_SIZE )
    {
        u64 *slot = slot_below(common, va);

        if ( !slot )
            panic("no memory for isolation");
        *slot = map_entry_of(va) & ~PTE_RW;
    }
}

void __init shown_init(void)
{
    if ( !isolation_in_use() )
        return;
    common = mm_alloc(0);
    if ( !common )
        panic("no memory for isolation");
    common[pte_index(M2P_RO_BASE, 4)] =
        ((const u64 *)maddr_to_virt(map_idle_root))[pte_index(M2P_RO_BASE, 4)];
    show_common(entry_text_start, entry_text_end);
    show_common(entry_data_start, entry_data_end);
    show_common(idt, idt + IDT_GATES);
    if ( !shown_add_cpu(this_cpu()->cpu) )
        panic("no memory for isolation");
}

/* The IST stacks are a page each; of the main stack, the page where a guest's frame lies. */
bool shown_add_cpu(u32 cpu)
{
    static const u8 pages[] = { STACK_DF_PAGE, STACK_NMI_PAGE,        STACK_MC_PAGE,
                                STACK_DB_PAGE, STACK_PERCPU_PAGE - 1, STACK_PERCPU_PAGE };
    u64 area = STACK_AREAS_BASE + (u64)cpu * STACK_AREA_SIZE;
    u64 *table;

    if ( !isolation_in_use() )
        return true;
    table = mm_alloc(0);
    if ( !table )
        return false;
    for ( unsigned int i = 0; i < ARRAY_SIZE(pages); i++ )
    {
        u64 va = area + pages[i] * PAGE_SIZE;

        table[pte_index(va, 1)] = map_entry_of(va);
    }
    cpu_tables[cpu] = table;
    return true;
}

static u64 *new_root(u64 upper)
{
    u64 *root = mm_alloc(0);

    if ( !root )
        return NULL;
    memcpy(&root[HV_SLOT_FIRST], &common[HV_SLOT_FIRST], HV_SLOTS * sizeof(*root));
    root[pte_index(VCPU_MAP_BASE, 4)] = upper;
    root[pte_index(STACK_AREAS_BASE, 4)] = upper;
    return root;
}

long shown_create(struct shown *s, const void *vcpu, u64 window, u64 *window_ptes)
{
    u64 ptes = pte_make(virt_to_mfn((void *)((u64)window_ptes & PAGE_MASK)), TABLE_FLAGS);

    s->upper = mm_alloc(0);
    s->middle = mm_alloc(0);
    if ( s->upper && s->middle )
    {
        u64 middle = pte_make(virt_to_mfn(s->middle), TABLE_FLAGS);
        u64 upper = pte_make(virt_to_mfn(s->upper), TABLE_FLAGS);

        s->upper[pte_index(window, 3)] = middle;
        s->upper[pte_index(STACK_AREAS_BASE, 3)] = middle;
        s->middle[pte_index(window, 2)] = ptes;
        s->middle[pte_index(SHOWN_BASE, 2)] = ptes;
        s->roots[0] = new_root(upper);
        s->roots[1] = new_root(upper);
    }
    if ( !s->roots[0] || !s->roots[1] )
    {
        shown_destroy(s);
        return -ENOMEM;
    }
    window_ptes[SHOWN_VCPU_PAGE] = pte_make(virt_to_mfn(vcpu), DATA_FLAGS);
    return 0;
}

void shown_destroy(struct shown *s)
{
    mm_free(s->roots[0], 0);
    mm_free(s->roots[1], 0);
    mm_free(s->upper, 0);
    mm_free(s->middle, 0);
    *s = (struct shown){};
}

/* Another CPU's table may be there, of the same 32 CPUs or the other ones. */
void shown_move_to_cpu(struct shown *s, u32 cpu)
{
    unsigned int first = pte_index(STACK_AREAS_BASE, 2);

    for ( u32 i = 0; i < NR_CPUS / CPUS_PER_TABLE; i++ )
        s->middle[first + i] =
            i == cpu / CPUS_PER_TABLE ? pte_make(virt_to_mfn(cpu_tables[cpu]), TABLE_FLAGS) : 0;
}

struct vcpu_info *shown_move_info(u64 *window_ptes, const struct vcpu_info *info)
{
    u64 page = (u64)info & PAGE_MASK;

    WRITE_ONCE(window_ptes[SHOWN_INFO_PAGE], pte_make(virt_to_mfn((void *)page), DATA_FLAGS));
    return (struct vcpu_info *)(SHOWN_BASE + SHOWN_INFO_PAGE * PAGE_SIZE + ((u64)info - page));
}
