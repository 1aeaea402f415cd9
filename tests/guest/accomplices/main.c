/*
 * Two domains that work together get no further than one: what is a page table or a descriptor table of the one
 * can't be written by the other, however they go about it.
 *
 * The giver grants its tables writable, which its own entries may not be: the taker can neither map nor copy over
 * them, but it may look. And the other way round: what the taker has mapped writable, by whatever grant, can't
 * become a table.
 */
#include "roles.h"

enum { L1, ROOT, GDT, TABLES };
static const char *const kinds[TABLES] = { "an L1 table", "a root", "a GDT" };

/* --- The giver --- */

/* What the taker has mapped by an entry is the taker's alone, whomever the entry names by now. */
static void entry_for_us(domid_t taker, grant_ref_t ref)
{
    grant_handle_t handle;

    grant_table()[ref].domid = own_domid();
    expect_eq(grant_take(table_window(), own_domid(), ref, 0, &handle), GNTST_general_error,
              "an entry for two");
    grant_table()[ref].domid = taker;
}

static void give(void)
{
    domid_t taker = meet();
    pte_t *l1 = page_readonly();
    void *gdt = page_readonly(), *page = page_alloc(), *tables[TABLES] = { l1, table_root(), gdt };
    xen_pfn_t gdt_frame = virt_to_mfn(gdt), page_frame = virt_to_mfn(page);
    grant_ref_t ref;

    need(table_pin(l1, 1));
    need(hypercall(set_gdt, &gdt_frame, 512));
    for ( unsigned int i = 0; i < TABLES; i++ )
        tell(grant_give(taker, pte_mfn(*table_find((ulong)tables[i], 1)), false));
    ref = grant_give(taker, virt_to_mfn(page), false);
    tell(ref);

    hear();
    entry_for_us(taker, ref);
    need(page_protect(page, PTE_KERNEL_RO));
    expect_eq(table_pin(page, 1), -EINVAL, "what the taker writes to became a table");
    expect_eq(hypercall(set_gdt, &page_frame, 512), -EINVAL, "or a GDT");
    grant_table()[ref].flags = 0;
    expect_eq(table_pin(page, 1), -EINVAL, "it became one when we took back the grant");
    tell(0);
    hear();
    expect_eq(table_pin(page, 1), 0, "it can when the taker has let go");
    tell(0);
    hear();
}

/* --- The taker --- */

static int copy_over(domid_t giver, grant_ref_t ref)
{
    struct gnttab_copy op = {
        .source = { .u.gmfn = virt_to_mfn(page_alloc()), .domid = DOMID_SELF },
        .dest = { .u.ref = ref, .domid = giver },
        .len = 8,
        .flags = GNTCOPY_dest_gref,
    };

    expect_eq(hypercall(grant_table_op, GNTTABOP_copy, &op, 1), 0, "GNTTABOP_copy");
    return op.status;
}

static void take_table(domid_t giver, grant_ref_t ref, const char *kind, ulong window)
{
    grant_handle_t handle;
    pte_t *entry = table_make(window, 1);

    expect(grant_take(window, giver, ref, 0, &handle) != GNTST_okay, kind);
    expect(copy_over(giver, ref) != GNTST_okay, kind);
    expect_eq(grant_take(window, giver, ref, GNTMAP_readonly, &handle), GNTST_okay, kind);
    expect_eq(pte_set(entry, *entry | PTE_RW), -EBUSY, kind);
    expect_fault(fault_of(*(volatile char *)window = 1), TRAP_PF, PF_PRESENT | PF_WRITE, kind);
    expect_eq(grant_drop(window, handle), GNTST_okay, kind);
}

static void take(void)
{
    domid_t giver = meet();
    ulong window = table_window();
    grant_handle_t handle;
    grant_ref_t ref;

    for ( unsigned int i = 0; i < TABLES; i++ )
        take_table(giver, (grant_ref_t)hear(), kinds[i], window);
    ref = (grant_ref_t)hear();
    expect_eq(grant_take(window, giver, ref, 0, &handle), GNTST_okay, "a page that is no table");
    tell(0);
    hear();
    *(volatile char *)window = 0;
    expect_eq(grant_drop(window, handle), GNTST_okay, "let go of it");
    tell(0);
    hear();
    expect(grant_take(window, giver, ref, 0, &handle) != GNTST_okay, "now it is a table");
    tell(0);
}

void test_main(void)
{
    static const struct role roles[] = { { "giver", give }, { "taker", take } };

    ROLES_PLAY(roles);
}
