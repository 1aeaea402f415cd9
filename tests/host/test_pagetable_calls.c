/*
 * The hypercalls of the page-type engine: batches, their counts and continuations, who may name whom.
 *
 * LINK: tests/host/fake/machine*.c tests/host/fake/tables.c hypervisor/mm/frame.c
 * LINK: hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 */
#include "tests/host/fake/space.h"

/* ---- mmu_update */

TEST(a_page_of_data_is_written_plainly)
{
    setup_running();
    expect_eq(set_pte(s.page[0], 5, 0x1234567), 0);
    expect_eq(*slot_of(s.page[0], 5), 0x1234567);
    expect_eq(fake_count(s.page[0]), 1);
    expect_eq(frame_get_and_type(mfn_to_frame(s.page[0]), 1, FRAME_WRITABLE), 0);
    frame_put_and_type(mfn_to_frame(s.page[0]));
    finish();
}

TEST(preserve_ad_keeps_what_the_hardware_set)
{
    setup_running();
    expect_eq(set_pte(s.l1, 1, pte_make(s.page[1], PTE_P | PTE_RW | PTE_US)), 0);
    *slot_of(s.l1, 1) |= PTE_A | PTE_D;
    expect_eq(set_pte_of(s.l1, 1, pte_make(s.page[1], PTE_P | PTE_US), DOMID_SELF,
                         MMU_PT_UPDATE_PRESERVE_AD),
              0);
    expect_eq(*slot_of(s.l1, 1) & (PTE_A | PTE_D | PTE_RW), PTE_A | PTE_D);
    expect_eq(set_pte_of(s.l1, 1, pte_make(s.page[1], PTE_P | PTE_US), DOMID_SELF,
                         MMU_PT_UPDATE_NO_TRANSLATE),
              0);
    expect_eq(*slot_of(s.l1, 1) & (PTE_A | PTE_D), 0);
    finish();
}

/* ... also where the frames are not in use as they will be, or are no longer; and a refusal changes nothing. */
TEST(preserve_ad_between_frames)
{
    const u64 rw = PTE_P | PTE_RW | PTE_US;
    struct domain *other;
    mfn_t fresh, theirs;

    setup_running();
    other = fake_domain(2, false, 1);
    fresh = fake_frame(d);
    theirs = fake_frame(other);
    expect_eq(set_pte(s.l1, 1, pte_make(s.page[1], rw)), 0);
    *slot_of(s.l1, 1) |= PTE_A | PTE_D;
    for ( unsigned int i = 0; i < 2; i++ )
    {
        mfn_t to = i ? s.page[1] : fresh;
        u64 old = *slot_of(s.l1, 1);

        expect_eq(set_pte_of(s.l1, 1, pte_make(theirs, rw), DOMID_SELF, MMU_PT_UPDATE_PRESERVE_AD),
                  -EBUSY);
        expect_eq(*slot_of(s.l1, 1), old);
        expect_eq(set_pte_of(s.l1, 1, pte_make(to, rw), DOMID_SELF, MMU_PT_UPDATE_PRESERVE_AD), 0);
        expect_eq(*slot_of(s.l1, 1), pte_make(to, rw | PTE_A | PTE_D | PTE_G));
        expect_eq(fake_count(fresh), 1 - i);
    }
    expect_eq(fake_refs(theirs), 1);
    fake_release(fresh);
    fake_release(theirs);
    finish();
}

/* Whether the guest asks how many requests were done or not. */
TEST(a_table_that_is_unlinked_is_a_page_at_once)
{
    struct mmu_update req;

    setup_running();
    req = (struct mmu_update){ mfn_to_maddr(s.l2).n + (s.va >> 21 & 511) * 8, 0 };
    expect_eq(guest_mmu_update(&req, 1, NULL, DOMID_SELF), 0);
    expect_eq(fake_count(s.l1), 0);
    expect_eq(d->pv.dead_tables, 0);
    finish();
}

