/*
 * The page-type engine: the input is a program of two domains with two vcpus each, the second of 32 bits if the first
 * byte is odd. A few frames are tables one moment and data the next, and CPUs walk them, remember, and write where they
 * may. After each step no TLB remembers what it must not; the counts are those that the tables say; and in the end
 * nothing is left. tests/host/test_pagetable_random.c does the same by chance alone.
 *
 * LINK: tests/host/fake/machine*.c tests/host/fake/tables.c hypervisor/mm/frame.c tests/fuzz/fuzz.c
 * LINK: hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 */
#include "tests/fuzz/fuzz.h"
#include "tests/host/fake/tables.h"

#include "cpu/segments.h"

#define POOL  12
#define STEPS 200

static struct domain *domains[2];
static mfn_t pool[2][POOL];
static struct fuzz_choices choices;

static unsigned int pick(unsigned int n)
{
    return fuzz_pick(&choices, n);
}

/* One byte says which frame: mostly our own, at times the other domain's. */
static mfn_t some_frame(unsigned int who)
{
    unsigned int n = pick(256);

    return pool[n >= 240 ? !who : who][n % POOL];
}

static unsigned int some_index(void)
{
    static const unsigned int indices[] = { 0, 1, 2, 3, 255, 256, 272, 511 };

    return indices[pick(ARRAY_SIZE(indices))];
}

/* One byte says what kind of entry, another one is changed in it. */
static u64 some_pte(unsigned int who)
{
    static const u64 flags[] = { RWD, RO, PTE_P, 0, PTE_P | PTE_RW, RWD | PTE_PS, RWD | PTE_NX };
    unsigned int kind = pick(256);
    u64 pte = pte_make(some_frame(who), flags[kind % ARRAY_SIZE(flags)]);

    if ( kind >= 224 )
        pte ^= 1UL << pick(64);
    return kind == 223 ? pte_make(to_mfn(FAKE_IO_FIRST + pick(20)), RWD) : pte;
}

static u64 some_va(unsigned int who)
{
    u64 va = (u64)some_index() << 39 | (u64)some_index() << 30 | (u64)some_index() << 21 |
             (u64)some_index() << 12;

    if ( domains[who]->pv32 )
        return (u32)va;
    return va & 1UL << 47 ? va | 0xffff000000000000UL : va;
}

static void write_data(unsigned int who)
{
    mfn_t mfn = some_frame(who);

    if ( !fake_count(mfn) && mfn_to_frame(mfn)->owner == domains[who]->id )
        *slot_of(mfn, some_index()) = some_pte(who);
}

static void run_on_cpu(unsigned int who)
{
    const struct vcpu *v = domains[who]->vcpus[pick(2)];
    mfn_t root = pick(2) ? v->pv.root_user : v->pv.root_kernel;
    u64 va = some_va(who), pte;

    if ( mfn_eq(root, INVALID_MFN) || pte_index(va, 4) - HV_SLOT_FIRST < HV_SLOTS ||
         (domains[who]->pv32 && va >= HV32_START) ||
         !fake_tlb_walk(pick(FAKE_CPUS), root, va, &pte) )
        return;
    if ( (pte & PTE_RW) && mfn_valid(pte_mfn(pte)) )
        *slot_of(pte_mfn(pte), some_index()) = some_pte(who);
}

static void update(unsigned int who)
{
    struct mmu_update reqs[4];
    unsigned int n = 1 + pick(4);

    for ( unsigned int i = 0; i < n; i++ )
        reqs[i] = (struct mmu_update){ mfn_to_maddr(some_frame(who)).n + some_index() * 8 + pick(4),
                                       some_pte(who) };
    guest_mmu_update(reqs, n, NULL, pick(8) ? DOMID_SELF : domains[!who]->id);
}

static void table_op(unsigned int who)
{
    struct mmuext_op op = { .cmd = pick(MMUEXT_UNMARK_SUPER + 1) };

    /* INVLPG and kin take addresses, and whom to flush by pointer. */
    op.arg1.mfn = op.cmd == MMUEXT_INVLPG_LOCAL || op.cmd == MMUEXT_INVLPG_MULTI ||
                          op.cmd == MMUEXT_INVLPG_ALL
                      ? some_va(who)
                      : some_frame(who).n;
    if ( op.cmd == MMUEXT_TLB_FLUSH_MULTI || op.cmd == MMUEXT_INVLPG_MULTI )
        return;
    op.arg2.src_mfn = some_frame(who).n;
    guest_mmuext(&op, 1, NULL, pick(8) ? DOMID_SELF : domains[!who]->id);
}

