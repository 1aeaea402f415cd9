/*
 * An entry that is not present may say anything: the processor is not to look. Some do (the L1 terminal fault,
 * XSA-273), so there such an entry is refused that would lead them to memory: by mmu_update, by a write to the table,
 * and in a table that is yet to be one. `l1tf` on our command line says that the hypervisor was told to (pv-l1tf).
 */
#include "test.h"

#define GUEST_SAYS 0x1230 /* within memory, and not present */

static long want;

/* As if we could write to tables. */
static void written(volatile pte_t *entry)
{
    need(hypercall(vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables));
    if ( want )
        expect_fault(fault_of(*(volatile ulong *)entry = GUEST_SAYS), TRAP_PF,
                     PF_PRESENT | PF_WRITE, "the same, written");
    else
        expect_no_fault(fault_of(*(volatile ulong *)entry = GUEST_SAYS), "the same, written");
    need(pte_set((pte_t *)entry, 0));
    need(hypercall(vm_assist, VMASST_CMD_disable, VMASST_TYPE_writable_pagetables));
}

static void updates(void)
{
    ulong window = table_window();
    pte_t *entry = table_make(window, 1);

    expect_eq(pte_set(entry, GUEST_SAYS), want, "an entry that names memory");
    expect_eq(pte_set(entry, 0), 0, "one that names nothing");
    expect_eq(hypercall(update_va_mapping, window, (pte_t)GUEST_SAYS, UVMF_NONE), want,
              "the same by address");
    need(hypercall(update_va_mapping, window, (pte_t)0, UVMF_NONE));
    written(entry);
}

/* Of higher tables one is ours already: it maps no page in its last entry. */
static void tables(void)
{
    pte_t *l1 = page_with_entry(3, GUEST_SAYS), *l2 = page_with_entry(3, 0);

    expect_eq(table_pin(l1, 1), want, "a table with one in it");
    if ( !want )
        need(table_unpin(l1));
    need(table_pin(l2, 2));
    expect_eq(pte_set(&l2[3], GUEST_SAYS), want, "one in a higher table");
    need(pte_set(&l2[3], 0));
    need(table_unpin(l2));
    page_release(l1);
    page_release(l2);
}

void test_main(void)
{
    want = arg_flag("l1tf") ? -EINVAL : 0;
    updates();
    tables();
}
