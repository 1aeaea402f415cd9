/*
 * The recount: what every frame's word should say, from the page tables of all domains.
 *
 * It knows entries, roots, pins, suspended work, and the owner's reference. Others (grants, LDTs,
 * registered areas) add to what it counts, so that in a running system a frame may have more
 * references than expected, but never less; and tables nobody else uses, so that their counts must
 * be exact.
 */
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "pv/pagetable/internal.h"
#include "pv/pagetable/shadow.h"

/* States in which the frame itself holds a type reference and a reference: mm/frame.c. */
#define FRAME_HOLDS_ITSELF (FRAME_LOCKED | FRAME_PARTIAL | FRAME_DEAD)

static bool is_table(u64 state)
{
    return frame_type_count(state) && frame_type_is_table(frame_type_of(state));
}

/* An entry that names its own table holds nothing: linear.c. */
static bool holds(mfn_t table, enum frame_type type, unsigned int index, u64 pte)
{
    if ( !(pte & PTE_P) || !mfn_valid(pte_mfn(pte)) )
        return false;
    return type == FRAME_L1 || (!mfn_eq(pte_mfn(pte), table) && !is_hypervisor_entry(type, index));
}

void tally_entry(struct tally *tallies, mfn_t table, enum frame_type type, unsigned int index,
                 u64 pte, u32 by)
{
    struct tally *tally = &tallies[pte_mfn(pte).n];

    if ( !holds(table, type, index, pte) )
        return;
    atomic_fetch_add(&tally->refs, by);
    if ( type != FRAME_L1 )
        atomic_fetch_add(&tally->tables, by);
    else if ( pte & PTE_RW )
        atomic_fetch_add(&tally->writable, by);
}

static u32 roots_of(const struct domain *d, mfn_t mfn)
{
    const struct vcpu *v;
    u32 n = 0;

    for_each_vcpu(d, v)
        n += mfn_eq(v->pv.root_kernel, mfn) + mfn_eq(v->pv.root_user, mfn);
    return n;
}

const char *tally_judge(const struct tally *tally, mfn_t mfn, const struct domain *owner)
{
    u64 state = atomic_load(&mfn_to_frame(mfn)->state);
    enum frame_type type = frame_type_of(state);
    u32 refs = READ_ONCE(tally->refs), tables = READ_ONCE(tally->tables),
        writable = READ_ONCE(tally->writable),
        own = !!(state & FRAME_PINNED) + !!(state & FRAME_HOLDS_ITSELF);

    if ( owner && type == root_type(owner) )
        own += roots_of(owner, mfn);
    if ( frame_refs(state) < refs + own + !!(state & FRAME_ALLOCATED) )
        return "it has fewer references than uses";
    if ( frame_type_count(state) > frame_refs(state) )
        return "it has more type references than references";
    if ( (state & FRAME_VALIDATED) && !frame_type_count(state) )
        return "it is valid as a type that it hasn't"; /* frame_takable_as() would take it */
    if ( frame_type_count(state) < tables + writable + own )
        return "it has fewer type references than uses";
    if ( writable && type != FRAME_WRITABLE && type != FRAME_SHARED )
        return "it is mapped writable, and has another type";
    if ( tables && !is_table(state) )
        return "it is in use as a table, and has another type";
    if ( owner && is_table(state) && frame_type_count(state) != tables + own )
        return "it has more type references than uses";
    return NULL;
}

/* ---- all frames anew */

static bool is_same_level(enum frame_type type, const struct frame *frame)
{
    return table_level(frame_type_of(READ_ONCE(frame->state))) == table_level(type);
}

/* What the entries of a table hold; of a table that is not valid, those below its progress. */
static void tally_table(struct tally *tallies, mfn_t table, u64 state)
{
    const struct frame *frame = mfn_to_frame(table);
    enum frame_type type = frame_type_of(state);
    unsigned int end = state & FRAME_VALIDATED ? PTES_PER_TABLE : frame->progress;
    const u64 *entries = mfn_to_virt(table);

    for ( unsigned int i = 0; i < end; i++ )
    {
        u64 pte = READ_ONCE(entries[i]);

        tally_entry(tallies, table, type, i, pte, 1);
        if ( type != FRAME_L1 && holds(table, type, i, pte) &&
             is_same_level(type, mfn_to_frame(pte_mfn(pte))) )
        {
            tallies[pte_mfn(pte).n].linear++;
            tallies[table.n].linear--;
        }
    }
}

