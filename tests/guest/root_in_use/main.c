/*
 * What a guest writes to a root that is in use holds from then on: in kernel and in user mode, on the root that the
 * vcpu runs on and on the one that it comes back to.
 *
 * A guest isolated from Meltdown runs on shadows of its roots. The attack, or the fault: what a shadow shows still
 * though the root does not any more, which would be a frame that is no longer the guest's. Nor may a root that maps
 * itself lead a process to what is the hypervisor's.
 */
#include "test.h"

#define SLOT  ROOT_SLOT
#define PLACE ROOT_NEXT

/* Pages that tell who they are, below the tables that a root maps. */
#define TREES 2
static pte_t *trees[TREES];

static void plant(unsigned int i)
{
    ulong *page = page_alloc();
    pte_t *l1, *l2;

    *page = i + 1;
    l1 = page_with_entry(0, pte_make(virt_to_mfn(page), PTE_P | PTE_US | PTE_RW | PTE_A | PTE_D));
    l2 = page_with_entry(0, pte_make(virt_to_mfn(l1), PTE_TABLE));
    trees[i] = KIT_PV32 ? l2 : page_with_entry(0, pte_table(l2));
    need(table_pin(trees[i], KIT_LEVELS - 1));
}

static pte_t tree(unsigned int i)
{
    return pte_make(virt_to_mfn(trees[i]), PTE_TABLE);
}

static long at(ulong slot)
{
#ifdef __i386__
    return (long)(slot << 30);
#else
    return (long)(0xffff000000000000UL | slot << 39);
#endif
}

static long look(long address)
{
    return *(volatile long *)address;
}

/* What is seen there: a page's number, or 0 for a page fault. */
static long kernel_sees(ulong slot)
{
    volatile long seen = 0;
    struct fault fault = fault_of(seen = look(at(slot)));

    return fault.vector == TRAP_PF ? 0 : fault.vector == TRAP_NONE ? seen : -1;
}

static long user_sees(ulong slot)
{
    struct user_result r = user_run(look, at(slot));

    return r.fault.vector == TRAP_PF ? 0 : r.fault.vector == TRAP_NONE ? r.value : -1;
}

/* That the TLB forgets what was there is the guest's to ask for; the flush does not read the root anew. */
static void write_slot(const pte_t *root, unsigned int slot, pte_t entry)
{
    need(mmu_update_one(virt_to_machine(&root[slot]), entry));
    need(mmuext(MMUEXT_TLB_FLUSH_LOCAL));
}

/* One root: an entry appears, is exchanged for another one, and goes. */
static void written_while_in_use(const pte_t *root, long (*sees)(ulong slot))
{
    expect_eq(sees(SLOT), 0, "nothing yet");
    write_slot(root, SLOT, tree(0));
    expect_eq(sees(SLOT), 1, "an entry that was added");
    write_slot(root, SLOT, tree(1));
    expect_eq(sees(SLOT), 2, "... exchanged for another one");
    write_slot(root, PLACE, tree(0));
    expect_eq(sees(PLACE), 1, "... one beside it");
    write_slot(root, SLOT, 0);
    expect_eq(sees(SLOT), 0, "... taken away");
    expect_eq(sees(PLACE), 1, "... the one beside it stays");
    write_slot(root, PLACE, 0);
    expect_eq(sees(PLACE), 0, "... and goes, too");
}

/* Written while another root is in use: it holds when the vcpu comes back. */
static void written_meanwhile(void)
{
    pte_t *here = table_root(), *other = page_alloc();

    memcpy(other, here, PAGE_SIZE);
    need(page_protect(other, PTE_KERNEL_RO));
    need(table_pin(other, KIT_LEVELS));

    write_slot(here, SLOT, tree(0));
    need(mmuext_mfn(MMUEXT_NEW_BASEPTR, virt_to_mfn(other)));
    expect_eq(kernel_sees(SLOT), 0, "the other root hasn't it");
    need(mmuext_mfn(MMUEXT_NEW_BASEPTR, virt_to_mfn(here)));
    expect_eq(kernel_sees(SLOT), 1, "back: the first one has it still");
    need(mmuext_mfn(MMUEXT_NEW_BASEPTR, virt_to_mfn(other)));
    write_slot(other, PLACE, tree(1));
    write_slot(here, SLOT, tree(1));
    need(mmuext_mfn(MMUEXT_NEW_BASEPTR, virt_to_mfn(here)));
    expect_eq(kernel_sees(SLOT), 2, "back again: what was written meanwhile");
    expect_eq(kernel_sees(PLACE), 0, "... and nothing of the other root's");
    write_slot(here, SLOT, 0);
    need(mmuext_mfn(MMUEXT_NEW_BASEPTR, virt_to_mfn(other)));
    expect_eq(kernel_sees(PLACE), 2, "the other root has its own still");
    expect_eq(kernel_sees(SLOT), 0, "... and nothing of the first one's");
    need(mmuext_mfn(MMUEXT_NEW_BASEPTR, virt_to_mfn(here)));
    need(table_unpin(other));
    page_release(other);
}

#ifndef __i386__ /* whose processes have no root of their own, and whose roots map none */

/* Kernel and user root, each with an entry of its own in the same slot. */
static void each_its_own(void)
{
    pte_t *root = user_root();

    write_slot(root, SLOT, tree(0));
    expect_eq(user_sees(SLOT), 1, "the user root's");
    expect_eq(kernel_sees(SLOT), 0, "... isn't the kernel's");
    write_slot(table_root(), SLOT, tree(1));
    expect_eq(kernel_sees(SLOT), 2, "each its own");
    expect_eq(user_sees(SLOT), 1, "... in both modes");
    write_slot(root, SLOT, 0);
    expect_eq(user_sees(SLOT), 0, "away from the one");
    expect_eq(kernel_sees(SLOT), 2, "... and not from the other");
    write_slot(table_root(), SLOT, 0);
}

/* Slot @slot of the root, at the address that it has by the root's own entry. */
static long through_itself(ulong slot)
{
    const ulong s = SLOT;

    return (long)(0xffff000000000000UL | s << 39 | s << 30 | s << 21 | s << 12 | slot << 3);
}

/* A process's root that maps itself: it shows the process what is the guest's, and nothing of the hypervisor's. */
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

#endif

void test_main(void)
{
    for ( unsigned int i = 0; i < TREES; i++ )
        plant(i);
    written_while_in_use(table_root(), kernel_sees);
    expect_eq(user_sees(SLOT), 0, "user mode has nothing there");
    written_meanwhile();
#ifdef __i386__
    written_while_in_use(table_root(), user_sees);
#else
    written_while_in_use(user_root(), user_sees);
    each_its_own();
    self_map(user_root());
#endif
    for ( unsigned int i = 0; i < TREES; i++ )
        need(table_unpin(trees[i]));
}
