/*
 * The page-type engine, rule by rule.
 *
 * LINK: tests/host/fake/machine*.c tests/host/fake/tables.c hypervisor/mm/frame.c
 * LINK: hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 */
#include "tests/host/fake/space.h"

/* ---- pins */

TEST(pin_types_all_levels_and_unpin_undoes_it)
{
    setup();
    expect_eq(pin(4, s.l4), 0);
    expect_eq(fake_type(s.l4), FRAME_L4);
    expect_eq(fake_type(s.l3), FRAME_L3);
    expect_eq(fake_type(s.l2), FRAME_L2);
    expect_eq(fake_type(s.l1), FRAME_L1);
    expect_eq(fake_count(s.l4), 1);
    expect_eq(fake_count(s.l1), 1);
    expect_eq(fake_type(s.page[0]), FRAME_WRITABLE);
    expect_eq(fake_refs(s.page[0]), 2);
    expect_sane(d);

    expect_eq(unpin(s.l4), 0);
    expect_eq(fake_count(s.l4), 0);
    expect_eq(fake_count(s.l1), 0);
    expect_eq(fake_refs(s.page[0]), 1);
    finish();
}

TEST(pinning_twice_and_unpinning_the_unpinned)
{
    setup();
    expect_eq(pin(4, s.l4), 0);
    expect_eq(pin(4, s.l4), -EINVAL);
    expect_eq(pin(3, s.l4), -EINVAL);
    expect_eq(unpin(s.l3), -EINVAL);
    expect_eq(unpin(s.l4), 0);
    expect_eq(unpin(s.l4), -EINVAL);
    finish();
}

/*
 * A page with a writable mapping can't become a table: its entries could be forged behind our back.
 */
TEST(a_writable_page_is_no_table)
{
    setup_running();
    memset(fake_words(s.page[0]), 0, PAGE_SIZE);
    expect_eq(pin(1, s.page[0]), -EINVAL);
    expect_eq(set_pte(s.l1, 0, pte_make(s.page[0], RO)), 0);
    expect_eq(pin(1, s.page[0]), 0);
    finish();
}

/*
 * ... and a table can't be mapped writable, nor can RW alone be turned on later: too small a change
 * to check, elsewhere.
 */
TEST(a_table_is_never_writable)
{
    setup_running();
    expect_eq(set_pte(s.l1, 10, pte_make(s.l1, RWD)), -EBUSY);
    expect_eq(set_pte(s.l1, 10, pte_make(s.l1, RO)), 0);
    expect_eq(set_pte(s.l1, 10, pte_make(s.l1, RWD)), -EBUSY);
    expect_eq(set_pte(s.l1, 11, pte_make(s.l4, RO)), 0);
    expect_eq(set_pte(s.l1, 11, pte_make(s.l4, RWD)), -EBUSY);
    expect_eq(*slot_of(s.l1, 11) & PTE_RW, 0);
    finish();
}

TEST(flag_changes_account_rw)
{
    setup_running();
    expect_eq(fake_count(s.page[0]), 1);
    expect_eq(set_pte(s.l1, 0, pte_make(s.page[0], RO | PTE_NX)), 0);
    expect_eq(fake_count(s.page[0]), 0);
    expect_eq(fake_refs(s.page[0]), 2);
    expect_eq(set_pte(s.l1, 0, pte_make(s.page[0], RO)), 0);
    expect_eq(fake_refs(s.page[0]), 2);
    expect_eq(set_pte(s.l1, 0, pte_make(s.page[0], RWD | PTE_NX)), 0);
    expect_eq(fake_count(s.page[0]), 1);
    expect_eq(set_pte(s.l1, 0, 0xdead000), 0);
    expect_eq(fake_refs(s.page[0]), 1);
    finish();
}

