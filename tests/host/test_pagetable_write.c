/*
 * Writes that come not by mmu_update: a kernel's stores to its read-only mapped tables, to
 * read-only I/O memory, and grants.
 *
 * LINK: tests/host/fake/machine*.c tests/host/fake/tables.c hypervisor/mm/frame.c
 * LINK: hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 */
#include "tests/host/fake/tables.h"

#include "cpu/regs.h"
#include "cpu/segments.h"

static struct domain *d;
static struct vcpu *v;
static struct space s;
static struct regs regs;
static u8 code[16];

/* Slot 100 of the L1 maps the L1 itself, read-only. */
#define WINDOW (SPACE_VA + 100 * PAGE_SIZE)

static void setup_for(domid_t id, bool privileged)
{
    fake_machine();
    d = fake_domain(id, privileged, 1);
    v = d->vcpus[0];
    d->vm_assist = 1UL << VMASST_TYPE_writable_pagetables;
    space_build(&s, d, 8);
    require(new_baseptr(s.l4) == 0);
    require(set_pte(s.l1, 100, pte_make(s.l1, RO)) == 0);
    regs = (struct regs){ .cs = SEL_USER_CS64, .rflags = 2, .rip = (u64)code };
}

static void setup(void)
{
    setup_for(1, false);
}

static void finish(void)
{
    expect_sane(d);
    expect_buried(d);
}

#define write_by(va, ...)                                                                          \
    ({                                                                                             \
        memcpy(code, (u8[16]){ __VA_ARGS__ }, 16);                                                 \
        regs.rip = (u64)code;                                                                      \
        fake_emulate_write(v, &regs, (va));                                                        \
    })

#define ENTRY(n) (WINDOW + (n)*8)

TEST(mov_of_an_entry)
{
    setup();
    regs.rdi = ENTRY(20);
    regs.rax = pte_make(s.page[1], RWD);
    expect(write_by(ENTRY(20), 0x48, 0x89, 0x07));
    expect_eq(*slot_of(s.l1, 20), pte_make(s.page[1], RWD | PTE_G));
    expect_eq(fake_count(s.page[1]), 2);
    expect_eq(regs.rip, (u64)code + 3);

    regs.rax = 0;
    expect(write_by(ENTRY(20), 0x48, 0x89, 0x07));
    expect_eq(*slot_of(s.l1, 20), 0);
    expect_eq(fake_count(s.page[1]), 1);
    finish();
}

/* What the short decoder leaves to the other: its registers would lead to the entry, but the instruction doesn't. */
TEST(stores_with_other_addresses)
{
    setup();
    regs.rbp = regs.rsp = ENTRY(20);
    expect(!write_by(ENTRY(20), 0x48, 0x89, 0x05));       /* relative to rip */
    expect(!write_by(ENTRY(20), 0x48, 0x89, 0x04, 0x20)); /* a SIB byte: rax */
    regs.rbp = 0;
    expect(!write_by(ENTRY(25), 0x48, 0x89, 0x44, 0x28)); /* ... with 8 bits: rax + rbp */
    expect(!write_by(ENTRY(25), 0x48, 0x89, 0x84, 0x28)); /* ... 32 bits */
    expect(write_by(ENTRY(20), 0x48, 0x89, 0x04, 0x24));  /* ... rsp */
    expect_eq(regs.rip, (u64)code + 4);
    finish();
}

/* One that the L1 terminal fault could follow (XSA-273). */
TEST(an_entry_that_is_not_present)
{
    setup();
    d->pv.bars_l1tf = true;
    regs.rdi = ENTRY(20);
    regs.rax = pte_make(s.page[1], PTE_RW);
    expect(!write_by(ENTRY(20), 0x48, 0x89, 0x07));
    expect_eq(*slot_of(s.l1, 20), 0);
    regs.rax ^= PTE_FRAME;
    expect(write_by(ENTRY(20), 0x48, 0x89, 0x07));
    expect_eq(*slot_of(s.l1, 20), regs.rax);
    finish();
}

