/*
 * Grants, to ourselves: map and unmap, by address and by page-table entry; the table's flags tell that a grant is in
 * use; each way to get it wrong has its status.
 */
#include "test.h"

#define NO_HANDLE 0x12345

#define NO_TABLE 0x70000000UL /* ours, and empty */

static struct gnttab_map_grant_ref map(ulong where, uint32_t flags, grant_ref_t ref, domid_t domain)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = where, .flags = flags, .ref = ref, .dom = domain, .handle = NO_HANDLE
    };

    expect_eq(hypercall(grant_table_op, GNTTABOP_map_grant_ref, &op, 1), 0, "map_grant_ref");
    expect_eq(op.handle == NO_HANDLE, op.status != GNTST_okay,
              "who is refused has the handle that was there");
    return op;
}

static int unmap_both(ulong where, grant_handle_t handle, uint64_t dev_bus_addr)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = where,
                                         .handle = handle,
                                         .dev_bus_addr = dev_bus_addr };

    expect_eq(hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1), 0, "unmap_grant_ref");
    return op.status;
}

static int unmap(ulong where, grant_handle_t handle)
{
    return unmap_both(where, handle, 0);
}

/* What a reference counts has an end: each mapping for a device counts, and takes no place in our tables. */
static void too_often(grant_ref_t ref, domid_t self)
{
    static struct gnttab_map_grant_ref ops[300];
    unsigned int nr = 0;

    do
        ops[nr] = map(0, GNTMAP_device_map, ref, self);
    while ( ops[nr].status == GNTST_okay && ++nr < 300 );
    expect(nr >= 127 && nr < 300, "it can be mapped often");
    expect_eq(ops[nr].status, GNTST_general_error, "but not for ever");
    expect(unmap_both(0, ops[0].handle, ops[0].dev_bus_addr + PAGE_SIZE) < 0, "unmap it elsewhere");
    while ( nr-- )
        expect_eq(unmap_both(0, ops[nr].handle, ops[nr].dev_bus_addr), GNTST_okay, "unmap it");
}

/* Answers without a place: what is done is done, here nothing. */
static void untold(void)
{
    struct gnttab_map_grant_ref op = { .dom = 999, .flags = GNTMAP_host_map };
    struct gnttab_unmap_grant_ref un = { .handle = 12345 };
    void *page = page_copied_readonly(&op, sizeof(op));

    expect_eq(hypercall(grant_table_op, GNTTABOP_map_grant_ref, page, 1), -EFAULT, "map");
    page_release(page);
    page = page_copied_readonly(&un, sizeof(un));
    expect_eq(hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, page, 1), -EFAULT, "unmap");
    page_release(page);
}

/* ... and here something: a mapping whose handle has to be guessed, and the end of one. */
static void done_untold(ulong window, grant_ref_t ref)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = window, .flags = GNTMAP_host_map, .ref = ref, .dom = own_domid()
    };
    struct gnttab_unmap_grant_ref un = { .host_addr = window };
    void *page = page_copied_readonly(&op, sizeof(op));
    grant_handle_t handle = 0;

    expect_eq(hypercall(grant_table_op, GNTTABOP_map_grant_ref, page, 1), -EFAULT, "map");
    page_release(page);
    while ( handle < 1024 && unmap(window, handle) != GNTST_okay )
        handle++;
    expect(handle < 1024, "it is mapped all the same");

    un.handle = map(window, GNTMAP_host_map, ref, own_domid()).handle;
    page = page_copied_readonly(&un, sizeof(un));
    expect_eq(hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, page, 1), -EFAULT, "unmap");
    page_release(page);
    expect_eq(unmap(window, un.handle), GNTST_bad_handle, "it is unmapped all the same");
}

/* One call may undo a mapping's halves one after the other, or name it in vain before. */
static void unmap_by_halves(ulong window, grant_ref_t ref)
{
    uint32_t both = GNTMAP_host_map | GNTMAP_device_map;
    struct gnttab_map_grant_ref mapped = map(window, both, ref, own_domid());
    struct gnttab_unmap_grant_ref ops[5] = {
        [1] = { .host_addr = window }, [2] = { .dev_bus_addr = mapped.dev_bus_addr }
    };

    expect_eq(mapped.status, GNTST_okay, "map it for devices, too");
    for ( unsigned int i = 0; i < 5; i++ )
        ops[i].handle = mapped.handle;
    ops[4].handle = 12345;
    expect_eq(hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, ops, 5), 0, "unmap both");
    expect_eq(ops[0].status, GNTST_okay, "neither: nothing is done");
    expect_eq(ops[1].status, GNTST_okay, "our mapping");
    expect_eq(ops[2].status, GNTST_okay, "the devices'");
    expect_eq(ops[3].status, GNTST_bad_handle, "it is gone by then");
    expect_eq(ops[4].status, GNTST_bad_handle, "another");
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
    expect_eq(unmap(NO_TABLE, op.handle), GNTST_general_error, "... where no table leads");
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
    too_often(ref, self);
    untold();
    done_untold(window, ref);
    unmap_by_halves(window, ref);
    expect(grant_end(ref) && grant_end(ro), "both end");
    page_free(page);
}
