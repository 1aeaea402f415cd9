/*
 * The audit: count anew, from the page tables of all domains, what every frame's word should say,
 * and compare.
 *
 * It knows entries, roots, GDTs, pins, suspended work, and the owner's reference. Others (grants,
 * LDTs, registered areas) add to what it counts, so that in a running system a frame may have more
 * references than expected, but never less; and tables nobody else uses, so that their counts must
 * be exact.
 */
#include "mm/alloc.h"
#include "lib/bits.h"
#include "pv/pagetable/internal.h"

struct tally {
    u32 refs, types;
    s32 linear;
};

struct audit {
    struct tally *tally; /* one a frame */
    unsigned int order;
    unsigned long wrong;
};

#define complain(audit, ...)                                                                       \
    do                                                                                             \
    {                                                                                              \
        (audit)->wrong++;                                                                          \
        log_error("pagetable audit: " __VA_ARGS__);                                                \
    } while ( 0 )

static bool is_table(u64 state)
{
    return frame_type_count(state) && frame_type_of(state) >= FRAME_L1 &&
           frame_type_of(state) <= FRAME_L4;
}

static void tally_use(struct audit *a, mfn_t mfn)
{
    a->tally[mfn.n].refs++;
    a->tally[mfn.n].types++;
}

static void tally_l1e(struct audit *a, mfn_t table, u64 pte)
{
    mfn_t mfn = pte_mfn(pte);
    enum frame_type type;

    if ( !mfn_valid(mfn) )
        return;
    a->tally[mfn.n].refs++;
    if ( !(pte & PTE_RW) )
        return;
    a->tally[mfn.n].types++;
    type = frame_type_of(READ_ONCE(mfn_to_frame(mfn)->state));
    if ( type != FRAME_WRITABLE && type != FRAME_SHARED )
        complain(a, "L1 %lx maps %lx writable, which has type %d", table.n, mfn.n, type);
}

static void tally_higher(struct audit *a, mfn_t table, unsigned int level, u64 pte)
{
    mfn_t mfn = pte_mfn(pte);
    unsigned int type;

    if ( mfn_eq(mfn, table) )
        return;
    tally_use(a, mfn);
    type = frame_type_of(READ_ONCE(mfn_to_frame(mfn)->state));
    if ( type == level )
    {
        a->tally[mfn.n].linear++;
        a->tally[table.n].linear--;
    }
    else if ( type != level - 1 )
        complain(a, "L%u %lx names %lx, which has type %u", level, table.n, mfn.n, type);
}

/* What the entries of a table hold; of a table that is not valid, those below its progress. */
static void tally_table(struct audit *a, mfn_t table, u64 state)
{
    const struct frame *frame = mfn_to_frame(table);
    unsigned int level = frame_type_of(state),
                 end = state & FRAME_VALIDATED ? PTES_PER_TABLE : frame->progress;
    const u64 *entries = mfn_to_virt(table);

    for ( unsigned int i = 0; i < end; i++ )
    {
        u64 pte = READ_ONCE(entries[i]);

        if ( !(pte & PTE_P) || (level == 4 && map_is_hypervisor_slot(i)) )
            continue;
        if ( level == 1 )
            tally_l1e(a, table, pte);
        else
            tally_higher(a, table, level, pte);
    }
}

static void tally_frame(struct audit *a, mfn_t mfn)
{
    u64 state = READ_ONCE(mfn_to_frame(mfn)->state);

    if ( state & FRAME_ALLOCATED )
        a->tally[mfn.n].refs++;
    if ( state & FRAME_PINNED )
        tally_use(a, mfn);
    if ( state & (FRAME_LOCKED | FRAME_PARTIAL | FRAME_DEAD) )
        tally_use(a, mfn);
    if ( is_table(state) )
        tally_table(a, mfn, state);
}

/* What domains and vcpus hold. */
static void tally_domains(struct audit *a)
{
    struct domain *d;
    struct vcpu *v;

    for ( domid_t id = 0; (d = domain_first_at_or_above(id)) != NULL; id++ )
    {
        id = d->id;
        for_each_vcpu(d, v)
        {
            if ( !mfn_eq(v->pv.root_kernel, INVALID_MFN) )
                tally_use(a, v->pv.root_kernel);
            if ( !mfn_eq(v->pv.root_user, INVALID_MFN) )
                tally_use(a, v->pv.root_user);
            for ( unsigned int i = 0; i < sizeof(v->pv.gdt_mfn) / sizeof(v->pv.gdt_mfn[0]); i++ )
                if ( !mfn_eq(v->pv.gdt_mfn[i], INVALID_MFN) )
                    tally_use(a, v->pv.gdt_mfn[i]);
        }
        if ( d->pv.relinquish_cursor )
            a->tally[d->pv.relinquish_cursor].refs++;
        domain_put(d);
    }
}

static void compare(struct audit *a, mfn_t mfn, bool exact)
{
    const struct frame *frame = mfn_to_frame(mfn);
    const struct tally *want = &a->tally[mfn.n];
    u64 state = READ_ONCE(frame->state);

    if ( exact ? frame_refs(state) != want->refs : frame_refs(state) < want->refs )
        complain(a, "%lx: %lu references, %u counted, state %lx", mfn.n, frame_refs(state),
                 want->refs, state);
    if ( exact || is_table(state) ? frame_type_count(state) != want->types
                                  : frame_type_count(state) < want->types )
        complain(a, "%lx: type count %lu, %u counted, state %lx", mfn.n, frame_type_count(state),
                 want->types, state);
    if ( is_table(state) && frame->linear != want->linear )
        complain(a, "%lx: linear %d, %d counted", mfn.n, frame->linear, want->linear);
}

static unsigned long audit(struct domain *d, bool exact)
{
    struct audit a = { .order =
                           order_of(DIV_ROUND_UP(frame_limit * sizeof(struct tally), PAGE_SIZE)) };

    a.tally = mm_alloc(a.order);
    if ( !a.tally )
    {
        log_error("pagetable audit: no memory");
        return 0;
    }

    for ( mfn_t mfn = to_mfn(0); mfn.n < frame_limit; mfn.n++ )
        if ( mfn_valid(mfn) )
            tally_frame(&a, mfn);
    tally_domains(&a);
    for ( mfn_t mfn = to_mfn(0); mfn.n < frame_limit; mfn.n++ )
        if ( mfn_valid(mfn) && mfn_to_frame(mfn)->owner == d->id )
            compare(&a, mfn, exact);

    mm_free(a.tally, a.order);
    return a.wrong;
}

unsigned long pagetable_audit(struct domain *d)
{
    unsigned long wrong;

    lock_acquire(table_lock(d));
    wrong = audit(d, false);
    lock_release(table_lock(d));
    return wrong;
}

unsigned long pagetable_audit_exact(struct domain *d)
{
    return audit(d, true);
}

/* The debug key may come while this very CPU holds a lock: then another try is all there is. */
void pagetable_audit_all(void)
{
    struct domain *d;

    for ( domid_t id = 0; (d = domain_first_at_or_above(id)) != NULL; id++ )
    {
        id = d->id;
        if ( lock_try(table_lock(d)) )
        {
            log_error("d%u: %lu of its frames are wrong", d->id, audit(d, false));
            lock_release(table_lock(d));
        }
        else
            log_error("d%u: its tables are being changed, try again", d->id);
        domain_put(d);
    }
}