TEST(a_failed_pin_leaves_nothing)
{
    setup();
    *slot_of(s.l1, 511) = pte_make(s.l1, RWD);
    expect_eq(pin(4, s.l4), -EBUSY);
    expect_eq(d->pv.dead_tables, 0);
    expect_eq(fake_refs(s.l4), 1);
    expect_eq(fake_count(s.l1), 0);
    expect_eq(fake_refs(s.page[0]), 1);
    expect_sane(d);
    *slot_of(s.l1, 511) = 0;
    expect_eq(pin(4, s.l4), 0);
    finish();
}

/* ---- entries */

/*
 * Both kinds: the guest's own bits come back, but for what the ABI says: US always, G for
 * processes, bit 52 for the kernel.
 */
TEST(l1_entries_tell_kernel_from_process)
{
    setup_running();
    expect_eq(set_pte(s.l1, 20, pte_make(s.page[1], PTE_P | PTE_RW)), 0);
    expect_eq(*slot_of(s.l1, 20), pte_make(s.page[1], PTE_P | PTE_RW | PTE_US | 1UL << 52));
    expect_eq(set_pte(s.l1, 20, pte_make(s.page[1], PTE_P | PTE_RW | PTE_US)), 0);
    expect_eq(*slot_of(s.l1, 20), pte_make(s.page[1], PTE_P | PTE_RW | PTE_US | PTE_G));
    expect_eq(set_pte(s.l1, 20, pte_make(s.page[1], PTE_P | PTE_US | PTE_G | 1UL << 52)), 0);
    expect_eq(*slot_of(s.l1, 20), pte_make(s.page[1], PTE_P | PTE_US | 1UL << 52));
    expect_eq(set_pte(s.l1, 20, pte_make(s.page[1], PTE_P | PTE_AVL | PTE_NX)), 0);
    expect_eq(*slot_of(s.l1, 20), pte_make(s.page[1], PTE_P | PTE_US | PTE_AVL | PTE_NX));
    finish();
}

TEST(entries_that_are_not_present_say_anything)
{
    setup_running();
    expect_eq(set_pte(s.l1, 20, ~1UL), 0);
    expect_eq(*slot_of(s.l1, 20), ~1UL);
    expect_eq(set_pte(s.l2, 1, 0xfffffffffffffffeUL), 0);
    expect_eq(set_pte(s.l4, 1, 0x80), 0);
    finish();
}

/*
 * Our own map of a frame is write-back: what a guest writes past the caches we may not see, or see
 * one thing first and another later (XSA-402).
 */
TEST(caches_are_flushed_of_what_was_mapped_otherwise)
{
    struct space k;
    struct domain *dom0;

    setup();
    dom0 = fake_domain(0, true, 1);
    fake_run(dom0->vcpus[0]);
    space_build(&k, dom0, 4);
    require(pin(4, k.l4) == 0);

    /* First it must see what the caches hold: perhaps zeroes, and in memory somebody's secrets. */
    expect_eq(set_pte(k.l1, 9, pte_make(k.page[0], RO | PTE_PCD)), 0);
    expect_eq(fake_cached_pages_flushed, 1);
    expect(!(fake_state(k.page[0]) & FRAME_UNCACHED));
    expect_eq(set_pte(k.l1, 9, 0), 0);

    expect_eq(set_pte(k.l1, 0, pte_make(k.page[0], RWD | PTE_PCD)), 0);
    expect_eq(fake_cached_pages_flushed, 2);
    expect(fake_state(k.page[0]) & FRAME_UNCACHED);
    expect_eq(set_pte(k.l1, 0, pte_make(k.page[0], RO)), 0);
    expect(fake_state(k.page[0]) & FRAME_UNCACHED); /* a stale entry may still write */
    expect_eq(pin(1, k.page[0]), 0);
    expect_eq(fake_cached_pages_flushed, 3);
    expect(!(fake_state(k.page[0]) & FRAME_UNCACHED));
    expect_eq(unpin(k.page[0]), 0);

    /* All others pay nothing. */
    expect_eq(set_pte(k.l1, 1, pte_make(k.page[1], RO)), 0);
    expect_eq(pin(1, k.page[1]), 0);
    expect_eq(fake_cached_pages_flushed, 3);
    expect_sane(dom0);
}

