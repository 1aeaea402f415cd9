/*
 * Validating tables, and taking them apart.
 *
 * A table is validated entry by entry, from 0 up; an entry of a higher table leads into the table
 * that it names, so the recursion is as deep as there are levels. It may stop after each entry of a
 * higher table that names one not in use yet: then this table and those above it are PARTIAL,
 * frame->progress tells how many of their entries hold references, and the next one who asks for the
 * same type resumes there. An L1, or 512 entries that name tables in use, is done in one go, which
 * takes some microseconds.
 *
 * Nothing is taken apart recursively. A table whose last type reference goes, or whose validation
 * failed, is DEAD: it joins a list of its domain and is worked off from frame->progress down to 0,
 * the newest table first, so that the list stays short. Every operation on tables of the domain
 * does that before it begins and before it ends; when it is time to stop, the guest comes again
 * with what is left of its hypercall, and if it doesn't, the list waits: for the next operation, or
 * for the end of the domain.
 *
 * So a domain that builds 512^3 entries pays for their validation and release in slices, and can't
 * make another one pay.
 */
#include "lib/bits.h"
#include "lib/string.h"
#include "pv/pagetable/entry_l1.h"
#include "pv/pagetable/l1tf.h"
#include "pv/pagetable/shadow.h"
#include "smp/smp.h"

/*
 * What is done several slots at a time, by boot option coalescing, and what one by one without it,
 * is the same source: @several is a constant to the compiler.
 */
#define VARIANT static inline __attribute__((always_inline))

/* Groups of SCAN slots that are looked at before the end is. */
#define STRIDE 4

/* The first SCAN slots from @slot on that aren't all empty; @end if there are none. */
static inline u64 *skip_groups(u64 *slot, const u64 *end)
{
    for ( ; end - slot >= STRIDE * SCAN; slot += STRIDE * SCAN )
    {
#pragma GCC unroll 4
        for ( unsigned int i = 0; i < STRIDE * SCAN; i += SCAN )
            if ( !all_empty(slot + i) )
                return slot + i;
    }
    while ( slot != end && all_empty(slot) )
        slot += SCAN;
    return slot;
}

/* The same downwards: beyond the last SCAN slots below @slot that aren't; or @begin. */
static inline u64 *skip_groups_down(u64 *slot, const u64 *begin)
{
    for ( ; slot - begin >= STRIDE * SCAN; slot -= STRIDE * SCAN )
    {
#pragma GCC unroll 4
        for ( unsigned int i = 0; i < STRIDE * SCAN; i += SCAN )
            if ( !all_empty(slot - i - SCAN) )
                return slot - i;
    }
    while ( slot != begin && all_empty(slot - SCAN) )
        slot -= SCAN;
    return slot;
}

/* The first slot at or after @i that is not 0, or PTES_PER_TABLE. */
VARIANT unsigned int skip_empty(bool several, u64 *table, unsigned int i)
{
    for ( ; i < PTES_PER_TABLE; i++ )
    {
        if ( several && i % SCAN == 0 )
            i = (unsigned int)(skip_groups(table + i, table + PTES_PER_TABLE) - table);
        if ( i == PTES_PER_TABLE || table[i] )
            break;
    }
    return i;
}

/* The last slot below @i that is not 0, plus one; 0 if there is none. */
VARIANT unsigned int skip_empty_down(bool several, u64 *table, unsigned int i)
{
    for ( ; i; i-- )
    {
        if ( several && i % SCAN == 0 )
            i = (unsigned int)(skip_groups_down(table + i, table) - table);
        if ( !i || table[i - 1] )
            break;
    }
    return i;
}

/* Do SCAN slots map what the first one does, in the same way? */
static inline bool all_alike(const u64 *slots)
{
#pragma GCC unroll 8
    for ( unsigned int i = 1; i < SCAN; i++ )
        if ( (slots[i] ^ slots[0]) & L1_COUNTED )
            return false;
    return true;
}

/*
 * Take the references of SCAN slots of an L1 at once, if all map one frame (of zeros, say) as
 * fresh tables do; else of none.
 */
