/*
 * The running audit of debug builds: tallies that follow the entries as they change, compared with
 * the frames' words at the end of each call; and now and then a recount of all.
 *
 * A tally goes up after a reference was taken and down before it is dropped, so that at any time a
 * frame has no fewer references than its tally says, whatever other CPUs do. What is read in the
 * middle of their changes may look otherwise for a moment: only what persists is wrong. A recount
 * has the tables of all domains for itself.
 *
 * Entries that change behind the engine's back are found too, when the table is taken apart, or by
 * the recount.
 */
#ifndef NDEBUG

#include "mm/alloc.h"
#include "pv/pagetable/internal.h"

#define TOUCHED_MAX   512
#define RECOUNT_EVERY 4096 /* calls on a CPU */
#define LOOKS         1000 /* that all have to see the same fault */

static struct tally *tallies, *recounted; /* NULL: not begun */

/* Frames that the call on this CPU has touched. What doesn't fit is judged at once. */
static struct touched {
    u32 nr;
    u32 frames[TOUCHED_MAX];
    u32 calls;
} touched[NR_CPUS];

/* Calls that ever began, and ended, on all CPUs; a recount is under way. */
static u64 begun, ended;
static u32 recounting;

void pagetable_audit_start(void)
{
    mm_free(tallies, tallies_order());
    mm_free(recounted, tallies_order());
    tallies = tallies_alloc();
    recounted = tallies_alloc();
    if ( !tallies || !recounted )
        panic("no memory to audit page tables");
}

static const char *judge(mfn_t mfn, const struct domain *owner)
{
    const char *why = tally_judge(&tallies[mfn.n], mfn, owner);

    for ( unsigned int i = 0; why && i < LOOKS; i++ )
    {
        cpu_relax();
        why = tally_judge(&tallies[mfn.n], mfn, owner);
    }
    return why;
}

/* @d: the domain whose tables are locked, at the end of a call. NULL: in the middle of it. */
static void check(mfn_t mfn, const struct domain *d)
{
    const struct frame *frame = mfn_to_frame(mfn);
    const struct tally *tally = &tallies[mfn.n];
    const char *why = judge(mfn, d && READ_ONCE(frame->owner) == d->id ? d : NULL);

    if ( why )
        panic("page tables, audited: frame %lx of d%u: %s: state %lx; counted %u references, %u "
              "as table, %u writable",
              mfn.n, frame->owner, why, frame->state, tally->refs, tally->tables, tally->writable);
}

static void note(mfn_t mfn)
{
    struct touched *t = &touched[this_cpu()->cpu];

    if ( !mfn_valid(mfn) )
        return;
    if ( t->nr == TOUCHED_MAX )
        check(mfn, NULL);
    else
        t->frames[t->nr++] = (u32)mfn.n;
}

static void tally(const u64 *slot, u64 pte, u32 by)
{
    mfn_t table = virt_to_mfn(slot);
    u64 state = READ_ONCE(mfn_to_frame(table)->state);

    if ( !tallies || !(pte & PTE_P) )
        return;
    tally_entry(tallies, table, frame_type_of(state), (u64)slot % PAGE_SIZE / sizeof(u64), pte, by);
    note(pte_mfn(pte));
}

void audit_entry(const u64 *slot, u64 old, u64 new)
{
    tally(slot, old, -1u); /* first: both values may share what they hold */
    tally(slot, new, 1);
}

void audit_gain(const u64 *table, unsigned int first, unsigned int end)
{
    for ( unsigned int i = first; i < end; i++ )
        tally(&table[i], table[i], 1);
}

void audit_lose(const u64 *table, unsigned int first, unsigned int end)
{
    for ( unsigned int i = first; i < end; i++ )
        tally(&table[i], table[i], -1u);
}

void audit_touch(const struct frame *frame)
{
    if ( tallies )
        note(frame_to_mfn(frame));
}

void audit_begin(void)
{
    atomic_inc(&begun);
    while ( atomic_load(&recounting) )
    {
        smp_poll();
        cpu_relax();
    }
}

/* Only if nobody else is in the tables now; who comes meanwhile waits. */
static void recount_alone(struct domain *d)
{
    if ( atomic_xchg(&recounting, 1) )
        return;
    if ( atomic_load(&begun) == atomic_load(&ended) + 1 && audit_recount(d, recounted) )
        panic("page tables, recounted: frames of d%u are wrong: see above", d->id);
    atomic_set(&recounting, 0);
}

void audit_end(struct domain *d)
{
    struct touched *t = &touched[this_cpu()->cpu];

    for ( u32 i = 0; i < t->nr; i++ )
        check(to_mfn(t->frames[i]), d);
    t->nr = 0;
    if ( tallies && ++t->calls % RECOUNT_EVERY == 0 )
        recount_alone(d);
    atomic_inc(&ended);
}

#endif
