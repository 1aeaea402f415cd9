#include "time/heap.h"

/* Cut @timer off its siblings and parent, with its children. */
static void isolate(struct timer *timer)
{
    timer->next = NULL;
    timer->previous = NULL;
}

/* Two by two first, then the pairs one by one: without the pairing the heap would degenerate into a list. */
static struct timer *merge_pairs(struct timer *timer)
{
    struct timer *pairs = NULL;

    while ( timer )
    {
        struct timer *a = timer, *b = timer->next, *pair = a;

        timer = b ? b->next : NULL;
        isolate(a);
        if ( b )
        {
            isolate(b);
            pair = heap_merge(a, b);
        }
        pair->next = pairs; /* a list of them, the last first */
        pairs = pair;
    }
    return pairs;
}

struct timer *heap_adopt(struct timer *first, struct timer *siblings)
{
    struct timer *pair, *pairs = merge_pairs(siblings);

    while ( (pair = pairs) != NULL )
    {
        pairs = pair->next;
        isolate(pair);
        first = heap_insert(first, pair);
    }
    return first;
}
