/*
 * CLEAR_PAGE and COPY_PAGE write frames of ours that could be mapped writable, by number, mapped or not.
 */
#include "test.h"

static long copy(ulong to, ulong from)
{
    struct mmuext_op op = { .cmd = MMUEXT_COPY_PAGE, .arg1.mfn = to, .arg2.src_mfn = from };

    return hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF);
}

void test_main(void)
{
    char *from = page_alloc(), *to = page_alloc();
    void *table = page_readonly();

    memset(from, 0x5a, PAGE_SIZE);
    expect_eq(copy(virt_to_mfn(to), virt_to_mfn(from)), 0, "copy a page");
    expect(!memcmp(from, to, PAGE_SIZE), "it is copied");
    expect_eq(mmuext_mfn(MMUEXT_CLEAR_PAGE, virt_to_mfn(to)), 0, "clear it");
    expect_eq(to[0] | to[PAGE_SIZE - 1], 0, "it is clear");

    need(table_pin(table, 1));
    expect_eq(mmuext_mfn(MMUEXT_CLEAR_PAGE, virt_to_mfn(table)), -EINVAL, "clear a table");
    expect_eq(copy(virt_to_mfn(table), virt_to_mfn(from)), -EINVAL, "copy over a table");
    expect_eq(copy(virt_to_mfn(to), virt_to_mfn(table)), 0, "copy a table");
    expect_eq(mmuext_mfn(MMUEXT_CLEAR_PAGE, ~0UL >> 12), -EINVAL, "clear no RAM");
    expect_eq(copy(virt_to_mfn(to), ~0UL >> 12), -EINVAL, "copy from no RAM");
    need(table_unpin(table));
    page_release(table);
    page_free(from);
    page_free(to);
}
