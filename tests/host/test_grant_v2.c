/*
 * Grant tables of version 2: changes of versions, status frames, parts of frames, and entries that stand for others'.
 *
 * LINK: hypervisor/grant/[cmoptv]*.c tests/host/fake/grants.c tests/host/fake/stolen.c
 * LINK: tests/host/fake/machine*.c tests/host/fake/rooms.c tests/host/fake/tables.c
 * LINK: hypervisor/mm/frame.c hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 */
#include "tests/host/fake/grants.h"
#include "tests/host/fake/stolen.h"

/* By front, which runs for it. */
static long set_version(u32 version, u32 *is)
{
    struct vcpu *v = current_vcpu();
    struct gnttab_set_version op = { .version = version };
    long rc;

    fake_run(front->vcpus[0]);
    rc = call(GNTTABOP_set_version, &op, 1);
    fake_run(v);
    if ( is )
        *is = op.version;
    return rc;
}

static void grant_part(u32 ref, mfn_t mfn, u16 flags, u16 start, u16 size)
{
    grant(ref, mfn, GTF_sub_page | flags);
    entry_v2(ref)->sub_page.page_off = start;
    entry_v2(ref)->sub_page.length = size;
}

static void grant_transitive(u32 ref, u16 flags, domid_t granter, u32 its_ref)
{
    union grant_entry_v2 *e = entry_v2(ref);

    *e = (union grant_entry_v2){ .transitive = { .trans_domid = granter, .gref = its_ref } };
    e->hdr = (grant_entry_header_t){ .flags = GTF_transitive | flags, .domid = back->id };
}

/* --- Versions --- */

TEST(versions)
{
    struct gnttab_get_version get = { .dom = DOMID_SELF };
    u32 is;

    set_up();
    expect_eq(set_version(1, &is), 0);
    expect_eq(set_version(0, &is), -EINVAL);
    expect_eq(set_version(3, &is), -EINVAL);
    expect_eq(is, 1);
    expect_eq(set_version(2, &is), 0);
    expect_eq(is, 2);
    expect_eq(set_version(2, &is), 0);
    expect_eq(set_version(3, &is), -EINVAL);
    expect_eq(is, 2);
    expect_eq(call(GNTTABOP_get_version, &get, 1), 0);
    expect_eq(get.version, 1); /* back's own */
    get.dom = front->id;
    expect_eq(call(GNTTABOP_get_version, &get, 1), -EPERM);
    get.dom = 99;
    expect_eq(call(GNTTABOP_get_version, &get, 1), -ESRCH);
    expect_eq(set_version(1, &is), 0);
    expect_eq(is, 1);
    expect_eq(call(GNTTABOP_set_version, (void *)8, 1), -EFAULT);
}

TEST(a_domain_may_be_kept_to_version_1)
{
    u32 is;

    set_up();
    front->grant.table->max_version = 1;
    expect_eq(set_version(2, &is), -ENOSYS);
    expect_eq(is, 1);
    expect_eq(set_version(3, &is), -EINVAL);
    expect_eq(set_version(1, &is), 0);
}

TEST(reserved_entries_are_kept)
{
    set_up();
    *entry(1) = (struct grant_entry_v1){
        GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed, 7, 5
    };
    *entry(2) =
        (struct grant_entry_v1){ GTF_permit_access | GTF_readonly | GTF_reading, 9, 0x1234 };
    grant(8, page[0], 0);
    expect_eq(set_version(2, NULL), 0);
    expect_eq(entry_v2(0)->full_page.frame, page[0].n);
    expect_eq(entry_v2(0)->hdr.flags, GTF_permit_access);
    expect_eq(entry_v2(0)->hdr.domid, back->id);
    expect_eq(entry_v2(1)->hdr.flags,
              GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed);
    expect_eq(entry_v2(2)->hdr.flags, GTF_permit_access | GTF_readonly);
    expect_eq(entry_v2(2)->hdr.domid, 9);
    expect_eq(entry_v2(2)->full_page.frame, 0x1234);
    for ( u32 i = 8; i < 256; i++ )
        expect(!entry_v2(i)->hdr.flags && !entry_v2(i)->full_page.frame);

    grant_part(3, page[3], 0, 4, 8);
    grant(8, page[0], 0);
    expect_eq(set_version(1, NULL), 0);
    expect_eq(entry(0)->frame, page[0].n);
    expect_eq(entry(2)->flags, GTF_permit_access | GTF_readonly);
    expect_eq(entry(7)->frame, page[7].n);
    for ( u32 i = 8; i < 512; i++ )
        expect(!entry(i)->flags && !entry(i)->frame);
    /* What had been a part has not become a whole. */
    expect_eq(map(3, VA(10), GNTMAP_host_map).status, GNTST_general_error);
    expect_eq(copy((struct gnttab_copy){ REF(3, 4), OWN(s.page[0], 0), 1, GNTCOPY_source_gref, 0 }),
              GNTST_general_error);
}

