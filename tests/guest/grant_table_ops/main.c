/*
 * The grant table itself: its size, its version, and unknown operations.
 */
#include "test.h"

/* With an argument that can be read and not written. */
static long readonly(unsigned int command, const void *op, size_t size)
{
    void *page = page_copied_readonly(op, size);
    long rc = hypercall(grant_table_op, command, page, 1);

    page_release(page);
    return rc;
}

#define READONLY(command, op) readonly(GNTTABOP_##command, &(op), sizeof(op))

/* Each of these asks for what does no harm. */
static void untold(void)
{
    struct gnttab_query_size size = { .dom = DOMID_SELF };
    struct gnttab_set_version set = { .version = 1 };
    struct gnttab_get_version get = { .dom = DOMID_SELF };
    struct gnttab_setup_table setup = { .dom = DOMID_SELF };
    struct gnttab_get_status_frames status = { .dom = DOMID_SELF };
    struct gnttab_swap_grant_ref swap = { .ref_a = 20, .ref_b = 20 };
    struct gnttab_transfer transfer = { .mfn = ~0UL >> 12, .domid = 999 };
    struct gnttab_copy copy = { .source.domid = 999, .dest.domid = 999 };

    expect_eq(READONLY(query_size, size), -EFAULT, "no place for a table's size");
    expect_eq(READONLY(set_version, set), -EFAULT, "its version");
    expect_eq(READONLY(get_version, get), -EFAULT, "likewise");
    expect_eq(READONLY(setup_table, setup), -EFAULT, "whether it was set up");
    expect_eq(READONLY(get_status_frames, status), -EFAULT, "or tells of status frames");
    expect_eq(READONLY(swap_grant_ref, swap), -EFAULT, "whether entries were swapped");
    expect_eq(READONLY(transfer, transfer), -EFAULT, "or a frame transferred");
    expect_eq(READONLY(copy, copy), -EFAULT, "or bytes copied");
    setup.nr_frames = 1;
    set_xen_guest_handle(setup.frame_list, (void *)0x10);
    expect(hypercall(grant_table_op, GNTTABOP_setup_table, &setup, 1) || setup.status < 0,
           "for the table's frames");
}

static int swap(grant_ref_t a, grant_ref_t b)
{
    struct gnttab_swap_grant_ref op = { .ref_a = a, .ref_b = b };

    need(hypercall(grant_table_op, GNTTABOP_swap_grant_ref, &op, 1));
    return op.status;
}

/* Entries change places while nobody uses them. */
static void swaps(void)
{
    ulong window = table_window();
    void *page = page_alloc();
    grant_ref_t ref = grant_give(own_domid(), virt_to_mfn(page), false), other = 450;
    struct grant_entry_v1 *table = grant_table();
    grant_handle_t handle;

    expect_eq(swap(ref, 100000), GNTST_bad_gntref, "one that can't be");
    expect_eq(grant_take(window, own_domid(), ref, 0, &handle), GNTST_okay, "one that is in use");
    expect_eq(swap(ref, other), GNTST_eagain, "stays where it is");
    expect_eq(swap(other, ref), GNTST_eagain, "and no other comes there");
    expect_eq(swap(ref, ref), GNTST_okay, "it goes to where it is");
    expect_eq(grant_drop(window, handle), GNTST_okay, "until it is not");
    expect_eq(swap(ref, other), GNTST_okay, "swapped");
    expect_eq(table[other].frame, virt_to_mfn(page), "it is there now");
    expect_eq(swap(ref, other), GNTST_okay, "and back");
    expect(grant_end(ref), "as it was");
    page_free(page);
}

#define NOWHERE ((void *)(HYPERVISOR_VIRT_START + 0x1000))

static int16_t status; /* of list() */