static void tally_tables(struct tally *tallies)
{
    for ( mfn_t mfn = to_mfn(0); mfn.n < frame_limit; mfn.n++ )
        if ( mfn_valid(mfn) && is_table(READ_ONCE(mfn_to_frame(mfn)->state)) )
            tally_table(tallies, mfn, READ_ONCE(mfn_to_frame(mfn)->state));
}

/* What only host tests can ask of: that a frame has no more uses than are counted. */
static const char *judge_exactly(const struct tally *tally, mfn_t mfn, const struct domain *d)
{
    u64 state = READ_ONCE(mfn_to_frame(mfn)->state);
    u32 own = !!(state & FRAME_PINNED) + !!(state & FRAME_HOLDS_ITSELF) + roots_of(d, mfn);

    if ( frame_refs(state) != tally->refs + own + !!(state & FRAME_ALLOCATED) )
        return "it has more references than uses";
    if ( frame_type_count(state) != tally->tables + tally->writable + tally->descriptors + own )
        return "it has more type references than uses";
    return NULL;
}

static bool is_wrong(const struct tally *tally, mfn_t mfn, const struct domain *d, bool exact)
{
    const struct frame *frame = mfn_to_frame(mfn);
    u64 state = READ_ONCE(frame->state);
    const char *why = tally_judge(tally, mfn, d);

    if ( !why && is_table(state) && frame->linear != tally->linear )
        why = "its number of linear entries is wrong";
    if ( !why && exact )
        why = judge_exactly(tally, mfn, d);
    if ( why )
        log_error("page tables, recounted: frame %lx of d%u: %s: state %lx, linear %d; counted "
                  "%u references, %u as table, %u writable, linear %d",
                  mfn.n, d->id, why, state, frame->linear, tally->refs, tally->tables,
                  tally->writable, tally->linear);
    return why != NULL;
}

/* What vcpus and unfinished work hold beyond roots. */
static void tally_holders(struct tally *tallies, const struct domain *d)
{
    struct vcpu *v;

    if ( d->pv.relinquish_cursor )
        tallies[d->pv.relinquish_cursor].refs++;
    for_each_vcpu(d, v)
        for ( unsigned int i = 0; i < ARRAY_SIZE(v->pv.gdt_mfn); i++ )
            if ( !mfn_eq(v->pv.gdt_mfn[i], INVALID_MFN) )
            {
                tallies[v->pv.gdt_mfn[i].n].refs++;
                tallies[v->pv.gdt_mfn[i].n].descriptors++;
            }
}

static unsigned long recount(struct domain *d, struct tally *tallies, bool exact)
{
    unsigned long wrong = 0;

    memset(tallies, 0, frame_limit * sizeof(*tallies));
    tally_tables(tallies);
    if ( exact )
        tally_holders(tallies, d);
    for ( mfn_t mfn = to_mfn(0); mfn.n < frame_limit; mfn.n++ )
        if ( mfn_valid(mfn) && READ_ONCE(mfn_to_frame(mfn)->owner) == d->id )
            wrong += is_wrong(&tallies[mfn.n], mfn, d, exact);
    return wrong + shadow_audit(d);
}

unsigned long audit_recount(struct domain *d, struct tally *tallies)
{
    return recount(d, tallies, false);
}

unsigned int tallies_order(void)
{
    return order_of(DIV_ROUND_UP(frame_limit * sizeof(struct tally), PAGE_SIZE));
}

struct tally *tallies_alloc(void)
{
    return mm_alloc(tallies_order());
}

static unsigned long recount_now(struct domain *d, bool exact)
{
    struct tally *tallies = tallies_alloc();
    unsigned long wrong = 0;

    if ( !tallies )
        log_error("page tables, recounted: no memory for that");
    else
        wrong = recount(d, tallies, exact);
    mm_free(tallies, tallies_order());
    return wrong;
}

unsigned long pagetable_audit_exact(struct domain *d)
{
    return recount_now(d, true);
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
            log_error("d%u: %lu of its frames are wrong", d->id, recount_now(d, false));
            lock_release(table_lock(d));
        }
        else
            log_error("d%u: its tables are being changed, try again", d->id);
        domain_put(d);
    }
}
