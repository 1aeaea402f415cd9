/*
 * A grant is for whom it names, as it says, while it stands. Nobody else's frames come that way.
 *
 * The victim's grant table has an entry for dom0, one that has ended, one for the attacker, but read-only, and one
 * of a frame of the attacker's, which is not the victim's to grant. The attacker maps and copies all it can name,
 * and asks for the table itself.
 */
#include "roles.h"

enum { FOR_DOM0, ENDED, READ_ONLY, NOT_OURS, REFS };

/* --- The attacker --- */

static domid_t victim;
static ulong window;
static void *own;

static int map(grant_ref_t ref, uint32_t flags)
{
    grant_handle_t handle;

    return grant_take(window, victim, ref, flags, &handle);
}

static int copy(struct gnttab_copy op)
{
    op.len = 16;
    expect_eq(hypercall(grant_table_op, GNTTABOP_copy, &op, 1), 0, "GNTTABOP_copy");
    return op.status;
}

static int copy_from(domid_t domain, grant_ref_t ref)
{
    return copy((struct gnttab_copy){ .source = { .u.ref = ref, .domid = domain },
                                      .dest = { .u.gmfn = virt_to_mfn(own), .domid = DOMID_SELF },
                                      .flags = GNTCOPY_source_gref });
}

static int copy_to(domid_t domain, grant_ref_t ref)
{
    return copy((struct gnttab_copy){ .source = { .u.gmfn = virt_to_mfn(own), .domid = DOMID_SELF },
                                      .dest = { .u.ref = ref, .domid = domain },
                                      .flags = GNTCOPY_dest_gref });
}

static int copy_frame(domid_t from_domain, ulong from, domid_t to_domain, ulong to)
{
    return copy((struct gnttab_copy){ .source = { .u.gmfn = from, .domid = from_domain },
                                      .dest = { .u.gmfn = to, .domid = to_domain } });
}

static void refused_references(const grant_ref_t *refs)
{
    for ( unsigned int flags = 0; flags <= GNTMAP_readonly; flags += GNTMAP_readonly )
    {
        expect_eq(map(refs[FOR_DOM0], flags), GNTST_general_error, "map what is for dom0");
        expect_eq(map(refs[ENDED], flags), GNTST_general_error, "map what is no longer granted");
        expect_eq(map(refs[NOT_OURS], flags), GNTST_bad_page, "map what was not its to grant");
        expect_eq(map(400, flags), GNTST_general_error, "map what never was granted");
        expect_eq(map(1u << 20, flags), GNTST_bad_gntref, "map beyond the table");
    }
    expect_eq(map(refs[READ_ONLY], 0), GNTST_general_error, "map a read-only one writable");
    expect_eq(copy_from(victim, refs[FOR_DOM0]), GNTST_general_error, "copy what is for dom0");
    expect_eq(copy_to(victim, refs[FOR_DOM0]), GNTST_general_error, "copy over it");
    expect_eq(copy_from(victim, refs[ENDED]), GNTST_general_error, "copy what has ended");
    expect_eq(copy_to(victim, refs[ENDED]), GNTST_general_error, "copy over it");
    expect_eq(copy_to(victim, refs[READ_ONLY]), GNTST_general_error, "copy over a read-only one");
    expect_eq(copy_from(victim, 400), GNTST_general_error, "copy what never was granted");
}

static void refused_frames(ulong mfn)
{
    ulong ours = virt_to_mfn(own);

    expect_eq(copy_frame(victim, mfn, DOMID_SELF, ours), GNTST_permission_denied,
              "copy a frame by number, naming its owner");
    expect_eq(copy_frame(DOMID_SELF, ours, victim, mfn), GNTST_permission_denied, "copy over it");
    expect_eq(copy_frame(DOMID_SELF, mfn, DOMID_SELF, ours), GNTST_bad_page,
              "copy it as if it was ours");
    expect_eq(copy_frame(DOMID_SELF, ours, DOMID_SELF, mfn), GNTST_bad_page, "copy over it");
}

