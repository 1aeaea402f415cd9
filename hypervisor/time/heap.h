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

/* Add @timer, which is in no heap: returns the new first. */
struct timer *heap_insert(struct timer *first, struct timer *timer);

/* Take @timer, which is in this heap, out of it: returns the new first, NULL if none is left. */
struct timer *heap_remove(struct timer *first, struct timer *timer);

#endif
