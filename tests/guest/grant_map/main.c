/*
 * Grants, to ourselves: map and unmap, by address and by page-table entry; the table's flags tell that a grant is in
 * use; each way to get it wrong has its status.
 */
#include "test.h"

static struct gnttab_map_grant_ref map(ulong where, uint32_t flags, grant_ref_t ref, domid_t domain)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = where, .flags = flags, .ref = ref, .dom = domain
    };

    expect_eq(hypercall(grant_table_op, GNTTABOP_map_grant_ref, &op, 1), 0, "map_grant_ref");
    return op;
}

static int unmap(ulong where, grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = where, .handle = handle };

    expect_eq(hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1), 0, "unmap_grant_ref");
    return op.status;
}

void test_main(void)
{
    ulong window = table_window();
    char *page = page_alloc();
    domid_t self = own_domid();
    grant_ref_t ref = grant_give(self, virt_to_mfn(page), false),
                ro = grant_give(self, virt_to_mfn(page), true);
    volatile struct grant_entry_v1 *table = grant_table();
    pte_t *entry = table_make(window, 1);
    struct gnttab_map_grant_ref op;

    page[0] = 'x';
    op = map(window, GNTMAP_host_map, ref, self);
    expect_eq(op.status, GNTST_okay, "map it");
    expect_eq(op.dev_bus_addr >> PAGE_SHIFT, virt_to_mfn(page), "dev_bus_addr");
    expect_eq(*(volatile char *)window, 'x', "it is the page");
    *(volatile char *)window = 'y';
    expect_eq(page[0], 'y', "writable");
    expect_eq(table[ref].flags & (GTF_reading | GTF_writing), GTF_reading | GTF_writing,
              "the table says: in use");
    expect(!grant_end(ref), "so it can't be ended");
    expect_eq(unmap(window, op.handle), GNTST_okay, "unmap it");
    expect_fault(fault_of(*(volatile char *)window), TRAP_PF, 0, "it is gone");
    expect_eq(table[ref].flags & (GTF_reading | GTF_writing), 0, "the table says: not in use");
    expect_eq(unmap(window, op.handle), GNTST_bad_handle, "unmap it again");

    op = map(window, GNTMAP_host_map | GNTMAP_readonly, ref, self);
    expect_eq(op.status, GNTST_okay, "map it read-only");
    expect_fault(fault_of(*(volatile char *)window = 1), TRAP_PF, PF_PRESENT | PF_WRITE,
                 "read-only");
    expect_eq(table[ref].flags & (GTF_reading | GTF_writing), GTF_reading,
              "the table says: reading");
    expect_eq(unmap(window + PAGE_SIZE, op.handle), GNTST_general_error, "unmap it elsewhere");
    expect_eq(unmap(window, op.handle), GNTST_okay, "unmap it");
    expect_eq(map(window, GNTMAP_host_map, ro, self).status, GNTST_general_error,
              "map a read-only grant writable");

    op = map(virt_to_machine(entry), GNTMAP_host_map | GNTMAP_contains_pte, ref, self);
    expect_eq(op.status, GNTST_okay, "map by page-table entry");
    expect_eq(*(volatile char *)window, 'y', "it is the page");
    expect_eq(unmap(virt_to_machine(entry), op.handle), GNTST_okay, "unmap by page-table entry");
    expect_eq(
        map(virt_to_machine(entry) + 4, GNTMAP_host_map | GNTMAP_contains_pte, ref, self).status,
        GNTST_general_error, "a misaligned entry (XSA-227)");

    expect_eq(map(window, GNTMAP_host_map, 400, self).status, GNTST_general_error,
              "a reference that grants nothing");
    expect_eq(map(window, GNTMAP_host_map, 100000, self).status, GNTST_bad_gntref,
              "a reference that can't be");
    expect_eq(map(window, GNTMAP_host_map, ref, DOMID_SELF).status, GNTST_bad_domain,
              "SELF does not name us here");
    expect_eq(map(window, GNTMAP_host_map, ref, 999).status, GNTST_bad_domain,
              "of a domain that is not there");
    expect_eq(map(window, 0, ref, self).status, GNTST_bad_gntref, "no way to map asked for");
    expect_eq(unmap(window, 12345), GNTST_bad_handle, "a handle that is none");
    expect_eq(map(HYPERVISOR_VIRT_START, GNTMAP_host_map, ref, self).status, GNTST_general_error,
              "into the hypervisor's range");
    expect(grant_end(ref) && grant_end(ro), "both end");
    page_free(page);
}
