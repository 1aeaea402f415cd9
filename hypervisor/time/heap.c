#include "time/heap.h"

/* Join two heaps, either of which may be empty: the later first becomes a child of the earlier. */
static struct timer *merge(struct timer *a, struct timer *b)
{
    struct timer *first = a, *second = b;

    if ( !a || !b )
        return a ? a : b;
    if ( b->expires < a->expires )
    {
        first = b;
        second = a;
    }

    second->previous = first;
    second->next = first->child;
    if ( second->next )
        second->next->previous = second;
    first->child = second;
    return first;
}

/* Cut @timer off its siblings and parent, with its children. */
static void isolate(struct timer *timer)
{
    timer->next = NULL;
    timer->previous = NULL;
}

/*
 * Join siblings that have lost their parent: two by two, then the pairs one by one, the last first. Without the pairing
 * the heap would degenerate into a list. The pairs made so far are kept as a list through `next`.
 */
static struct timer *merge_siblings(struct timer *timer)
{
    struct timer *pairs = NULL, *first = NULL;

    while ( timer )
    {
        struct timer *a = timer, *b = timer->next, *pair;

        timer = b ? b->next : NULL;
        isolate(a);
        if ( b )
            isolate(b);
        pair = merge(a, b);
        pair->next = pairs;
        pairs = pair;
    }

    while ( pairs )
    {
        struct timer *pair = pairs;

        pairs = pair->next;
        isolate(pair);
        first = merge(first, pair);
    }
    return first;
}

struct timer *heap_insert(struct timer *first, struct timer *timer)
{
    timer->child = NULL;
    isolate(timer);
    return merge(first, timer);
}

struct timer *heap_remove(struct timer *first, struct timer *timer)
{
    struct timer *children = timer->child ? merge_siblings(timer->child) : NULL;

    timer->child = NULL;
    if ( timer == first )
        return children;

    if ( timer->previous->child == timer )
        timer->previous->child = timer->next;
    else
        timer->previous->next = timer->next;
    if ( timer->next )
        timer->next->previous = timer->previous;
    isolate(timer);
    return children ? merge(first, children) : first;
}
