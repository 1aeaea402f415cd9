/*
 * A root that is in use is changed, and whoever runs on it sees the change: its process at once finds the new entry
 * where it had seen the old one, and nothing when the entry is gone. A hypervisor that runs guests on copies of their
 * roots must write to all of them; what a stale one shows may be another's by then.
 *
 * A process's root that maps itself shows the process nothing of the hypervisor's.
 */
#include "test.h"

#define SLOT    300 /* free, and the guest's */
#define ADDRESS (0xffff000000000000UL | (ulong)SLOT << 39)

static long look(long arg)
{
    return *(volatile long *)arg;
}

/* An L3 and what is below it, for a page that holds @value at the slot's first address; @made: pages to release. */
static pte_t *tables_for(long value, void **made)
{
    long *page = page_alloc();
    pte_t *below = (pte_t *)page;

    *page = value;
    made[0] = page;
    for ( unsigned int level = 1; level <= 3; level++ )
        made[level] = below =
            page_with_entry(0, pte_make(virt_to_mfn(below), level == 1 ? PTE_USER_RO : PTE_TABLE));
    return below;
}

static void release(void **made)
{
    for ( int i = 3; i > 0; i-- )
        page_release(made[i]);
    page_free(made[0]);
}

static void expect_seen(long value, const char *text)
{
    struct user_result r = user_run(look, (long)ADDRESS);

    expect_eq(r.fault.vector, TRAP_NONE, text);
    expect_eq(r.value, value, text);
}

static void changes(pte_t *root)
{
    void *first[4], *second[4];
    pte_t *a = tables_for(11, first), *b = tables_for(22, second);
    uint64_t where = virt_to_machine(&root[SLOT]);

    expect_fault(user_run(look, (long)ADDRESS).fault, TRAP_PF, PF_USER, "nothing is there");
    need(mmu_update_one(where, pte_make(virt_to_mfn(a), PTE_TABLE)));
    expect_seen(11, "what the process's root has got");
    need(mmu_update_one(where, pte_make(virt_to_mfn(b), PTE_TABLE)));
    need(mmuext(MMUEXT_TLB_FLUSH_LOCAL));
    expect_seen(22, "what it has instead");
    need(mmu_update_one(where, 0));
    need(mmuext(MMUEXT_TLB_FLUSH_LOCAL));
    expect_fault(user_run(look, (long)ADDRESS).fault, TRAP_PF, PF_USER, "it is gone");
    release(first);
    release(second);
}

/* Slot @slot of the root, at the address that it has by the root's own entry. */
static long through_itself(ulong slot)
{
    const ulong s = SLOT;

    return (long)(0xffff000000000000UL | s << 39 | s << 30 | s << 21 | s << 12 | slot << 3);
}

static void self_map(pte_t *root)
{
    ulong ours = table_index(KIT_VIRT_BASE, 4);
    uint64_t where = virt_to_machine(&root[SLOT]);
    struct user_result r;

    need(mmu_update_one(where, pte_make(virt_to_mfn(root), PTE_P | PTE_US)));
    r = user_run(look, through_itself(ours));
    expect_eq(r.fault.vector, TRAP_NONE, "a process reads its root");
    expect_eq((ulong)r.value & PTE_ADDRESS, root[ours] & PTE_ADDRESS, "our memory's entry");
    r = user_run(look, (long)((ulong)through_itself(257) & ~0xfffUL) - (SLOT - 257L) * 4096);
    expect_eq(r.fault.vector, TRAP_PF, "nothing of the hypervisor's, one level down");
    need(mmu_update_one(where, 0));
    need(mmuext(MMUEXT_TLB_FLUSH_LOCAL));
    expect_fault(user_run(look, through_itself(ours)).fault, TRAP_PF, PF_USER, "no more");
}

void test_main(void)
{
    pte_t *root;

    user_run(look, (long)&root); /* now it is there */
    root = user_root();
    changes(root);
    self_map(root);
}
