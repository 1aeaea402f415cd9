/*
 * GNTTABOP_unmap_and_replace: a grant's mapping goes, and in one step the entry of another address takes its place, and
 * is empty then. A driver so puts a page of its own back to where it showed a granted one, with no moment in which
 * there is nothing.
 */
#include "test.h"

static int replace(ulong where, ulong from, grant_handle_t handle)
{
    struct gnttab_unmap_and_replace op = { .host_addr = where, .new_addr = from, .handle = handle };

    expect_eq(hypercall(grant_table_op, GNTTABOP_unmap_and_replace, &op, 1), 0,
              "GNTTABOP_unmap_and_replace");
    return op.status;
}

void test_main(void)
{
    ulong window = table_window(), other = window + PAGE_SIZE, nowhere = table_window();
    volatile char *granted = page_alloc(), *own = page_alloc();
    grant_ref_t ref = grant_give(own_domid(), virt_to_mfn((void *)granted), false);
    pte_t *entry = table_make(window, 1);
    struct gnttab_map_grant_ref by_entry = { .host_addr = virt_to_machine(entry),
                                             .flags = GNTMAP_host_map | GNTMAP_contains_pte,
                                             .ref = ref,
                                             .dom = own_domid() };
    grant_handle_t handle;

    granted[0] = 'g';
    own[0] = 'o';
    need(grant_take(window, own_domid(), ref, 0, &handle));
    need(table_map(other, virt_to_mfn((void *)own), PTE_KERNEL_RW));
    expect_eq(*(volatile char *)window + *(volatile char *)other, 'g' + 'o',
              "two pages, both seen");

    expect_eq(replace(window, other, 54321), GNTST_bad_handle, "a handle that is none");
    expect_eq(replace(other, window, handle), GNTST_general_error, "at what is no mapping of it");
    expect_eq(replace(window, nowhere, handle), GNTST_general_error, "from where no table is");
    expect_eq(replace(window, HYPERVISOR_VIRT_START, handle), GNTST_general_error,
              "from the hypervisor's range");
    expect(*entry & PTE_P, "refused, nothing has changed");
    if ( !(*entry &
           PTE_P) ) /* lest the grant be in use for ever, which later tests could not bear */
        need(table_map(window, virt_to_mfn((void *)granted), PTE_KERNEL_RW));
    expect_eq(*(volatile char *)window, 'g', "the page is there");

    expect_eq(replace(window, other, handle), GNTST_okay, "from the other page's address");
    expect_eq(*(volatile char *)window, 'o', "there it is now");
    expect_fault(fault_of(*(volatile char *)other), TRAP_PF, 0, "and no longer where it was");
    expect_eq(replace(window, other, handle), GNTST_bad_handle, "again");
    need(table_unmap(window));

    need(grant_take(window, own_domid(), ref, 0, &handle));
    expect_eq(replace(window, 0, handle), GNTST_okay, "from nowhere");
    expect_fault(fault_of(*(volatile char *)window), TRAP_PF, 0, "it is just unmapped");

    need(hypercall(grant_table_op, GNTTABOP_map_grant_ref, &by_entry, 1));
    need(by_entry.status);
    expect_eq(replace(by_entry.host_addr, other, by_entry.handle), GNTST_general_error,
              "what was mapped by entry can't be replaced");
    expect_eq(replace(by_entry.host_addr, 0, by_entry.handle), GNTST_okay, "but unmapped");
    expect(grant_end(ref), "the grant ends");
    page_free((void *)granted);
    page_free((void *)own);
}
