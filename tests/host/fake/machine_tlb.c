/*
 * The machine's TLBs: each CPU keeps the leaves that it walked to, and the tables that it passed on the way.
 */
#include "tests/host/fake/machine.h"

#include <pthread.h>

#include "console/console.h"
#include "cpu/uaccess.h"
#include "lib/atomic.h"
#include "mm/frame_inline.h"

#define TLB_ENTRIES 512

struct tlb_leaf {
    u64 root, page, pte;
};

struct tlb_step {
    u64 root, prefix,
        table; /* the table of @level that translates @prefix, the address above that level */
    unsigned int level;
    bool rw; /* so far */
};

static struct {
    struct tlb_leaf leaf[TLB_ENTRIES];
    struct tlb_step step[TLB_ENTRIES];
    unsigned int leaves, steps;
    u64 holders; /* the domains whose tables it walked, by id */
    u32 flushed; /* the clock at its last flush */
    pthread_mutex_t mutex;
} tlb[FAKE_CPUS];

static u32 clock_now = 1;
unsigned long fake_tlb_flushes;
cpumask_t fake_tlb_asked;
bool fake_tlb_ignore_stamped;

void fake_tlb_init(void)
{
    for ( u32 cpu = 0; cpu < FAKE_CPUS; cpu++ )
    {
        tlb[cpu].leaves = tlb[cpu].steps = 0;
        pthread_mutex_init(&tlb[cpu].mutex, NULL);
    }
}

u32 tlb_clock(void)
{
    return atomic_load(&clock_now);
}

static void flush_cpu(u32 cpu)
{
    u32 now = atomic_add_return(&clock_now, 1);

    pthread_mutex_lock(&tlb[cpu].mutex);
    tlb[cpu].leaves = tlb[cpu].steps = 0;
    WRITE_ONCE(tlb[cpu].holders, 0);
    WRITE_ONCE(tlb[cpu].flushed, now);
    pthread_mutex_unlock(&tlb[cpu].mutex);
    atomic_inc(&fake_tlb_flushes);
}

void tlb_load_root(maddr_t root)
{
    flush_cpu(host_cpu->cpu);
    host_cpu->cr3 = root.n;
}

void tlb_flush_local(void)
{
    flush_cpu(host_cpu->cpu);
}

/*
 * INVLPG itself would take any address; INVPCID, which may stand for it, faults on some (XSA-279).
 */
static void forget_page(u32 cpu, u64 va)
{
    if ( !guest_word_ok(to_gva(va)) )
        panic("INVLPG of %lx", va);
    pthread_mutex_lock(&tlb[cpu].mutex);
    tlb[cpu].steps = 0; /* INVLPG drops all paging-structure caches */
    for ( unsigned int i = 0; i < tlb[cpu].leaves; i++ )
        if ( tlb[cpu].leaf[i].page == va >> PAGE_SHIFT )
            tlb[cpu].leaf[i--] = tlb[cpu].leaf[--tlb[cpu].leaves];
    pthread_mutex_unlock(&tlb[cpu].mutex);
}

void tlb_flush_page_local(u64 va)
{
    forget_page(host_cpu->cpu, va);
}

void tlb_flush_mask(cpumask_t mask, u64 va)
{
    __atomic_store_n(&fake_tlb_asked, mask, __ATOMIC_RELAXED);
    for ( u32 cpu = 0; cpu < FAKE_CPUS; cpu++ )
        if ( !(mask & (1UL << cpu)) )
            continue;
        else if ( va == TLB_FLUSH_ALL )
            flush_cpu(cpu);
        else
            forget_page(cpu, va);
}

void tlb_flush_caches(void)
{
}

unsigned long fake_cached_pages_flushed;

void tlb_flush_cached_page(const void *page)
{
    (void)page;
    fake_cached_pages_flushed++;
}

static u64 map_strangers = 0; /* domains, by id */

void tlb_maps_strangers(domid_t id)
{
    atomic_fetch_or(&map_strangers, 1UL << id);
}

/* As the real one skips those who can't know the frame, so that what it is not told of shows here. */
void tlb_flush_stamped(const struct frame *frame)
{
    domid_t owner = READ_ONCE(frame->owner);
    u64 concerned = owner == DOMID_NOBODY ? ~0UL : 1UL << owner | READ_ONCE(map_strangers);

    if ( fake_tlb_ignore_stamped )
        return;
    for ( u32 cpu = 0; cpu < FAKE_CPUS; cpu++ )
        if ( (READ_ONCE(tlb[cpu].holders) & concerned) &&
             READ_ONCE(tlb[cpu].flushed) <= READ_ONCE(frame->tlb_stamp) )
            flush_cpu(cpu);
}