VARIANT bool validate_l1_several(bool pv32, const struct domain *d, u64 *slots)
{
    enum l1_take take;

    if ( !(slots[0] & PTE_P) || !all_alike(slots) )
        return false;

    take = l1_take_several(d, slots[0], SCAN);
    for ( unsigned int i = 0; i < SCAN; i++ )
        if ( take == L1_TAKEN )
            slots[i] = l1_for_hardware(pv32, slots[i]);
        else if ( take == L1_MISTAKEN )
            l1_put(slots[i]);
    return take == L1_TAKEN;
}

/* One by one up to @end. Where this ended, and why in *@rc. */
VARIANT u64 *validate_l1_slots(bool pv32, const struct domain *d, u64 *slot, const u64 *end,
                               long *rc)
{
    for ( ; slot < end; slot++ )
    {
        u64 pte = *slot;
        enum l1_take take;

        if ( !(pte & PTE_P) )
            continue;
        pte = l1_for_hardware(pv32, pte);
        take = l1_take(d, pte);
        if ( __builtin_expect(take == L1_TAKEN, 1) )
            *slot = pte;
        else
        {
            *rc = entry_get_l1(d, slot, take);
            if ( *rc )
                break;
        }
    }
    return slot;
}

/* Much of the time of fork and exit is spent here and in take_l1_apart(). */
VARIANT long validate_l1_of(bool several, bool pv32, const struct domain *d, struct frame *frame,
                            u64 *table)
{
    u64 *slot = table, *end = table + PTES_PER_TABLE;
    long rc = 0;

    while ( slot < end && !rc )
    {
        if ( several && !*slot && (slot = skip_groups(slot, end)) == end )
            break;
        if ( several && validate_l1_several(pv32, d, slot) )
            slot += SCAN;
        else
            slot = validate_l1_slots(pv32, d, slot, several ? slot + SCAN : end, &rc);
    }

    audit_gain(table, 0, (unsigned int)(slot - table));
    frame->progress = (u16)(slot - table);
    return rc;
}

static __attribute__((noinline)) long validate_l1_pv32(const struct domain *d, struct frame *frame,
                                                       u64 *table)
{
    return validate_l1_of(true, true, d, frame, table);
}

VARIANT long validate_l1(bool several, const struct domain *d, struct frame *frame, u64 *table)
{
    if ( !several )
        return validate_l1_of(false, d->pv32, d, frame, table);
    return d->pv32 ? validate_l1_pv32(d, frame, table)
                   : validate_l1_of(true, false, d, frame, table);
}

static __attribute__((noinline)) long begin_with_care(const struct table_kind *kind,
                                                      struct frame *frame, const u64 *table)
{
    if ( kind->care & CARE_SHADOW )
        shadow_begin(frame);
    return (kind->care & CARE_LAST) && GUARD(pae_last_gib, !(table[kind->entries - 1] & PTE_P))
               ? -EINVAL
               : 0;
}

/* Before the first entry of a higher table. -EINVAL. */
static long begin_higher(const struct table_kind *kind, struct frame *frame, u64 *table)
{
    if ( !kind->entries || (kind->care && begin_with_care(kind, frame, table)) )
        return -EINVAL;
    GUARD_STEP(pae_rest_cleared,
               memset(&table[kind->entries], 0, (PTES_PER_TABLE - kind->entries) * sizeof(*table)));
    return 0;
}

/*
 * Entries that name tables in use, as most of a root's do, are validated by one step each: from @i up to one that isn't
 * such, or the last, whose table may be of another type. Which that is; it is the guest's.
 */
static unsigned int take_used(const struct domain *d, enum frame_type type, u64 *table,
                              unsigned int i)
{
    const struct table_kind kind = *table_kind(d, type);

    for ( ; i + 1 < kind.entries; i++ )
    {
        u64 pte = table[i];

        if ( is_hypervisor_entry(type, i) )
            continue;
        if ( !(pte & PTE_P) || entry_refused(&kind, pte) ||
             !table_take_used(d, pte_mfn(pte), kind.child) )
            break;
        table[i] = pte | kind.set;
    }
    return i;
}

