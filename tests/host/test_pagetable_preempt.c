/*
 * Long operations on page tables, stopped wherever they may stop.
 *
 * LINK: tests/host/fake/machine*.c tests/host/fake/tables.c hypervisor/mm/frame.c
 * LINK: hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 */
#include "tests/host/fake/tables.h"

#include "pv/pagetable/internal.h"

#define FAN 3

static struct domain *d;
static mfn_t root, l3s[FAN], l2s[FAN * FAN], l1s[FAN * FAN * FAN], page;

static mfn_t empty(void)
{
    mfn_t mfn = fake_frame(d);

    memset(fake_words(mfn), 0, PAGE_SIZE);
    return mfn;
}

static mfn_t grow(mfn_t *all, unsigned int n, mfn_t parent)
{
    all[n] = empty();
    *slot_of(parent, n % FAN * 100) = pte_make(all[n], RWD);
    return all[n];
}

/* A tree of FAN^3 L1 tables, every one mapping the same page a few times. */
static void setup(void)
{
    fake_machine();
    d = fake_domain(1, false, 2);
    root = empty();
    page = fake_frame(d);
    for ( unsigned int i = 0; i < FAN; i++ )
        grow(l3s, i, root);
    for ( unsigned int i = 0; i < FAN * FAN; i++ )
        grow(l2s, i, l3s[i / FAN]);
    for ( unsigned int i = 0; i < FAN * FAN * FAN; i++ )
    {
        grow(l1s, i, l2s[i / FAN]);
        for ( unsigned int j = 0; j < 5; j++ )
            *slot_of(l1s[i], j * 90) = pte_make(page, j & 1 ? RO : RWD);
    }
}

/*
 * Depth first: a refused tree leaves one dead table a level, and there is one a level on the way
 * down; siblings still live.
 */
static void check_slice(void)
{
    unsigned int dead = 0;

    for ( mfn_t mfn = to_mfn(FAKE_IO_FRAMES); mfn.n < FAKE_FRAMES; mfn.n++ )
        dead += (fake_state(mfn) & FRAME_DEAD) != 0;
    expect(dead <= 7);
    expect_sane(d);
}

static void expect_pristine(void)
{
    expect_sane(d);
    for ( unsigned int i = 0; i < FAN * FAN * FAN; i++ )
        expect_eq(fake_refs(l1s[i]), 1);
    expect_eq(fake_refs(root), 1);
    expect_eq(fake_refs(page), 1);
    expect_eq(fake_count(page), 0);
}

/*
 * Run @story with a stop at the n-th opportunity alone, for every n that there is; then with all of
 * them.
 */
static void stop_everywhere(void (*story)(void))
{
    unsigned long stops = 0;

    between_slices = check_slice;
    for ( unsigned long n = 1;; n++ )
    {
        unsigned long before = slices;

        fake_preempt_at = n;
        fake_preempt_every = 0;
        story();
        if ( slices == before )
            break;
        stops++;
    }
    expect(stops > FAN * FAN * FAN);

    fake_preempt_at = fake_preempt_every = 1;
    story();
    fake_preempt_at = fake_preempt_every = 0;
    expect_buried(d);
    expect_eq(fake_frames_in_use(), 0);
}

static void pin_and_unpin(void)
{
    expect_eq(pin(4, root), 0);
    expect_eq(fake_count(l1s[26]), 1);
    expect_eq(fake_count(page), FAN * FAN * FAN * 3);
    expect_eq(pin(4, root), -EINVAL);
    expect_eq(unpin(root), 0);
    expect_pristine();
}

TEST(pin_and_unpin_stop_anywhere)
{
    setup();
    stop_everywhere(pin_and_unpin);
}

/* Taking apart stops as often as validating does: after each table at least. */
TEST(unpin_stops_after_each_table)
{
    unsigned long before;

    setup();
    expect_eq(pin(4, root), 0);
    before = slices;
    fake_preempt_at = fake_preempt_every = 1;
    expect_eq(unpin(root), 0);
    fake_preempt_at = fake_preempt_every = 0;
    expect(slices - before >= FAN * FAN * FAN);
    expect_pristine();
}

/*
 * The very last entry is bad: all that was done must be undone, in slices too, and the error still
 * be told.
 */
static void refused_pin(void)
{
    u32 done = 5;
    struct mmuext_op ops[2] = { { .cmd = MMUEXT_TLB_FLUSH_LOCAL },
                                { .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = root.n } };

    expect_eq(guest_mmuext(ops, 2, &done, DOMID_SELF), -EBUSY);
    expect_eq(done, 1);
    expect_eq(d->pv.dead_tables, 0);
    expect_pristine();
}

TEST(a_refused_pin_is_undone_wherever_it_stops)
{
    setup();
    *slot_of(l1s[26], 511) = pte_make(root, RWD);
    stop_everywhere(refused_pin);
}

