/*
 * GNTTABOP_copy: between granted frames and frames by number.
 *
 * LINK: hypervisor/grant/[cmoptv]*.c tests/host/fake/grants.c tests/host/fake/stolen.c
 * LINK: tests/host/fake/machine*.c tests/host/fake/rooms.c tests/host/fake/tables.c
 * LINK: hypervisor/mm/frame.c hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 */
#include "tests/host/fake/grants.h"

TEST(a_batch_of_copies_stops_and_resumes)
{
    struct gnttab_copy ops[100];

    set_up();
    for ( u32 i = 0; i < 100; i++ )
        ops[i] = (struct gnttab_copy){ .source = { { .ref = i % 8 }, front->id, 0 },
                                       .dest = { { .gmfn = s.page[0].n }, DOMID_SELF, 0 },
                                       .len = 8,
                                       .flags = GNTCOPY_source_gref,
                                       .status = 1 };
    fake_preempt_at = fake_preempt_every = 1;
    expect_eq(set_pte(s.l1, 0, pte_make(s.page[0], RWD)), 0);
    expect_eq(call(GNTTABOP_copy, ops, 100), 0);
    expect(stops >= 99);
    for ( u32 i = 0; i < 100; i++ )
        expect_eq(ops[i].status, GNTST_okay);
    expect_unused();
}

TEST(copy_all_ways)
{
    set_up();
    expect_eq(
        copy((struct gnttab_copy){ REF(3, 0), OWN(s.page[0], 0), 4096, GNTCOPY_source_gref, 0 }),
        GNTST_okay);
    expect_eq(fake_words(s.page[0])[511], 0x0303030303030303);
    expect_eq(copy((struct gnttab_copy){ OWN(s.page[0], 8), REF(4, 16), 8, GNTCOPY_dest_gref, 0 }),
              GNTST_okay);
    expect_eq(fake_words(page[4])[1], 0x0404040404040404);
    expect_eq(fake_words(page[4])[2], 0x0303030303030303);
    expect_eq(fake_words(page[4])[3], 0x0404040404040404);
    expect_eq(copy((struct gnttab_copy){ REF(5, 1), REF(6, 4095), 1,
                                         GNTCOPY_source_gref | GNTCOPY_dest_gref, 0 }),
              GNTST_okay);
    expect_eq(fake_words(page[6])[511] >> 56, 5);
    expect_eq(copy((struct gnttab_copy){ OWN(s.page[0], 0), OWN(s.page[1], 0), 4096, 0, 0 }),
              GNTST_okay);
    expect_eq(fake_words(s.page[1])[0], 0x0303030303030303);
    for ( u32 i = 0; i < 512; i++ )
        fake_words(s.page[1])[i] = i;
    expect_eq(copy((struct gnttab_copy){ OWN(s.page[1], 0), OWN(s.page[1], 8), 4088, 0, 0 }),
              GNTST_okay);
    expect_eq(fake_words(s.page[1])[511], 510);
    expect_eq(copy((struct gnttab_copy){ OWN(s.page[1], 8), OWN(s.page[1], 0), 4088, 0, 0 }),
              GNTST_okay);
    expect_eq(fake_words(s.page[1])[510], 510);
    expect_eq(fake_refs(s.page[1]), 2);
    expect_unused();
}

/* By number only what one has is copied, though others' be in use as it is wanted; and no table is written to. */
TEST(frames_by_number_are_ones_own)
{
    set_up();
    require(!frame_get_and_type(mfn_to_frame(page[0]), front->id, FRAME_WRITABLE));
    expect_eq(copy((struct gnttab_copy){ OWN(page[0], 0), OWN(s.page[0], 0), 4096, 0, 0 }),
              GNTST_bad_page);
    expect_eq(copy((struct gnttab_copy){ OWN(s.page[0], 0), OWN(page[0], 0), 4096, 0, 0 }),
              GNTST_bad_page);
    expect_eq(copy((struct gnttab_copy){ OWN(s.page[0], 0), OWN(s.l1, 0), 8, 0, 0 }),
              GNTST_general_error);
    expect_eq(copy((struct gnttab_copy){ REF(3, 0), OWN(s.l1, 0), 4096, GNTCOPY_source_gref, 0 }),
              GNTST_general_error);
    expect_eq(copy((struct gnttab_copy){
                  { { .gmfn = s.page[0].n }, front->id, 0 }, OWN(s.page[0], 0), 8, 0, 0 }),
              GNTST_permission_denied);
    expect_eq(copy((struct gnttab_copy){
                  OWN(s.page[0], 0), { { .gmfn = s.page[0].n }, front->id, 0 }, 8, 0, 0 }),
              GNTST_permission_denied);
    expect_eq(fake_words(page[0])[0], 0);
    expect_eq(copy((struct gnttab_copy){ OWN(s.l1, 0), OWN(s.page[0], 0), 4096, 0, 0 }),
              GNTST_okay);
    expect_eq(fake_words(s.page[0])[1], fake_words(s.l1)[1]);
    frame_put_and_type(mfn_to_frame(page[0]));
    expect_unused();
}

