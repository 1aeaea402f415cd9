/*
 * Shadow roots: what an isolated vcpu's guest runs on is what its roots say, whoever writes to them and whichever are
 * loaded.
 *
 * LINK: tests/host/fake/machine*.c tests/host/fake/tables.c hypervisor/mm/frame.c
 * LINK: hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 */
#include "tests/host/fake/tables.h"

#include "cpu/isolation.h"
#include "pv/pagetable/shadow.h"

#define HV_END (HV_SLOT_FIRST + HV_SLOTS)

static struct domain *d;
static struct space s;

/* A domain of two vcpus with one address space, which the first one runs on. */
static void setup(void)
{
    struct vcpu *v;

    fake_machine();
    isolation.domu = true;
    d = fake_domain(1, false, 2);
    pagetable_domain_create(d);
    for_each_vcpu(d, v)
        require(shadow_create(v) == 0);
    space_build(&s, d, 4);
    require(pin(4, s.l4) == 0);
    require(new_baseptr(s.l4) == 0);
}

static void finish(void)
{
    struct vcpu *v;

    expect_sane(d);
    expect_buried(d);
    for_each_vcpu(d, v)
    {
        shadow_destroy(v);
        expect(!v->cpu.isolated && !v->cpu.info_shown);
        expect_eq(v->pv.shown_groups[0] | v->pv.shown_groups[1], 0);
    }
    expect_eq(fake_frames_in_use(), 0);
}

static u64 shown(u32 vcpu, bool kernel, unsigned int slot)
{
    return d->vcpus[vcpu]->pv.shown.roots[kernel][slot];
}

/* Every slot of the guest's, but for the bits that the hardware sets. */
static bool shows(u32 vcpu, bool kernel, mfn_t root)
{
    for ( unsigned int i = 0; i < PTES_PER_TABLE; i++ )
        if ( !map_is_hypervisor_slot(i) && shown(vcpu, kernel, i) != *slot_of(root, i) )
            return false;
    return true;
}

static bool shows_nothing(u32 vcpu, bool kernel)
{
    for ( unsigned int i = 0; i < PTES_PER_TABLE; i++ )
        if ( !map_is_hypervisor_slot(i) && shown(vcpu, kernel, i) )
            return false;
    return true;
}

/* Another root, with @slots entries for the first space's L3 from slot @first on. */
static mfn_t another_root(unsigned int first, unsigned int slots)
{
    mfn_t root = fake_frame(d);

    for ( unsigned int i = first; i < first + slots; i++ )
        *slot_of(root, i) = pte_make(s.l3, RWD);
    return root;
}

TEST(who_is_isolated)
{
    static const struct {
        bool dom0, domu, privileged, pv32, wanted;
    } rows[] = {
        { true, false, true, false, true },   { true, false, false, false, false },
        { false, true, false, false, true },  { false, true, true, false, false },
        { false, false, true, false, false }, { true, true, false, true, false },
    };

    for ( unsigned int i = 0; i < ARRAY_SIZE(rows); i++ )
    {
        struct domain one = { .privileged = rows[i].privileged, .pv32 = rows[i].pv32 };

        isolation = (struct isolation){ rows[i].dom0, rows[i].domu };
        expect_eq(shadow_wanted(&one), rows[i].wanted);
    }
    isolation = (struct isolation){};
}

/* What the shadow of a root that maps itself by @pte has in its place. */
static u64 self_of(u32 vcpu, bool kernel, u64 pte)
{
    return pte_make(virt_to_mfn(d->vcpus[vcpu]->pv.shown.roots[kernel]), pte & ~PTE_FRAME);
}