TEST(machphys)
{
    struct domain *other;
    mfn_t theirs;

    setup_running();
    other = fake_domain(2, false, 1);
    theirs = fake_frame(other);
    expect_eq(set_pte_of(s.page[0], 0, 4711, DOMID_SELF, MMU_MACHPHYS_UPDATE), 0);
    expect_eq(m2p_get(s.page[0]).n, 4711);
    expect_eq(fake_refs(s.page[0]), 2);
    expect_eq(set_pte_of(theirs, 0, 4711, DOMID_SELF, MMU_MACHPHYS_UPDATE), -EINVAL);
    expect_eq(set_pte_of(to_mfn(FAKE_FRAMES), 0, 1, DOMID_SELF, MMU_MACHPHYS_UPDATE), -EINVAL);
    fake_release(theirs);
    finish();
}

TEST(misaligned_and_unknown_commands)
{
    setup_running();
    for ( unsigned int command = 4; command < 8; command++ )
        expect_eq(set_pte_of(s.l1, 511, 0, DOMID_SELF, command), -ENOSYS);
    finish();
}

static void counts_what_it_did(void)
{
    struct mmu_update reqs[5];
    u32 done = 77;

    setup_running();
    for ( unsigned int i = 0; i < 5; i++ )
        reqs[i] = (struct mmu_update){ mfn_to_maddr(s.l1).n + (100 + i) * 8,
                                       pte_make(s.page[i % 4], RWD) };
    reqs[3].val = pte_make(s.l4, RWD);
    expect_eq(guest_mmu_update(reqs, 5, &done, DOMID_SELF), -EBUSY);
    expect_eq(done, 3);
    expect_eq(*slot_of(s.l1, 104), 0);
    expect_eq(guest_mmu_update(reqs, 0, &done, DOMID_SELF), 0);
    expect_eq(done, 0);
    expect_eq(guest_mmu_update((struct mmu_update *)8, 5, &done, DOMID_SELF), -EFAULT);
    expect_eq(done, 0);
    expect_eq(guest_mmu_update(reqs, 1, (u32 *)8, DOMID_SELF), 0);
    expect_eq(guest_mmu_update(reqs, 2, (u32 *)8, DOMID_SELF), 0);
    expect_eq(guest_mmu_update(reqs, 2, NULL, DOMID_SELF), 0);
    finish();
}

/* ... however it takes the lock. */
TEST(a_batch_counts_what_it_did)
{
    counts_what_it_did();
    fake_no_batching = true;
    counts_what_it_did();
    fake_no_batching = false;
}

/* A table that a batch takes out of use is an ordinary page for the rest of the batch. */
TEST(a_batch_may_reuse_what_it_frees)
{
    struct mmu_update reqs[2];
    u32 done = 0;

    setup_running();
    expect_eq(set_pte(s.l2, 9, pte_make(s.l1, RWD)), 0);
    expect_eq(set_pte(s.l2, pte_index(s.va, 2), 0), 0);
    *slot_of(s.page[1], 0) = 0;
    expect_eq(set_pte(s.l1, 1, 0), 0);
    expect_eq(set_pte(s.l2, 10, pte_make(s.page[1], RWD)), 0);
    reqs[0] = (struct mmu_update){ mfn_to_maddr(s.l2).n + 9 * 8, 0 };
    reqs[1] = (struct mmu_update){ mfn_to_maddr(s.page[1]).n + 5 * 8, pte_make(s.l1, RWD) };
    expect_eq(guest_mmu_update(reqs, 2, &done, DOMID_SELF), 0);
    expect_eq(done, 2);
    finish();
}

static void stops_and_resumes(void)
{
    static struct mmu_update reqs[500];
    u32 done = 77;

    setup_running();
    for ( unsigned int i = 0; i < 500; i++ )
        reqs[i] =
            (struct mmu_update){ mfn_to_maddr(s.l1).n + (4 + i) * 8, pte_make(s.page[i % 4], RWD) };
    fake_preempt_at = fake_preempt_every = 1;
    expect_eq(guest_mmu_update(reqs, 500, &done, DOMID_SELF), 0);
    expect_eq(done, 500);
    expect(slices >= 5);
    for ( unsigned int i = 0; i < 500; i++ )
        expect_eq(pte_mfn(*slot_of(s.l1, 4 + i)).n, s.page[i % 4].n);
    fake_preempt_at = 0;
    finish();
}

