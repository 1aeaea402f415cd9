/*
 * Version 2 of grant tables: frames by numbers of 64 bits, in entries of 16 bytes, and who uses them is told in words
 * apart from the entries, which nobody but the granter writes.
 *
 * The table grows as that of version 1 does, and there is a frame of status words to each eight of the table. To end a
 * grant one takes it out of the entry and then looks at the word: nobody maps it from then on.
 */
#include "../grant_v2.h"

static domid_t self;
static char *page;
static ulong window;
static volatile grant_status_t *status;

static struct gnttab_map_grant_ref map(uint32_t flags, grant_ref_t ref)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = window, .flags = GNTMAP_host_map | flags, .ref = ref, .dom = self
    };

    expect_eq(hypercall(grant_table_op, GNTTABOP_map_grant_ref, &op, 1), 0, "map_grant_ref");
    return op;
}

static void maps(void)
{
    struct gnttab_map_grant_ref op;

    grant_frame(20, 0, self, virt_to_mfn(page));
    page[0] = 'x';
    op = map(0, 20);
    expect_eq(op.status, GNTST_okay, "map a frame");
    expect_eq(op.dev_bus_addr >> PAGE_SHIFT, virt_to_mfn(page), "dev_bus_addr");
    *(volatile char *)window = 'y';
    expect_eq(page[0], 'y', "it is the page");
    expect_eq(status[20], GTF_reading | GTF_writing, "its word says: in use");
    expect_eq(table_v2()[20].hdr.flags, GTF_permit_access, "the entry is as we wrote it");
    table_v2()[20].hdr.flags = 0;
    expect_eq(status[20], GTF_reading | GTF_writing, "a grant that has ended still is in use");
    need(grant_drop(window, op.handle));
    expect_eq(status[20], 0, "until it is unmapped");
    expect_eq(map(0, 20).status, GNTST_general_error, "and can't be mapped any more");

    grant_frame(20, GTF_readonly, self, virt_to_mfn(page));
    expect_eq(map(0, 20).status, GNTST_general_error, "map a read-only one writable");
    status[20] = 0xff67;
    op = map(GNTMAP_readonly, 20);
    expect_eq(op.status, GNTST_okay, "map it read-only");
    expect_eq(status[20], 0xff67 | GTF_reading, "the other bits of its word are ours");
    need(grant_drop(window, op.handle));
    expect_eq(status[20], 0xff67, "and stay so");
    status[20] = 0;
}

static void refused(void)
{
    expect_eq(map(0, 21).status, GNTST_general_error, "map what grants nothing");
    expect_eq(map(0, 256).status, GNTST_bad_gntref, "map what is beyond the table");
    grant_frame(20, 0, self, virt_to_mfn(page));
    table_v2()[20].full_page.frame |= 1ull << 32;
    expect_eq(map(0, 20).status, GNTST_bad_page, "a frame's number has 64 bits");
    grant_frame(20, 0, (domid_t)(self + 1), virt_to_mfn(page));
    expect_eq(map(0, 20).status, GNTST_general_error, "map what is for somebody else");
    expect_eq(status[20], 0, "none of them is in use");
    table_v2()[20].hdr.flags = 0;
}

static void copies(void)
{
    void *other = page_alloc();

    memset(page, 'p', PAGE_SIZE);
    grant_frame(20, GTF_readonly, self, virt_to_mfn(page));
    expect_eq(copy_granted(other, self, 20, 0, 4096, false), GNTST_okay, "copy from it");
    expect(!memcmp(other, page, PAGE_SIZE), "all of it");
    expect_eq(copy_granted(other, self, 20, 0, 1, true), GNTST_general_error, "copy to it");
    table_v2()[20].hdr.flags = 0;
    page_free(other);
}

static void swaps(void)
{
    struct gnttab_swap_grant_ref op = { .ref_a = 20, .ref_b = 30 };

    grant_frame(20, 0, self, 5);
    grant_part(30, GTF_readonly, 7, 6, 8, 9);
    expect_eq(hypercall(grant_table_op, GNTTABOP_swap_grant_ref, &op, 1), 0, "swap_grant_ref");
    expect_eq(op.status, GNTST_okay, "swap two entries");
    expect(table_v2()[30].full_page.frame == 5 && table_v2()[20].sub_page.frame == 6 &&
               table_v2()[20].sub_page.length == 9 && table_v2()[20].hdr.domid == 7,
           "all 16 bytes of them");
    table_v2()[20].hdr.flags = table_v2()[30].hdr.flags = 0;
}

