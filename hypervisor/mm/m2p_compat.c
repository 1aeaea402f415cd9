/*
 * The M2P as 32-bit guests see it: the same numbers in 4 bytes, from HV32_START up in each of their
 * address spaces. What fits into that hole tells of 43 million frames; guests get none beyond
 * M2P_COMPAT_BITS.
 *
 * It costs 2 MiB for each 2 GiB of RAM, which a machine without 32-bit guests does not pay: it is made
 * for the first of them. Like the other M2P, it is contiguous in pieces of 2 MiB, so that tools may
 * map it, and reads as all ones where there is no RAM.
 *
 * From the moment that it is there m2p_set() writes both. When every CPU knows that, what the old one
 * holds is copied.
 */
#include "cpu/cpu.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/map.h"
#include "smp/smp.h"

#define CHUNK_ORDER  9
#define CHUNK_PAGES  (1UL << CHUNK_ORDER)
#define CHUNK_FRAMES (CHUNK_PAGES * PAGE_SIZE / sizeof(u32))
#define CHUNKS_MAX   (HV32_SLOTS - 1)
#define COPY_AT_ONCE 4096

/* The guest's kernel is a supervisor; its processes have no business here. */
#define LEAF_FLAGS  (PTE_P | PTE_A | PTE_NX)
#define TABLE_FLAGS (PTE_P | PTE_A)
#define OUR_FLAGS   (PTE_P | PTE_RW | PTE_A | PTE_D | PTE_NX)

u64 m2p_compat_frames;

static u64 slots[HV32_SLOTS];    /* what each L2 of a last GiB holds */
static mfn_t chunks[CHUNKS_MAX]; /* first frames; INVALID_MFN: no RAM there */
static unsigned int nr_chunks;   /* of these, those that are done */
static u64 hole;                 /* the slot where there is no RAM */
static u64 nr_copied;

/* A table that shows @pages pages from @first on, the same one over and over if it is a hole. */
static u64 make_table(mfn_t first, u64 step)
{
    u64 *table = mm_alloc(0);

    if ( !table )
        return 0;
    for ( unsigned int i = 0; i < PTES_PER_TABLE; i++ )
        table[i] = pte_make(mfn_add(first, i * step), LEAF_FLAGS);
    return pte_make(virt_to_mfn(table), TABLE_FLAGS);
}

static bool make_hole(void)
{
    u8 *page = hole ? NULL : mm_alloc(0);

    if ( page )
    {
        memset(page, 0xff, PAGE_SIZE);
        hole = make_table(virt_to_mfn(page), 0);
        if ( !hole )
            mm_free(page, 0);
    }
    return hole != 0;
}

/* A chunk tells of as many frames as two of the other M2P's, which exist where there is RAM. */
static bool has_ram(unsigned int chunk)
{
    return !mfn_eq(m2p_chunk(chunk * 2), INVALID_MFN) ||
           !mfn_eq(m2p_chunk(chunk * 2 + 1), INVALID_MFN);
}

static long map_chunk(unsigned int chunk, mfn_t first)
{
    u64 va = M2P_COMPAT_BASE + chunk * (CHUNK_PAGES << PAGE_SHIFT);

    for ( unsigned int i = 0; i < CHUNK_PAGES; i++ )
        if ( map_page(va + i * PAGE_SIZE, mfn_add(first, i), OUR_FLAGS) )
            return -ENOMEM;
    return 0;
}

static long make_chunk(unsigned int chunk)
{
    void *memory = mm_alloc(CHUNK_ORDER);

    if ( !memory )
        return -ENOMEM;
    memset(memory, 0xff, CHUNK_PAGES << PAGE_SHIFT);
    slots[chunk] = make_table(virt_to_mfn(memory), 1);
    if ( !slots[chunk] || map_chunk(chunk, virt_to_mfn(memory)) )
    {
        if ( slots[chunk] )
            mm_free(mfn_to_virt(pte_mfn(slots[chunk])), 0);
        mm_free(memory, CHUNK_ORDER);
        return -ENOMEM;
    }
    chunks[chunk] = virt_to_mfn(memory);
    mm_show_to_tools(memory, CHUNK_PAGES); /* as the other M2P */
    return 0;
}

static long make_chunks(void)
{
    long rc = make_hole() ? 0 : -ENOMEM;

    for ( ; !rc && nr_chunks < CHUNKS_MAX; nr_chunks++ )
    {
        if ( has_ram(nr_chunks) )
            rc = make_chunk(nr_chunks);
        else
        {
            chunks[nr_chunks] = INVALID_MFN;
            slots[nr_chunks] = hole;
        }
        if ( rc )
            break;
        if ( preempt_pending() )
        {
            nr_chunks++;
            return -ERESTART;
        }
    }
    return rc;
}

/*
 * Others may set the same entry meanwhile, first there, then here. If it still is what we have
 * written, theirs here comes after ours.
 */
static void copy_entry(mfn_t mfn)
{
    pfn_t pfn;

    do
    {
        pfn = m2p_get(mfn);
        WRITE_ONCE(((u32 *)M2P_COMPAT_BASE)[mfn.n], (u32)pfn.n);
        mb();
    } while ( m2p_get(mfn).n != pfn.n );
}

static long copy_all(void)
{
    for ( ; nr_copied < m2p_compat_frames; nr_copied++ )
    {
        if ( mfn_valid(to_mfn(nr_copied)) )
            copy_entry(to_mfn(nr_copied));
        if ( (nr_copied + 1) % COPY_AT_ONCE == 0 && preempt_pending() )
        {
            nr_copied++;
            return -ERESTART;
        }
    }
    return 0;
}

long m2p_compat_create(void)
{
    if ( !m2p_compat_frames )
    {
        long rc = make_chunks();

        if ( rc )
            return rc;
        atomic_set(&m2p_compat_frames, min_t(u64, frame_limit, CHUNKS_MAX * CHUNK_FRAMES));
        smp_synchronize();
    }
    return copy_all();
}

mfn_t m2p_compat_chunk(u64 index)
{
    return m2p_compat_frames && index < CHUNKS_MAX ? chunks[index] : INVALID_MFN;
}

void map_fill_l2_top(u64 *l2)
{
    memcpy(&l2[HV32_SLOT_FIRST], slots, sizeof(slots));
}