TEST(what_version_1_cannot_say)
{
    u32 is;

    set_up_v2();
    grant(5, to_mfn(1UL << 32), 0);
    grant(6, page[5], 0);
    expect_eq(set_version(1, &is), -ERANGE);
    expect_eq(is, 2);
    expect_eq(entry_v2(5)->full_page.frame, 1UL << 32);
    expect_eq(entry_v2(6)->full_page.frame, page[5].n);
    grant_transitive(5, 0, 3, 4);
    expect_eq(set_version(1, &is), -ERANGE);
    entry_v2(5)->hdr.flags = 0;
    expect_eq(set_version(1, &is), 0);
}

TEST(no_switch_while_in_use)
{
    struct gnttab_map_grant_ref op;
    u32 is;

    set_up();
    for ( u32 version = 1; version <= 2; version++ )
    {
        grant(100, page[3], 0);
        op = map(100, VA(10), GNTMAP_host_map);
        expect_eq(op.status, GNTST_okay);
        expect_eq(set_version(3 - version, &is), -EBUSY);
        expect_eq(is, version);
        expect_eq(set_version(version, &is), 0);
        expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
        expect_eq(set_version(3 - version, &is), 0);
        expect_unused();
    }
}

/* The daemons' mappings of the reserved ones last as long as the domain. */
TEST(reserved_entries_may_be_in_use)
{
    struct gnttab_map_grant_ref op, more;

    set_up();
    op = map(7, VA(10), GNTMAP_host_map | GNTMAP_readonly);
    expect_eq(set_version(2, NULL), 0);
    expect_eq(entry_v2(7)->hdr.flags, GTF_permit_access);
    expect_eq(marks_of(7), GTF_reading);
    expect_eq(active_of(7)->readers, 1);
    expect_eq(grant_entries_in_use(front), 1);
    more = map(7, VA(11), GNTMAP_host_map);
    expect_eq(marks_of(7), GTF_reading | GTF_writing);
    expect_eq(set_version(1, NULL), 0);
    expect_eq(entry(7)->flags, GTF_permit_access | GTF_reading | GTF_writing);
    expect_eq(grant_entries_in_use(front), 1);
    expect_eq(unmap(more.handle, VA(11), 0), GNTST_okay);
    expect_eq(entry(7)->flags, GTF_permit_access | GTF_reading);
    expect_eq(set_version(2, NULL), 0);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    expect_unused();
}

/* While it is copied from, front changes to version 1, in which back then maps what it may map: nothing. */
TEST(a_part_in_use_becomes_no_whole)
{
    struct grant_use use;

    set_up_v2();
    grant_part(5, page[5], 0, 4, 8);
    expect_eq(grant_pin(front, 5, back->id, false, GRANT_PART, &use), GNTST_okay);
    expect_eq(set_version(1, NULL), 0);
    expect_eq(map(5, VA(10), GNTMAP_host_map | GNTMAP_readonly).status, GNTST_general_error);
    grant(5, page[5], 0); /* which is another matter */
    expect_eq(map(5, 0, GNTMAP_device_map | GNTMAP_readonly).status, GNTST_okay);
    expect_eq(unmap(0, 0, page[5].n << PAGE_SHIFT), GNTST_okay);
    grant_unpin(front, 5, false, use.mfn);
    expect_unused();
}

static long switched;

static void switch_now(void)
{
    switched = set_version(3 - front->grant.table->version, NULL);
}