/* A mapping by grant is that, and nothing more comes of it. */
static void no_more_than_granted(grant_ref_t ref)
{
    grant_handle_t handle;
    pte_t *entry = table_make(window, 1), *table, value;
    ulong mfn;

    expect_eq(grant_take(window, victim, ref, GNTMAP_readonly, &handle), GNTST_okay,
              "map the read-only one as it is");
    value = *entry;
    mfn = pte_mfn(value);
    expect_fault(fault_of(*(volatile char *)window = 1), TRAP_PF, PF_PRESENT | PF_WRITE,
                 "write to it");
    expect_eq(pte_set(entry, value | PTE_RW), -EBUSY, "turn on RW");
    expect_eq(table_map(window + PAGE_SIZE, mfn, PTE_KERNEL_RO), -EBUSY, "map it once more");
    table = page_with_entry(0, pte_make(mfn, PTE_USER_RO));
    expect_eq(table_pin(table, 1), -EBUSY, "a table that maps it");
    page_release(table);
    expect_eq(*entry & ~(PTE_A | PTE_D), value & ~(PTE_A | PTE_D), "the mapping is as it was");
    expect_eq(grant_drop(window, handle), GNTST_okay, "unmap it");
}

static void refused_tables(void)
{
    xen_pfn_t frame = 0;
    struct gnttab_setup_table setup = { .dom = victim, .nr_frames = 1 };
    struct gnttab_query_size size = { .dom = victim };
    struct gnttab_get_version version = { .dom = victim };
    struct xen_mem_acquire_resource resource = { .domid = victim,
                                                 .type = XENMEM_resource_grant_table,
                                                 .nr_frames = 1 };

    set_xen_guest_handle(setup.frame_list, &frame);
    set_xen_guest_handle(resource.frame_list, &frame);
    expect_eq(hypercall(grant_table_op, GNTTABOP_setup_table, &setup, 1), 0, "setup_table");
    expect_eq(setup.status, GNTST_permission_denied, "of the victim's table");
    expect_eq(hypercall(grant_table_op, GNTTABOP_query_size, &size, 1), 0, "query_size");
    expect_eq(size.status, GNTST_permission_denied, "of the victim's table");
    expect_eq(hypercall(grant_table_op, GNTTABOP_get_version, &version, 1), -EPERM, "get_version");
    expect_eq(hypercall(memory_op, XENMEM_acquire_resource, &resource), -EPERM, "its frames");
    expect_eq(frame, 0, "no frame was told");
}

static void attack(void)
{
    grant_ref_t refs[REFS];

    victim = meet();
    window = table_window();
    own = page_alloc();
    tell(virt_to_mfn(own));
    for ( unsigned int i = 0; i < REFS; i++ )
        refs[i] = (grant_ref_t)hear();
    refused_frames(hear());
    refused_references(refs);
    no_more_than_granted(refs[READ_ONLY]);
    refused_tables();
    for ( unsigned int i = 0; i < PAGE_SIZE; i++ )
    {
        if ( ((char *)own)[i] )
            failure("something was copied to us");
    }
    tell(0);
}

/* --- The victim --- */

static void suffer(void)
{
    domid_t attacker = meet();
    char *page = page_alloc();
    ulong mfn = virt_to_mfn(page);
    grant_ref_t refs[REFS];

    memset(page, 'v', PAGE_SIZE);
    refs[FOR_DOM0] = grant_give(0, mfn, false);
    refs[READ_ONLY] = grant_give(attacker, mfn, true);
    refs[NOT_OURS] = grant_give(attacker, hear(), false);
    refs[ENDED] = grant_give(attacker, mfn, false);
    expect(grant_end(refs[ENDED]), "end one grant");
    for ( unsigned int i = 0; i < REFS; i++ )
        tell(refs[i]);
    tell(mfn);

    hear();
    for ( unsigned int i = 0; i < PAGE_SIZE; i++ )
    {
        if ( page[i] != 'v' )
            failure("our frame has changed at byte %u", i);
    }
    expect(grant_end(refs[FOR_DOM0]) && grant_end(refs[READ_ONLY]) && grant_end(refs[NOT_OURS]),
           "no grant is in use");
}

void test_main(void)
{
    static const struct role roles[] = { { "attacker", attack }, { "victim", suffer } };

    ROLES_PLAY(roles);
}