TEST(long_batches_stop_and_resume)
{
    stops_and_resumes();
    fake_no_batching = true;
    stops_and_resumes();
    fake_no_batching = false;
}

/* A guest may change the registers and the count that a continuation gave it. */
TEST(continuations_are_hints)
{
    struct mmu_update req = { 0, 0 };
    u32 done = 12345;

    setup_running();
    req.ptr = mfn_to_maddr(s.l1).n;
    expect_eq(pagetable_mmu_update((unsigned long)&req, 1 | 0x80000000u, (unsigned long)&done,
                                   DOMID_SELF),
              0);
    expect_eq(done, 12346);
    expect_eq(pagetable_mmu_update((unsigned long)&req, 0xffffffff80000000UL, 0, DOMID_SELF), 0);
    expect_eq(pagetable_mmu_update((unsigned long)&req, 0x80000000UL, 8, DOMID_SELF), 0);
    finish();
}

TEST(who_may_name_whom)
{
    struct domain *dom0, *other;
    struct space t;
    mfn_t theirs;

    setup_running();
    dom0 = fake_domain(0, true, 1);
    other = fake_domain(2, false, 1);
    theirs = fake_frame(other);
    space_build(&t, dom0, 1);

    /* A plain domain: nobody but itself, by the ABI's one name for it. */
    expect_eq(set_pte_of(s.l1, 9, pte_make(theirs, RO), 2, 0), -EPERM);
    expect_eq(set_pte_of(s.l1, 9, pte_make(theirs, RO), 77, 0), -ESRCH);
    expect_eq(set_pte_of(s.l1, 9, pte_make(s.page[0], RO), 1, 0), -ESRCH);
    expect_eq(set_pte_of(s.l1, 9, pte_make(theirs, RO), DOMID_XEN, 0), -EPERM);
    expect_eq(set_pte_of(theirs, 9, 0, (2 + 1) << 16 | DOMID_SELF, 0), -EPERM);
    expect_eq(set_pte_of(theirs, 9, 0, (77 + 1) << 16 | DOMID_SELF, 0), -ESRCH);
    expect_eq(set_pte_of(s.l1, 9, pte_make(s.page[0], RO), (1 + 1) << 16 | DOMID_SELF, 0), 0);

    /* dom0: a frame of another domain, named; not without the name; and another domain's tables. */
    fake_run(dom0->vcpus[0]);
    expect_eq(pin(4, t.l4), 0);
    expect_eq(set_pte(t.l1, 9, pte_make(theirs, RO)), -EBUSY);
    expect_eq(set_pte_of(t.l1, 9, pte_make(theirs, RO), 2, MMU_PT_UPDATE_PRESERVE_AD), 0);
    expect_eq(set_pte_of(t.l1, 9, pte_make(theirs, RWD), 2, 0), 0);
    expect_eq(fake_refs(theirs), 2);
    expect_eq(set_pte_of(s.l1, 9, pte_make(s.page[1], RWD), (1 + 1) << 16 | 1, 0), 0);
    expect_eq(pte_mfn(*slot_of(s.l1, 9)).n, s.page[1].n);
    expect_sane(dom0);
    expect_sane(other);

    /* A table with a foreign entry is taken apart as any other, but not put together again. */
    expect_eq(unpin(t.l4), 0);
    expect_eq(fake_refs(theirs), 1);
    expect_eq(pin(4, t.l4), -EBUSY);
    expect_eq(other->refs, 1);
    expect_eq(d->refs, 1);
    fake_run(d->vcpus[0]);

    expect_sane(d);
    expect_sane(dom0);
}

/* ---- update_va_mapping */

