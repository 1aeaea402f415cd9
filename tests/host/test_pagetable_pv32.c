/*
 * The page-type engine's rules for 32-bit PAE guests: what differs from 64-bit ones.
 *
 * LINK: tests/host/fake/machine*.c tests/host/fake/tables.c hypervisor/mm/frame.c
 * LINK: hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 */
#include "tests/host/fake/tables.h"

#include "cpu/regs.h"
#include "cpu/segments.h"

static struct domain *d;
static struct space s;

static void setup(void)
{
    fake_machine();
    d = fake_domain(1, false, 2);
    d->vm_assist = 1UL << VMASST_TYPE_writable_pagetables;
    require(pagetable_set_pv32(d) == 0);
    space_build_pv32(&s, d, 4);
}

static void setup_running(void)
{
    setup();
    require(pin(3, s.l3) == 0);
    require(new_baseptr(s.l3) == 0);
}

static void finish(void)
{
    expect_sane(d);
    expect_buried(d);
    expect_eq(fake_frames_in_use(), 0);
}

static mfn_t empty(void)
{
    mfn_t mfn = fake_frame(d);

    memset(fake_words(mfn), 0, PAGE_SIZE);
    return mfn;
}

/* ---- roots */

/* An L3 has four entries: what lies behind them may name memory where the processor has the L1 terminal fault. */
TEST(behind_an_l3)
{
    setup();
    d->pv.bars_l1tf = true;
    *slot_of(s.l3, 4) = *slot_of(s.l3, 9) = pte_make(s.page[0], PTE_RW);
    expect_eq(pin(3, s.l3), 0);
    unpin(s.l3);
    *slot_of(s.l3, 2) = pte_make(s.page[0], PTE_RW);
    expect_eq(pin(3, s.l3), -EINVAL);
    finish();
}

/* What PAE lets nobody write into an L3 is what the processor needs there: it is ours while in use. */
TEST(a_pin_makes_an_l3_the_processors_and_unpin_gives_it_back)
{
    setup();
    *slot_of(s.l3, 1) = 0x1234560; /* not present: the guest's own */
    expect_eq(pin(3, s.l3), 0);
    expect_eq(fake_type(s.l3), FRAME_L3);
    expect_eq(fake_type(s.l2), FRAME_L2);
    expect_eq(fake_type(s.top), FRAME_L2_TOP);
    expect_eq(fake_type(s.l1), FRAME_L1);
    expect_eq(fake_type(s.page[0]), FRAME_WRITABLE);
    expect_eq(*slot_of(s.l3, 0), pte_make(s.l2, PTE_P | PTE_RW | PTE_US));
    expect_eq(*slot_of(s.l3, 3), pte_make(s.top, PTE_P | PTE_RW | PTE_US));
    expect_eq(*slot_of(s.l3, 1), 0x1234560);
    expect_sane(d);

    *slot_of(s.l3, 0) |= PTE_A; /* by the processor */
    expect_eq(unpin(s.l3), 0);
    expect_eq(*slot_of(s.l3, 0), pte_make(s.l2, PTE_P));
    expect_eq(*slot_of(s.l3, 3), pte_make(s.top, PTE_P));
    expect_eq(fake_count(s.top), 0);
    expect_eq(pin(3, s.l3), 0);
    finish();
}

/* The processor can walk all 512 entries of an L3, so that there must be nothing in them. */
TEST(what_lies_behind_the_four_entries_is_cleared)
{
    setup();
    for ( unsigned int i = 4; i < PTES_PER_TABLE; i++ )
        *slot_of(s.l3, i) = pte_make(to_mfn(1), RWD);
    expect_eq(pin(3, s.l3), 0);
    for ( unsigned int i = 4; i < PTES_PER_TABLE; i++ )
        expect_eq(*slot_of(s.l3, i), 0);
    expect_eq(set_pte(s.l3, 4, pte_make(s.l2, PTE_P)), -EINVAL);
    expect_eq(set_pte(s.l3, 511, 0), -EINVAL);
    finish();
}