/* The entry that a frame is on its way to stays where it is. */
TEST(no_switch_while_a_frame_comes)
{
    struct gnttab_transfer op = { .domid = 2, .ref = 100 };

    set_up();
    *entry(100) = (struct grant_entry_v1){ GTF_accept_transfer, back->id, 77 };
    op.mfn = fake_frame(back).n;
    fake_on_give = switch_now;
    expect_eq(call(GNTTABOP_transfer, &op, 1), 0);
    expect_eq(switched, -EBUSY);
    expect_eq(op.status, GNTST_okay);
    expect_eq(entry(100)->frame, op.mfn);

    /* Nor when it doesn't come after all. */
    *entry(100) = (struct grant_entry_v1){ GTF_accept_transfer, back->id, 77 };
    op.mfn = fake_frame(back).n;
    fake_takers_full = true;
    expect_eq(call(GNTTABOP_transfer, &op, 1), 0);
    expect_eq(switched, -EBUSY);
    expect_eq(op.status, GNTST_general_error);
    fake_takers_full = false;
    fake_on_give = NULL;
    expect_eq(set_version(2, NULL), 0);
    expect_unused();
}

TEST(a_table_of_no_frames)
{
    struct grant_table *t;

    set_up();
    grant_domain_destroy(front);
    front->grant.max_grant_frames = 0;
    require(grant_domain_create(front) == 0);
    t = front->grant.table;
    expect_eq(t->nr_frames, 0);
    expect_eq(set_version(2, NULL), 0);
    expect_eq(t->nr_status_frames, 0);
    expect_eq(map(0, VA(10), GNTMAP_host_map).status, GNTST_bad_gntref);
    expect_eq(set_version(1, NULL), 0);
}

/* --- Status frames --- */

static struct gnttab_get_status_frames get_status(domid_t id, u32 n, u64 *frames)
{
    struct gnttab_get_status_frames op = { .dom = id, .nr_frames = n, .status = 1 };

    set_xen_guest_handle(op.frame_list, frames);
    expect_eq(call(GNTTABOP_get_status_frames, &op, 1), 0);
    return op;
}

TEST(status_frames)
{
    struct gnttab_get_status_frames op = { .dom = DOMID_SELF };
    u64 frames[16] = { 0 };

    set_up_v2();
    expect_eq(get_status(front->id, 1, frames).status, GNTST_permission_denied);
    expect_eq(get_status(99, 1, frames).status, GNTST_bad_domain);
    expect_eq(get_status(DOMID_SELF, 1, frames).status, GNTST_general_error); /* version 1 */
    expect_eq(get_status(DOMID_SELF, 0, frames).status, GNTST_okay);
    fake_run(front->vcpus[0]);
    expect_eq(frames[0], 0);
    expect_eq(get_status(DOMID_SELF, 1, frames).status, GNTST_okay);
    expect_eq(frames[0], virt_to_mfn(front->grant.table->status[0]).n);
    expect_eq(get_status(DOMID_SELF, 2, frames).status, GNTST_general_error);
    expect_eq(get_status(DOMID_SELF, ~0u, (u64 *)8).status, GNTST_general_error);
    expect_eq(get_status(DOMID_SELF, 1, (u64 *)8).status, GNTST_bad_virt_addr);
    expect_eq(call(GNTTABOP_get_status_frames, &op, 2), -EINVAL);
    expect_eq(call(GNTTABOP_get_status_frames, (void *)8, 1), -EFAULT);

    /* One to eight of the table, which grows. */
    require(grant_table_grow(front, 8) == 0);
    expect_eq(get_status(DOMID_SELF, 2, frames).status, GNTST_general_error);
    require(grant_table_grow(front, 9) == 0);
    expect_eq(get_status(DOMID_SELF, 2, frames).status, GNTST_okay);
    require(grant_table_grow(front, 64) == 0);
    expect_eq(get_status(DOMID_SELF, 8, frames).status, GNTST_okay);
    expect_eq(get_status(DOMID_SELF, 9, frames).status, GNTST_general_error);
    expect_eq(set_version(1, NULL), 0);
    expect_eq(get_status(DOMID_SELF, 1, frames).status, GNTST_general_error);
}