/* A walk that goes on in the root itself would meet the hypervisor's slots. */
TEST(a_root_that_maps_itself)
{
    u64 self = 0;
    mfn_t other;

    setup();
    self = pte_make(s.l4, RO);
    expect_eq(set_pte(s.l4, 300, self), 0);
    expect_eq(shown(0, true, 300), self_of(0, true, self));
    expect_eq(new_user_baseptr(s.l4), 0);
    expect_eq(shown(0, false, 300), self_of(0, false, self));
    expect_eq(shadow_audit(d), 0);

    other = another_root(4, 2);
    *slot_of(other, 300) = pte_make(other, RO);
    expect_eq(new_baseptr(other), 0); /* which validates it */
    expect_eq(shown(0, true, 300), self_of(0, true, pte_make(other, RO)));
    expect_eq(shadow_audit(d), 0);
    expect_eq(set_pte(other, 301, pte_make(s.l4, RO)), -EINVAL);
    expect_eq(shown(0, true, 301), 0);

    expect_eq(set_pte(other, 300, 0), 0);
    expect_eq(shown(0, true, 300), 0);
    expect_eq(new_baseptr(s.l4), 0);
    expect_eq(set_pte(s.l4, 300, 0), 0);
    finish();
}

TEST(a_root_that_is_loaded_is_shown)
{
    setup();
    expect(shows(0, true, s.l4));
    expect(shows_nothing(0, false));
    expect(shows_nothing(1, true));
    expect_eq(d->vcpus[0]->cpu.cr3_kernel, mfn_to_maddr(s.l4).n); /* C runs on the root itself */
    expect_eq(new_user_baseptr(s.l4), 0);
    expect(shows(0, false, s.l4));
    expect_eq(new_user_baseptr(to_mfn(0)), 0);
    expect(shows_nothing(0, false));
    finish();
}

/* What the one root had and the other has not is gone, also in parts of it that are empty. */
TEST(nothing_is_left_of_the_root_before)
{
    mfn_t low, high;

    setup();
    low = another_root(0, 16);
    high = another_root(400, 1);
    for ( unsigned int i = 0; i < 2; i++ )
    {
        expect_eq(new_baseptr(low), 0);
        expect(shows(0, true, low));
        expect_eq(new_baseptr(high), 0);
        expect(shows(0, true, high));
        expect_eq(new_baseptr(s.l4), 0);
        expect(shows(0, true, s.l4));
    }
    finish();
}

/* Kernel's and user's, of all vcpus that have the root; and nobody else's. */
TEST(a_write_reaches_all_shadows)
{
    mfn_t other;

    setup();
    other = another_root(3, 1);
    require(pin(4, other) == 0);
    require(pagetable_set_root(d->vcpus[1], s.l4, false) == 0);
    require(pagetable_set_root(d->vcpus[1], other, true) == 0);
    require(new_user_baseptr(s.l4) == 0);

    expect_eq(set_pte(s.l4, 300, pte_make(s.l3, RWD)), 0);
    expect(shows(0, true, s.l4) && shows(0, false, s.l4) && shows(1, true, s.l4));
    expect(shows(1, false, other));
    expect_eq(set_pte(other, 3, 0), 0);
    expect(shows(1, false, other) && shows_nothing(1, false));
    expect_eq(set_pte(s.l4, 300, 0), 0);
    expect_eq(shown(0, true, 300) | shown(0, false, 300) | shown(1, true, 300), 0);

    expect_eq(set_pte(s.l4, 301, 0xdead000), 0); /* where a guest keeps what is not there */
    expect_eq(shown(0, true, 301), 0xdead000);
    finish();
}

/* What is written while a root is loaded nowhere is seen when it is, though all there was empty before. */
TEST(a_write_is_remembered)
{
    mfn_t other;

    setup();
    other = another_root(3, 1);
    require(pin(4, other) == 0);
    require(new_baseptr(other) == 0);
    expect_eq(set_pte(s.l4, 500, pte_make(s.l3, RWD)), 0);
    expect_eq(new_baseptr(s.l4), 0);
    expect(shows(0, true, s.l4));

    /* ... and what was written to a shadow is taken from it. */
    expect_eq(set_pte(s.l4, 400, pte_make(s.l3, RWD)), 0);
    expect_eq(new_baseptr(other), 0);
    expect(shows(0, true, other));
    finish();
}