TEST(pinning_an_l4_does_nothing_and_succeeds)
{
    setup();
    expect_eq(pin(4, s.l3), 0);
    expect_eq(fake_count(s.l3), 0);
    expect_eq(pin(4, to_mfn(FAKE_FRAMES + 7)), 0);
    expect_eq(pin(3, s.l3), 0);
    finish();
}

TEST(only_an_l3_is_a_root)
{
    setup_running();
    expect_eq(new_baseptr(s.l2), -EINVAL);
    expect_eq(new_baseptr(s.top), -EINVAL);
    expect_eq(new_baseptr(to_mfn(FAKE_FRAMES)), -EINVAL);
    expect_eq(new_user_baseptr(s.l3), -EINVAL);
    expect_eq(new_user_baseptr(to_mfn(0)), -EINVAL);
    finish();
}

/* CR3 holds the vcpu's monitor all the time; its first entry leads to the root. */
TEST(the_monitor_follows_the_root)
{
    struct vcpu *v;
    struct space other;

    setup();
    v = d->vcpus[0];
    require(v->pv.monitor && d->vcpus[1]->pv.monitor);
    expect(v->pv.monitor[HV_SLOT_FIRST] & PTE_P);
    expect_eq(v->pv.monitor[0], 0);

    expect_eq(new_baseptr(s.l3), 0);
    expect_eq(v->pv.root_kernel.n, s.l3.n);
    expect_eq(v->pv.monitor[0] & ~(PTE_A | PTE_D), pte_make(s.l3, PTE_P | PTE_RW | PTE_US));
    expect_eq(v->cpu.cr3_kernel, mfn_to_maddr(virt_to_mfn(v->pv.monitor)).n);
    expect_eq(v->cpu.cr3_user, v->cpu.cr3_kernel);
    expect_eq(this_cpu()->cr3, v->cpu.cr3_kernel);

    space_build_pv32(&other, d, 1);
    expect_eq(new_baseptr(other.l3), 0);
    expect_eq(pte_mfn(v->pv.monitor[0]).n, other.l3.n);
    expect_eq(fake_count(s.l3), 0);
    for ( unsigned int i = 1; i < HV_SLOT_FIRST; i++ )
        expect_eq(v->pv.monitor[i], 0);

    /* To the same one again is a flush. */
    fake_tlb_flushes = 0;
    expect_eq(new_baseptr(other.l3), 0);
    expect_eq(fake_tlb_flushes, 1);
    expect_eq(this_cpu()->cr3, v->cpu.cr3_kernel);

    pagetable_drop_roots(v);
    expect_eq(v->pv.monitor[0], 0);
    expect_eq(v->cpu.cr3_kernel, 0);
    expect_eq(this_cpu()->cr3, map_idle_root.n);
    finish();
}

TEST(cr3_holds_a_frame_number_of_32_bits)
{
    setup();
    expect_eq(pagetable_root_of(d->vcpus[0], 0x12345000).n, 0x12345);
    expect_eq(pagetable_root_of(d->vcpus[0], 0x12345abc).n, 0xabc12345);
    expect_eq(pagetable_cr3_of(d->vcpus[0], to_mfn(0x12345)), 0x12345000);
    expect_eq(pagetable_cr3_of(d->vcpus[0], to_mfn(0xabc12345)), 0x12345abc);
    d->pv32 = false;
    expect_eq(pagetable_root_of(d->vcpus[0], 0x123456789a000).n, 0x123456789a);
    expect_eq(pagetable_cr3_of(d->vcpus[0], to_mfn(0x123456789a)), 0x123456789a000);
}

/* ---- the domain */

TEST(a_width_is_chosen_once_and_early)
{
    mfn_t frame;

    fake_machine();
    d = fake_domain(1, false, 1);
    frame = fake_frame(d);
    expect_eq(pagetable_set_pv32(d), -EACCES);
    expect(!d->pv32);
    fake_release(frame);
    expect_eq(pagetable_set_pv32(d), 0);
    expect(d->pv32 && d->vcpus[0]->pv.monitor);
    expect_eq(d->memory.max_bits, 0);
    fake_frame(d);
    expect_eq(pagetable_set_pv32(d), 0);
}