/* As the toolstack asks for them. */
TEST(frames_by_index)
{
    const u32 status = XENMEM_resource_grant_table_id_status,
              shared = XENMEM_resource_grant_table_id_shared;
    mfn_t mfn;

    set_up();
    expect_eq(grant_max_frames(front, shared), 64);
    expect_eq(grant_max_frames(front, status), 8);
    expect_eq(grant_max_frames(front, 2), 0);
    expect_eq(grant_frame(front, status, 0, &mfn), -EINVAL);
    expect_eq(set_version(2, NULL), 0);
    expect_eq(grant_frame(front, status, 7, &mfn), 0);
    expect_eq(mfn.n, virt_to_mfn(front->grant.table->status[7]).n);
    expect_eq(grant_table_frames(front), 57);
    expect_eq(grant_frame(front, status, 8, &mfn), -EINVAL);
    expect_eq(grant_frame(front, status, ~0u, &mfn), -EINVAL);
    expect_eq(grant_frame(front, shared, 63, &mfn), 0);
    expect_eq(grant_frame(front, shared, 64, &mfn), -EINVAL);
    expect_eq(grant_frame(front, 2, 0, &mfn), -EINVAL);
}

TEST(no_switch_while_status_is_mapped)
{
    u32 is;

    set_up_v2();
    fake_shared_mapped = true;
    expect_eq(set_version(1, &is), -EBUSY);
    expect_eq(is, 2);
    fake_shared_mapped = false;
    expect_eq(set_version(1, &is), 0);
    fake_shared_mapped = true;
    expect_eq(set_version(2, &is), 0);
    expect_eq(set_version(1, &is), -EBUSY);
}

/* A frame that somebody may have mapped, or be about to map, does not come to mean anything else. */
TEST(status_frames_stay)
{
    grant_status_t *status;

    set_up_v2();
    status = front->grant.table->status[0];
    memset(status, 0xff, PAGE_SIZE);
    expect_eq(set_version(1, NULL), 0);
    memset(status, 0xff, PAGE_SIZE);
    expect_eq(set_version(2, NULL), 0);
    expect(front->grant.table->status[0] == status);
    expect_eq(front->grant.table->nr_status_frames, 1);
    for ( u32 i = 0; i < PAGE_SIZE / sizeof(*status); i++ )
        expect_eq(status[i], 0);
}

/* --- Whole frames --- */

TEST(map_and_unmap)
{
    struct gnttab_map_grant_ref op, more;

    set_up_v2();
    front->grant.table->status[0][3] = 0x60 | GTF_writing; /* anything */
    op = map(3, VA(10), GNTMAP_host_map | GNTMAP_readonly);
    expect_eq(op.status, GNTST_okay);
    expect_eq(op.dev_bus_addr, page[3].n << PAGE_SHIFT);
    expect_eq(entry_v2(3)->hdr.flags, GTF_permit_access);
    expect_eq(front->grant.table->status[0][3], 0x60 | GTF_reading | GTF_writing);
    more = map(3, VA(11), GNTMAP_host_map);
    expect_eq(marks_of(3), GTF_reading | GTF_writing);
    expect_eq(active_of(3)->readers, 1);
    expect_eq(active_of(3)->writers, 1);
    expect_eq(unmap(more.handle, VA(11), 0), GNTST_okay);
    expect_eq(front->grant.table->status[0][3], 0x60 | GTF_reading);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    expect_eq(front->grant.table->status[0][3], 0x60);
    expect_unused();
    require(grant_table_grow(front, 64) == 0);
    grant(256 * 64 - 1, page[1], 0);
    op = map(256 * 64 - 1, VA(10), GNTMAP_host_map);
    expect_eq(op.status, GNTST_okay);
    expect_eq(front->grant.table->status[7][2047], GTF_reading | GTF_writing);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    expect_eq(map(256 * 64, VA(10), GNTMAP_host_map).status, GNTST_bad_gntref);
}

/* Mappings that would be done in few steps in version 1. */
TEST(mappings_are_not_as_usual)
{
    struct gnttab_map_grant_ref op;

    set_up();
    set_up_usual();
    require(grant_set_version(front, 2) == 0);
    grant(0, page[0], 0);
    memset(entry_v2(1), 0, sizeof(*entry_v2(1)));
    entry_v2(0)->full_page.frame = GTF_permit_access | back->id << 16 | (u64)page[1].n << 32;
    expect_eq(map_usual(1, VA(10), GNTMAP_host_map | GNTMAP_readonly).status, GNTST_general_error);
    grant(0, page[0], 0);
    grant(3, page[3], 0);
    op = map_usual(3, VA(10), GNTMAP_host_map);
    expect_eq(op.status, GNTST_okay);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    expect_unused();
}