static void va_mapping(unsigned int who)
{
    u64 va = some_va(who), pte = some_pte(who);
    unsigned long flags = pick(3) | UVMF_ALL;

    if ( domains[who]->pv32 )
        compat_update_va_mapping(va, (u32)pte, pte >> 32, flags);
    else
        pagetable_update_va_mapping(va, pte, flags);
}

static void write_by_instruction(unsigned int who)
{
    static u8 code[16] = { 0x48, 0x89, 0x07 };
    struct regs regs = { .cs = SEL_USER_CS64, .rip = (u64)code, .rax = some_pte(who) };

    regs.rdi = some_va(who) + some_index() * 8;
    if ( !domains[who]->pv32 )
        pagetable_emulate_write(current_vcpu(), &regs, regs.rdi);
}

/* Balloon out and in: the frame may outlive this, if something uses it. */
static void exchange(unsigned int who)
{
    unsigned int n = pick(POOL);

    if ( !(fake_state(pool[who][n]) & FRAME_ALLOCATED) )
        return;
    fake_release(pool[who][n]);
    pool[who][n] = fake_frame(domains[who]);
}

static void (*const actions[])(unsigned int) = {
    write_data, update, table_op, run_on_cpu, va_mapping, write_by_instruction, exchange,
};

static void check(void)
{
    expect_eq(fake_tlb_violations(), 0);
}

static void begin(bool pv32)
{
    fake_machine();
    for ( unsigned int i = 0; i < 2; i++ )
    {
        domains[i] = fake_domain((domid_t)i, i == 0, 2);
        if ( i == 1 && pv32 )
            require(pagetable_set_pv32(domains[i]) == 0);
        for ( unsigned int j = 0; j < POOL; j++ )
        {
            pool[i][j] = fake_frame(domains[i]);
            memset(fake_words(pool[i][j]), 0, PAGE_SIZE);
        }
    }
}

static void end(void)
{
    fake_preempt_at = fake_preempt_every = 0;
    domains[1]->life = DOMAIN_DYING; /* frames of it that the first still maps go with the first */
    while ( pagetable_domain_relinquish(domains[1]) == -ERESTART )
        check();
    expect_buried(domains[0]);
    expect_eq(domains[1]->memory.tot_pages, 0);
    expect_eq(fake_frames_in_use(), 0);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    choices = (struct fuzz_choices){ data, data + size };
    begin(pick(2));
    between_slices = check;
    for ( unsigned int step = 0; step < STEPS && choices.at < choices.end; step++ )
    {
        unsigned int what = pick(256), who = what % 2, vcpu = what / 2 % 2;

        fake_run(domains[who]->vcpus[vcpu]);
        fake_preempt_at = fake_preempt_every = what / 4 % 4 == 3;
        actions[what / 16 % ARRAY_SIZE(actions)](who);
        check();
        expect_eq(pagetable_audit_exact(domains[who]), 0);
    }
    end();
}

/* A tree of four levels over a page is written as data, pinned and loaded; then another one shares parts of it. */
void fuzz_seeds(void)
{
    static const uint8_t tree[] = {
        0,
        0x00,
        0,
        0,
        0,
        1,
        0x00,
        1,
        0,
        0,
        2,
        0x00,
        2,
        0,
        0,
        3,
        0x00,
        3,
        0,
        0,
        4,
        0x20,
        MMUEXT_NEW_BASEPTR,
        0,
        0,
        1,
        0x30,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        5,
    };
    static const uint8_t updates[] = {
        0,
        0x00,
        0,
        0,
        0,
        1,
        0x20,
        MMUEXT_PIN_L1_TABLE,
        1,
        0,
        1,
        0x20,
        MMUEXT_PIN_L2_TABLE,
        0,
        0,
        1,
        0x10,
        0,
        1,
        0,
        0,
        0,
        5,
        1,
        0x20,
        MMUEXT_UNPIN_TABLE,
        0,
        0,
        1,
        0x10,
        0,
        0,
        0,
        0,
        3,
        1,
        1,
    };
    uint8_t noise[600];

    fuzz_seed(tree, sizeof(tree));
    fuzz_seed(updates, sizeof(updates));
    for ( unsigned int i = 0; i < 4; i++ )
    {
        for ( size_t n = 0; n < sizeof(noise); n++ )
            noise[n] = (uint8_t)host_test_random();
        fuzz_seed(noise, sizeof(noise));
    }
}

FUZZ_TARGET(20)