/* Of what lies higher the M2P in their hole can't tell. */
TEST(frames_of_32_bit_guests_lie_below_128_gib)
{
    fake_machine();
    fake_address_bits = 40;
    d = fake_domain(1, false, 1);
    expect_eq(pagetable_set_pv32(d), 0);
    expect_eq(d->memory.max_bits, 37);
}

/* ---- entries of an L3 */

TEST(the_last_gib_must_be_there)
{
    setup();
    *slot_of(s.l3, 3) = 0;
    expect_eq(pin(3, s.l3), -EINVAL);
    expect_eq(new_baseptr(s.l3), -EINVAL);
    expect_eq(fake_count(s.l2), 0);
    *slot_of(s.l3, 3) = pte_make(s.top, PTE_P);
    expect_eq(pin(3, s.l3), 0);
    finish();
}

TEST(the_last_gib_stays_what_it_is)
{
    mfn_t other;

    setup_running();
    other = empty();
    expect_eq(set_pte(s.l3, 3, pte_make(other, PTE_P)), -EINVAL);
    expect_eq(set_pte(s.l3, 3, 0), -EINVAL);
    expect_eq(set_pte(s.l3, 3, *slot_of(s.l3, 3)), -EINVAL);
    expect_eq(set_pte(s.l3, 2, pte_make(other, PTE_P)), 0);
    expect_eq(*slot_of(s.l3, 2), pte_make(other, PTE_P | PTE_RW | PTE_US));
    expect_eq(set_pte(s.l3, 2, pte_make(other, PTE_P)), 0); /* the same */
    expect_eq(fake_count(other), 1);
    expect_eq(set_pte(s.l3, 2, 0), 0);
    expect_eq(fake_count(other), 0);
    finish();
}

TEST(flags_that_pae_has_not_in_an_l3)
{
    static const u64 refused[] = { PTE_PWT, PTE_PCD, PTE_PS, PTE_G, PTE_NX, 1UL << 52, 1UL << 62 };

    setup();
    for ( unsigned int i = 0; i < ARRAY_SIZE(refused); i++ )
    {
        *slot_of(s.l3, 0) = pte_make(s.l2, PTE_P | refused[i]);
        expect_eq(pin(3, s.l3), -EINVAL);
    }
    *slot_of(s.l3, 0) = pte_make(s.l2, PTE_P | 0xe00);
    expect_eq(pin(3, s.l3), 0);
    for ( unsigned int i = 0; i < ARRAY_SIZE(refused); i++ )
        expect_eq(set_pte(s.l3, 0, pte_make(s.l2, PTE_P | refused[i])), -EINVAL);
    finish();
}

/*
 * An L3 entry that names an L3 makes an L2 of it, in which we set RW: the guest could write to its
 * tables (XSA-185).
 */
TEST(no_l3_names_an_l3)
{
    struct space other;

    setup();
    *slot_of(s.l3, 1) = pte_make(s.l3, PTE_P);
    expect_eq(pin(3, s.l3), -EINVAL);
    *slot_of(s.l3, 1) = 0;
    expect_eq(pin(3, s.l3), 0);
    expect_eq(set_pte(s.l3, 1, pte_make(s.l3, PTE_P)), -EINVAL);
    expect_eq(set_pte(s.l3, 1, pte_make(s.l3, PTE_P | PTE_US)), -EINVAL);

    space_build_pv32(&other, d, 1);
    *slot_of(other.l3, 2) = pte_make(s.l3, PTE_P);
    expect_eq(pin(3, other.l3), -EINVAL);
    *slot_of(other.l3, 2) = 0;
    expect_eq(pin(3, other.l3), 0);
    expect_eq(set_pte(s.l3, 1, pte_make(other.l3, PTE_P)), -EINVAL);
    finish();
}