VARIANT long validate_higher(bool several, struct domain *d, struct frame *frame,
                             enum frame_type type, u64 *table)
{
    const struct table_kind *kind = table_kind(d, type);
    unsigned int i;
    long rc = frame->progress ? 0 : begin_higher(kind, frame, table);

    if ( rc )
        return rc;
    for ( i = skip_empty(several, table, frame->progress); i < kind->entries;
          i = skip_empty(several, table, i + 1) )
    {
        u64 pte;

        i = take_used(d, type, table, i);
        pte = table[i];
        if ( !(pte & PTE_P) )
            continue;
        rc = entry_get_table(d, frame, type, i, &pte);
        if ( rc )
            break;
        table[i] = pte;
        if ( GUARD(validation_stops, tables_preempt(d)) )
        {
            i++;
            rc = -ERESTART;
            break;
        }
    }

    i = min_t(unsigned int, i, kind->entries);
    audit_gain(table, frame->progress, i);
    GUARD_STEP(validation_progress, frame->progress = i);
    return rc;
}

/* What the hypervisor has in a table that is valid now; the M2P perhaps only later (roots.c). */
static void fill_in_ours(const struct domain *d, enum frame_type type, u64 *table)
{
    if ( type == FRAME_L4 )
    {
        map_fill_l4(table);
        if ( !(d->vm_assist & (1UL << VMASST_TYPE_m2p_strict)) )
            GUARD_STEP(m2p_only_later, table[HV_SLOT_FIRST] = 0);
    }
    else if ( type == FRAME_L2_TOP )
        map_fill_l2_top(table);
}

static void list_dead(struct domain *d, struct frame *frame)
{
    frame->link = d->pv.dead_tables;
    WRITE_ONCE(d->pv.dead_tables, frame_to_mfn(frame).n);
}

void table_condemn(struct domain *d, struct frame *frame)
{
    frame_condemn_type(frame);
    list_dead(d, frame);
}

/* Has a table that is to be validated entries that may not be there? */
static __attribute__((noinline)) bool exposes(const struct domain *d, enum frame_type type,
                                              u64 *table)
{
    unsigned int entries = type == FRAME_L1 ? PTES_PER_TABLE : table_kind(d, type)->entries;
    u64 *end = table + PTES_PER_TABLE;

    for ( u64 *group = table; (group = skip_groups(group, end)) != end; group += SCAN )
        for ( u64 *slot = group; slot < group + SCAN; slot++ )
            if ( l1tf_exposes(d, *slot, type != FRAME_L1) && slot < table + entries &&
                 !is_hypervisor_entry(type, (unsigned int)(slot - table)) )
                return true;
    return false;
}

VARIANT long get(bool several, struct domain *d, struct frame *frame, enum frame_type type)
{
    u64 *table;
    long rc = frame_claim_type(frame, type);

    audit_touch(frame);
    if ( rc != FRAME_CLAIMED )
        return rc;

    table = mfn_to_virt(frame_to_mfn(frame));
    if ( __builtin_expect(d->pv.bars_l1tf, 0) && !frame->progress &&
         GUARD(l1tf_table, exposes(d, type, table)) )
        rc = -EINVAL;
    else
        rc = type == FRAME_L1 ? validate_l1(several, d, frame, table)
                              : validate_higher(several, d, frame, type, table);
    if ( !rc )
    {
        fill_in_ours(d, type, table);
        frame_commit_type(frame);
    }
    else if ( rc == -ERESTART )
        frame_suspend_type(frame);
    else
        table_condemn(d, frame);

    return rc;
}

long table_get(struct domain *d, struct frame *frame, enum frame_type type)
{
    return get(true, d, frame, type);
}

long table_get_by_slots(struct domain *d, struct frame *frame, enum frame_type type)
{
    return get(false, d, frame, type);
}

/*
 * The progress of a valid table is that at which its validation ended: all its entries hold
 * references.
 */
