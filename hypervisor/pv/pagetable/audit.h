/*
 * The audit of counts: what the files of the engine tell it, and what its own two share.
 *
 * Debug builds hear of every change of an entry and of every table that begins or ends to count, keep
 * tallies of their own, and compare what a call touched when it ends (audit_running.c). Release
 * builds hear nothing: only the recount on demand is left (audit.c).
 */
#ifndef PV_PAGETABLE_AUDIT_H
#define PV_PAGETABLE_AUDIT_H

#include "domain/domain.h"
#include "mm/map.h"

/* What page-table entries, and whoever else is looked at, hold of a frame. */
struct tally {
    u32 refs;        /* references */
    u32 tables;      /* of these with a type reference as a table, */
    u32 writable;    /* ... as WRITABLE or SHARED, */
    u32 descriptors; /* ... as SEGDESC */
    s32 linear;      /* as in struct frame */
};

/* Add what entry @index of @table holds to the tallies, or with @by -1 take it off. */
void tally_entry(struct tally *tallies, mfn_t table, enum frame_type type, unsigned int index,
                 u64 pte, u32 by);

/*
 * What is wrong with the word of @mfn, should @tally be what is held of it; NULL: nothing. Others
 * (grants, LDTs, registered areas) may hold more of it, but for tables: of those the count must be
 * exact, if the frame is @owner's, whose tables are locked. @owner may be NULL.
 */
const char *tally_judge(const struct tally *tally, mfn_t mfn, const struct domain *owner);

/* One for each frame, zeroed; NULL: no memory. */
struct tally *tallies_alloc(void);
unsigned int tallies_order(void); /* for mm_free */

/*
 * Recount all, into @tallies, and judge the frames of @d, whose tables are locked: how many are
 * wrong. Each is logged.
 */
unsigned long audit_recount(struct domain *d, struct tally *tallies);

#ifdef NDEBUG

static inline void audit_entry(const u64 *slot, u64 old, u64 new)
{
    (void)slot;
    (void)old;
    (void)new;
}

static inline void audit_gain(const u64 *table, unsigned int first, unsigned int end)
{
    (void)table;
    (void)first;
    (void)end;
}

static inline void audit_lose(const u64 *table, unsigned int first, unsigned int end)
{
    (void)table;
    (void)first;
    (void)end;
}

static inline void audit_touch(const struct frame *frame)
{
    (void)frame;
}

static inline void audit_begin(void)
{
}

static inline void audit_end(struct domain *d)
{
    (void)d;
}

#else

/* An entry of a valid table changes: @new's references are taken, @old's not yet dropped. */
void audit_entry(const u64 *slot, u64 old, u64 new);

/*
 * The entries of a table from @first up to @end have taken their references; or are about to drop
 * them.
 */
void audit_gain(const u64 *table, unsigned int first, unsigned int end);
void audit_lose(const u64 *table, unsigned int first, unsigned int end);

/* A table's uses change otherwise. */
void audit_touch(const struct frame *frame);

/* @d's tables were locked, and are about to be unlocked: compare what was touched in between. */
void audit_begin(void);
void audit_end(struct domain *d);

#endif

#endif
