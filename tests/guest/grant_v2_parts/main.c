/*
 * A grant of a part of a frame is for copies within that part, and for nothing else: who could map it would see the
 * rest. The part's bounds are two numbers of 16 bits that the granter chooses, and neither their sum nor that of a
 * copy's offset and length is fooled by them.
 */
#include "../grant_v2.h"

#define REF 20

static domid_t self;
static char *page, *other;

static void expect_copies(uint16_t offset, uint16_t len, int want, const char *text)
{
    expect_eq(copy_granted(other, self, REF, offset, len, false), want, text);
    expect_eq(copy_granted(other, self, REF, offset, len, true), want, "and the other way");
}

static void part(uint16_t start, uint16_t size)
{
    grant_part(REF, 0, self, virt_to_mfn(page), start, size);
}

static void bounds(void)
{
    part(4, 8);
    expect_copies(4, 8, GNTST_okay, "all of the part");
    expect_copies(11, 1, GNTST_okay, "its last byte");
    expect_copies(3, 1, GNTST_general_error, "the byte before it");
    expect_copies(4, 9, GNTST_general_error, "a byte more than it");
    expect_copies(12, 1, GNTST_general_error, "the byte behind it");
    expect_copies(0, 4096, GNTST_general_error, "all of the frame");
    expect_copies(12, 0, GNTST_okay, "nothing, at its end");
    expect_copies(13, 0, GNTST_general_error, "nothing, beyond it");
    part(4, 0);
    expect_copies(4, 1, GNTST_general_error, "of a part of no bytes");
}

static void odd_bounds(void)
{
    part(4090, 100);
    expect_copies(4090, 6, GNTST_okay, "a part that the frame's end cuts off");
    expect_copies(4090, 7, GNTST_bad_copy_arg, "across the end");
    part(5000, 100);
    expect_copies(904, 1, GNTST_general_error, "of a part beyond the frame");
    expect_copies(5000, 1, GNTST_bad_copy_arg, "by its own numbers");
    part(0xfff0, 0xffff);
    expect_copies(0, 1, GNTST_general_error, "where start and size wrap around");
    part(1, 0xffff);
    expect_copies(0, 1, GNTST_general_error, "before a part that ends where numbers do");
    expect_copies(1, 4095, GNTST_okay, "within it");
}

void test_main(void)
{
    ulong window = table_window();
    grant_handle_t handle;

    self = own_domid();
    page = page_alloc();
    other = page_alloc();
    need_version_2();
    memset(page, 'p', PAGE_SIZE);
    part(4, 8);
    expect_eq(copy_granted(other, self, REF, 4, 8, false), GNTST_okay, "copy a part");
    expect(!memcmp(other, "pppppppp", 9), "it, and no more");
    memset(other, 'o', 8);
    expect_eq(copy_granted(other, self, REF, 4, 8, true), GNTST_okay, "copy to a part");
    expect(!memcmp(page, "ppppooooooooppp", 15), "it, and no more");

    expect_eq(grant_take(window, self, REF, GNTMAP_readonly, &handle), GNTST_general_error,
              "map a part");
    grant_part(REF, GTF_readonly, self, virt_to_mfn(page), 4, 8);
    expect_eq(copy_granted(other, self, REF, 4, 8, true), GNTST_general_error,
              "copy to a read-only part");
    bounds();
    odd_bounds();
    table_v2()[REF].hdr.flags = 0;
    need(set_version(1, NULL));
    page_free(page);
    page_free(other);
}