/* ---- the L2 of the last GiB */

TEST(the_hypervisors_slots_are_no_business_of_the_guests)
{
    mfn_t l1;

    setup();
    l1 = empty();
    for ( unsigned int i = HV32_SLOT_FIRST; i < PTES_PER_TABLE; i++ )
        *slot_of(s.top, i) = pte_make(s.l1, RWD); /* is overwritten, and never counted */
    *slot_of(s.top, HV32_SLOT_FIRST - 1) = pte_make(l1, RWD);
    expect_eq(pin(3, s.l3), 0);
    expect_eq(fake_count(s.l1), 1);
    expect_eq(fake_count(l1), 1);
    for ( unsigned int i = HV32_SLOT_FIRST; i < PTES_PER_TABLE; i++ )
        expect(pte_mfn(*slot_of(s.top, i)).n != s.l1.n);

    expect_eq(set_pte(s.top, HV32_SLOT_FIRST, pte_make(l1, RWD)), -EINVAL);
    expect_eq(set_pte(s.top, 511, 0), -EINVAL);
    expect_eq(set_pte(s.top, HV32_SLOT_FIRST - 1, 0), 0);
    expect_eq(fake_count(l1), 0);
    expect_sane(d);
    expect_eq(unpin(s.l3), 0);
    expect_eq(fake_count(s.l1), 0);
    finish();
}

/* Elsewhere the same slots would be the guest's to write. */
TEST(it_is_no_other_gibs_l2)
{
    mfn_t l3;

    setup_running();
    expect_eq(set_pte(s.l3, 1, pte_make(s.top, PTE_P)), -EINVAL);
    expect_eq(pin(2, s.top), -EINVAL);
    expect_eq(pin(1, s.top), -EINVAL);

    l3 = empty();
    *slot_of(l3, 3) = pte_make(s.l2, PTE_P);
    expect_eq(pin(3, l3), -EINVAL);
    *slot_of(l3, 3) = pte_make(s.top, PTE_P);
    *slot_of(l3, 2) = pte_make(s.top, PTE_P);
    expect_eq(pin(3, l3), -EINVAL);

    /* Two spaces may end alike. */
    *slot_of(l3, 2) = 0;
    expect_eq(pin(3, l3), 0);
    expect_eq(fake_count(s.top), 2);
    finish();
}

TEST(an_l2_pinned_as_such_is_not_the_last_one)
{
    setup();
    expect_eq(pin(2, s.top), 0);
    expect_eq(pin(3, s.l3), -EINVAL);
    expect_eq(unpin(s.top), 0);
    expect_eq(pin(3, s.l3), 0);
    finish();
}

/* Linux and Mach see their tables through four entries of the last L2. */
TEST(linear_tables)
{
    setup_running();
    expect_eq(set_pte(s.top, 100, pte_make(s.l2, RWD)), -EINVAL);
    expect_eq(set_pte(s.top, 100, pte_make(s.l2, RO)), 0);
    expect_eq(set_pte(s.top, 103, pte_make(s.top, RWD)), -EINVAL);
    expect_eq(set_pte(s.top, 103, pte_make(s.top, RO)), 0);
    expect_eq(set_pte(s.l2, 300, pte_make(s.top, RO)), -EINVAL); /* no chains */
    expect_eq(set_pte(s.l2, 301, pte_make(s.l2, RO)), 0);
    finish();
}

/* ---- entries of L1 and L2: ring 1 is a supervisor, US means what it says */