TEST(higher_entries_refuse_cacheability_and_superpages)
{
    static const u64 bad[] = { PTE_PWT, PTE_PCD, PTE_PS, PTE_G };

    setup_running();
    for ( unsigned int i = 0; i < ARRAY_SIZE(bad); i++ )
    {
        expect_eq(set_pte(s.l2, 9, pte_make(s.l1, RWD | bad[i])), -EINVAL);
        expect_eq(set_pte(s.l3, 9, pte_make(s.l2, RWD | bad[i])), -EINVAL);
        expect_eq(set_pte(s.l4, 9, pte_make(s.l3, RWD | bad[i])), -EINVAL);
        /* On top of a valid entry, so that nothing but the flag changes (XSA-148). */
        expect_eq(set_pte(s.l2, pte_index(s.va, 2), pte_make(s.l1, RWD | bad[i])), -EINVAL);
        expect_eq(set_pte(s.l4, pte_index(s.va, 4), pte_make(s.l3, RWD | bad[i])), -EINVAL);
    }
    expect_eq(set_pte(s.l2, 9, pte_make(s.l1, PTE_P)), 0);
    expect_eq(*slot_of(s.l2, 9), pte_make(s.l1, PTE_P | PTE_US));
    expect_eq(fake_count(s.l1), 2);
    finish();
}

TEST(l1_cacheability_needs_a_device_driver)
{
    struct domain *dom0;
    struct space k;

    setup_running();
    expect_eq(set_pte(s.l1, 9, pte_make(s.page[0], RO | PTE_PCD)), -EINVAL);
    expect_eq(set_pte(s.l1, 0, pte_make(s.page[0], RWD | PTE_PAT)), -EINVAL);
    expect_sane(d);

    dom0 = fake_domain(0, true, 1);
    space_build(&k, dom0, 1);
    fake_run(dom0->vcpus[0]);
    expect_eq(pin(4, k.l4), 0);
    expect_eq(set_pte(k.l1, 9, pte_make(k.page[0], RO | PTE_PCD)), 0);
    expect_eq(set_pte(k.l1, 9, pte_make(k.page[0], RO | PTE_PWT)), 0);
    expect_sane(dom0);
}

TEST(entries_name_only_what_is_the_domains)
{
    struct domain *other;
    mfn_t theirs;

    setup_running();
    other = fake_domain(2, false, 1);
    theirs = fake_frame(other);
    expect_eq(set_pte(s.l1, 9, pte_make(theirs, RO)), -EBUSY);
    expect_eq(set_pte(s.l1, 9, pte_make(theirs, RWD)), -EBUSY);
    expect_eq(set_pte(s.l2, 9, pte_make(theirs, RWD)), -EINVAL);
    expect_eq(set_pte(s.l2, 9, pte_make(s.l3, RWD)), -EINVAL);
    expect_eq(set_pte(s.l2, 9, pte_make(to_mfn(FAKE_FRAMES), RWD)), -EINVAL);
    expect_eq(set_pte(s.l2, 9, pte_make(to_mfn(0), RWD)), -EINVAL);
    expect_eq(set_pte(theirs, 0, 1), -EINVAL);
    expect_eq(pin(1, theirs), -EINVAL);
    expect_eq(fake_refs(theirs), 1);
    fake_release(theirs);
    finish();
}

/* Another domain's tables, of every level, are as far away as its data. */
TEST(tables_of_others_are_not_updated)
{
    struct domain *other;
    struct space t;

    setup_running();
    other = fake_domain(2, false, 1);
    space_build(&t, other, 2);
    fake_run(other->vcpus[0]);
    require(pin(4, t.l4) == 0);
    fake_run(d->vcpus[0]);
    expect_eq(set_pte(t.l1, 0, 0), -EINVAL);
    expect_eq(set_pte(t.l2, pte_index(t.va, 2), 0), -EINVAL);
    expect_eq(set_pte(t.l4, 300, 0), -EINVAL);
    expect_eq(set_pte_of(t.l1, 0, 0, DOMID_SELF, MMU_PT_UPDATE_PRESERVE_AD), -EINVAL);
    expect_eq(unpin(t.l4), -EINVAL);
    expect_eq(new_baseptr(t.l4), -EINVAL);
    expect_eq(set_pte(s.l4, 300, pte_make(t.l4, RO)), -EINVAL);
    expect_eq(set_pte(s.l4, 300, pte_make(t.l3, RWD)), -EINVAL);
    expect_sane(other);
    expect_buried(other);
    finish();
}