TEST(what_is_refused_is_the_guests_fault)
{
    struct domain *other;
    mfn_t theirs;

    setup();
    other = fake_domain(2, false, 1);
    theirs = fake_frame(other);
    regs.rdi = ENTRY(0);
    regs.rax = pte_make(s.l1, RWD);
    expect(!write_by(ENTRY(0), 0x48, 0x89, 0x07));
    expect_eq(regs.rip, (u64)code);
    regs.rax = pte_make(theirs, RO);
    expect(!write_by(ENTRY(0), 0x48, 0x89, 0x07));
    expect_eq(pte_mfn(*slot_of(s.l1, 0)).n, s.page[0].n);

    /* Not aligned: it would write to two entries. */
    regs.rdi = ENTRY(0) + 4;
    regs.rax = 0;
    expect(!write_by(ENTRY(0) + 4, 0x48, 0x89, 0x07));
    /* An instruction that stores nothing there, or something else. */
    regs.rdi = ENTRY(1);
    expect(!write_by(ENTRY(0), 0x48, 0x89, 0x07));
    expect(!write_by(ENTRY(1), 0x0f, 0x0b));
    /* A page that is no L1. */
    expect_eq(set_pte(s.l1, 101, pte_make(s.l2, RO)), 0);
    regs.rdi = SPACE_VA + 101 * PAGE_SIZE;
    regs.rax = 2;
    expect(!write_by(regs.rdi, 0x48, 0x89, 0x07));
    expect_eq(set_pte(s.l1, 101, pte_make(s.page[2], RO)), 0);
    expect(!write_by(regs.rdi, 0x48, 0x89, 0x07));
    /* Nothing there at all; an address that is nobody's. */
    regs.rdi = SPACE_VA + (1UL << 30);
    expect(!write_by(regs.rdi, 0x48, 0x89, 0x07));
    regs.rdi = 0x800000000000;
    expect(!write_by(regs.rdi, 0x48, 0x89, 0x07));
    finish();
}

/* Linux's ptep_get_and_clear is an xchg: A and D that the hardware set must come out. */
TEST(xchg_gives_back_what_was_there)
{
    u64 was;

    setup();
    was = *slot_of(s.l1, 3) |= PTE_A | PTE_D;
    regs.rdi = ENTRY(3);
    regs.rax = 0;
    expect(write_by(ENTRY(3), 0x48, 0x87, 0x07));
    expect_eq(regs.rax, was);
    expect_eq(*slot_of(s.l1, 3), 0);
    expect_eq(fake_refs(s.page[3]), 1);
    finish();
}

TEST(cmpxchg)
{
    u64 was;

    setup();
    was = *slot_of(s.l1, 3);
    regs.rdi = ENTRY(3);
    regs.rax = was;
    regs.rcx = pte_make(s.page[4], RO);
    expect(write_by(ENTRY(3), 0xf0, 0x48, 0x0f, 0xb1, 0x0f));
    expect_eq(pte_mfn(*slot_of(s.l1, 3)).n, s.page[4].n);
    expect(regs.rflags & 0x40);

    /* Lost: the current value is reported, nothing is written. */
    was = *slot_of(s.l1, 3);
    regs.rax = 12345;
    expect(write_by(ENTRY(3), 0xf0, 0x48, 0x0f, 0xb1, 0x0f));
    expect_eq(regs.rax, was);
    expect(!(regs.rflags & 0x40));
    expect_eq(*slot_of(s.l1, 3), was);
    finish();
}

TEST(and_or_btr)
{
    setup();
    expect_eq(set_pte(s.l1, 5, pte_make(s.page[5], RWD)), 0);
    regs.rdi = ENTRY(5);
    /* lock btrl $1,(%rdi): write-protect. */
    expect(write_by(ENTRY(5), 0xf0, 0x0f, 0xba, 0x37, 0x01));
    expect_eq(*slot_of(s.l1, 5) & PTE_RW, 0);
    expect_eq(fake_count(s.page[5]), 0);
    /* orb $2,(%rdi) */
    expect(write_by(ENTRY(5), 0x80, 0x0f, 0x02));
    expect_eq(fake_count(s.page[5]), 1);
    /* lock andq $~PTE_A,(%rdi) */
    expect(write_by(ENTRY(5), 0xf0, 0x48, 0x83, 0x27, 0xdf));
    expect_eq(*slot_of(s.l1, 5) & PTE_A, 0);
    expect_eq(fake_count(s.page[5]), 1);
    finish();
}

TEST(parts_of_an_entry)
{
    setup();
    regs.rdi = ENTRY(20);
    regs.rax = 0x11223344;
    expect_eq(set_pte(s.l1, 20, 0), 0);
    /* movl %eax,4(%rdi): the upper half of an entry that is not present. */
    expect(write_by(ENTRY(20) + 4, 0x89, 0x47, 0x04));
    expect_eq(*slot_of(s.l1, 20), 0x1122334400000000UL);
    /* movw %ax,2(%rdi) */
    expect(write_by(ENTRY(20) + 2, 0x66, 0x89, 0x47, 0x02));
    expect_eq(*slot_of(s.l1, 20), 0x1122334433440000UL);
    /* movb $0,(%rdi) on a present one: gone. */
    regs.rdi = ENTRY(2);
    expect(write_by(ENTRY(2), 0xc6, 0x07, 0x00));
    expect_eq(*slot_of(s.l1, 2) & PTE_P, 0);
    expect_eq(fake_refs(s.page[2]), 1);
    finish();
}