/* Shared tables are validated once, and live as long as somebody uses them. */
static void share_tables(void)
{
    expect_eq(pin(4, root), 0);
    expect_eq(pin(3, l3s[1]), 0);
    expect_eq(set_pte(root, 7, pte_make(l3s[0], RWD)), 0);
    expect_eq(set_pte(root, 100, 0), 0);
    expect_eq(unpin(root), 0);
    expect_eq(fake_count(l3s[1]), 1);
    expect_eq(fake_count(l3s[0]), 0);
    expect_eq(unpin(l3s[1]), 0);
    *slot_of(root, 7) = 0;
    *slot_of(root, 100) = pte_make(l3s[1], RWD);
    expect_pristine();
}

TEST(shared_tables)
{
    setup();
    stop_everywhere(share_tables);
}

/* Roots that are not pinned: the last use of the old one goes with the switch. */
static void switch_roots(void)
{
    mfn_t other = empty();

    expect_eq(new_baseptr(root), 0);
    expect_eq(new_user_baseptr(root), 0);
    expect_eq(new_baseptr(other), 0);
    expect_eq(fake_count(root), 1);
    expect_eq(new_user_baseptr(to_mfn(0)), 0);
    expect_pristine();
    fake_release(other);
}

TEST(switching_roots)
{
    setup();
    stop_everywhere(switch_roots);
}

/* Those of a vcpu that is reset. */
static void drop_roots(void)
{
    struct vcpu *v = current_vcpu();
    long rc;

    expect_eq(new_baseptr(root), 0);
    expect_eq(new_user_baseptr(root), 0);
    pagetable_drop_roots(v);
    while ( (rc = pagetable_drain(d)) == -ERESTART )
    {
        slices++;
        check_slice();
    }
    expect_eq(rc, 0);
    expect(mfn_eq(v->pv.root_kernel, INVALID_MFN) && mfn_eq(v->pv.root_user, INVALID_MFN));
    expect_pristine();
}

TEST(dropped_roots)
{
    setup();
    stop_everywhere(drop_roots);
}

/* A whole subtree goes and comes by one entry. */
static void cut_and_graft(void)
{
    expect_eq(pin(4, root), 0);
    expect_eq(set_pte(root, 0, 0), 0);
    expect_eq(fake_count(l1s[0]), 0);
    expect_eq(set_pte(root, 0, pte_make(l3s[0], RWD)), 0);
    expect_eq(fake_count(l1s[0]), 1);
    expect_eq(set_pte(root, 0, pte_make(l3s[2], RWD)), 0);
    expect_eq(set_pte(root, 0, pte_make(l3s[0], RWD)), 0);
    expect_eq(unpin(root), 0);
    expect_pristine();
}

TEST(subtrees)
{
    setup();
    stop_everywhere(cut_and_graft);
}

/* ---- guests that don't come back */

static long start(unsigned int cmd, mfn_t mfn)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn.n };
    long rc = pagetable_mmuext_op((unsigned long)&op, 1, 0, DOMID_SELF);

    fake_continuation.set = false;
    return rc;
}

/*
 * A suspended validation holds exactly what it needs, and no table of it is usable, writable, or
 * mappable as something else.
 */
TEST(an_abandoned_validation_is_safe)
{
    for ( unsigned long n = 1; n <= 40; n++ )
    {
        setup();
        fake_preempt_at = n;
        if ( start(MMUEXT_PIN_L4_TABLE, root) != -ERESTART )
            break;
        expect_sane(d);
        expect(fake_state(root) & FRAME_PARTIAL);
        expect_eq(fake_count(root), 1);
        expect_eq(fake_refs(root), 2);
        expect_eq(set_pte(root, 0, 0), -EINVAL);
        expect_eq(pin(1, root), -EINVAL);
        expect_eq(unpin(root), -EINVAL);
        expect_eq(frame_get_and_type(mfn_to_frame(root), 1, FRAME_WRITABLE), -EINVAL);
        expect_eq(new_baseptr(root), 0);
        expect_eq(fake_refs(root), 2);
        expect_sane(d);
        expect_buried(d);
        expect_eq(fake_frames_in_use(), 0);
    }
}

/* Nobody shows a table of his level that is but half validated. */
TEST(an_abandoned_validation_is_shown_by_nobody)
{
    mfn_t other;

    setup();
    other = empty();
    expect_eq(pin(4, other), 0);
    fake_preempt_at = 1;
    expect_eq(start(MMUEXT_PIN_L4_TABLE, root), -ERESTART);
    fake_preempt_at = 0;
    expect_eq(set_pte(other, 300, pte_make(root, RO)), -EINVAL);
    expect((fake_state(root) & (FRAME_PARTIAL | FRAME_LOCKED)) == FRAME_PARTIAL);
    expect_eq(fake_refs(root), 2);
    expect_buried(d);
}

/* ... and goes with its domain. */
TEST(an_abandoned_validation_is_buried)
{
    for ( unsigned long n = 1; n <= 40; n++ )
    {
        setup();
        fake_preempt_at = n;
        if ( start(MMUEXT_PIN_L4_TABLE, root) != -ERESTART )
            break;
        fake_preempt_at = fake_preempt_every = n & 1;
        expect_buried(d);
        expect_eq(fake_frames_in_use(), 0);
    }
}

