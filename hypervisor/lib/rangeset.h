/*
 * Sets of numbers (ports, frames, interrupts), kept as a sorted list of ranges that neither touch nor overlap.
 *
 * Nothing here locks: the owner does. Memory comes through the two functions given at the start, one node at
 * a time, and is asked for before anything changes: a failed call leaves the set as it was.
 */
#ifndef LIB_RANGESET_H
#define LIB_RANGESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
    struct range *next;
    uint64_t first, last; /* both belong to the range */
};

struct rangeset {
    struct range *head;
    void *(*alloc)(size_t size);
    void (*free)(void *node);
};

void rangeset_init(struct rangeset *rs, void *(*alloc)(size_t size), void (*free)(void *node));

/* Free all ranges: the set is empty, and may be used again. */
void rangeset_clear(struct rangeset *rs);

/* Add or remove all of @first..@last, whatever of it was there. 0; -EINVAL @first > @last, -ENOMEM. */
int rangeset_add(struct rangeset *rs, uint64_t first, uint64_t last);
int rangeset_remove(struct rangeset *rs, uint64_t first, uint64_t last);

/* True if every one, or any one, of @first..@last is in the set. */
bool rangeset_contains(const struct rangeset *rs, uint64_t first, uint64_t last);
bool rangeset_overlaps(const struct rangeset *rs, uint64_t first, uint64_t last);

/* The range that @number is in, or NULL. */
const struct range *rangeset_find(const struct rangeset *rs, uint64_t number);

static inline bool rangeset_empty(const struct rangeset *rs)
{
    return !rs->head;
}

#define rangeset_for_each(range, rs) for ( (range) = (rs)->head; (range); (range) = (range)->next )

#endif