TEST(update_va_mapping)
{
    u64 bits = 2, cpu_pte;

    setup_running();
    fake_place(d->vcpus[0], 0);
    fake_place(d->vcpus[1], 1);
    expect_eq(pagetable_update_va_mapping(s.va + PAGE_SIZE, pte_make(s.page[0], RO), UVMF_NONE), 0);
    expect_eq(pte_mfn(*slot_of(s.l1, 1)).n, s.page[0].n);
    expect_eq(fake_count(s.page[1]), 0);
    expect_eq(pagetable_update_va_mapping(s.va, pte_make(s.l4, RWD), UVMF_NONE), -EBUSY);
    for ( unsigned int bit = 21; bit < 48; bit++ ) /* next to what the last walk came to */
        expect_eq(pagetable_update_va_mapping(s.va ^ 1UL << bit, 0, UVMF_NONE), -EINVAL);
    expect_eq(pagetable_update_va_mapping(0xffff800000000000UL, 0, UVMF_INVLPG), -EINVAL);
    expect_eq(pagetable_update_va_mapping(0x0000800000000000UL, 0, UVMF_INVLPG), -EINVAL);
    expect_eq(pagetable_update_va_mapping(0xdead000000000000UL, 0, UVMF_INVLPG), -EINVAL);
    expect_eq(pagetable_update_va_mapping(~0UL, 0, UVMF_INVLPG), -EINVAL);

    for ( u32 cpu = 0; cpu < 2; cpu++ )
        expect(fake_tlb_walk(cpu, s.l4, s.va, &cpu_pte) && (cpu_pte & PTE_RW));
    expect_eq(pagetable_update_va_mapping(s.va, pte_make(s.page[0], RO), UVMF_INVLPG | UVMF_LOCAL),
              0);
    expect(fake_tlb_walk(0, s.l4, s.va, &cpu_pte) && !(cpu_pte & PTE_RW));
    expect(fake_tlb_walk(1, s.l4, s.va, &cpu_pte) && (cpu_pte & PTE_RW));
    expect_eq(pagetable_update_va_mapping(s.va, 0, UVMF_TLB_FLUSH | (unsigned long)&bits), 0);
    expect(fake_tlb_walk(0, s.l4, s.va, &cpu_pte));
    expect(!fake_tlb_walk(1, s.l4, s.va, &cpu_pte));
    expect_eq(pagetable_update_va_mapping(s.va, 0, UVMF_TLB_FLUSH | UVMF_ALL), 0);
    expect(!fake_tlb_walk(0, s.l4, s.va, &cpu_pte));
    expect_eq(pagetable_update_va_mapping(s.va, 0, UVMF_TLB_FLUSH | 16), -EFAULT);
    finish();
}

/* Which L1 has the entry for s.va now? It is written through the current vcpu's tables, and taken back. */
static mfn_t reached(mfn_t one, mfn_t other)
{
    u64 one_had = *slot_of(one, 0), other_had = *slot_of(other, 0), bits = pte_make(s.page[3], RO);
    mfn_t found = INVALID_MFN;

    if ( pagetable_update_va_mapping(s.va, bits, UVMF_NONE) == 0 )
        found = *slot_of(one, 0) != one_had ? one : other;
    if ( !mfn_eq(found, INVALID_MFN) )
        require(pagetable_update_va_mapping(s.va, mfn_eq(found, one) ? one_had : other_had,
                                            UVMF_NONE) == 0);
    return found;
}

static unsigned int index_at(unsigned int level)
{
    return s.va >> (9 * level + 3) & 511;
}

/* What a walk remembers of the one before is right whatever has changed, and whoever changed it. */
TEST(walks_follow_what_changes)
{
    const mfn_t *tables[] = { &s.l2, &s.l3, &s.l4 };
    struct space t;

    setup_running();
    space_build(&t, d, 4);
    require(pin(4, t.l4) == 0);

    for ( unsigned int i = 0; i < ARRAY_SIZE(tables); i++ )
        for ( unsigned int other = 0; other < 2; other++ )
        {
            mfn_t table = *tables[i];
            u64 old = *slot_of(table, index_at(i + 2)), new = *slot_of(i == 0   ? t.l2
                                                                       : i == 1 ? t.l3
                                                                                : t.l4,
                                                                       index_at(i + 2));

            expect_eq(reached(s.l1, t.l1).n, s.l1.n);
            fake_run(d->vcpus[other]);
            require(set_pte(table, index_at(i + 2), 0) == 0);
            fake_run(d->vcpus[0]);
            expect(mfn_eq(reached(s.l1, t.l1), INVALID_MFN));
            require(set_pte(table, index_at(i + 2), old) == 0);
            expect_eq(reached(s.l1, t.l1).n, s.l1.n);
            fake_run(d->vcpus[other]);
            require(set_pte(table, index_at(i + 2), new) == 0);
            fake_run(d->vcpus[0]);
            expect_eq(reached(s.l1, t.l1).n, t.l1.n);
            require(set_pte(table, index_at(i + 2), old) == 0);
        }

    expect_eq(reached(s.l1, t.l1).n, s.l1.n);
    require(new_baseptr(t.l4) == 0);
    expect_eq(reached(s.l1, t.l1).n, t.l1.n);
    require(new_baseptr(s.l4) == 0);
    expect_eq(reached(s.l1, t.l1).n, s.l1.n);
    finish();
}