TEST(io_memory)
{
    struct domain *dom0;
    struct space k;
    u64 cache[8] = { 0,       PTE_PWT,           PTE_PCD,           PTE_PCD | PTE_PWT,
                     PTE_PAT, PTE_PAT | PTE_PWT, PTE_PAT | PTE_PCD, PTE_PAT | PTE_PCD | PTE_PWT };
    unsigned int becomes[8] = { 3, 3, 2, 3, 4, 3, 6, 7 };

    setup_running();
    expect_eq(set_pte(s.l1, 9, pte_make(to_mfn(FAKE_IO_FIRST), RO)), -EPERM);
    expect_eq(set_pte(s.l1, 9, pte_make(to_mfn(3), RO)), -EPERM);
    expect_eq(set_pte(s.l1, 9, pte_make(INVALID_MFN, RO)), -EINVAL);
    expect_sane(d);

    dom0 = fake_domain(0, true, 1);
    space_build(&k, dom0, 1);
    fake_run(dom0->vcpus[0]);
    expect_eq(pin(4, k.l4), 0);
    expect_eq(set_pte(k.l1, 9, pte_make(to_mfn(FAKE_IO_LAST + 1), RWD)), -EPERM);
    for ( unsigned int i = 0; i < 8; i++ )
    {
        expect_eq(set_pte(k.l1, 9, pte_make(to_mfn(FAKE_IO_FIRST), RWD | cache[i])), 0);
        expect_eq(*slot_of(k.l1, 9) & (PTE_PAT | PTE_PCD | PTE_PWT), cache[becomes[i]]);
        expect(*slot_of(k.l1, 9) & PTE_RW);
    }
    expect_eq(set_pte(k.l1, 9, pte_make(to_mfn(FAKE_IO_LAST), RWD)), 0);
    expect_eq(*slot_of(k.l1, 9) & PTE_RW, 0);
    expect_eq(set_pte(k.l1, 9, pte_make(to_mfn(3), RWD)), 0);
    expect_eq(set_pte_of(k.l1, 9, pte_make(to_mfn(3), RWD), DOMID_IO, 0), 0);
    expect_eq(set_pte_of(k.l1, 10, pte_make(k.page[0], RWD), DOMID_IO, 0), -EBUSY);
    expect_eq(set_pte(k.l1, 9, 0), 0);
    expect_sane(dom0);
}

/* ---- linear tables */

TEST(a_table_may_show_itself)
{
    mfn_t empty;

    setup_running();
    empty = fake_frame(d);
    expect_eq(set_pte(s.l4, 300, pte_make(s.l4, RWD)), -EINVAL);
    expect_eq(set_pte(s.l4, 300, pte_make(s.l4, RO)), 0);
    expect_eq(fake_count(s.l4), 2);
    /* XSA-182: RW alone. */
    expect_eq(set_pte(s.l4, 300, pte_make(s.l4, RWD)), -EINVAL);
    expect_eq(set_pte(s.l4, 300, pte_make(s.l4, RO | PTE_NX)), 0);
    expect_sane(d);
    /* Nothing holds it alive. */
    expect_eq(unpin(s.l4), 0);
    expect_eq(new_baseptr(empty), 0);
    expect_eq(fake_count(s.l4), 0);
    expect_eq(pin(4, s.l4), 0);
    finish();
}

