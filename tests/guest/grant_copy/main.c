/*
 * GNTTABOP_copy: bytes between frames, each named by grant or, if ours, by number; never across a page's end.
 */
#include "test.h"

static int copy(struct gnttab_copy op)
{
    expect_eq(hypercall(grant_table_op, GNTTABOP_copy, &op, 1), 0, "GNTTABOP_copy");
    return op.status;
}

void test_main(void)
{
    char *from = page_alloc(), *to = page_alloc();
    domid_t own = own_domid();
    grant_ref_t ref = grant_give(own, virt_to_mfn(from), true);
    struct gnttab_copy op = {
        .source = { .u.gmfn = virt_to_mfn(from), .domid = DOMID_SELF, .offset = 16 },
        .dest = { .u.gmfn = virt_to_mfn(to), .domid = DOMID_SELF, .offset = 100 },
        .len = 5,
    }, bad;
    void *told;

    memcpy(from + 16, "hello", 5);
    expect_eq(copy(op), GNTST_okay, "by frame numbers");
    bad = op;
    bad.source.domid = own;
    expect_eq(copy(bad), GNTST_permission_denied,
              "by a frame's number, and not ours by DOMID_SELF");
    expect(!memcmp(to + 100, "hello", 5) && !to[99] && !to[105], "the bytes, and no others");

    op.flags = GNTCOPY_source_gref;
    op.source.u.ref = ref;
    op.dest.offset = 200;
    expect_eq(copy(op), GNTST_okay, "from a grant");
    expect(!memcmp(to + 200, "hello", 5), "the bytes");

    bad = op;
    bad.source.offset = 4094;
    expect_eq(copy(bad), GNTST_bad_copy_arg, "across the end of the source");
    bad = op;
    bad.dest.offset = 4094;
    expect_eq(copy(bad), GNTST_bad_copy_arg, "across the end of the destination");
    bad = op;
    bad.flags = GNTCOPY_dest_gref;
    bad.source.u.gmfn = virt_to_mfn(to);
    bad.dest.u.ref = ref;
    expect_eq(copy(bad), GNTST_general_error, "into a read-only grant");
    bad = op;
    bad.source.u.ref = 100000;
    expect_eq(copy(bad), GNTST_bad_gntref, "from a reference that can't be");
    bad = op;
    bad.source.domid = 999;
    expect_eq(copy(bad), GNTST_bad_domain, "from a domain that is not there");
    bad = op;
    bad.dest.u.gmfn = virt_to_mfn(table_root());
    expect_eq(copy(bad), GNTST_general_error, "into a page table");
    op.source.domid = own;
    op.dest.offset = 300;
    told = page_copied_readonly(&op, sizeof(op));
    expect_eq(hypercall(grant_table_op, GNTTABOP_copy, told, 1), -EFAULT, "without an answer");
    page_release(told);
    expect(!memcmp(to + 300, "hello", 5), "the bytes all the same");
    expect(grant_end(ref), "the grant ends");
    page_free(from);
    page_free(to);
}