TEST(entries_stay_as_they_are_written)
{
    setup_running();
    expect_eq(set_pte(s.l1, 20, pte_make(s.page[1], PTE_P | PTE_RW)), 0);
    expect_eq(*slot_of(s.l1, 20), pte_make(s.page[1], PTE_P | PTE_RW));
    expect_eq(set_pte(s.l1, 20, pte_make(s.page[1], PTE_P | PTE_US | PTE_G | PTE_AVL)), 0);
    expect_eq(*slot_of(s.l1, 20), pte_make(s.page[1], PTE_P | PTE_US | PTE_G | PTE_AVL));
    expect_eq(set_pte(s.l2, 9, pte_make(s.l1, PTE_P | PTE_RW)), 0);
    expect_eq(*slot_of(s.l2, 9), pte_make(s.l1, PTE_P | PTE_RW));
    expect_eq(set_pte(s.l2, 9, pte_make(s.l1, PTE_P)), 0);
    expect_eq(*slot_of(s.l2, 9), pte_make(s.l1, PTE_P));
    expect_eq(set_pte(s.l2, 9, pte_make(s.l1, PTE_P | PTE_PS)), -EINVAL);
    expect_eq(set_pte(s.l1, 21, pte_make(s.page[1], PTE_P | PTE_PCD)), -EINVAL);
    expect_eq(set_pte(s.l1, 21, pte_make(s.l1, PTE_P | PTE_RW)), -EBUSY);
    finish();
}

TEST(validation_changes_no_entry_of_an_l1)
{
    setup();
    *slot_of(s.l1, 9) = pte_make(s.page[0], PTE_P | PTE_RW);
    *slot_of(s.l1, 10) = pte_make(s.page[0], PTE_P | PTE_US);
    expect_eq(pin(1, s.l1), 0);
    expect_eq(*slot_of(s.l1, 9), pte_make(s.page[0], PTE_P | PTE_RW));
    expect_eq(*slot_of(s.l1, 10), pte_make(s.page[0], PTE_P | PTE_US));
    finish();
}

/* The rules are those of the tables' owner, whoever writes them. */
TEST(a_64_bit_domain_updates_a_32_bit_ones_tables)
{
    struct domain *dom0;

    fake_machine();
    dom0 = fake_domain(0, true, 1);
    d = fake_domain(1, false, 1);
    require(pagetable_set_pv32(d) == 0);
    space_build_pv32(&s, d, 4);
    fake_run(dom0->vcpus[0]);
    expect_eq(guest_mmuext(&(struct mmuext_op){ .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = s.l3.n }, 1,
                           NULL, 1),
              0);
    expect_eq(fake_count(s.l3), 0);
    expect_eq(guest_mmuext(&(struct mmuext_op){ .cmd = MMUEXT_PIN_L3_TABLE, .arg1.mfn = s.l3.n }, 1,
                           NULL, 1),
              0);
    expect_eq(set_pte_of(s.l1, 20, pte_make(s.page[1], PTE_P), 2u << 16 | 1, 0), 0);
    expect_eq(*slot_of(s.l1, 20), pte_make(s.page[1], PTE_P));
    expect_eq(
        set_pte_of(s.l1, 21, pte_make(s.page[1], PTE_P), 2u << 16 | 1, MMU_PT_UPDATE_PRESERVE_AD),
        0);
    expect_eq(*slot_of(s.l1, 21), pte_make(s.page[1], PTE_P));
    finish();
}

/* ---- addresses */

static long map_va(u64 va, u64 pte)
{
    return compat_update_va_mapping(va, (u32)pte, pte >> 32, 0);
}

TEST(update_va_mapping_takes_an_entry_in_two_words)
{
    setup_running();
    expect_eq(map_va(s.va + 20 * PAGE_SIZE, pte_make(s.page[2], PTE_P | PTE_NX)), 0);
    expect_eq(*slot_of(s.l1, 20), pte_make(s.page[2], PTE_P | PTE_NX));
    expect_eq(map_va(HV32_START - PAGE_SIZE, 0), -EINVAL); /* no table */
    expect_eq(set_pte(s.top, HV32_SLOT_FIRST - 1, pte_make(s.l1, RWD)), 0);
    expect_eq(map_va(HV32_START - PAGE_SIZE, 0), 0);
    expect_eq(map_va(HV32_START, 0), -EINVAL);
    expect_eq(map_va(0xffffffff, 0), -EINVAL);
    expect_eq(map_va((1UL << 32) + s.va, 0), -EINVAL);
    expect_eq(compat_update_va_mapping_otherdomain(s.va, 0, 0, 0, DOMID_SELF), 0);
    expect_eq(compat_update_va_mapping_otherdomain(s.va, 0, 0, 0, 77), -ESRCH);
    finish();
}