TEST(linear_chains_are_one_link_long)
{
    struct space t, u;

    setup_running();
    space_build(&t, d, 1);
    space_build(&u, d, 1);
    expect_eq(pin(4, t.l4), 0);
    expect_eq(pin(4, u.l4), 0);
    expect_eq(set_pte(s.l4, 300, pte_make(t.l4, RWD)), -EINVAL);
    expect_eq(set_pte(s.l4, 300, pte_make(t.l4, RO)), 0);
    expect_eq(fake_count(t.l4), 2);
    expect_eq(set_pte(t.l4, 300, pte_make(u.l4, RO)), -EINVAL);
    expect_eq(set_pte(t.l4, 300, pte_make(s.l4, RO)), -EINVAL);
    expect_eq(set_pte(u.l4, 300, pte_make(s.l4, RO)), -EINVAL);
    expect_eq(set_pte(s.l4, 301, pte_make(u.l4, RO)), 0);
    expect_sane(d);
    expect_eq(unpin(t.l4), 0);
    expect_eq(fake_count(t.l4), 1);
    expect_eq(set_pte(s.l4, 300, 0), 0);
    expect_eq(fake_count(t.l4), 0);
    expect_eq(set_pte(s.l4, 301, 0), 0);
    expect_eq(set_pte(u.l4, 300, pte_make(s.l4, RO)), 0);
    finish();
}

/*
 * Under a linear entry a walk ends in a table that is no L1: nothing may be written there as if it
 * were.
 */
TEST(update_va_mapping_through_a_linear_entry)
{
    u64 va = 300UL << 39;

    setup_running();
    expect_eq(set_pte(s.l4, 300, pte_make(s.l4, RO)), 0);
    va = 0xffff000000000000UL | 300UL << 39 | (u64)pte_index(s.va, 4) << 30 |
         (u64)pte_index(s.va, 3) << 21;
    expect_eq(pagetable_update_va_mapping(va, pte_make(s.page[0], RWD), 0), -EINVAL);
    finish();
}

/*
 * The hypervisor's slots lead into its own tables, and by its direct map, whose large pages look
 * like tables, to what the guest wrote: no walk begins there.
 */
TEST(no_walk_enters_the_hypervisors_slots)
{
    u64 va, pte;
    mfn_t table;

    setup_running();
    va = 0xffff000000000000UL | 262UL << 39 | (s.va & ((1UL << 39) - 1));
    *slot_of(s.l4, 262) = pte_make(s.l3, RWD);
    expect_eq(pagetable_update_va_mapping(va, 0, UVMF_NONE), -EINVAL);
    expect(!pagetable_walk(s.l4, va, &pte, &table));
    expect(pagetable_walk(s.l4, s.va, &pte, &table) && table.n == s.l1.n);
    finish();
}

/* ---- stale TLB entries */

/* The model must be able to see what it is for. */
TEST(the_tlb_model_notices)
{
    u64 pte;

    setup_running();
    fake_tlb_ignore_stamped = true;
    expect(fake_tlb_walk(1, s.l4, s.va, &pte));
    expect_eq(set_pte(s.l1, 0, 0), 0);
    memset(fake_words(s.page[0]), 0, PAGE_SIZE);
    expect_eq(pin(1, s.page[0]), 0);
    expect(fake_tlb_violations() > 0);
}

TEST(a_writable_page_is_flushed_before_it_is_a_table)
{
    u64 pte;

    setup_running();
    memset(fake_words(s.page[0]), 0, PAGE_SIZE);
    for ( u32 cpu = 0; cpu < FAKE_CPUS; cpu++ )
        expect(fake_tlb_walk(cpu, s.l4, s.va, &pte) && (pte & PTE_RW));
    expect_eq(set_pte(s.l1, 0, 0), 0);
    expect_eq(pin(1, s.page[0]), 0);
    expect_sane(d);
    finish();
}

/*
 * The other way round: a CPU may walk through a table that it remembers, when the guest writes to
 * it already.
 */
