#include "tests/host/fake/tables.h"

#include "pv/pagetable/internal.h"

void (*between_slices)(void);
unsigned long slices;

/* The guest runs for a moment, then its registers bring it back. */
static bool continued(unsigned int nr, unsigned long *arg)
{
    if ( !fake_continuation.set )
        return false;
    fake_continuation.set = false;
    expect_eq(fake_continuation.nr, nr);
    memcpy(arg, fake_continuation.arg, sizeof(fake_continuation.arg));
    slices++;
    if ( between_slices )
        between_slices();
    return true;
}

bool fake_no_batching, fake_general_ways;

static u32 count_flags(void)
{
    return fake_general_ways ? COUNT_CONTINUED : 0;
}

long guest_mmu_update(struct mmu_update *reqs, u32 count, u32 *done, u32 foreigndom)
{
    unsigned long arg[5] = { (unsigned long)reqs, count | count_flags(), (unsigned long)done,
                             foreigndom };
    long rc;

    do
        rc =
            (fake_no_batching               ? pagetable_mmu_update_singly
             : current_vcpu()->domain->pv32 ? compat_mmu_update
                                            : pagetable_mmu_update)(arg[0], arg[1], arg[2], arg[3]);
    while ( continued(__HYPERVISOR_mmu_update, arg) );
    return rc;
}

/* Operations as 32-bit guests write them. */
static long guest_mmuext_pv32(const struct mmuext_op *ops, u32 count, u32 *done, domid_t foreigndom)
{
    u32 *words = malloc(count * 12 + 1);
    unsigned long arg[5] = { (unsigned long)words, count | count_flags(), (unsigned long)done,
                             foreigndom };
    long rc;

    for ( u32 i = 0; i < count; i++ )
    {
        words[3 * i] = ops[i].cmd;
        words[3 * i + 1] = (u32)ops[i].arg1.mfn;
        words[3 * i + 2] = (u32)ops[i].arg2.src_mfn;
    }
    do
        rc = compat_mmuext_op(arg[0], arg[1], arg[2], arg[3]);
    while ( continued(__HYPERVISOR_mmuext_op, arg) );
    free(words);
    return rc;
}

long guest_mmuext(struct mmuext_op *ops, u32 count, u32 *done, domid_t foreigndom)
{
    unsigned long arg[5] = { (unsigned long)ops, count | count_flags(), (unsigned long)done,
                             foreigndom };
    long rc;

    if ( current_vcpu()->domain->pv32 )
        return guest_mmuext_pv32(ops, count, done, foreigndom);
    do
        rc = pagetable_mmuext_op(arg[0], arg[1], arg[2], arg[3]);
    while ( continued(__HYPERVISOR_mmuext_op, arg) );
    return rc;
}

long set_pte_of(mfn_t table, unsigned int index, u64 pte, u32 foreigndom, unsigned int command)
{
    struct mmu_update req = { mfn_to_maddr(table).n + index * 8 + command, pte };
    u32 done = 0;
    long rc = guest_mmu_update(&req, 1, &done, foreigndom);

    expect_eq(done, rc ? 0 : 1);
    return rc;
}

long set_pte(mfn_t table, unsigned int index, u64 pte)
{
    return set_pte_of(table, index, pte, DOMID_SELF, MMU_NORMAL_PT_UPDATE);
}

static long one_op(unsigned int cmd, u64 arg1)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = arg1 };
    u32 done = 0;
    long rc = guest_mmuext(&op, 1, &done, DOMID_SELF);

    expect_eq(done, rc ? 0 : 1);
    return rc;
}

long pin(unsigned int level, mfn_t mfn)
{
    return one_op(MMUEXT_PIN_L1_TABLE + level - 1, mfn.n);
}

long unpin(mfn_t mfn)
{
    return one_op(MMUEXT_UNPIN_TABLE, mfn.n);
}

/* Nobody asks how many were done: as most guests do it. */
long new_baseptr(mfn_t mfn)
{
    struct mmuext_op op = { .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = mfn.n };

    return guest_mmuext(&op, 1, NULL, DOMID_SELF);
}

/* As the second of two: that has another short way. */
long new_user_baseptr(mfn_t mfn)
{
    struct mmuext_op ops[] = { { .cmd = MMUEXT_INVLPG_LOCAL },
                               { .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = mfn.n } };

    return guest_mmuext(ops, 2, NULL, DOMID_SELF);
}

u64 *slot_of(mfn_t table, unsigned int index)
{
    return &fake_words(table)[index];
}

static mfn_t empty_frame(struct domain *d)
{
    mfn_t mfn = fake_frame(d);

    memset(fake_words(mfn), 0, PAGE_SIZE);
    return mfn;
}

static void map_pages(struct space *s)
{
    for ( unsigned int i = 0; i < s->pages; i++ )
    {
        s->page[i] = fake_frame(s->d);
        *slot_of(s->l1, i) = pte_make(s->page[i], RWD);
    }
}

void space_build(struct space *s, struct domain *d, unsigned int pages)
{
    *s = (struct space){ .d = d, .pages = pages, .va = SPACE_VA };
    s->l4 = empty_frame(d);
    s->l3 = empty_frame(d);
    s->l2 = empty_frame(d);
    s->l1 = empty_frame(d);
    *slot_of(s->l4, pte_index(s->va, 4)) = pte_make(s->l3, RWD);
    *slot_of(s->l3, pte_index(s->va, 3)) = pte_make(s->l2, RWD);
    *slot_of(s->l2, pte_index(s->va, 2)) = pte_make(s->l1, RWD);
    map_pages(s);
}

void space_build_pv32(struct space *s, struct domain *d, unsigned int pages)
{
    *s = (struct space){ .d = d, .pages = pages, .va = SPACE_PV32_VA };
    s->l3 = empty_frame(d);
    s->l2 = empty_frame(d);
    s->top = empty_frame(d);
    s->l1 = empty_frame(d);
    *slot_of(s->l3, 0) = pte_make(s->l2, PTE_P);
    *slot_of(s->l3, 3) = pte_make(s->top, PTE_P);
    *slot_of(s->l2, pte_index(s->va, 2)) = pte_make(s->l1, RWD);
    map_pages(s);
}

void expect_buried(struct domain *d)
{
    long rc;

    d->life = DOMAIN_DYING;
    while ( (rc = pagetable_domain_relinquish(d)) == -ERESTART )
        if ( between_slices )
            between_slices();
    expect_eq(rc, 0);
    expect_eq(d->memory.tot_pages, 0);
    expect_eq(d->memory.first, 0);
}