/* Only the assist lets a kernel change what its L1 tables hold. */
TEST(without_the_assist)
{
    setup();
    d->vm_assist = 0;
    regs.rdi = ENTRY(0);
    regs.rax = 0;
    expect(!write_by(ENTRY(0), 0x48, 0x89, 0x07));
    expect_eq(pte_mfn(*slot_of(s.l1, 0)).n, s.page[0].n);
    finish();
}

/* A store to a higher table is over when it would change nothing; it is a fault when it would. */
TEST(idle_stores_to_higher_tables)
{
    const unsigned int index = pte_index(SPACE_VA, 2);
    u64 *l2, *l4, was;

    setup();
    l2 = slot_of(s.l2, index);
    l4 = slot_of(s.l4, 256);
    d->vm_assist = 0;
    expect_eq(set_pte(s.l1, 101, pte_make(s.l2, RO)), 0);
    expect_eq(set_pte(s.l1, 102, pte_make(s.l4, RO)), 0);
    was = *l2;
    regs.rdi = SPACE_VA + 101 * PAGE_SIZE + index * 8;
    regs.rax = was ^ PTE_A;
    expect(write_by(regs.rdi, 0x48, 0x89, 0x07));
    expect_eq(regs.rip, (u64)code + 3);
    expect_eq(*l2, was);
    /* movl %eax,4(%rdi), as a 32-bit kernel does */
    regs.rax = was >> 32;
    expect(write_by(regs.rdi + 4, 0x89, 0x47, 0x04));
    regs.rax ^= 1;
    expect(!write_by(regs.rdi + 4, 0x89, 0x47, 0x04));
    expect_eq(regs.rip, (u64)code);
    /* Other memory, RW, an entry that there was none of; the hypervisor's slots. */
    regs.rax = pte_make(s.page[0], RWD);
    expect(!write_by(regs.rdi, 0x48, 0x89, 0x07));
    regs.rax = was ^ PTE_RW;
    expect(!write_by(regs.rdi, 0x48, 0x89, 0x07));
    regs.rdi += 8;
    regs.rax = was;
    expect(!write_by(regs.rdi, 0x48, 0x89, 0x07));
    regs.rdi = SPACE_VA + 102 * PAGE_SIZE + 256 * 8;
    regs.rax = *l4 ^ PTE_US;
    expect(!write_by(regs.rdi, 0x48, 0x89, 0x07));
    expect_eq(*l2, was);
    expect_eq(l2[1], 0);
    finish();
}

/* ---- I/O memory */

TEST(read_only_io_memory)
{
    setup_for(0, true);
    expect_eq(set_pte(s.l1, 30, pte_make(to_mfn(FAKE_IO_LAST), RWD)), 0);
    regs.rdi = SPACE_VA + 30 * PAGE_SIZE + 0x10;
    regs.rax = 0xcafe;
    memcpy(code, (u8[16]){ 0x89, 0x07 }, 16);
    expect(!fake_emulate_write(v, &regs, regs.rdi));
    expect(pagetable_emulate_mmio_write(v, &regs, regs.rdi));
    expect_eq(regs.rip, (u64)code + 2);
    expect_eq(fake_config_writes, 1);
    expect_eq(fake_config_write.maddr, FAKE_IO_LAST << PAGE_SHIFT | 0x10);
    expect_eq(fake_config_write.bytes, 4);
    expect_eq(fake_config_write.value, 0xcafe);

    /* Elsewhere a write is a fault. */
    regs.rip = (u64)code;
    regs.rdi = WINDOW;
    expect(!pagetable_emulate_mmio_write(v, &regs, regs.rdi));
    expect_eq(set_pte(s.l1, 31, pte_make(to_mfn(FAKE_IO_FIRST), RO)), 0);
    regs.rdi = SPACE_VA + 31 * PAGE_SIZE;
    expect(!pagetable_emulate_mmio_write(v, &regs, regs.rdi));
    finish();
}

/* ---- grants */

/* As grant/ does: references of its own, and before it maps the frame those of the entry. */
static void hold(mfn_t mfn, enum frame_type type)
{
    domid_t owner = mfn_to_frame(mfn)->owner;

    if ( type == FRAME_WRITABLE )
        expect_eq(frame_get_and_type(mfn_to_frame(mfn), owner, type), 0);
    else
        expect(frame_get(mfn_to_frame(mfn), owner));
}

static mfn_t granted(struct domain *granter, enum frame_type type)
{
    mfn_t mfn = fake_frame(granter);

    hold(mfn, type);
    return mfn;
}