TEST(what_is_not_granted_is_not_mapped)
{
    struct gnttab_map_grant_ref op;

    set_up_v2();
    expect_eq(map(256, VA(10), GNTMAP_host_map).status, GNTST_bad_gntref);
    expect_eq(map(~0u, VA(10), GNTMAP_host_map).status, GNTST_bad_gntref);
    expect_eq(map(100, VA(10), GNTMAP_host_map).status, GNTST_general_error);
    grant(0, page[0], GTF_readonly);
    expect_eq(map(0, VA(10), GNTMAP_host_map).status, GNTST_general_error);
    expect_eq(marks_of(0), 0);
    entry_v2(0)->hdr.domid = 7;
    expect_eq(map(0, VA(10), GNTMAP_host_map | GNTMAP_readonly).status, GNTST_general_error);
    grant(0, s.page[0], 0); /* not the granter's own */
    expect_eq(map(0, VA(10), GNTMAP_host_map).status, GNTST_bad_page);
    expect_eq(marks_of(0), 0);
    grant(0, to_mfn(page[0].n | 1UL << 32), 0);
    expect_eq(map(0, VA(10), GNTMAP_host_map).status, GNTST_bad_page);
    grant(0, to_mfn(~0UL), 0);
    expect_eq(map(0, VA(10), GNTMAP_host_map).status, GNTST_bad_page);
    *flags_of(0) = GTF_accept_transfer;
    expect_eq(map(0, VA(10), GNTMAP_host_map).status, GNTST_general_error);

    /* A grant that has ended is not used anew, though it still is in use. */
    grant(0, page[0], 0);
    op = map(0, VA(10), GNTMAP_host_map);
    *flags_of(0) = 0;
    expect_eq(map(0, VA(11), GNTMAP_host_map).status, GNTST_general_error);
    expect_eq(marks_of(0), GTF_reading | GTF_writing);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    expect_unused();
}

/*
 * The granter changes its entry at the very moment when it is marked: here the marks fall into the header itself, where
 * they make another domain of the one that it named.
 */
TEST(what_changes_while_it_is_marked)
{
    grant_status_t **status, *frame;

    set_up_v2();
    status = &front->grant.table->status[0];
    frame = *status;
    grant(100, page[0], 0);
    *status = (grant_status_t *)&entry_v2(100)->hdr.domid - 100;
    expect_eq(map(100, VA(10), GNTMAP_host_map).status, GNTST_general_error);
    expect_eq(entry_v2(100)->hdr.domid, back->id); /* the marks are gone again */
    *status = frame;
    expect_unused();
}

TEST(swap)
{
    struct gnttab_swap_grant_ref op = { .ref_a = 1, .ref_b = 200 };

    set_up_v2();
    grant_part(200, page[2], 0, 4, 8);
    fake_run(front->vcpus[0]);
    expect_eq(call(GNTTABOP_swap_grant_ref, &op, 1), 0);
    expect_eq(op.status, GNTST_okay);
    expect_eq(entry_v2(1)->sub_page.length, 8);
    expect_eq(entry_v2(1)->sub_page.frame, page[2].n);
    expect_eq(entry_v2(200)->full_page.frame, page[1].n);
    op.ref_b = 256;
    expect_eq(call(GNTTABOP_swap_grant_ref, &op, 1), 0);
    expect_eq(op.status, GNTST_bad_gntref);
}

TEST(transfers)
{
    struct gnttab_transfer op = { .domid = 2, .ref = 200 };

    set_up_v2();
    op.mfn = fake_frame(back).n;
    entry_v2(200)->full_page.frame = 5000;
    entry_v2(200)->hdr = (grant_entry_header_t){ GTF_accept_transfer, back->id };
    expect_eq(call(GNTTABOP_transfer, &op, 1), 0);
    expect_eq(op.status, GNTST_okay);
    expect_eq(entry_v2(200)->hdr.flags,
              GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed);
    expect_eq(entry_v2(200)->full_page.frame, op.mfn);
    expect_eq(m2p_get(to_mfn(op.mfn)).n, 5000);
    expect_eq(front->grant.table->uses, 0);
    expect_unused();
}

/* --- Parts of frames --- */

TEST(parts_are_not_mapped)
{
    set_up_v2();
    grant_part(0, page[0], 0, 0, PAGE_SIZE);
    expect_eq(map(0, VA(10), GNTMAP_host_map | GNTMAP_readonly).status, GNTST_general_error);
    expect_eq(map(0, 0, GNTMAP_device_map).status, GNTST_general_error);
    expect_unused();
}