static long list(unsigned int command, domid_t whose, uint32_t frames, void *to)
{
    struct gnttab_setup_table setup = { .dom = whose, .nr_frames = frames };
    struct gnttab_get_status_frames states = { .dom = whose, .nr_frames = frames };
    long rc;

    set_xen_guest_handle(setup.frame_list, to);
    set_xen_guest_handle(states.frame_list, to);
    rc = hypercall(grant_table_op, command,
                   command == GNTTABOP_setup_table ? &setup : (void *)&states, 1);
    status = command == GNTTABOP_setup_table ? setup.status : states.status;
    return rc;
}

/* A list that is the hypervisor's is refused before anything else is asked; one that isn't there, last. */
static void try_lists(void)
{
    static const unsigned int commands[] = { GNTTABOP_setup_table, GNTTABOP_get_status_frames };

    expect_eq(list(GNTTABOP_setup_table, DOMID_SELF, 1, NULL), 0, "frames listed nowhere");
    expect_eq(status, GNTST_bad_virt_addr, "have their status");
    for ( unsigned int i = 0; i < 2 && !KIT_PV32; i++ )
    {
        expect_eq(list(commands[i], DOMID_SELF, 1, NOWHERE), -EFAULT, "a list in the hypervisor");
        expect_eq(list(commands[i], DOMID_SELF, 0, NOWHERE), -EFAULT, "an empty one");
        expect_eq(list(commands[i], DOMID_SELF, 1000, NOWHERE), -EFAULT, "too long a one");
        expect_eq(list(commands[i], 999, 1, NOWHERE), -EFAULT, "for a domain that is not there");
    }
}

void test_main(void)
{
    struct gnttab_query_size size = { .dom = DOMID_SELF };
    struct gnttab_query_size other = { .dom = 999 };
    struct gnttab_set_version version = { .version = 1 };
    struct gnttab_get_version current = { .dom = DOMID_SELF };
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 100000 };

    grant_table();
    expect_eq(hypercall(grant_table_op, GNTTABOP_query_size, &size, 1), 0, "query_size");
    expect_eq(size.status, GNTST_okay, "answers");
    expect(size.nr_frames >= 1, "some frames now");
    expect_eq(size.max_nr_frames, 64, "64 at most");
    expect_eq(hypercall(grant_table_op, GNTTABOP_query_size, &other, 1), 0,
              "of a domain that is not there");
    expect_eq(other.status, GNTST_bad_domain, "has its status");
    expect_eq(hypercall(grant_table_op, GNTTABOP_set_version, &version, 1), 0, "version 1");
    expect_eq(hypercall(grant_table_op, GNTTABOP_get_version, &current, 1), 0, "which version");
    expect_eq(current.version, 1, "is 1");
    version.version = 3;
    expect_eq(hypercall(grant_table_op, GNTTABOP_set_version, &version, 1), -EINVAL, "version 3");
    expect_eq(hypercall(grant_table_op, GNTTABOP_setup_table, &setup, 1), 0,
              "more frames than can be");
    expect_eq(setup.status, GNTST_general_error, "are refused");
    untold();
    swaps();
    expect_eq(hypercall(grant_table_op, GNTTABOP_query_size, &size, 0x80000000U), -EINVAL,
              "more at once than can be");
    expect_eq(hypercall(grant_table_op, GNTTABOP_query_size, &size, 2), -EINVAL,
              "two, of what there is one");
    expect_eq(hypercall(grant_table_op, 99, &size, 1), -ENOSYS, "99, which is none");
    expect_eq(hypercall(grant_table_op, 99, &size, 0x80000000U), -EINVAL, "too often at that");
    expect_eq(hypercall(grant_table_op, GNTTABOP_setup_table, &setup, 2), -EINVAL, "likewise");
    expect_eq(hypercall(grant_table_op, GNTTABOP_query_size, 0x10, 1), -EFAULT,
              "an argument that is not there");
    expect_eq(hypercall(grant_table_op, GNTTABOP_get_version, 0x10, 1), -EFAULT, "likewise");
    expect_eq(hypercall(grant_table_op, GNTTABOP_swap_grant_ref, 0x10, 1), -EFAULT, "likewise");
    try_lists();
}
