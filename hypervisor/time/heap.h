/*
 * A pairing heap of timers, by time of expiry: the links are in the timers, so that arming one never needs memory and
 * cannot fail. Insertion and merging take a few instructions; removing the first takes log n of them, amortised.
 *
 * A heap is its first timer. Each timer points to its first child and to its next sibling; `previous` is the sibling
 * before it, or the parent for a first child. Nothing here locks or looks at the clock.
 */
#ifndef TIME_HEAP_H
#define TIME_HEAP_H

#include "time/time.h"

/* Join siblings that have lost their parent, and put the result under or over @first (NULL: no other timer). */
struct timer *heap_adopt(struct timer *first, struct timer *siblings);

/* Join two heaps, neither of them empty: the later first becomes a child of the earlier. */
static inline struct timer *heap_merge(struct timer *a, struct timer *b)
{
    struct timer *first = b->expires < a->expires ? b : a;
    struct timer *second = first == a ? b : a;

    second->previous = first;
    second->next = first->child;
    if ( second->next )
        second->next->previous = second;
    first->child = second;
    return first;
}

/* Add @timer, which is in no heap and whose links are NULL: returns the new first. */
static inline struct timer *heap_insert(struct timer *first, struct timer *timer)
{
    return first ? heap_merge(first, timer) : timer;
}

/*
 * Take @timer, which is in this heap, out of it, its links NULL: returns the new first, NULL if there is none. If it
 * leaves *orphans, the caller has both adopted: heap_adopt().
 */
static inline struct timer *heap_cut(struct timer *first, struct timer *timer,
                                     struct timer **orphans)
{
    struct timer *children = timer->child;

    timer->child = NULL;
    if ( timer == first )
    {
        *orphans = children && children->next ? children : NULL;
        if ( *orphans || !children )
            return NULL;
        children->previous = NULL; /* an only child takes its parent's place */
        return children;
    }

    if ( timer->previous->child == timer )
        timer->previous->child = timer->next;
    else
        timer->previous->next = timer->next;
    if ( timer->next )
        timer->next->previous = timer->previous;
    timer->next = timer->previous = NULL;
    *orphans = children;
    return first;
}

/* The same as a whole. */
static inline struct timer *heap_remove(struct timer *first, struct timer *timer)
{
    struct timer *orphans;

    first = heap_cut(first, timer, &orphans);
    return orphans ? heap_adopt(first, orphans) : first;
}

#endif