static s16 copy_from(u32 ref, u16 offset, u16 len)
{
    return copy(
        (struct gnttab_copy){ REF(ref, offset), OWN(s.page[0], 0), len, GNTCOPY_source_gref, 0 });
}

static s16 copy_to(u32 ref, u16 offset, u16 len)
{
    return copy(
        (struct gnttab_copy){ OWN(s.page[1], 0), REF(ref, offset), len, GNTCOPY_dest_gref, 0 });
}

TEST(copies_stay_within_the_part)
{
    static const struct {
        u16 start, size, offset, len;
        s16 status;
    } cases[] = {
        { 4, 8, 4, 8, GNTST_okay },
        { 4, 8, 3, 1, GNTST_general_error },
        { 4, 8, 4, 9, GNTST_general_error },
        { 4, 8, 12, 1, GNTST_general_error },
        { 4, 8, 12, 0, GNTST_okay },
        { 4, 8, 13, 0, GNTST_general_error },
        { 4, 8, 3, 0, GNTST_general_error },
        { 4, 0, 4, 1, GNTST_general_error },
        { 4, 0, 4, 0, GNTST_okay },
        { 4090, 100, 4090, 6, GNTST_okay },
        { 4090, 100, 4090, 7, GNTST_bad_copy_arg },
        { 5000, 100, 5000, 6, GNTST_bad_copy_arg },
        { 5000, 100, 904, 1, GNTST_general_error },    /* 5000 modulo the size of a page */
        { 0xfff0, 0xffff, 0, 1, GNTST_general_error }, /* whose sum wraps in 16 bits */
        { 1, 0xffff, 0, 1, GNTST_general_error },
        { 1, 0xffff, 1, 4095, GNTST_okay },
        { 1, 0xffff, 1, 4096, GNTST_bad_copy_arg },
        { 0, 4096, 0, 4096, GNTST_okay },
    };

    set_up_v2();
    for ( u32 i = 0; i < ARRAY_SIZE(cases); i++ )
    {
        grant_part(0, page[0], 0, cases[i].start, cases[i].size);
        expect_eq(copy_from(0, cases[i].offset, cases[i].len), cases[i].status);
        expect_eq(copy_to(0, cases[i].offset, cases[i].len), cases[i].status);
        expect_unused();
    }
    grant_part(0, page[0], GTF_readonly, 0, 8);
    expect_eq(copy_to(0, 0, 8), GNTST_general_error);
    expect_eq(copy_from(0, 0, 8), GNTST_okay);
    expect_unused();
}

/* --- Entries that stand for others' --- */

static struct domain *owner; /* a third one; its entries grant to front */
static mfn_t owned;

static union grant_entry_v2 *owners_entry(u32 ref)
{
    return (union grant_entry_v2 *)owner->grant.table->shared[0] + ref;
}

static void set_up_transitive(void)
{
    set_up_v2();
    owner = fake_guest(3, false, 1);
    require(grant_set_version(owner, 2) == 0);
    owned = fake_frame(owner);
    memset(fake_words(owned), 'o', PAGE_SIZE);
    *owners_entry(50) = (union grant_entry_v2){ .full_page = { .frame = owned.n } };
    owners_entry(50)->hdr = (grant_entry_header_t){ GTF_permit_access, front->id };
    grant_transitive(100, 0, owner->id, 50);
}

static void expect_nothing_used(void)
{
    expect_unused();
    expect_eq(fake_refs(owned), 1);
    expect_eq(owner->refs, 1);
    expect_eq(owner->grant.table->uses, 0);
    expect_eq(front->grant.table->uses, 0);
    expect_eq(marks_of(100), 0);
    expect_eq(owner->grant.table->status[0][50], 0);
}

