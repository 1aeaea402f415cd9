/*
 * TLB flushes reach the CPUs that may hold what has changed, and no others: those where the domain's vcpus run; for a
 * frame that becomes something else, those of its owner and of whoever has mapped frames of others.
 *
 * LINK: tests/host/fake/machine*.c tests/host/fake/tables.c hypervisor/mm/frame.c
 * LINK: hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 */
#include "tests/host/fake/tables.h"

static struct domain *d, *dom0;
static struct space s, t; /* d's and dom0's */

static void set_up(void)
{
    fake_machine();
    d = fake_domain(1, false, 70);
    dom0 = fake_domain(0, true, 1);
    space_build(&s, d, 4);
    space_build(&t, dom0, 4);
    require(pin(4, s.l4) == 0);
    require(new_baseptr(s.l4) == 0);
    fake_run(dom0->vcpus[0]);
    require(pin(4, t.l4) == 0);
    require(new_baseptr(t.l4) == 0);
    fake_run(d->vcpus[0]);
    fake_place(d->vcpus[0], 0);
}

/* --- Those that guests ask for --- */

static cpumask_t asked_of(unsigned int cmd, u64 vcpus)
{
    u64 bits[2] = { vcpus, vcpus };
    struct mmuext_op op = { .cmd = cmd, .arg1.linear_addr = s.va };
    u32 done;

    set_xen_guest_handle(op.arg2.vcpumask, (void *)bits);
    fake_tlb_asked = 0;
    expect_eq(guest_mmuext(&op, 1, &done, DOMID_SELF), 0);
    return fake_tlb_asked;
}

static cpumask_t asked_by_va_mapping(unsigned long flags)
{
    fake_tlb_asked = 0;
    expect_eq(pagetable_update_va_mapping(s.va, 0, flags), 0);
    return fake_tlb_asked;
}

TEST(vcpus_that_do_not_run_are_skipped)
{
    u64 bits[2] = { 7, 0 };

    set_up();
    expect_eq(asked_of(MMUEXT_TLB_FLUSH_MULTI, 6), 0);
    expect_eq(asked_of(MMUEXT_INVLPG_MULTI, 6), 0);
    expect_eq(asked_of(MMUEXT_TLB_FLUSH_ALL, 0), 1);
    expect_eq(asked_of(MMUEXT_INVLPG_ALL, 0), 1);
    expect_eq(asked_by_va_mapping(UVMF_TLB_FLUSH | UVMF_ALL), 1);
    expect_eq(asked_by_va_mapping(UVMF_INVLPG | (unsigned long)bits), 1);
}

TEST(vcpus_that_run_are_flushed_where_they_are)
{
    u64 bits[2] = { 7, 0 };

    set_up();
    fake_place(d->vcpus[1], 3);
    fake_place(d->vcpus[66], 2); /* of the second word */
    expect_eq(asked_of(MMUEXT_TLB_FLUSH_MULTI, 2), 8);
    expect_eq(asked_of(MMUEXT_INVLPG_MULTI, 6), 12);
    expect_eq(asked_of(MMUEXT_TLB_FLUSH_ALL, 0), 13);
    expect_eq(asked_by_va_mapping(UVMF_INVLPG | UVMF_ALL), 13);
    expect_eq(asked_by_va_mapping(UVMF_TLB_FLUSH | (unsigned long)bits), 9);
    fake_displace(d->vcpus[1]);
    expect_eq(asked_of(MMUEXT_TLB_FLUSH_ALL, 0), 5);
    expect_eq(asked_of(MMUEXT_INVLPG_MULTI, 2), 0);
}

/* --- Those for a frame that becomes something else --- */

/* An unmapped page of @d's becomes a table. How many CPUs are flushed? */
static unsigned long flushes_for_table(mfn_t mfn)
{
    unsigned long before = fake_tlb_flushes;

    fake_run(d->vcpus[0]);
    memset(fake_words(mfn), 0, PAGE_SIZE);
    require(pin(1, mfn) == 0);
    expect_eq(fake_tlb_violations(), 0);
    return fake_tlb_flushes - before;
}

static void walk(u32 cpu, const struct space *space)
{
    u64 pte;

    require(fake_tlb_walk(cpu, space->l4, space->va, &pte));
}

TEST(a_cpu_with_another_domain_is_not_asked)
{
    set_up();
    walk(0, &s);
    walk(1, &s);
    walk(2, &t);
    require(set_pte(s.l1, 0, 0) == 0);
    expect_eq(flushes_for_table(s.page[0]), 2);
}

/* dom0 maps d's page, uses it on CPU 2, and drops it without a flush, by each way to map a stranger's. */
static void map_as_dom0(u64 pte)
{
    fake_run(dom0->vcpus[0]);
    require(set_pte_of(t.l1, 0, pte, pte ? d->id : DOMID_SELF, 0) == 0);
}

static void map_as_dom0_by_address(u64 pte)
{
    fake_run(dom0->vcpus[0]);
    require(pagetable_update_va_mapping_otherdomain(t.va, pte, 0, pte ? d->id : DOMID_SELF) == 0);
}

/* grant/ holds references for the mapping. */
static void map_granted(u64 pte)
{
    static u64 held;

    if ( pte )
    {
        require(frame_get_and_type(mfn_to_frame(pte_mfn(pte)), d->id, FRAME_WRITABLE) == 0);
        require(pagetable_grant_map_va(dom0->vcpus[0], t.va, pte) == 0);
        held = pte;
        return;
    }
    require(pagetable_grant_unmap_va(dom0->vcpus[0], t.va, pte_mfn(held), false) == 0);
    frame_put_and_type(mfn_to_frame(pte_mfn(held)));
}

static void map_granted_by_slot(u64 pte)
{
    maddr_t slot = to_maddr(mfn_to_maddr(t.l1).n);
    static u64 held;

    if ( pte )
    {
        require(frame_get_and_type(mfn_to_frame(pte_mfn(pte)), d->id, FRAME_WRITABLE) == 0);
        require(pagetable_grant_map_pte(dom0->vcpus[0], slot, pte) == 0);
        held = pte;
        return;
    }
    require(pagetable_grant_unmap_pte(dom0->vcpus[0], slot, pte_mfn(held), false) == 0);
    frame_put_and_type(mfn_to_frame(pte_mfn(held)));
}

static void expect_stranger_flushed(void (*map)(u64 pte))
{
    set_up();
    require(set_pte(s.l1, 0, 0) == 0);
    map(pte_make(s.page[0], RWD));
    walk(2, &t);
    map(0);
    expect_eq(flushes_for_table(s.page[0]), 1);
}

TEST(a_stranger_that_had_it_mapped_is_flushed)
{
    expect_stranger_flushed(map_as_dom0);
}

TEST(likewise_by_address)
{
    expect_stranger_flushed(map_as_dom0_by_address);
}

TEST(likewise_of_a_grant)
{
    expect_stranger_flushed(map_granted);
}

TEST(likewise_of_a_grant_at_a_slot)
{
    expect_stranger_flushed(map_granted_by_slot);
}

/* Devices' memory is nobody's: a driver domain that maps it isn't flushed for others' frames. */
TEST(who_maps_devices_only_is_no_stranger)
{
    set_up();
    fake_run(dom0->vcpus[0]);
    require(set_pte_of(t.l1, 1, pte_make(to_mfn(FAKE_IO_FIRST), RWD), DOMID_IO, 0) == 0);
    walk(2, &t);
    fake_run(d->vcpus[0]);
    require(set_pte(s.l1, 0, 0) == 0);
    expect_eq(flushes_for_table(s.page[0]), 0);
}

HOST_TEST_MAIN
