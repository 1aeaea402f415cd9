/*
 * Roots: what the hypervisor has in each L4, and what it takes to load one.
 *
 * LINK: tests/host/fake/machine*.c tests/host/fake/tables.c hypervisor/mm/frame.c
 * LINK: hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 */
#include "tests/host/fake/space.h"

TEST(an_l4_carries_the_hypervisor)
{
    setup();
    *slot_of(s.l4, 260) = pte_make(s.l3, RWD | PTE_PS);
    expect_eq(pin(4, s.l4), 0);
    expect_eq(*slot_of(s.l4, 260), 0x7000000000000001UL | 4UL << PAGE_SHIFT);
    for ( unsigned int i = 256; i < 272; i++ )
        expect_eq(set_pte(s.l4, i, 0), -EINVAL);
    expect_eq(set_pte(s.l4, 272, 0), 0);
    expect_eq(set_pte(s.l4, 255, 0), 0);
    expect_eq(unpin(s.l4), 0);
    expect_eq(fake_count(s.l3), 0);
    finish();
}

TEST(m2p_strict_shows_the_m2p_to_kernels_only)
{
    struct space user;

    setup();
    d->vm_assist = 1UL << VMASST_TYPE_m2p_strict;
    space_build(&user, d, 1);
    expect_eq(pin(4, s.l4), 0);
    expect_eq(pin(4, user.l4), 0);
    expect_eq(new_baseptr(s.l4), 0);
    expect_eq(new_user_baseptr(user.l4), 0);
    expect(*slot_of(s.l4, 256) != 0);
    expect(*slot_of(user.l4, 256) == 0);
    expect(*slot_of(user.l4, 257) != 0);
    finish();
}

TEST(m2p_is_shown_to_those_who_were_kernels)
{
    struct space user;

    setup();
    space_build(&user, d, 1);
    expect_eq(pin(4, s.l4), 0);
    expect_eq(pin(4, user.l4), 0);
    expect(*slot_of(s.l4, 256) == 0);
    expect_eq(new_baseptr(s.l4), 0);
    expect_eq(new_user_baseptr(user.l4), 0);
    expect(*slot_of(s.l4, 256) != 0);
    expect(*slot_of(user.l4, 256) == 0);
    expect_eq(new_user_baseptr(s.l4), 0);
    expect(*slot_of(s.l4, 256) != 0);
    finish();
}

TEST(roots)
{
    unsigned long flushes;
    struct space t;
    struct vcpu *v;

    setup();
    v = d->vcpus[0];
    space_build(&t, d, 1);
    *slot_of(s.page[0], 0) = pte_make(s.page[1], RWD | PTE_PCD);
    expect_eq(new_baseptr(s.l3), -EINVAL);
    expect_eq(new_baseptr(s.l4), 0);
    expect_eq(v->cpu.cr3_kernel, mfn_to_maddr(s.l4).n);
    expect_eq(host_cpu->cr3, mfn_to_maddr(s.l4).n);
    expect_eq(fake_count(s.l4), 1);
    expect_eq(new_baseptr(t.l4), 0);
    flushes = fake_tlb_flushes;
    expect_eq(new_baseptr(t.l4), 0); /* the one that is loaded: a flush all the same */
    expect_eq(fake_tlb_flushes, flushes + 1);
    expect_eq(fake_count(s.l4), 0);
    expect_eq(fake_count(s.l1), 0);
    expect_eq(new_baseptr(INVALID_MFN), -EINVAL);
    expect_eq(new_baseptr(s.page[1]), 0);
    expect_eq(new_baseptr(t.l4), 0);
    expect_eq(new_user_baseptr(s.l4), 0);
    expect_eq(v->cpu.cr3_user, mfn_to_maddr(s.l4).n);
    expect_eq(host_cpu->cr3, mfn_to_maddr(t.l4).n);
    expect_eq(new_user_baseptr(INVALID_MFN), -EINVAL);
    expect_eq(new_user_baseptr(to_mfn(0)), 0);
    expect_eq(v->cpu.cr3_user, 0);
    expect_eq(fake_count(s.l4), 0);
    finish();
}

static void expect_refused(mfn_t mfn)
{
    u64 before = fake_state(mfn);

    expect_eq(new_baseptr(mfn), -EINVAL);
    expect_eq(new_user_baseptr(mfn), -EINVAL);
    expect_eq(fake_state(mfn), before);
}

