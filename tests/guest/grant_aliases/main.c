/*
 * A granted page that is unmapped by one address is gone at the other, too, that the same L1 table gives it.
 */
#include "test.h"

void test_main(void)
{
    ulong a = table_window(), b = table_window();
    char *page = page_alloc(), *other = page_alloc();
    pte_t *l1 = page_with_entry(0, pte_make(virt_to_mfn(other), PTE_USER_RW));
    pte_t *l2_a = table_make(a, 2), *l2_b = table_make(b, 2);
    domid_t self = own_domid();
    grant_ref_t ref = grant_give(self, virt_to_mfn(page), false);
    struct gnttab_map_grant_ref op = {
        .host_addr = a, .flags = GNTMAP_host_map, .ref = ref, .dom = self
    };
    struct gnttab_unmap_grant_ref un = { .host_addr = a };
    struct fault f;

    page[0] = 'x';
    expect_eq(pte_set(l2_a, pte_table(l1)), 0, "the first place");
    expect_eq(pte_set(l2_b, pte_table(l1)), 0, "the second place");
    expect_eq(hypercall(grant_table_op, GNTTABOP_map_grant_ref, &op, 1), 0, "map_grant_ref");
    expect_eq(op.status, GNTST_okay, "map it");
    need(mmuext_mfn(MMUEXT_TLB_FLUSH_LOCAL, 0));
    *(volatile char *)b = 'y';
    expect_eq(page[0], 'y', "it is the page");
    un.handle = op.handle;
    expect_eq(hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, &un, 1), 0, "unmap_grant_ref");
    f = fault_of(*(volatile char *)b = 'z');
    expect_eq(un.status, GNTST_okay, "unmap it");
    expect(grant_end(ref), "the grant has ended");
    expect_fault(f, TRAP_PF, PF_WRITE, "a write by the other address");
    expect_eq(page[0], 'y', "the page is its owner's alone");
}
