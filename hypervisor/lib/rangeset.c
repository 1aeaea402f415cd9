#include <hypercall/abi.h>

#include "lib/bits.h"
#include "lib/rangeset.h"

void rangeset_init(struct rangeset *rs, void *(*alloc)(size_t size), void (*free)(void *node))
{
    *rs = (struct rangeset){ .alloc = alloc, .free = free };
}

void rangeset_clear(struct rangeset *rs)
{
    while ( rs->head )
    {
        struct range *range = rs->head;

        rs->head = range->next;
        rs->free(range);
    }
}

/* A new range between what @link points to and its follower. */
static int insert(struct rangeset *rs, struct range **link, uint64_t first, uint64_t last)
{
    struct range *range = rs->alloc(sizeof(*range));

    if ( !range )
        return -ENOMEM;
    *range = (struct range){ .next = *link, .first = first, .last = last };
    *link = range;
    return 0;
}

/* The link to the first range that ends at or after @n. */
static struct range **find(struct rangeset *rs, uint64_t n)
{
    struct range **link = &rs->head;

    while ( *link && (*link)->last < n )
        link = &(*link)->next;
    return link;
}

/* Let @range swallow the followers that it has come to overlap or touch. */
static void absorb_followers(struct rangeset *rs, struct range *range)
{
    struct range *next;

    while ( (next = range->next) && (range->last == UINT64_MAX || next->first <= range->last + 1) )
    {
        range->last = max(range->last, next->last);
        range->next = next->next;
        rs->free(next);
    }
}

int rangeset_add(struct rangeset *rs, uint64_t first, uint64_t last)
{
    struct range **link, *range;

    if ( first > last )
        return -EINVAL;

    link = find(rs, first ? first - 1 : 0);
    range = *link;
    if ( !range || (last != UINT64_MAX && range->first > last + 1) )
        return insert(rs, link, first, last);

    range->first = min(range->first, first);
    range->last = max(range->last, last);
    absorb_followers(rs, range);
    return 0;
}

/* Cut @first..@last out of the middle of @range, which becomes two. */
static int split(struct rangeset *rs, struct range *range, uint64_t first, uint64_t last)
{
    int rc = insert(rs, &range->next, last + 1, range->last);

    if ( !rc )
        range->last = first - 1;
    return rc;
}

int rangeset_remove(struct rangeset *rs, uint64_t first, uint64_t last)
{
    struct range **link, *range;

    if ( first > last )
        return -EINVAL;

    link = find(rs, first);
    range = *link;
    if ( range && range->first < first && range->last > last )
        return split(rs, range, first, last);

    while ( (range = *link) && range->first <= last )
    {
        if ( range->first < first )
        {
            range->last = first - 1;
            link = &range->next;
        }
        else if ( range->last > last )
            range->first = last + 1;
        else
        {
            *link = range->next;
            rs->free(range);
        }
    }
    return 0;
}

const struct range *rangeset_find(const struct rangeset *rs, uint64_t number)
{
    const struct range *range = rs->head;

    while ( range && range->last < number )
        range = range->next;
    return range && range->first <= number ? range : NULL;
}

bool rangeset_contains(const struct rangeset *rs, uint64_t first, uint64_t last)
{
    const struct range *range = rangeset_find(rs, first);

    return range && range->last >= last;
}

bool rangeset_overlaps(const struct rangeset *rs, uint64_t first, uint64_t last)
{
    const struct range *range;

    rangeset_for_each(range, rs) if ( range->first <= last && range->last >= first ) return true;
    return false;
}