TEST(a_table_is_flushed_before_it_is_writable)
{
    u64 pte;

    setup_running();
    tlb_flush_mask(1UL << 3, TLB_FLUSH_ALL); /* so that a frame without a stamp looks flushed */
    expect(fake_tlb_walk(3, s.l4, s.va, &pte));
    expect_eq(set_pte(s.l2, pte_index(s.va, 2), 0), 0);
    expect_eq(fake_count(s.l1), 0);
    expect_eq(set_pte(s.page[0], 0, 0), 0);
    expect_eq(frame_get_and_type(mfn_to_frame(s.l1), d->id, FRAME_WRITABLE), 0);
    expect_eq(fake_tlb_violations(), 0);
    frame_put_and_type(mfn_to_frame(s.l1));
    finish();
}

TEST(flushes_that_already_happened_are_not_repeated)
{
    unsigned long before;

    setup_running();
    memset(fake_words(s.page[0]), 0, PAGE_SIZE);
    memset(fake_words(s.page[1]), 0, PAGE_SIZE);
    expect_eq(set_pte(s.l1, 0, 0), 0);
    expect_eq(set_pte(s.l1, 1, 0), 0);
    tlb_flush_mask(15, TLB_FLUSH_ALL);
    before = fake_tlb_flushes;
    expect_eq(pin(1, s.page[0]), 0);
    expect_eq(pin(2, s.page[1]), 0);
    expect_eq(fake_tlb_flushes, before);
    finish();
}

/* ---- overflow */

TEST(reference_counts_do_not_overflow)
{
    struct frame *frame;

    setup_running();
    frame = mfn_to_frame(s.page[0]);
    frame->state += FRAME_REF_LIMIT - fake_refs(s.page[0]);
    expect_eq(set_pte(s.l1, 9, pte_make(s.page[0], RO)), 0);
    expect_eq(set_pte(s.l1, 10, pte_make(s.page[0], RO)), -EBUSY);
    expect_eq(set_pte(s.l1, 10, pte_make(s.page[0], RWD)), -EBUSY);
    expect_eq(set_pte(s.l1, 9, 0), 0);
    frame->state -= FRAME_REF_LIMIT - 2;
    finish();
}

/* @n slots from @i on map @mfn. */
static void fill(mfn_t table, unsigned int i, unsigned int n, mfn_t mfn, u64 flags)
{
    while ( n-- )
        *slot_of(table, i++) = pte_make(mfn, flags);
}

/* Eight equal slots are taken at once: they may go beyond the limit, no other begins there. */
TEST(runs_end_beyond_the_limit)
{
    mfn_t table, other;
    struct frame *frame;

    setup_running();
    table = fake_frame(d);
    other = fake_frame(d);
    frame = mfn_to_frame(s.page[0]);
    fill(table, 0, 8, s.page[0], RO);
    fill(other, 0, 9, s.page[0], RO);
    frame->state += FRAME_REF_LIMIT - fake_refs(s.page[0]);
    expect_eq(pin(1, table), 0);
    expect_eq(fake_refs(s.page[0]), FRAME_REF_LIMIT + 8);
    expect_eq(pin(1, other), -EBUSY);
    expect_eq(fake_refs(s.page[0]), FRAME_REF_LIMIT + 8);
    expect_eq(unpin(table), 0);
    expect_eq(pin(1, other), -EBUSY); /* not its ninth */
    expect_eq(fake_refs(s.page[0]), FRAME_REF_LIMIT);
    frame->state -= FRAME_REF_LIMIT - 2;
    finish();
}