/* ---- mmuext's rest */

TEST(mmuext_rows)
{
    struct mmuext_op op = { .cmd = MMUEXT_CLEAR_PAGE };
    u32 done;
    u64 bits = ~0UL; /* of vcpus that are not there, too */

    setup_running();
    *slot_of(s.page[0], 7) = 7;
    *slot_of(s.page[1], 7) = 8;
    op.arg1.mfn = s.page[0].n;
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), 0);
    expect_eq(*slot_of(s.page[0], 7), 0);
    op.cmd = MMUEXT_COPY_PAGE;
    op.arg2.src_mfn = s.page[1].n;
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), 0);
    expect_eq(*slot_of(s.page[0], 7), 8);
    op.arg1.mfn = s.l1.n;
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), -EINVAL);
    op.cmd = MMUEXT_CLEAR_PAGE;
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), -EINVAL);
    op.arg1.mfn = FAKE_FRAMES;
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), -EINVAL);

    op.cmd = MMUEXT_FLUSH_CACHE;
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), -EACCES);
    op.cmd = MMUEXT_FLUSH_CACHE_GLOBAL;
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), -EINVAL);
    op.cmd = MMUEXT_MARK_SUPER;
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), -EOPNOTSUPP);
    op.cmd = 14;
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), -ENOSYS);
    op.cmd = 77;
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), -ENOSYS);

    op.cmd = MMUEXT_SET_LDT;
    op.arg1.linear_addr = 0x1000;
    op.arg2.nr_ents = 8192;
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), 0);
    expect_eq(d->vcpus[0]->pv.ldt_entries, 8192);
    op.arg2.nr_ents = 8193;
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), -EINVAL);

    op.cmd = MMUEXT_TLB_FLUSH_MULTI;
    set_xen_guest_handle(op.arg2.vcpumask, (void *)&bits);
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), 0);
    set_xen_guest_handle(op.arg2.vcpumask, (void *)16);
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), -EINVAL);
    op.cmd = MMUEXT_INVLPG_LOCAL;
    op.arg1.linear_addr = 0xdead000000000000UL;
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), 0);
    op.cmd = MMUEXT_TLB_FLUSH_LOCAL;
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_XEN), -EPERM);
    finish();
}

/* Pages are cleared and copied for who has them, though they be in use as pages; and for who may name that one. */
TEST(pages_are_their_owners)
{
    struct mmuext_op clear = { .cmd = MMUEXT_CLEAR_PAGE }, copy = { .cmd = MMUEXT_COPY_PAGE };
    struct domain *dom0, *other;
    mfn_t theirs;

    setup_running();
    dom0 = fake_domain(0, true, 1);
    other = fake_domain(2, false, 1);
    theirs = fake_frame(other);
    require(!frame_get_and_type(mfn_to_frame(theirs), 2, FRAME_WRITABLE));
    *slot_of(theirs, 7) = 7;
    *slot_of(s.page[0], 7) = 8;

    clear.arg1.mfn = copy.arg1.mfn = theirs.n;
    copy.arg2.src_mfn = s.page[0].n;
    expect_eq(guest_mmuext(&clear, 1, NULL, DOMID_SELF), -EINVAL);
    expect_eq(guest_mmuext(&copy, 1, NULL, DOMID_SELF), -EINVAL);
    expect_eq(*slot_of(theirs, 7), 7);
    copy.arg1.mfn = s.page[0].n;
    copy.arg2.src_mfn = theirs.n;
    expect_eq(guest_mmuext(&copy, 1, NULL, DOMID_SELF), -EINVAL);
    expect_eq(*slot_of(s.page[0], 7), 8);

    fake_run(dom0->vcpus[0]);
    expect_eq(guest_mmuext(&clear, 1, NULL, 2), 0);
    expect_eq(*slot_of(theirs, 7), 0);
    *slot_of(theirs, 9) = 9;
    copy.arg1.mfn = copy.arg2.src_mfn = theirs.n;
    expect_eq(guest_mmuext(&copy, 1, NULL, 2), 0);
    expect_eq(*slot_of(theirs, 9), 9);
    expect_eq(fake_refs(theirs), 2);
    fake_run(d->vcpus[0]);
    frame_put_and_type(mfn_to_frame(theirs));
    expect_sane(d);
    expect_sane(other);
}