static void transfers(void)
{
    char *given = page_alloc();
    struct gnttab_transfer op = { .mfn = virt_to_mfn(given), .domid = self, .ref = 20 };

    entry_write(20, GTF_accept_transfer, self, virt_to_pfn(given), 0, 0);
    given[0] = 'g';
    need(table_unmap((ulong)given));
    expect_eq(hypercall(grant_table_op, GNTTABOP_transfer, &op, 1), 0, "GNTTABOP_transfer");
    expect_eq(op.status, GNTST_okay, "a frame comes to us");
    expect_eq(table_v2()[20].hdr.flags,
              GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed,
              "its entry says so");
    expect_eq(table_v2()[20].full_page.frame, op.mfn, "and which");
    need(table_map((ulong)given, (ulong)op.mfn, PTE_KERNEL_RW));
    expect_eq(given[0], 'g', "with what was in it");
    table_v2()[20].hdr.flags = 0;
    page_free(given);
}

static uint32_t frames_now(void)
{
    struct gnttab_query_size op = { .dom = DOMID_SELF };

    need(hypercall(grant_table_op, GNTTABOP_query_size, &op, 1));
    expect_eq(op.max_nr_frames, 64, "64 frames at most, as in version 1");
    return op.nr_frames;
}

static int setup_table(uint32_t nr)
{
    static xen_pfn_t list[65];
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = nr };

    set_xen_guest_handle(op.frame_list, list);
    need(hypercall(grant_table_op, GNTTABOP_setup_table, &op, 1));
    return op.status;
}

static void grows(void)
{
    uint64_t frames[10] = { 0 };
    struct gnttab_get_status_frames op = { .dom = DOMID_SELF };
    uint32_t now = frames_now(), nr = (now + 7) / 8;

    expect_eq(get_status_frames(DOMID_SELF, 0, frames), GNTST_okay, "no status frame");
    expect_eq(get_status_frames(DOMID_SELF, nr, frames), GNTST_okay, "as many as there are");
    expect(frames[0] && !frames[nr], "are told");
    expect_eq(get_status_frames(DOMID_SELF, nr + 1, frames), GNTST_general_error, "more");
    expect_eq(get_status_frames(DOMID_SELF, ~0u, frames), GNTST_general_error, "many more");
    expect_eq(get_status_frames(DOMID_SELF, 1, NULL), GNTST_bad_virt_addr, "to nowhere");
    expect_eq(get_status_frames(999, 1, frames), GNTST_bad_domain, "of nobody");
    expect_eq(hypercall(grant_table_op, GNTTABOP_get_status_frames, &op, 2), -EINVAL,
              "two questions at once");
    if ( now < 9 )
    {
        expect_eq(setup_table(9), GNTST_okay, "nine frames of table");
        expect_eq(get_status_frames(DOMID_SELF, 2, frames), GNTST_okay, "have two of status");
        expect_eq(copy_granted(page, self, 9 * 256 - 1, 0, 1, false), GNTST_general_error,
                  "the last entry");
        expect_eq(copy_granted(page, self, 9 * 256, 0, 1, false), GNTST_bad_gntref,
                  "the one behind it");
    }
    expect_eq(setup_table(65), GNTST_general_error, "too many frames");
}

void test_main(void)
{
    self = own_domid();
    page = page_alloc();
    window = table_window();
    table_make(window, 1);
    need_version_2();
    status = map_status();
    maps();
    if ( frames_now() == 1 )
        refused();
    copies();
    swaps();
    transfers();
    grows();
    need(table_unmap((ulong)status));
    need(set_version(1, NULL));
    expect_eq(get_status_frames(DOMID_SELF, 1, (uint64_t *)page), GNTST_general_error,
              "version 1 has no status frames");
    page_free(page);
}