void table_put(struct domain *d, struct frame *frame)
{
    audit_touch(frame);
    if ( frame_retire_type(frame) )
        list_dead(d, frame);
}

/* Drop the references of SCAN slots of an L1 at once, as they were taken; else of none. */
static inline bool put_l1_several(const u64 *slots)
{
    return (slots[0] & PTE_P) && all_alike(slots) && l1_put_several(slots[0], SCAN);
}

static inline void put_l1_slots(const u64 *slot, const u64 *end)
{
    for ( ; slot < end; slot++ )
        if ( *slot & PTE_P )
            l1_put(*slot);
}

VARIANT void take_l1_apart(bool several, struct frame *frame, u64 *table)
{
    const u64 *end = table + frame->progress;
    u64 *slot = table, *whole = table + (several ? ALIGN_DOWN(frame->progress, SCAN) : 0);

    audit_lose(table, 0, frame->progress);
    for ( ; slot != whole; slot += SCAN )
    {
        if ( !*slot && (slot = skip_groups(slot, whole)) == whole )
            break;
        if ( !put_l1_several(slot) )
            put_l1_slots(slot, slot + SCAN);
    }
    put_l1_slots(whole, end);
    frame->progress = 0;
}

/*
 * The same on the way down: let go what the entries below @i hold, down to one that isn't the last use of its table.
 * Its index plus one, or 0.
 */
static unsigned int put_used(const struct domain *d, enum frame_type type, u64 *table,
                             unsigned int i)
{
    const struct table_kind kind = *table_kind(d, type);

    for ( ; i; i-- )
    {
        u64 pte = table[i - 1];
        struct frame *child;

        if ( is_hypervisor_entry(type, i - 1) )
            continue;
        if ( !(pte & PTE_P) )
            break;
        child = mfn_to_frame(pte_mfn(pte));
        if ( frame_type_of(READ_ONCE(child->state)) != kind.child )
            break;
        audit_lose(table, i - 1, i);
        if ( !frame_put_and_type_fast(child) )
        {
            audit_gain(table, i - 1, i);
            break;
        }
        table[i - 1] = pte & ~kind.strip;
    }
    return i;
}

/* Until the table is done, or another one has died that should go first. */
VARIANT void take_higher_apart(bool several, struct domain *d, struct frame *frame,
                               enum frame_type type, u64 *table)
{
    u64 keep = ~table_kind(d, type)->strip;
    unsigned int i = skip_empty_down(several, table, frame->progress);
    u32 first = d->pv.dead_tables;

    for ( ; i && d->pv.dead_tables == first; i = skip_empty_down(several, table, i) )
    {
        i = put_used(d, type, table, i);
        if ( !i )
            break;
        i--;
        if ( !(table[i] & PTE_P) )
            continue;
        audit_lose(table, i, i + 1);
        entry_put_table(d, frame, type, table[i]);
        table[i] &= keep;
    }
    frame->progress = i;
}

VARIANT long drain_some(bool several, struct domain *d)
{
    while ( d->pv.dead_tables )
    {
        struct frame *frame = mfn_to_frame(to_mfn(d->pv.dead_tables));
        enum frame_type type = frame_type_of(READ_ONCE(frame->state));
        u64 *table = mfn_to_virt(frame_to_mfn(frame));

        if ( type == FRAME_L1 )
            take_l1_apart(several, frame, table);
        else
            take_higher_apart(several, d, frame, type, table);

        if ( !frame->progress && d->pv.dead_tables == frame_to_mfn(frame).n )
        {
            u32 next = frame->link;

            /* In this order: who finds the list empty, without the lock, finds the frame free. */
            frame_release_type(frame);
            WRITE_ONCE(d->pv.dead_tables, next);
        }
        if ( d->pv.dead_tables && GUARD(release_stops, tables_preempt(d)) )
            return -ERESTART;
    }

    return 0;
}

long table_drain_some(struct domain *d)
{
    return drain_some(true, d);
}

long table_drain_some_by_slots(struct domain *d)
{
    return drain_some(false, d);
}