/* Runs by rights, and what was counted of them if a later slot is refused. */
TEST(runs_are_counted_by_their_rights)
{
    mfn_t table;

    setup_running();
    table = fake_frame(d);
    fill(table, 0, 3, s.page[0], RWD);
    fill(table, 3, 2, s.page[0], RO);
    fill(table, 6, 2, s.page[0], RWD);
    fill(table, 16, 8, s.page[0], RWD);
    fill(table, 20, 1, s.page[0], RWD | PTE_A); /* says the same */
    fill(table, 24, 8, s.page[0], RO);
    fill(table, 32, 8, s.page[0], RWD);
    fill(table, 37, 1, s.page[0], RO); /* does not */
    expect_eq(pin(1, table), 0);
    expect_eq(fake_refs(s.page[0]), 2 + 7 + 24);
    expect_eq(fake_count(s.page[0]), 1 + 5 + 15);
    for ( unsigned int i = 16; i < 40; i++ )
        expect_eq(*slot_of(table, i) & (PTE_US | PTE_FRAME), PTE_US | mfn_to_maddr(s.page[0]).n);
    expect_eq(unpin(table), 0);
    expect_eq(fake_refs(s.page[0]), 2);
    expect_eq(fake_count(s.page[0]), 1);

    fill(table, 9, 1, s.l4, RWD);
    expect_eq(pin(1, table), -EBUSY);
    expect_eq(fake_refs(s.page[0]), 2);
    expect_eq(fake_count(s.page[0]), 1);
    finish();
}

/* ---- frames that guests may not have so */

TEST(hypervisor_frames_are_never_retyped)
{
    struct frame *frame;

    setup_running();
    frame = mfn_to_frame(fake_frame(d));
    frame->state |= FRAME_HYPERVISOR;
    expect_eq(pin(1, frame_to_mfn(frame)), -EINVAL);
    expect_eq(set_pte(s.l1, 9, pte_make(frame_to_mfn(frame), RWD)), -EBUSY);
    expect_eq(set_pte(s.l1, 9, pte_make(frame_to_mfn(frame), RO)), 0);
    expect_eq(set_pte(s.l1, 9, 0), 0);

    /* A shared one is writable by mapping, and still no table. */
    frame->state |= (u64)FRAME_SHARED << FRAME_TYPE_SHIFT | FRAME_VALIDATED;
    frame->state += FRAME_TYPE_ONE + FRAME_REF_ONE;
    expect_eq(set_pte(s.l1, 9, pte_make(frame_to_mfn(frame), RWD)), 0);
    expect_eq(fake_count(frame_to_mfn(frame)), 2);
    expect_eq(pin(1, frame_to_mfn(frame)), -EINVAL);
    expect_eq(set_pte(frame_to_mfn(frame), 0, 1), -EINVAL);
    expect_eq(set_pte(s.l1, 9, 0), 0);
    expect_eq(fake_count(frame_to_mfn(frame)), 1);
}

TEST(descriptor_pages)
{
    struct frame *frame;

    setup_running();
    frame = mfn_to_frame(s.page[0]);
    expect_eq(frame_get_and_type(frame, 1, FRAME_SEGDESC), -EINVAL);
    expect_eq(set_pte(s.l1, 0, pte_make(s.page[0], RO)), 0);
    *slot_of(s.page[0], 0) = 0xbad;
    expect_eq(frame_get_and_type(frame, 1, FRAME_SEGDESC), -EINVAL);
    expect_eq(fake_refs(s.page[0]), 2);
    *slot_of(s.page[0], 0) = 0;
    expect_eq(frame_get_and_type(frame, 1, FRAME_SEGDESC), 0);
    expect_eq(frame_get_and_type(frame, 1, FRAME_SEGDESC), 0);
    expect_eq(set_pte(s.l1, 0, pte_make(s.page[0], RWD)), -EBUSY);
    expect_eq(set_pte(s.page[0], 0, 0), -EINVAL);
    frame_put_and_type(frame);
    frame_put_and_type(frame);
    /* Looked at anew the next time. */
    *slot_of(s.page[0], 0) = 0xbad;
    expect_eq(frame_get_and_type(frame, 1, FRAME_SEGDESC), -EINVAL);
    finish();
}

/*
 * A frame on its way to the allocator: its last reference is gone, its owner not yet. Nobody brings
 * it back.
 */