/* Whoever comes next resumes it: another vcpu, by another way, at another level. */
TEST(others_resume_what_was_left)
{
    for ( unsigned long n = 1; n <= 40; n++ )
    {
        setup();
        fake_preempt_at = n;
        if ( start(MMUEXT_PIN_L4_TABLE, root) != -ERESTART )
            break;
        fake_run(d->vcpus[1]);
        for ( unsigned int i = 0; i < FAN * FAN; i++ )
            expect_eq(pin(2, l2s[i]), 0);
        expect_eq(pin(4, root), 0);
        expect_sane(d);
        for ( unsigned int i = 0; i < FAN * FAN; i++ )
            expect_eq(unpin(l2s[i]), 0);
        expect_eq(unpin(root), 0);
        expect_pristine();
        fake_run(d->vcpus[0]);
    }
}

/*
 * Dead tables that nobody came back for are taken apart by the next one, or by the end of the
 * domain.
 */
TEST(an_abandoned_unpin_is_safe)
{
    for ( unsigned long n = 1; n <= 40; n++ )
    {
        setup();
        fake_preempt_at = 0;
        expect_eq(pin(4, root), 0);
        fake_preempt_at = n;
        if ( start(MMUEXT_UNPIN_TABLE, root) != -ERESTART )
            break;
        fake_preempt_at = 0;
        expect_sane(d);
        if ( n & 1 )
        {
            expect_eq(pin(4, root), 0);
            expect_eq(unpin(root), 0);
            expect_pristine();
        }
        expect_buried(d);
        expect_eq(fake_frames_in_use(), 0);
    }
}

/* The end of a domain in the middle of anything, itself stopped everywhere. */
TEST(teardown_stops_anywhere)
{
    for ( unsigned long n = 1; n <= 60; n++ )
    {
        setup();
        between_slices = NULL;
        fake_preempt_at = 0;
        expect_eq(pin(4, root), 0);
        expect_eq(new_baseptr(root), 0);
        expect_eq(set_pte(root, 300, pte_make(root, RO)), 0);
        fake_preempt_at = n;
        fake_preempt_every = n % 3;
        between_slices = check_slice;
        expect_buried(d);
        expect_eq(fake_frames_in_use(), 0);
    }
}

/* Nothing may change the tables of a domain that is being taken apart. */
TEST(a_dying_domain_is_left_alone)
{
    struct domain *dom0;
    struct mmuext_op op;
    u32 done;

    setup();
    expect_eq(pin(4, root), 0);
    dom0 = fake_domain(0, true, 1);
    fake_run(dom0->vcpus[0]);
    d->life = DOMAIN_DYING;
    expect_eq(set_pte_of(root, 1, 0, (1 + 1) << 16 | DOMID_SELF, 0), -EINVAL);
    op = (struct mmuext_op){ .cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = root.n };
    expect_eq(guest_mmuext(&op, 1, &done, 1), -EINVAL);
    op = (struct mmuext_op){ .cmd = MMUEXT_PIN_L3_TABLE, .arg1.mfn = l3s[0].n };
    expect_eq(guest_mmuext(&op, 1, &done, 1), -EINVAL);
    expect_buried(d);
}

/*
 * Eight tables make 512^3 paths: each is validated once, since what is valid only counts (XSA-45,
 * 264, 290), which needs a look at the clock, and then takes a few instructions an entry.
 */
TEST(many_paths_are_validated_once)
{
    mfn_t l4, l3, l2, l1;

    fake_machine();
    d = fake_domain(1, false, 1);
    l4 = empty(), l3 = empty(), l2 = empty(), l1 = empty();
    page = fake_frame(d);
    for ( unsigned int i = 0; i < PTES_PER_TABLE; i++ )
    {
        *slot_of(l4, i) = pte_make(l3, RWD);
        *slot_of(l3, i) = pte_make(l2, RWD);
        *slot_of(l2, i) = pte_make(l1, RWD);
        *slot_of(l1, i) = pte_make(page, RWD);
    }
    expect_eq(pin(4, l4), 0);
    expect_eq(fake_count(l3), 512 - 16);
    expect_eq(fake_count(l1), 512);
    expect_eq(fake_count(page), 512);
    expect(fake_preempt_looks >= 3);
    expect(fake_preempt_looks < 8);
    expect_sane(d);
    expect_eq(unpin(l4), 0);
    expect_sane(d);
    expect_buried(d);
}

/* It spins with interrupts off: nobody else's events may wait for our tables. */
TEST(a_sibling_that_waits_for_the_tables_is_a_reason_to_stop)
{
    fake_machine();
    d = fake_domain(1, false, 2);
    fake_preempt_at = 0;
    tables_lock(d);
    expect(!tables_preempt(d));
    d->pv.pagetable_lock.waiting++;
    expect(tables_preempt(d));
    d->pv.pagetable_lock.waiting--;
    tables_unlock(d);
}

HOST_TEST_MAIN