TEST(walks_end_at_the_hole)
{
    mfn_t table;
    u64 pte;

    setup_running();
    expect(pagetable_walk(s.l3, s.va, &pte, &table));
    expect_eq(table.n, s.l1.n);
    expect_eq(pte, *slot_of(s.l1, 0));
    expect(!pagetable_walk(s.l3, HV32_START, &pte, &table));
    expect(!pagetable_walk(s.l3, s.va + (1UL << 32), &pte, &table));
    expect(!pagetable_walk(INVALID_MFN, s.va, &pte, &table));
    finish();
}

/* A bitmap of vcpus has words of 32 bits: what lies behind is not ours to read. */
TEST(bitmaps_of_vcpus_are_read_no_further_than_they_go)
{
    u32 *bitmap = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
    u32 *op = aligned_alloc(PAGE_SIZE, PAGE_SIZE);

    setup_running();
    fake_place(d->vcpus[1], 1);
    bitmap[1023] = 2;
    fake_tlb_flushes = 0;
    expect_eq(compat_update_va_mapping(s.va, 0, 0, (u64)&bitmap[1023] | UVMF_TLB_FLUSH), 0);
    expect_eq(fake_tlb_flushes, 1);
    free(bitmap);

    /* The very last operation of a page, too. */
    op[1021] = MMUEXT_TLB_FLUSH_LOCAL;
    expect_eq(compat_mmuext_op((u64)&op[1021], 1, 0, DOMID_SELF), 0);
    expect_eq(compat_mmuext_op(8, 1, 0, DOMID_SELF), -EFAULT);
    free(op);
    finish();
}

/* ---- writes to tables by instructions */

static struct regs regs;
static u8 code[16];

#define WINDOW   (SPACE_PV32_VA + 100 * PAGE_SIZE)
#define ENTRY(n) (WINDOW + (n)*8)

static void setup_window(void)
{
    setup_running();
    require(set_pte(s.l1, 100, pte_make(s.l1, RO)) == 0);
    regs = (struct regs){ .cs = SEL_USER_CS64, .rflags = 2, .rip = (u64)code };
}

/* mov %eax, (%rdi) */
static bool write32(u64 va, u32 value)
{
    memcpy(code, (u8[]){ 0x89, 0x07 }, 2);
    regs.rip = (u64)code;
    regs.rdi = va;
    regs.rax = value;
    return fake_emulate_write(d->vcpus[0], &regs, va);
}

/* Upper half first, as it should be; the entry is complete with the lower one. */
TEST(an_entry_is_written_in_halves)
{
    setup_window();
    expect(write32(ENTRY(20) + 4, 0));
    expect(write32(ENTRY(20), (u32)pte_make(s.page[1], RWD)));
    expect_eq(*slot_of(s.l1, 20), pte_make(s.page[1], RWD));
    expect_eq(fake_count(s.page[1]), 2);
    expect(write32(ENTRY(20), 0));
    expect_eq(fake_count(s.page[1]), 1);
    finish();
}

/*
 * If a present entry's upper half becomes something that the guest may not have, the lower half is
 * still to come. So it is not present until then, and holds nothing.
 */
