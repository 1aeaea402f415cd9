/*
 * Doubly linked lists whose links live in the listed objects.
 *
 * A list is a ring through its head, so that adding and removing know no special cases. None of this locks; whoever
 * owns a list says which lock guards it. An entry that is on no list is either untouched or was made its own ring by
 * list_init or list_del, so deleting twice is harmless and list_empty(&entry) tells whether it is listed.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include <stdbool.h>

#include "lib/bits.h"

struct list_head {
    struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)                                                                       \
    {                                                                                              \
        &(name), &(name)                                                                           \
    }
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)

static inline void list_init(struct list_head *head)
{
    head->next = head->prev = head;
}

static inline bool list_empty(const struct list_head *head)
{
    return head->next == head;
}

static inline void list_insert_between(struct list_head *entry, struct list_head *prev,
                                       struct list_head *next)
{
    entry->prev = prev;
    entry->next = next;
    prev->next = entry;
    next->prev = entry;
}

/* Put @entry first in, or right after, @head. */
static inline void list_add(struct list_head *entry, struct list_head *head)
{
    list_insert_between(entry, head, head->next);
}

/* Put @entry last in, or right before, @head. */
static inline void list_add_tail(struct list_head *entry, struct list_head *head)
{
    list_insert_between(entry, head->prev, head);
}

static inline void list_del(struct list_head *entry)
{
    entry->prev->next = entry->next;
    entry->next->prev = entry->prev;
    list_init(entry);
}

static inline void list_move(struct list_head *entry, struct list_head *head)
{
    list_del(entry);
    list_add(entry, head);
}

static inline void list_move_tail(struct list_head *entry, struct list_head *head)
{
    list_del(entry);
    list_add_tail(entry, head);
}

/* Append all of @from to @to, leaving @from empty. */
static inline void list_splice_tail(struct list_head *from, struct list_head *to)
{
    if ( list_empty(from) )
        return;

    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)

/* The list must not be empty. */
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_last_entry(head, type, member)  list_entry((head)->prev, type, member)

#define list_first_entry_or_null(head, type, member)                                               \
    (list_empty(head) ? NULL : list_first_entry(head, type, member))

#define list_next_entry(pos, member) list_entry((pos)->member.next, __typeof__(*(pos)), member)
#define list_prev_entry(pos, member) list_entry((pos)->member.prev, __typeof__(*(pos)), member)

#define list_for_each(pos, head) for ( (pos) = (head)->next; (pos) != (head); (pos) = (pos)->next )

#define list_for_each_entry(pos, head, member)                                                     \
    for ( (pos) = list_first_entry(head, __typeof__(*(pos)), member); &(pos)->member != (head);    \
          (pos) = list_next_entry(pos, member) )

#define list_for_each_entry_reverse(pos, head, member)                                             \
    for ( (pos) = list_last_entry(head, __typeof__(*(pos)), member); &(pos)->member != (head);     \
          (pos) = list_prev_entry(pos, member) )

/* As above, but @pos may be removed or freed in the body; @tmp is a second cursor of the same type. */
#define list_for_each_entry_safe(pos, tmp, head, member)                                           \
    for ( (pos) = list_first_entry(head, __typeof__(*(pos)), member),                              \
          (tmp) = list_next_entry(pos, member);                                                    \
          &(pos)->member != (head); (pos) = (tmp), (tmp) = list_next_entry(pos, member) )

#endif
