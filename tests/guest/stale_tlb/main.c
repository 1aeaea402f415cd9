/*
 * A translation that is gone from the tables may live on in the TLB. Before a page becomes a table, the hypervisor
 * flushes it: else we could write a table through it.
 *
 * We map a page writable twice, touch both, drop both without a flush, and make it a table: a write by either address
 * must fault now.
 */
#include "test.h"

static void drop_both(ulong window, void *page, ulong mfn)
{
    need(table_map(window, mfn, PTE_USER_RW));
    *(volatile char *)window = 0;
    *(volatile char *)page = 0;
    need(hypercall(update_va_mapping, window, 0, UVMF_NONE));
    need(hypercall(update_va_mapping, page, 0, UVMF_NONE));
}

static void expect_gone(ulong at, const char *text)
{
    struct fault f = fault_of(*(volatile char *)at = 1);

    expect_fault(f, TRAP_PF, PF_WRITE, text);
}

void test_main(void)
{
    ulong window = table_window();
    void *page = page_alloc();
    ulong mfn = virt_to_mfn(page);

    for ( int level = 1; level <= (KIT_PV32 ? 2 : 4); level++ )
    {
        drop_both(window, page, mfn);
        expect_eq(mmuext_mfn(MMUEXT_PIN_L1_TABLE + (unsigned int)level - 1, mfn), 0,
                  "the page becomes a table");
        expect_gone(window, "a write by a stale translation");
        expect_gone((ulong)page, "by the other one");
        need(mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn));
        need(table_map((ulong)page, mfn, PTE_KERNEL_RW));
    }
    page_free(page);
}