void (*fake_stamping)(const struct frame *frame);

void tlb_stamp(struct frame *frame)
{
    if ( fake_stamping )
        fake_stamping(frame);
    WRITE_ONCE(frame->tlb_stamp, tlb_clock());
}

static u64 prefix_of(u64 va, unsigned int level)
{
    return va >> (PAGE_SHIFT + 9 * level);
}

/* The table of the lowest level that CPU @cpu remembers for @va. */
static mfn_t start_of_walk(u32 cpu, mfn_t root, u64 va, unsigned int *level, bool *rw)
{
    unsigned int top = fake_type(root) == FRAME_L3 ? 3 : 4;

    *rw = true;
    for ( *level = 1; *level < top; ++*level )
        for ( unsigned int i = 0; i < tlb[cpu].steps; i++ )
        {
            const struct tlb_step *step = &tlb[cpu].step[i];

            if ( step->level == *level && step->root == root.n &&
                 step->prefix == prefix_of(va, *level) )
            {
                *rw = step->rw;
                return to_mfn(step->table);
            }
        }
    return root;
}

bool fake_tlb_walk(u32 cpu, mfn_t root, u64 va, u64 *pte)
{
    unsigned int level;
    mfn_t table;
    bool rw;

    for ( unsigned int i = 0; i < tlb[cpu].leaves; i++ )
        if ( tlb[cpu].leaf[i].root == root.n && tlb[cpu].leaf[i].page == va >> PAGE_SHIFT )
        {
            *pte = tlb[cpu].leaf[i].pte;
            return true;
        }

    WRITE_ONCE(tlb[cpu].holders, tlb[cpu].holders | 1UL << mfn_to_frame(root)->owner);
    table = start_of_walk(cpu, root, va, &level, &rw);
    for ( ;; level-- )
    {
        *pte = fake_words(table)[pte_index(va, level)];
        if ( !(*pte & PTE_P) )
            return false;
        rw = rw && (*pte & PTE_RW);
        if ( level == 1 )
            break;
        table = pte_mfn(*pte);
        if ( tlb[cpu].steps < TLB_ENTRIES )
            tlb[cpu].step[tlb[cpu].steps++] =
                (struct tlb_step){ root.n, prefix_of(va, level - 1), table.n, level - 1, rw };
    }
    if ( !rw )
        *pte &= ~PTE_RW;
    if ( tlb[cpu].leaves < TLB_ENTRIES )
        tlb[cpu].leaf[tlb[cpu].leaves++] = (struct tlb_leaf){ root.n, va >> PAGE_SHIFT, *pte };
    return true;
}

unsigned long fake_tlb_violations(void)
{
    unsigned long n = 0;

    for ( u32 cpu = 0; cpu < FAKE_CPUS; cpu++ )
    {
        for ( unsigned int i = 0; i < tlb[cpu].leaves; i++ )
        {
            const struct tlb_leaf *leaf = &tlb[cpu].leaf[i];
            mfn_t mfn = pte_mfn(leaf->pte);

            if ( (leaf->pte & PTE_RW) && mfn_valid(mfn) && fake_count(mfn) &&
                 fake_type(mfn) <= FRAME_SEGDESC )
            {
                fprintf(stderr, "CPU %u can still write to %lx through va %lx: type %d\n", cpu,
                        mfn.n, leaf->page << 12, fake_type(mfn));
                n++;
            }
        }
        for ( unsigned int i = 0; i < tlb[cpu].steps; i++ )
        {
            const struct tlb_step *step = &tlb[cpu].step[i];
            enum frame_type type_is = fake_type(to_mfn(step->table));
            unsigned int type = type_is == FRAME_L2_TOP ? 2 : type_is;

            /*
             * A linear entry shows a higher table as if it were a lower one, but not for writing.
             */
            if ( fake_count(to_mfn(step->table)) && type != step->level &&
                 (step->rw || type < step->level || type > FRAME_L4) )
            {
                fprintf(stderr, "CPU %u still walks %lx as L%u: type %u\n", cpu, step->table,
                        step->level, type);
                n++;
            }
        }
    }
    return n;
}