TEST(grants_by_address_and_by_entry)
{
    struct domain *granter;
    mfn_t rw, ro;
    maddr_t pte;

    setup();
    granter = fake_domain(2, false, 1);
    rw = granted(granter, FRAME_WRITABLE);
    ro = granted(granter, FRAME_NONE);
    pte = to_maddr(mfn_to_maddr(s.l1).n + 60 * 8);

    hold(rw, FRAME_WRITABLE);
    expect_eq(pagetable_grant_map_va(v, SPACE_VA + 50 * PAGE_SIZE, pte_make(rw, PTE_P | PTE_RW)),
              0);
    expect_eq(fake_count(rw), 2);
    hold(ro, FRAME_NONE);
    expect_eq(pagetable_grant_map_pte(v, pte, pte_make(ro, PTE_P | PTE_US)), 0);
    expect_eq(fake_refs(ro), 3);
    expect_eq(*slot_of(s.l1, 60), pte_make(ro, PTE_P | PTE_US | PTE_G));
    expect_eq(pagetable_audit_exact(d), 0);

    /* Misaligned, not a table, somebody else's, nowhere. */
    expect_eq(pagetable_grant_map_pte(v, to_maddr(pte.n + 4), pte_make(ro, RO)), -EINVAL);
    expect_eq(pagetable_grant_map_pte(v, mfn_to_maddr(s.page[0]), pte_make(ro, RO)), -EINVAL);
    expect_eq(pagetable_grant_map_pte(v, mfn_to_maddr(s.l2), pte_make(ro, RO)), -EINVAL);
    expect_eq(pagetable_grant_map_pte(v, to_maddr(FAKE_FRAMES << PAGE_SHIFT), pte_make(ro, RO)),
              -EINVAL);
    expect_eq(pagetable_grant_map_va(v, SPACE_VA + (1UL << 39), pte_make(ro, RO)), -EINVAL);
    /* No more rights than the frame can give. */
    expect_eq(frame_get_and_type(mfn_to_frame(ro), 2, FRAME_SEGDESC), 0);
    expect_eq(frame_get_and_type(mfn_to_frame(ro), 2, FRAME_WRITABLE), -EINVAL);
    frame_put_and_type(mfn_to_frame(ro));

    /* Unmapped only as what they are (XSA-234). */
    expect_eq(pagetable_grant_unmap_va(v, SPACE_VA + 50 * PAGE_SIZE, rw, true), -EINVAL);
    expect_eq(pagetable_grant_unmap_va(v, SPACE_VA + 50 * PAGE_SIZE, ro, false), -EINVAL);
    expect_eq(pagetable_grant_unmap_va(v, SPACE_VA + 50 * PAGE_SIZE, rw, false), 0);
    expect_eq(pagetable_grant_unmap_va(v, SPACE_VA + 50 * PAGE_SIZE, rw, false), -EINVAL);
    expect_eq(pagetable_grant_unmap_pte(v, pte, ro, false), -EINVAL);
    expect_eq(pagetable_grant_unmap_pte(v, pte, ro, true), 0);
    /* ... and the entries' references are the caller's. */
    frame_put_and_type(mfn_to_frame(rw));
    frame_put(mfn_to_frame(ro));
    expect_eq(fake_count(rw), 1);
    expect_eq(fake_refs(ro), 2);
    finish();
}

/*
 * The guest may write over a grant mapping, unpin its tables, or die: the entry's references go
 * once, the grant's stay.
 */
TEST(overwritten_grant_mappings)
{
    struct domain *granter;
    mfn_t rw;

    setup();
    granter = fake_domain(2, false, 1);
    rw = granted(granter, FRAME_WRITABLE);
    hold(rw, FRAME_WRITABLE);
    expect_eq(pagetable_grant_map_va(v, SPACE_VA + 50 * PAGE_SIZE, pte_make(rw, RWD)), 0);
    expect_eq(set_pte(s.l1, 50, pte_make(s.page[0], RWD)), 0);
    expect_eq(fake_count(rw), 1);
    expect_eq(pagetable_grant_unmap_va(v, SPACE_VA + 50 * PAGE_SIZE, rw, false), -EINVAL);
    hold(rw, FRAME_WRITABLE);
    expect_eq(pagetable_grant_map_va(v, SPACE_VA + 50 * PAGE_SIZE, pte_make(rw, RWD)), 0);
    expect_eq(fake_count(s.page[0]), 1);
    /* The domain's own way to the frame is none: it knows the name, but not the owner. */
    expect_eq(set_pte(s.l1, 51, pte_make(rw, RWD)), -EBUSY);
    finish();
    expect_eq(fake_count(rw), 1);
    expect_eq(fake_refs(rw), 2);
}

HOST_TEST_MAIN
