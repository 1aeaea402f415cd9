/*
 * What tables may say, as data: a row for each kind of table and each width of guests. kinds.c tells
 * why the rows are as they are.
 */
#ifndef PV_PAGETABLE_KINDS_H
#define PV_PAGETABLE_KINDS_H

#include "domain/domain.h"
#include "lib/guard.h"
#include "mm/map.h"

#define CARE_LAST   0x1u /* its last entry must be present */
#define CARE_SHADOW 0x2u /* it may get shadows: shadow.c */

struct table_kind {
    u64 refuse;     /* bits that a present entry may not have */
    u64 set;        /* bits that it gets, for the hardware's sake */
    u64 strip;      /* bits that it loses when nobody uses the table any more */
    u16 entries;    /* that count, from 0 up; those behind them are cleared. 0: no such table */
    u16 changeable; /* from this one on, in a table in use, changes are refused or shadowed */
    u8 child;       /* type of the tables that entries name, */
    u8 last_child;  /* ... and the last entry */
    u8 care;        /* what else there is to do before it is validated, CARE_*; 0: nothing */
    bool linear;    /* entries may name tables of their own level: linear.c */
};

/* domain_pv.kinds: which rows are a domain's. */
enum { KINDS_64, KINDS_32, KINDS_SHADOWED };

/* By that and enum frame_type. */
extern const struct table_kind table_kinds[][FRAME_L2_TOP + 1];

static inline const struct table_kind *table_kind(const struct domain *d, enum frame_type type)
{
    return &table_kinds[d->pv.kinds][type];
}

/* Has a present entry bits that it may not have? */
static inline bool entry_refused(const struct table_kind *kind, u64 pte)
{
    return GUARD(upper_flags, pte & kind->refuse);
}

/* The type of the table that entry @index names. */
static inline enum frame_type table_child(const struct table_kind *kind, unsigned int index)
{
    return index + 1 == kind->entries ? kind->last_child : kind->child;
}

/* The level of tables of @type: 1 for L1 to 4 for L4. */
static inline unsigned int table_level(enum frame_type type)
{
    return type == FRAME_L2_TOP ? 2 : type;
}

/* The type of @d's roots. */
static inline enum frame_type root_type(const struct domain *d)
{
    return d->pv32 ? FRAME_L3 : FRAME_L4;
}

/* Is entry @index of a table of @type the hypervisor's? */
static inline bool is_hypervisor_entry(enum frame_type type, unsigned int index)
{
    return (type == FRAME_L4 && map_is_hypervisor_slot(index)) ||
           (type == FRAME_L2_TOP && index >= HV32_SLOT_FIRST);
}

#endif
