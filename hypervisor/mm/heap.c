/*
 * The heap: powers of two from 16 bytes to half a page, each size in pages of its own; larger
 * blocks are whole pages.
 *
 * A page's struct frame keeps its size class (progress), the number of its first free block (link)
 * and how many are in use (linear). Free blocks are chained by their numbers. Pages with a free
 * block are listed by class.
 */
#include "mm/heap.h"
#include "console/console.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/map.h"
#include "smp/lock.h"

#define SMALLEST_SHIFT 4
#define LARGEST_SHIFT  (PAGE_SHIFT - 1)
#define NR_CLASSES     (LARGEST_SHIFT - SMALLEST_SHIFT + 1)

#define IS_SMALL                                                                                   \
    0x100 /* progress of a page of small blocks: this and the class; of a large block: its order */
#define NO_BLOCK 0xffffu

static struct lock heap_lock = LOCK_INIT(LOCK_HEAP);
static u32 pages_with_room[NR_CLASSES]; /* lists by frame->next */

static struct frame *frame_at(u32 mfn)
{
    return mfn_to_frame(to_mfn(mfn));
}

static u16 *block_at(u32 mfn, unsigned int class, u32 number)
{
    return (u16 *)((u8 *)mfn_to_virt(to_mfn(mfn)) + (number << (class + SMALLEST_SHIFT)));
}

static void list_page(unsigned int class, u32 mfn)
{
    struct frame *frame = frame_at(mfn);

    frame->prev = 0;
    frame->next = pages_with_room[class];
    if ( frame->next )
        frame_at(frame->next)->prev = mfn;
    pages_with_room[class] = mfn;
}

static void unlist_page(unsigned int class, u32 mfn)
{
    struct frame *frame = frame_at(mfn);

    if ( frame->next )
        frame_at(frame->next)->prev = frame->prev;
    if ( frame->prev )
        frame_at(frame->prev)->next = frame->next;
    else
        pages_with_room[class] = frame->next;
    frame->next = frame->prev = 0;
}

/* A new page, all its blocks chained. */
static u32 new_page(unsigned int class)
{
    void *page = mm_alloc(0);
    u32 blocks = 1u << (PAGE_SHIFT - SMALLEST_SHIFT - class), mfn;

    if ( !page )
        return 0;
    mfn = (u32)virt_to_mfn(page).n;
    for ( u32 i = 0; i < blocks; i++ )
        *block_at(mfn, class, i) = (u16)(i + 1 < blocks ? i + 1 : NO_BLOCK);
    frame_at(mfn)->progress = (u16)(IS_SMALL | class);
    frame_at(mfn)->link = 0;
    frame_at(mfn)->linear = 0;
    list_page(class, mfn);
    return mfn;
}

static void *alloc_small(unsigned int class)
{
    void *block = NULL;
    u32 mfn;

    lock_acquire(&heap_lock);
    mfn = pages_with_room[class];
    if ( !mfn )
        mfn = new_page(class);
    if ( mfn )
    {
        struct frame *frame = frame_at(mfn);

        block = block_at(mfn, class, frame->link);
        frame->link = *(u16 *)block;
        frame->linear++;
        if ( frame->link == NO_BLOCK )
            unlist_page(class, mfn);
    }
    lock_release(&heap_lock);
    return block;
}

static void *alloc_large(size_t size)
{
    unsigned int order = order_of(DIV_ROUND_UP(size, PAGE_SIZE));
    void *block = mm_alloc(order);

    if ( block )
        mfn_to_frame(virt_to_mfn(block))->progress = (u16)order;
    return block;
}

void *heap_alloc(size_t size)
{
    unsigned int shift = max_t(unsigned int, order_of(size), SMALLEST_SHIFT);
    void *block;

    if ( shift > LARGEST_SHIFT )
        return alloc_large(size);
    block = alloc_small(shift - SMALLEST_SHIFT);
    return block ? memset(block, 0, 1UL << shift) : NULL;
}

static void free_small(void *p, u32 mfn, unsigned int class)
{
    struct frame *frame = frame_at(mfn);
    bool empty;

    lock_acquire(&heap_lock);
    BUG_ON(frame->linear <= 0);
    if ( frame->link == NO_BLOCK )
        list_page(class, mfn);
    *(u16 *)p = (u16)frame->link;
    frame->link = (u32)(((u64)p & ~PAGE_MASK) >> (class + SMALLEST_SHIFT));
    empty = --frame->linear == 0 && frame->next | frame->prev; /* keep the last page of a class */
    if ( empty )
    {
        unlist_page(class, mfn);
        frame->progress = 0;
    }
    lock_release(&heap_lock);
    if ( empty )
        mm_free(mfn_to_virt(to_mfn(mfn)), 0);
}

void heap_free(void *p)
{
    struct frame *frame;

    if ( !p )
        return;
    frame = mfn_to_frame(virt_to_mfn(p));
    if ( frame->progress & IS_SMALL )
        free_small(p, (u32)virt_to_mfn(p).n, frame->progress & ~IS_SMALL);
    else
    {
        unsigned int order = frame->progress;

        frame->progress = 0;
        mm_free(p, order);
    }
}