TEST(a_dying_frame_stays_dead)
{
    mfn_t mfn;

    setup_running();
    mfn = fake_frame(d);
    mfn_to_frame(mfn)->state = 0;
    expect_eq(set_pte(s.l1, 9, pte_make(mfn, RO)), -EBUSY);
    expect_eq(set_pte(s.l1, 9, pte_make(mfn, RWD)), -EBUSY);
    mfn_to_frame(mfn)->state = (u64)FRAME_WRITABLE << FRAME_TYPE_SHIFT;
    expect_eq(set_pte(s.l1, 9, pte_make(mfn, RO)), -EBUSY);
    expect_eq(set_pte(s.l1, 9, pte_make(mfn, RWD)), -EBUSY);
    expect_eq(pin(1, mfn), -EINVAL);
    mfn_to_frame(mfn)->state = FRAME_ALLOCATED | FRAME_REF_ONE;
    finish();
}

/* A frame that its owner gives up goes only when nothing maps it. */
TEST(a_mapped_frame_outlives_its_owners_reference)
{
    setup_running();
    fake_release(s.page[0]);
    expect_eq(mfn_to_frame(s.page[0])->owner, 1);
    expect_eq(set_pte(s.l1, 0, 0), 0);
    expect_eq(mfn_to_frame(s.page[0])->owner, DOMID_NOBODY);
    expect_eq(set_pte(s.l1, 0, pte_make(s.page[0], RO)), -EBUSY);

    /* A table that is in use too. */
    fake_release(s.l1);
    expect_eq(fake_type(s.l1), FRAME_L1);
    expect_eq(set_pte(s.l2, pte_index(s.va, 2), 0), 0);
    expect_eq(mfn_to_frame(s.l1)->owner, DOMID_NOBODY);
    finish();
}

/* ---- entries that are not present, where they may lead the L1 terminal fault to memory (XSA-273) */

/* Not present, and names @mfn. */
#define GONE(mfn) pte_make(mfn, PTE_RW)

/* What a kernel that knows of the flaw makes of it. */
#define TURNED(mfn) (GONE(mfn) ^ PTE_FRAME)

TEST(entries_that_are_not_present)
{
    mfn_t table;

    setup();
    d->pv.bars_l1tf = true;
    require(pin(4, s.l4) == 0);
    require(new_baseptr(s.l4) == 0);

    expect_eq(set_pte(s.l1, 9, GONE(s.page[0])), -EINVAL);
    expect_eq(set_pte(s.l1, 0, GONE(s.page[0])), -EINVAL);
    expect_eq(set_pte(s.l1, 9, GONE(s.page[0]) | 1UL << 45), -EINVAL); /* beyond all addresses */
    expect_eq(*slot_of(s.l1, 9), 0);
    expect_eq(set_pte(s.l1, 9, TURNED(s.page[0])), 0);
    expect_eq(set_pte(s.l1, 9, PTE_RW), 0);
    expect_eq(set_pte(s.l1, 9, PTE_RW | PTE_PS), 0);
    expect_eq(set_pte(s.l1, 9, pte_make(to_mfn(frame_limit), PTE_RW)), 0);

    expect_eq(set_pte(s.l2, 9, GONE(s.l1)), -EINVAL);
    expect_eq(set_pte(s.l3, 9, GONE(s.l1)), -EINVAL);
    expect_eq(set_pte(s.l4, 9, GONE(s.l1)), -EINVAL);
    expect_eq(set_pte(s.l2, 9, PTE_PS), -EINVAL); /* the first 2 MiB, all of them */
    expect_eq(set_pte(s.l2, 9, TURNED(s.l1)), 0);

    table = fake_frame(d);
    *slot_of(table, 511) = GONE(s.page[0]);
    for ( unsigned int level = 1; level <= 4; level++ )
        expect_eq(pin(level, table), -EINVAL);
    *slot_of(table, 511) = TURNED(s.page[0]);
    expect_eq(pin(1, table), 0);
    finish();
}

/* Where the processor hasn't the flaw, and in the tables of who may see all memory. */
TEST(entries_that_are_not_present_of_others)
{
    setup_running();
    expect_eq(set_pte(s.l1, 9, GONE(s.page[0])), 0);
    expect_eq(set_pte(s.l2, 9, GONE(s.l1) | PTE_PS), 0);
    finish();
}

HOST_TEST_MAIN
