/*
 * The grant table itself: its size, its version, and unknown operations.
 */
#include "test.h"

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
    expect_eq(hypercall(grant_table_op, 99, &size, 1), -ENOSYS, "99, which is none");
    expect_eq(hypercall(grant_table_op, GNTTABOP_query_size, 0x10, 1), -EFAULT,
              "an argument that is not there");
}
