/*
 * Two domains, a few frames each, and whatever guests can do with them, at random and hostile: each
 * frame is sometimes a table, sometimes data, and data are often entries. In half of the stories one
 * of the two is a 32-bit guest. The rules are too many to predict each answer; but after every step
 * the counts must be those that the tables say, no TLB may remember what it must not, and in the end
 * nothing may be left.
 *
 * LINK: tests/host/fake/machine*.c tests/host/fake/tables.c hypervisor/mm/frame.c
 * LINK: hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 * FLAGS: -O2
 */
#include "tests/host/fake/tables.h"

#include "tests/host/both_ways.h"

#include "cpu/segments.h"

#define POOL  40
#define STEPS 6000

static struct domain *domains[2]; /* the first is privileged */
static mfn_t pool[2][POOL];
static unsigned long successes[16], tries[16];
static u32 requests_done; /* of the last batch, if it was to be told */

static bool chance(unsigned int one_in)
{
    return pick(one_in) == 0;
}

static mfn_t some_frame(unsigned int who)
{
    return pool[chance(20) ? !who : who][pick(POOL)];
}

static u32 *some_pdone(void)
{
    requests_done = 0;
    return chance(2) ? &requests_done : NULL;
}

static unsigned int some_index(void)
{
    static const unsigned int indices[] = { 0, 1, 2, 3, 0, 1, 2, 255, 256, 257, 427, 428, 511 };

    return indices[pick(ARRAY_SIZE(indices))];
}

static u64 some_pte(unsigned int who)
{
    u64 pte = pte_make(some_frame(who), PTE_P | PTE_US);

    if ( chance(2) )
        pte |= PTE_RW;
    if ( chance(4) )
        pte |= PTE_A | PTE_D;
    if ( chance(8) )
        pte ^= 1UL << pick(12);
    if ( chance(8) )
        pte ^= 1UL << 52 << pick(12);
    if ( chance(6) )
        pte &= ~PTE_P;
    if ( chance(30) )
        pte = pte_make(to_mfn(FAKE_IO_FIRST + pick(20)), RWD);
    if ( chance(8) )
        pte = 0;
    return pte;
}

static mfn_t root_of(unsigned int who)
{
    const struct vcpu *v = domains[who]->vcpus[pick(2)];

    return chance(2) ? v->pv.root_kernel : v->pv.root_user;
}

/* An address that is mapped under @root more often than not. */
static u64 some_va(mfn_t root)
{
    mfn_t table = root;
    u64 va = 0;

    for ( unsigned int level = current_vcpu()->domain->pv32 ? 3 : 4; level >= 1; level-- )
    {
        unsigned int index = some_index();

        for ( unsigned int i = 0; i < 20 && mfn_valid(table); i++, index = some_index() )
            if ( (*slot_of(table, index) & PTE_P) &&
                 !(level == 4 && index - HV_SLOT_FIRST < HV_SLOTS) )
                break;
        table = mfn_valid(table) ? pte_mfn(*slot_of(table, index)) : INVALID_MFN;
        va |= (u64)index << (3 + 9 * level);
    }
    if ( current_vcpu()->domain->pv32 )
        return (u32)va;
    return va & 1UL << 47 ? va | 0xffff000000000000UL : va;
}

/*
 * A CPU runs the guest: it remembers translations, and writes garbage, or entries, wherever it may.
 */
static long run_on_cpu(unsigned int who)
{
    mfn_t root = root_of(who), target;
    u64 va = some_va(root), pte;

    if ( mfn_eq(root, INVALID_MFN) || pte_index(va, 4) - HV_SLOT_FIRST < HV_SLOTS ||
         (domains[who]->pv32 && va >= HV32_START) ||
         !fake_tlb_walk(pick(FAKE_CPUS), root, va, &pte) )
        return -1;
    target = pte_mfn(pte);
    if ( (pte & PTE_RW) && mfn_valid(target) )
        *slot_of(target, some_index()) = some_pte(who);
    return 0;
}

static long write_by_instruction(unsigned int who)
{
    static u8 code[16] = { 0x48, 0x89, 0x07 };
    struct vcpu *v = current_vcpu();
    struct regs regs = { .cs = SEL_USER_CS64, .rip = (u64)code, .rax = some_pte(who) };

    regs.rdi = some_va(v->pv.root_kernel) + some_index() * 8;
    (chance(4) ? pagetable_emulate_write_decoded : pagetable_emulate_write)(v, &regs, regs.rdi);
    return regs.rip == (u64)code ? -1 : 0;
}

/* The GDT is the one use of frames here that is not the engine's own. */
static long use_descriptors(unsigned int who)
{
    mfn_t *gdt = &domains[who]->vcpus[0]->pv.gdt_mfn[pick(2)], mfn = some_frame(who);
    long rc = 0;

    if ( !mfn_eq(*gdt, INVALID_MFN) )
    {
        frame_put_and_type(mfn_to_frame(*gdt));
        *gdt = INVALID_MFN;
    }
    else if ( !(rc = frame_get_and_type(mfn_to_frame(mfn), domains[who]->id, FRAME_SEGDESC)) )
        *gdt = mfn;
    return rc;
}