/* References that we granted ourselves nothing by, whose numbers are those of frames of ours. */
TEST(references_are_no_frames)
{
    struct gnttab_copy_ptr refs[2];
    u64 before;

    set_up();
    for ( unsigned int i = 0; i < 2; i++ )
        refs[i] = (struct gnttab_copy_ptr){ { .ref = (u32)s.page[i].n }, DOMID_SELF, 0 };
    fake_words(s.page[0])[0] = 1;
    before = fake_words(s.page[1])[0];
    expect_eq(copy((struct gnttab_copy){ REF(3, 0), refs[1], 8,
                                         GNTCOPY_source_gref | GNTCOPY_dest_gref, 0 }),
              GNTST_general_error);
    expect_eq(copy((struct gnttab_copy){ OWN(s.page[0], 0), refs[1], 8, GNTCOPY_dest_gref, 0 }),
              GNTST_general_error);
    expect_eq(copy((struct gnttab_copy){ refs[0], OWN(s.page[1], 0), 8, GNTCOPY_source_gref, 0 }),
              GNTST_general_error);
    expect_eq(fake_words(s.page[1])[0], before);
    expect_unused();
}

TEST(copy_refuses)
{
    set_up();
    expect_eq(
        copy((struct gnttab_copy){ REF(3, 1), OWN(s.page[0], 0), 4096, GNTCOPY_source_gref, 0 }),
        GNTST_bad_copy_arg);
    expect_eq(
        copy((struct gnttab_copy){ REF(3, 0), OWN(s.page[0], 4000), 97, GNTCOPY_source_gref, 0 }),
        GNTST_bad_copy_arg);
    expect_eq(copy((struct gnttab_copy){ REF(3, 65535), OWN(s.page[0], 0), 65535,
                                         GNTCOPY_source_gref, 0 }),
              GNTST_bad_copy_arg);
    expect_eq(
        copy((struct gnttab_copy){ REF(600, 0), OWN(s.page[0], 0), 1, GNTCOPY_source_gref, 0 }),
        GNTST_bad_gntref);
    expect_eq(
        copy((struct gnttab_copy){ REF(100, 0), OWN(s.page[0], 0), 1, GNTCOPY_source_gref, 0 }),
        GNTST_general_error);
    expect_eq(copy((struct gnttab_copy){ REF(3, 0), OWN(page[0], 0), 1, GNTCOPY_source_gref, 0 }),
              GNTST_bad_page);
    expect_eq(copy((struct gnttab_copy){ REF(3, 0), OWN(s.l1, 0), 1, GNTCOPY_source_gref, 0 }),
              GNTST_general_error);
    expect_eq(
        copy((struct gnttab_copy){ REF(3, 0), OWN(to_mfn(~0UL), 0), 1, GNTCOPY_source_gref, 0 }),
        GNTST_bad_page);
    expect_eq(copy((struct gnttab_copy){
                  { { .gmfn = page[0].n }, front->id, 0 }, OWN(s.page[0], 0), 1, 0, 0 }),
              GNTST_permission_denied);
    grant(3, page[3], GTF_readonly);
    expect_eq(copy((struct gnttab_copy){ OWN(s.page[0], 0), REF(3, 0), 1, GNTCOPY_dest_gref, 0 }),
              GNTST_general_error);
    expect_eq(copy((struct gnttab_copy){ REF(3, 0), OWN(s.page[0], 0), 1, GNTCOPY_source_gref, 0 }),
              GNTST_okay);
    expect_unused();
}

HOST_TEST_MAIN