TEST(an_upper_half_that_does_not_fit_yet)
{
    setup_window();
    expect(write32(ENTRY(0) + 4, 0x7f));
    expect_eq(*slot_of(s.l1, 0), (pte_make(s.page[0], RWD) | 0x7fUL << 32) & ~PTE_P);
    expect_eq(fake_refs(s.page[0]), 1);
    expect(!write32(ENTRY(0), (u32)pte_make(s.page[1], RWD))); /* with that upper half: refused */
    expect(write32(ENTRY(0) + 4, 0));
    expect(write32(ENTRY(0), (u32)pte_make(s.page[1], RWD)));
    expect_eq(fake_count(s.page[1]), 2);

    /* Not so for a lower half, nor for what modifies an entry in place: or %eax, (%rdi). */
    expect(!write32(ENTRY(1), (u32)pte_make(s.l1, RWD)));
    memcpy(code, (u8[]){ 0x09, 0x07 }, 2);
    regs.rip = (u64)code;
    regs.rdi = ENTRY(1) + 4;
    regs.rax = 0x7f;
    expect(!fake_emulate_write(d->vcpus[0], &regs, regs.rdi));
    expect_eq(*slot_of(s.l1, 1), pte_make(s.page[1], RWD));
    finish();
}

/* ---- grants */

TEST(grants_by_address_and_by_entry)
{
    struct vcpu *v;
    mfn_t frame;
    u64 pte;

    setup_running();
    v = d->vcpus[0];
    frame = fake_frame(d);
    for ( int i = 0; i < 3; i++ ) /* as grant/ does: ours, and those for two entries */
        require(!frame_get_and_type(mfn_to_frame(frame), d->id, FRAME_WRITABLE));
    pte = pte_make(frame, PTE_P | PTE_RW);
    expect_eq(pagetable_grant_map_va(v, s.va + 30 * PAGE_SIZE, pte), 0);
    expect_eq(*slot_of(s.l1, 30), pte);
    expect_eq(pagetable_grant_map_va(v, HV32_START, pte), -EINVAL);
    expect_eq(pagetable_grant_map_pte(v, to_maddr(mfn_to_maddr(s.l1).n + 31 * 8), pte), 0);
    expect_eq(*slot_of(s.l1, 31), pte);
    expect_eq(pagetable_grant_map_pte(v, to_maddr(mfn_to_maddr(s.top).n), pte), -EINVAL);
    expect_eq(pagetable_grant_unmap_va(v, s.va + 30 * PAGE_SIZE, frame, false), 0);
    expect_eq(pagetable_grant_unmap_pte(v, to_maddr(mfn_to_maddr(s.l1).n + 31 * 8), frame, false),
              0);
    expect_eq(fake_count(frame), 3);
    for ( int i = 0; i < 3; i++ )
        frame_put_and_type(mfn_to_frame(frame));
    finish();
}

/* ---- in slices */

static void still_right(void)
{
    expect_eq(pagetable_audit_exact(d), 0);
}

TEST(pins_and_their_end_stop_anywhere)
{
    setup();
    *slot_of(s.l3, 1) = pte_make(s.l2, PTE_P);
    for ( unsigned int i = 0; i < 5; i++ )
        *slot_of(s.top, i * 90) = pte_make(i % 2 ? empty() : s.l1, RWD);
    between_slices = still_right;
    fake_preempt_at = fake_preempt_every = 1;
    slices = 0;
    expect_eq(pin(3, s.l3), 0);
    expect(slices > 4);
    expect_eq(fake_count(s.l2), 2);
    expect_eq(fake_count(s.l1), 4);
    slices = 0;
    expect_eq(unpin(s.l3), 0);
    expect(slices > 2);
    expect_eq(*slot_of(s.l3, 1), pte_make(s.l2, PTE_P));
    expect_eq(pin(3, s.l3), 0);
    finish();
}

/* One whose last entry is refused: all that was taken goes back, and so do the flags that we set. */
TEST(a_refused_l3_is_the_guests_again)
{
    setup();
    *slot_of(s.top, 5) = pte_make(s.l1, RWD | PTE_PS);
    expect_eq(pin(3, s.l3), -EINVAL);
    expect_eq(d->pv.dead_tables, 0);
    expect_eq(*slot_of(s.l3, 0), pte_make(s.l2, PTE_P));
    expect_eq(fake_count(s.l2), 0);
    expect_eq(fake_refs(s.page[0]), 1);
    finish();
}

HOST_TEST_MAIN