/* Balloon out and in: the frame may outlive this, if something uses it. */
static long exchange(unsigned int who)
{
    unsigned int n = pick(POOL);

    if ( !(fake_state(pool[who][n]) & FRAME_ALLOCATED) )
        return -1;
    fake_release(pool[who][n]);
    pool[who][n] = fake_frame(domains[who]);
    return 0;
}

static long update_batch(unsigned int who)
{
    struct mmu_update reqs[70];
    unsigned int n = chance(10) ? 70 : 1 + pick(6);
    u32 fd = DOMID_SELF;

    if ( chance(10) )
        fd = domains[!who]->id;
    if ( chance(10) )
        fd |= (u32)(domains[!who]->id + 1) << 16;
    for ( unsigned int i = 0; i < n; i++ )
        reqs[i] = (struct mmu_update){ mfn_to_maddr(some_frame(who)).n + some_index() * 8 +
                                           (chance(4) ? pick(4) : 0),
                                       some_pte(who) };
    fake_no_batching = chance(4);
    return guest_mmu_update(reqs, n, some_pdone(), fd);
}

static long table_ops(unsigned int who)
{
    static const unsigned int commands[] = { MMUEXT_PIN_L1_TABLE,     MMUEXT_PIN_L2_TABLE,
                                             MMUEXT_PIN_L3_TABLE,     MMUEXT_PIN_L4_TABLE,
                                             MMUEXT_UNPIN_TABLE,      MMUEXT_NEW_BASEPTR,
                                             MMUEXT_NEW_USER_BASEPTR, MMUEXT_CLEAR_PAGE,
                                             MMUEXT_COPY_PAGE,        MMUEXT_TLB_FLUSH_LOCAL };
    struct mmuext_op ops[3];
    unsigned int n = 1 + pick(3);

    for ( unsigned int i = 0; i < n; i++ )
        ops[i] = (struct mmuext_op){ .cmd = commands[pick(ARRAY_SIZE(commands))],
                                     .arg1.mfn = some_frame(who).n,
                                     .arg2.src_mfn = some_frame(who).n };
    return guest_mmuext(ops, n, some_pdone(), chance(12) ? domains[!who]->id : DOMID_SELF);
}

static mfn_t idle_frame(unsigned int who)
{
    mfn_t mfn = pool[who][pick(POOL)];

    for ( unsigned int i = 0; i < POOL && (fake_count(mfn) || fake_refs(mfn) > 1); i++ )
        mfn = pool[who][pick(POOL)];
    if ( !fake_count(mfn) )
        memset(fake_words(mfn), 0, PAGE_SIZE);
    return mfn;
}

/*
 * What would take chance too long: a small tree, freshly written, and pinned or switched to. Some
 * pages of it are tables.
 */
static long grow_tree(unsigned int who)
{
    bool pv32 = domains[who]->pv32;
    mfn_t parent = idle_frame(who), root = parent, child;
    long rc;

    for ( unsigned int level = pv32 ? 3 : 4; level > 1; level-- )
    {
        child = idle_frame(who);
        if ( !fake_count(parent) && !mfn_eq(parent, child) )
            *slot_of(parent, pick(3)) = pte_make(child, level == 3 && pv32 ? PTE_P : RWD);
        parent = child;
    }
    if ( pv32 && !fake_count(root) )
        *slot_of(root, 3) = pte_make(idle_frame(who), PTE_P);
    for ( unsigned int i = 0; i < 3; i++ )
    {
        child = pool[who][pick(POOL)];
        if ( !fake_count(parent) )
            *slot_of(parent, i) =
                pte_make(child, fake_count(child) && fake_type(child) != FRAME_WRITABLE ? RO : RWD);
    }
    if ( pv32 )
        return chance(3) ? pin(3, root) : new_baseptr(root);
    rc = chance(3) ? pin(4, root) : chance(3) ? new_user_baseptr(root) : new_baseptr(root);
    if ( chance(4) )
        new_user_baseptr(to_mfn(0));
    return rc;
}

/* The way back of many pins. */
static long unpin_some(unsigned int who)
{
    for ( unsigned int i = 0; i < POOL; i++ )
        if ( (fake_state(pool[who][i]) & FRAME_PINNED) && chance(2) )
            expect_eq(unpin(pool[who][i]), 0);
    return 0;
}

static long va_mapping(unsigned int who)
{
    u64 va = some_va(current_vcpu()->pv.root_kernel), pte = some_pte(who);
    unsigned long flags = pick(3) | (chance(2) ? UVMF_ALL : UVMF_LOCAL);

    if ( domains[who]->pv32 )
        return compat_update_va_mapping(va, (u32)pte, pte >> 32, flags);
    return pagetable_update_va_mapping(va, pte, flags);
}

#define BATCHES 3 /* the first of these are such */

static long (*const actions[])(unsigned int) = {
    update_batch,    update_batch,         table_ops,  grow_tree,
    run_on_cpu,      run_on_cpu,           va_mapping, exchange,
    use_descriptors, write_by_instruction, unpin_some
};