/* Roots, flushes and LDTs are one's own, whatever rights one has over others. */
TEST(some_operations_are_for_oneself)
{
    static const unsigned int own[] = {
        MMUEXT_NEW_BASEPTR,     MMUEXT_TLB_FLUSH_LOCAL,  MMUEXT_INVLPG_LOCAL,
        MMUEXT_TLB_FLUSH_MULTI, MMUEXT_INVLPG_MULTI,     MMUEXT_TLB_FLUSH_ALL,
        MMUEXT_INVLPG_ALL,      MMUEXT_FLUSH_CACHE,      MMUEXT_FLUSH_CACHE_GLOBAL,
        MMUEXT_SET_LDT,         MMUEXT_NEW_USER_BASEPTR,
    };
    struct domain *dom0;
    u32 done;

    setup_running();
    dom0 = fake_domain(0, true, 1);
    fake_run(dom0->vcpus[0]);
    for ( unsigned int i = 0; i < ARRAY_SIZE(own); i++ )
    {
        struct mmuext_op op = { .cmd = own[i], .arg1.mfn = s.l4.n };

        expect_eq(guest_mmuext(&op, 1, &done, 1), -EPERM);
        expect_eq(done, 0);
    }
    fake_run(d->vcpus[0]);
    finish();
}

/* GRUB's way to another kernel: all in one batch. */
TEST(pin_switch_unpin_in_one_batch)
{
    struct space t;
    struct mmuext_op ops[3];
    u32 done = 0;

    setup_running();
    space_build(&t, d, 4);
    ops[0] = (struct mmuext_op){ .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = t.l4.n };
    ops[1] = (struct mmuext_op){ .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = t.l4.n };
    ops[2] = (struct mmuext_op){ .cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = s.l4.n };
    fake_preempt_at = fake_preempt_every = 1;
    expect_eq(guest_mmuext(ops, 3, &done, DOMID_SELF), 0);
    expect_eq(done, 3);
    fake_preempt_at = 0;
    expect_eq(fake_count(s.l4), 0);
    expect_eq(fake_count(s.l1), 0);
    finish();
}

/* A few operations have a shorter way than a batch: what dies on it is taken apart before the next one, too. */
TEST(an_operation_finds_nothing_left_of_the_one_before)
{
    for ( unsigned int i = 0; i < 2; i++ )
    {
        struct space t;
        struct mmuext_op ops[4];
        u32 done = 0;

        setup_running();
        fake_general_ways = i;
        space_build(&t, d, 4);
        require(pin(4, t.l4) == 0);
        ops[0] = (struct mmuext_op){ .cmd = MMUEXT_TLB_FLUSH_LOCAL };
        ops[1] = (struct mmuext_op){ .cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = t.l4.n };
        ops[2] = (struct mmuext_op){ .cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = t.l1.n };
        ops[3] = ops[1];
        expect_eq(guest_mmuext(ops, 4, &done, DOMID_SELF), -EINVAL);
        expect_eq(done, 3);
        expect_eq(fake_words(t.l1)[1], 0);
        finish();
        fake_general_ways = false;
    }
}

HOST_TEST_MAIN