/* What is in use as a root is taken in one step: only by its owner, only as a root, only while there is room. */
TEST(roots_in_use)
{
    struct domain *other;
    struct space t, theirs;

    setup_running();
    space_build(&t, d, 1);
    expect_eq(pin(4, t.l4), 0);
    other = fake_domain(2, false, 1);
    space_build(&theirs, other, 1);
    require(pagetable_pin_root(other, theirs.l4) == 0);

    expect_refused(theirs.l4);
    expect_refused(t.l3);
    expect_refused(t.l1);

    mfn_to_frame(t.l4)->state += FRAME_REF_LIMIT - fake_refs(t.l4);
    expect_eq(new_baseptr(t.l4), 0); /* the last one there is room for */
    expect_eq(new_user_baseptr(t.l4), -EINVAL);
    expect_eq(fake_count(t.l4), 2);
    expect_eq(new_baseptr(s.l4), 0);
    expect_eq(fake_refs(t.l4), FRAME_REF_LIMIT);
    mfn_to_frame(t.l4)->state -= FRAME_REF_LIMIT - 2;

    expect_eq(new_user_baseptr(t.l4), 0);
    expect_eq(unpin(t.l4), 0);
    expect_eq(fake_count(t.l4), 1);
    expect_sane(other);
    expect_buried(other);
    finish();
}

/* Tables that wait to be taken apart: the guest began to unpin them and never came again. */
static void leave_dead_tables(void)
{
    struct space t;
    struct mmuext_op op = { .cmd = MMUEXT_UNPIN_TABLE };

    space_build(&t, d, 4);
    require(pin(4, t.l4) == 0);
    op.arg1.mfn = t.l4.n;
    fake_preempt_at = fake_preempt_every = 1;
    pagetable_mmuext_op((unsigned long)&op, 1, 0, DOMID_SELF);
    fake_preempt_at = 0;
    require(fake_continuation.set && d->pv.dead_tables);
    fake_continuation.set = false;
}

/* From one root that stays in use to another: the short way is a way to a new root like any other. */
TEST(a_switch_is_all_that_a_new_root_is)
{
    unsigned long flushes;
    struct space t;
    struct vcpu *v;

    setup_running();
    v = d->vcpus[0];
    space_build(&t, d, 1);
    expect_eq(pin(4, t.l4), 0);
    expect_eq(new_user_baseptr(s.l4), 0);

    v->pv.ldt_mapped = 1;
    flushes = fake_tlb_flushes;
    expect_eq(new_user_baseptr(t.l4), 0);
    expect_eq(v->cpu.cr3_user, mfn_to_maddr(t.l4).n);
    expect_eq(fake_tlb_flushes, flushes);
    expect_eq(v->pv.ldt_mapped, 1);
    for ( unsigned int i = 0; i < 3; i++ )
    {
        mfn_t root = i % 2 ? s.l4 : t.l4;

        expect_eq(new_baseptr(root), 0);
        expect_eq(v->cpu.cr3_kernel, mfn_to_maddr(root).n);
        expect_eq(host_cpu->cr3, mfn_to_maddr(root).n);
        expect_eq(fake_tlb_flushes, flushes + i + 1);
        expect_eq(v->pv.ldt_mapped, 0);
    }
    expect_eq(fake_count(t.l4), 3);
    expect_eq(fake_count(s.l4), 1);

    leave_dead_tables();
    expect_eq(new_baseptr(s.l4), 0);
    expect_eq(d->pv.dead_tables, 0);

    d->life = DOMAIN_DYING;
    expect_eq(new_baseptr(t.l4), -EINVAL);
    expect_eq(new_user_baseptr(s.l4), -EINVAL);
    d->life = DOMAIN_ALIVE;
    expect_eq(v->pv.root_kernel.n, s.l4.n);
    expect_eq(v->pv.root_user.n, t.l4.n);
    finish();
}

/* A root whose last use that was is no longer a table, though the vcpu goes to one that is in use. */
TEST(a_switch_may_be_the_end_of_a_root)
{
    struct space t, u;

    setup_running();
    space_build(&t, d, 1);
    space_build(&u, d, 2);
    expect_eq(pin(4, t.l4), 0);
    expect_eq(new_user_baseptr(u.l4), 0);
    expect_eq(new_user_baseptr(t.l4), 0);
    expect_eq(fake_count(u.l4), 0);
    expect_eq(fake_count(u.l1), 0);

    expect_eq(new_user_baseptr(s.l4), 0);
    expect_eq(unpin(s.l4), 0);
    expect_eq(new_baseptr(t.l4), 0);
    expect_eq(fake_count(s.l4), 1);
    expect_eq(new_baseptr(s.l4), 0);
    expect_eq(new_user_baseptr(t.l4), 0);
    expect_eq(new_baseptr(t.l4), 0);
    expect_eq(fake_count(s.l4), 0);
    expect_eq(fake_count(s.l1), 0);
    finish();
}

HOST_TEST_MAIN