static void check(void)
{
    expect_eq(fake_tlb_violations(), 0);
    if ( chance(8) )
        for ( unsigned int i = 0; i < 2; i++ )
            expect_eq(pagetable_audit_exact(domains[i]), 0);
}

/* All that an action has changed, in short. */
static u64 outcome(long rc)
{
    u64 hash = mix((u64)rc, requests_done);

    for ( unsigned int i = 0; i < 2; i++ )
    {
        const struct domain *d = domains[i];

        for ( unsigned int n = 0; n < 2; n++ )
        {
            const struct vcpu *v = d->vcpus[n];

            hash = mix(mix(hash, v->pv.root_kernel.n), v->pv.root_user.n);
            hash = mix(mix(hash, v->cpu.cr3_kernel), v->cpu.cr3_user);
        }
        for ( unsigned int n = 0; n < POOL; n++ )
        {
            const struct frame *frame = mfn_to_frame(pool[i][n]);

            hash = mix(mix(mix(hash, frame->state), frame->owner), (u64)frame->linear);
            for ( unsigned int word = 0; word < PAGE_SIZE / sizeof(u64); word++ )
                hash = mix(hash, fake_words(pool[i][n])[word]);
        }
        hash = mix(hash, d->memory.tot_pages);
    }
    return hash;
}

static struct {
    unsigned int what, who;
} action;

static u64 take_general_way(const void *arg)
{
    (void)arg;
    fake_general_ways = true;
    return outcome(actions[action.what](action.who));
}

/*
 * A batch of few requests has ways of its own, which must do what the general ones do: those run first, in a machine
 * that is forgotten afterwards.
 */
static long take_both_ways(unsigned int what, unsigned int who)
{
    u64 general;
    long rc;

    action.what = what;
    action.who = who;
    general = apart(take_general_way, NULL);
    rc = actions[what](who);
    expect_eq(outcome(rc), general);
    return rc;
}

/*
 * A seed's story; false at the first thing that is wrong, since all that follows would be wrong
 * too.
 */
static void run_seed(uint64_t seed, bool ignore)
{
    host_test_seed(seed);
    fake_machine();
    fake_tlb_ignore_stamped = ignore;
    for ( unsigned int i = 0; i < 2; i++ )
    {
        domains[i] = fake_domain(i, i == 0, 2);
        domains[i]->vm_assist = 1UL << VMASST_TYPE_writable_pagetables;
        if ( (seed & 1) && i == (seed >> 1) % 2 )
            require(pagetable_set_pv32(domains[i]) == 0);
        for ( unsigned int j = 0; j < POOL; j++ )
        {
            pool[i][j] = fake_frame(domains[i]);
            memset(fake_words(pool[i][j]), 0, PAGE_SIZE);
        }
    }
    between_slices = check;

    for ( unsigned int step = 0; step < STEPS; step++ )
    {
        unsigned int who = pick(2), what = pick(ARRAY_SIZE(actions));

        fake_run(domains[who]->vcpus[pick(2)]);
        fake_preempt_at = chance(3) ? 1 + pick(10) : 0;
        fake_preempt_every = pick(3);
        tries[what]++;
        successes[what] +=
            (what < BATCHES && chance(100) ? take_both_ways(what, who) : actions[what](who)) == 0;
        check();
    }

    fake_preempt_at = fake_preempt_every = 1;
    for ( unsigned int i = 0; i < 2; i++ )
        for ( unsigned int n = 0; n < 2; n++ )
            if ( !mfn_eq(domains[i]->vcpus[0]->pv.gdt_mfn[n], INVALID_MFN) )
            {
                frame_put_and_type(mfn_to_frame(domains[i]->vcpus[0]->pv.gdt_mfn[n]));
                domains[i]->vcpus[0]->pv.gdt_mfn[n] = INVALID_MFN;
            }
    /* Frames of the second that the first still maps go with the first. */
    domains[1]->life = DOMAIN_DYING;
    while ( pagetable_domain_relinquish(domains[1]) == -ERESTART )
        check();
    expect_buried(domains[0]);
    expect_eq(domains[1]->memory.tot_pages, 0);
    expect_eq(fake_frames_in_use(), 0);
    expect_eq(domains[0]->refs, 1);
    expect_eq(domains[1]->refs, 1);
}

TEST(random_guests_keep_the_counts_right)
{
    const char *given = getenv("SEED"), *seeds = getenv("SEEDS");
    unsigned int n = seeds ? atoi(seeds) : 12;

    for ( unsigned int i = 0; i < n; i++ )
        run_seed(given ? strtoull(given, NULL, 0) : 0x5eed0000 + i, false);

    /* It must not be that everything is refused. */
    for ( unsigned int i = 0; i < ARRAY_SIZE(actions); i++ )
    {
        if ( getenv("SEED") )
            printf("action %u: %lu of %lu\n", i, successes[i], tries[i]);
        expect(successes[i] > tries[i] / 50);
    }
}

HOST_TEST_MAIN