TEST(transitive)
{
    set_up_transitive();
    expect_eq(copy_from(100, 0, 16), GNTST_okay);
    expect_eq(fake_words(s.page[0])[1], 0x6f6f6f6f6f6f6f6f);
    expect_eq(copy_to(100, 8, 8), GNTST_okay);
    expect_eq(fake_words(owned)[1], fake_words(s.page[1])[0]);
    expect_eq(map(100, VA(10), GNTMAP_host_map | GNTMAP_readonly).status, GNTST_general_error);
    expect_nothing_used();

    /* Each of the two entries may say: read only. */
    grant_transitive(100, GTF_readonly, owner->id, 50);
    expect_eq(copy_to(100, 0, 8), GNTST_general_error);
    expect_eq(copy_from(100, 0, 8), GNTST_okay);
    grant_transitive(100, 0, owner->id, 50);
    owners_entry(50)->hdr.flags |= GTF_readonly;
    expect_eq(copy_to(100, 0, 8), GNTST_general_error);
    expect_eq(copy_from(100, 0, 8), GNTST_okay);
    expect_nothing_used();

    /* The second one's bounds hold. */
    owners_entry(50)->hdr.flags = GTF_permit_access | GTF_sub_page;
    owners_entry(50)->sub_page.page_off = 100;
    owners_entry(50)->sub_page.length = 50;
    expect_eq(copy_from(100, 100, 50), GNTST_okay);
    expect_eq(copy_from(100, 100, 51), GNTST_general_error);
    expect_eq(copy_to(100, 99, 1), GNTST_general_error);
    expect_nothing_used();

    /* From one such entry to another of the same, and a table of version 1 behind it. */
    expect_eq(copy((struct gnttab_copy){ REF(100, 100), REF(100, 120), 20,
                                         GNTCOPY_source_gref | GNTCOPY_dest_gref, 0 }),
              GNTST_okay);
    owners_entry(50)->hdr.flags = 0;
    require(grant_set_version(owner, 1) == 0);
    ((struct grant_entry_v1 *)owner->grant.table->shared[0])[50] =
        (struct grant_entry_v1){ GTF_permit_access, front->id, (u32)owned.n };
    expect_eq(copy_from(100, 0, 16), GNTST_okay);
    expect_nothing_used();
}

TEST(transitive_leads_one_step)
{
    set_up_transitive();
    grant_transitive(101, 0, owner->id, 51);
    *owners_entry(51) = (union grant_entry_v2){ .transitive = { .trans_domid = 2, .gref = 102 } };
    owners_entry(51)->hdr = (grant_entry_header_t){ GTF_transitive, front->id };
    grant(102, page[2], 0);
    entry_v2(102)->hdr.domid = owner->id;
    expect_eq(copy_from(101, 0, 8), GNTST_general_error);
    expect_eq(copy_to(101, 0, 8), GNTST_general_error);
    /* A circle, of two and of one. */
    owners_entry(51)->transitive.gref = 101;
    expect_eq(copy_from(101, 0, 8), GNTST_general_error);
    grant_transitive(101, 0, front->id, 101);
    expect_eq(copy_from(101, 0, 8), GNTST_general_error);
    grant_transitive(101, 0, front->id, 102);
    entry_v2(102)->hdr.domid = front->id;
    expect_eq(copy_from(101, 0, 8), GNTST_general_error);
    expect_nothing_used();
}

TEST(transitive_refused)
{
    set_up_transitive();
    grant_transitive(101, 0, 99, 50);
    expect_eq(copy_from(101, 0, 8), GNTST_general_error);
    grant_transitive(101, 0, DOMID_SELF, 50);
    expect_eq(copy_from(101, 0, 8), GNTST_general_error);
    grant_transitive(101, 0, DOMID_IO, 50);
    expect_eq(copy_from(101, 0, 8), GNTST_general_error);
    grant_transitive(101, 0, owner->id, 100000);
    expect_eq(copy_from(101, 0, 8), GNTST_bad_gntref);
    grant_transitive(101, 0, owner->id, 51);
    expect_eq(copy_from(101, 0, 8), GNTST_general_error);
    owners_entry(50)->hdr.domid = back->id; /* to the user, but not to who passes it on */
    expect_eq(copy_from(100, 0, 8), GNTST_general_error);
    owners_entry(50)->hdr.domid = front->id;
    owners_entry(50)->full_page.frame = page[0].n;
    expect_eq(copy_from(100, 0, 8), GNTST_bad_page);
    owners_entry(50)->full_page.frame = owned.n;
    owner->life = DOMAIN_DYING;
    expect_eq(copy_from(100, 0, 8), GNTST_general_error);
    owner->life = DOMAIN_ALIVE;
    entry_v2(100)->hdr.domid = 7;
    expect_eq(copy_from(100, 0, 8), GNTST_general_error);
    entry_v2(100)->hdr.domid = back->id;
    expect_eq(marks_of(101), 0);
    expect_eq(copy_from(100, 0, 8), GNTST_okay);
    expect_nothing_used();
}

HOST_TEST_MAIN