/* Both roots at once, between tables in use, as a guest switches processes: there is no way around the shadows. */
TEST(a_switch_is_seen)
{
    struct mmuext_op ops[] = { { .cmd = MMUEXT_NEW_BASEPTR }, { .cmd = MMUEXT_NEW_USER_BASEPTR } };
    mfn_t other;

    setup();
    other = another_root(3, 1);
    require(pin(4, other) == 0);
    require(new_user_baseptr(s.l4) == 0);
    ops[0].arg1.mfn = ops[1].arg1.mfn = other.n;
    expect_eq(guest_mmuext(ops, ARRAY_SIZE(ops), NULL, DOMID_SELF), 0);
    expect(shows(0, true, other));
    expect(shows(0, false, other));
    finish();
}

/* The frame of another table becomes a root: nothing that the engine noted of the one is taken for the other's. */
TEST(a_frame_is_used_again)
{
    mfn_t root, table;

    setup();
    table = fake_frame(d);
    root = fake_frame(d);
    *slot_of(root, 3) = pte_make(table, RWD);
    require(new_baseptr(root) == 0);
    require(new_baseptr(s.l4) == 0);
    require(fake_count(table) == 0);
    *slot_of(table, 480) = pte_make(s.l3, RWD);
    expect_eq(new_baseptr(table), 0);
    expect(shows(0, true, table));
    finish();
}

TEST(the_hypervisors_slots_stay_its_own)
{
    setup();
    for ( unsigned int i = HV_SLOT_FIRST; i < HV_END; i++ )
        expect_eq(set_pte(s.l4, i, pte_make(s.l3, RWD)), -EINVAL);
    for ( unsigned int i = HV_SLOT_FIRST + 1; i < HV_END; i++ )
        expect_eq(shown(0, true, i), 0);
    expect_eq(shown(0, true, HV_SLOT_FIRST), *slot_of(s.l4, HV_SLOT_FIRST)); /* the M2P */
    finish();
}

/* Under m2p_strict a process doesn't see the M2P, on its shadow no more than on its root. */
TEST(a_strict_m2p_is_the_kernels)
{
    setup();
    d->vm_assist |= 1UL << VMASST_TYPE_m2p_strict;
    require(new_user_baseptr(s.l4) == 0);
    expect_eq(shown(0, false, HV_SLOT_FIRST), 0);
    finish();
}

TEST(the_audit_notices)
{
    setup();
    expect_eq(shadow_audit(d), 0);
    d->vcpus[0]->pv.shown.roots[1][300] = pte_make(s.l3, RWD);
    expect_eq(shadow_audit(d), 1);
    d->vcpus[0]->pv.shown.roots[1][300] = PTE_A; /* the hardware's */
    expect_eq(shadow_audit(d), 0);
    finish();
}

/* Any of it, in any order. */
TEST(at_random)
{
    mfn_t roots[4];

    setup();
    roots[0] = s.l4;
    for ( unsigned int i = 1; i < ARRAY_SIZE(roots); i++ )
    {
        roots[i] = another_root(i * 100, i);
        require(pin(4, roots[i]) == 0);
    }
    for ( unsigned int i = 0; i < 5000; i++ )
    {
        struct vcpu *v = d->vcpus[host_test_random() % 2];
        mfn_t root = roots[host_test_random() % ARRAY_SIZE(roots)];
        unsigned int slot = (unsigned int)host_test_random() % PTES_PER_TABLE;
        bool user = host_test_random() % 2;

        if ( host_test_random() % 4 == 0 )
            expect_eq(pagetable_set_root(
                          v, user && host_test_random() % 4 == 0 ? INVALID_MFN : root, user),
                      0);
        else if ( !map_is_hypervisor_slot(slot) )
            expect_eq(set_pte(root, slot, host_test_random() % 2 ? pte_make(s.l3, RWD) : 0), 0);
        expect_eq(shadow_audit(d), 0);
        if ( mfn_eq(v->pv.root_user, INVALID_MFN) )
            expect(shows_nothing(v->id, false));
    }
    finish();
}
HOST_TEST_MAIN
