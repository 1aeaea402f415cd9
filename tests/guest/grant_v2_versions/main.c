/*
 * A grant table has one of two layouts, and its domain chooses: but not while somebody uses an entry, or has a frame of
 * version 2's status words mapped (XSA-255), since these mean nothing afterwards. The reserved entries outlive the
 * change, unless version 1 can't say what they do; then nothing changes.
 */
#include "../grant_v2.h"

static domid_t self;
static void *page;

static uint32_t version(void)
{
    struct gnttab_get_version op = { .dom = DOMID_SELF };

    need(hypercall(grant_table_op, GNTTABOP_get_version, &op, 1));
    return op.version;
}

static void expect_version(uint32_t wanted, long rc, uint32_t is, const char *text)
{
    uint32_t now;

    expect_eq(set_version(wanted, &now), rc, text);
    expect_eq(now, is, "and we are told what we have");
    expect_eq(version(), is, "now, and when we ask");
}

static void which_there_are(void)
{
    struct gnttab_get_version other = { .dom = 999 };

    expect_version(1, 0, 1, "version 1 from version 1");
    expect_version(0, -EINVAL, 1, "version 0");
    expect_version(3, -EINVAL, 1, "version 3");
    expect_version(2, 0, 2, "version 2");
    expect_version(2, 0, 2, "version 2 from version 2");
    expect_version(0, -EINVAL, 2, "version 0 from version 2");
    expect_version(1, 0, 1, "version 1 again");
    expect_eq(hypercall(grant_table_op, GNTTABOP_get_version, &other, 1), -ESRCH,
              "of a domain that is not there");
    expect_eq(hypercall(grant_table_op, GNTTABOP_set_version, 0x10, 1), -EFAULT,
              "an argument that is not there");
}

/* --- What a change waits for --- */

/* An answer without a place: what is done is done. */
static void drop_untold(ulong window, grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = window, .handle = handle };
    void *argument = page_copied_readonly(&op, sizeof(op));

    expect_eq(hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, argument, 1), -EFAULT, "unmap");
    page_release(argument);
    expect_eq(grant_drop(window, handle), GNTST_bad_handle, "it is gone");
}

static void not_while_mapped(void)
{
    ulong window = table_window();
    grant_handle_t handle;
    grant_ref_t ref = grant_give(self, virt_to_mfn(page), false);

    need(grant_take(window, self, ref, 0, &handle));
    expect_version(2, -EBUSY, 1, "to version 2 while a grant is mapped");
    expect_version(1, 0, 1, "to what we have");
    need(grant_drop(window, handle));
    expect_version(2, 0, 2, "when it is not");

    grant_frame(100, 0, self, virt_to_mfn(page));
    need(grant_take(window, self, 100, GNTMAP_readonly, &handle));
    expect_version(1, -EBUSY, 2, "to version 1 while a grant is mapped");
    drop_untold(window, handle);
}

static void not_while_status_is_mapped(void)
{
    volatile grant_status_t *status = map_status();

    expect_version(1, -EBUSY, 2, "to version 1 while a status frame is mapped");
    expect_eq(status[0], 0, "which still is there");
    need(table_unmap((ulong)status));
    expect_version(1, 0, 1, "when it is not");
}

/* --- What is kept --- */

static void reserved_entries(void)
{
    volatile struct grant_entry_v1 *v1 = grant_table();
    volatile union grant_entry_v2 *v2 = table_v2();
    ulong mfn = virt_to_mfn(page);

    for ( grant_ref_t ref = 0; ref < 10; ref++ )
    {
        v1[ref].domid = (domid_t)(self + ref);
        v1[ref].frame = (uint32_t)mfn + ref;
        v1[ref].flags = ref % 2 ? GTF_permit_access : GTF_permit_access | GTF_readonly;
    }
    v1[7].flags = GTF_invalid;
    expect_version(2, 0, 2, "version 2");
    for ( grant_ref_t ref = 0; ref < 7; ref++ )
    {
        expect_eq(v2[ref].hdr.domid, self + ref, "a reserved entry's domain");
        expect_eq(v2[ref].full_page.frame, mfn + ref, "its frame");
        expect_eq(v2[ref].hdr.flags, ref % 2 ? GTF_permit_access : GTF_permit_access | GTF_readonly,
                  "its flags");
    }
    expect_eq(v2[7].hdr.flags, GTF_invalid, "one that grants nothing");
    for ( grant_ref_t ref = 8; ref < 256; ref++ )
    {
        if ( v2[ref].hdr.flags || v2[ref].full_page.frame )
            failure("entry %u is still there", ref);
    }

    v2[4].full_page.frame = 1ull << 32;
    expect_version(1, -ERANGE, 2, "to version 1 with a frame beyond 32 bits");
    expect_eq(v2[4].full_page.frame, 1ull << 32, "and nothing has changed");
    grant_transitive(4, 0, self, 3, 4);
    expect_version(1, -ERANGE, 2, "with an entry that stands for another");
    grant_part(4, 0, self, mfn, 8, 16);
    grant_frame(8, 0, self, mfn);
    expect_version(1, 0, 1, "with a part of a frame");
    for ( grant_ref_t ref = 0; ref < 4; ref++ )
        expect_eq(v1[ref].frame, mfn + ref, "a reserved entry's frame");
    expect(!v1[8].flags && !v1[8].frame && !v1[16].flags, "others are gone");
}

/* The daemons of dom0 map reserved entries for as long as we live: that is no reason to wait. */
static void reserved_entries_in_use(void)
{
    volatile struct grant_entry_v1 *v1 = grant_table();
    volatile grant_status_t *status;
    ulong window = table_window(), other = table_window();
    grant_handle_t reader, writer;

    v1[5] = (struct grant_entry_v1){ .domid = self, .frame = (uint32_t)virt_to_mfn(page) };
    v1[5].flags = GTF_permit_access;
    need(grant_take(window, self, 5, GNTMAP_readonly, &reader));
    expect_version(2, 0, 2, "to version 2 while a reserved entry is mapped");
    status = map_status();
    expect_eq(status[5], GTF_reading, "its word says: in use");
    expect_eq(table_v2()[5].hdr.flags, GTF_permit_access, "its flags don't");
    need(grant_take(other, self, 5, 0, &writer));
    expect_eq(status[5], GTF_reading | GTF_writing, "and that it is written");
    need(table_unmap((ulong)status));
    expect_version(1, 0, 1, "to version 1 while it is");
    expect_eq(v1[5].flags, GTF_permit_access | GTF_reading | GTF_writing, "its flags say so");
    need(grant_drop(window, reader));
    expect_eq(v1[5].flags, GTF_permit_access | GTF_reading | GTF_writing, "one is left");
    need(grant_drop(other, writer));
    expect_eq(v1[5].flags, GTF_permit_access, "none is");
}

static void a_part_becomes_no_whole(void)
{
    grant_handle_t handle;

    expect_eq(grant_take(table_window(), self, 4, GNTMAP_readonly, &handle), GNTST_general_error,
              "what was a part is not mapped in version 1");
}

void test_main(void)
{
    self = own_domid();
    page = page_alloc();
    need_version_2();
    need(set_version(1, NULL));
    which_there_are();
    not_while_mapped();
    not_while_status_is_mapped();
    reserved_entries();
    a_part_becomes_no_whole();
    reserved_entries_in_use();
    memset(grant_table(), 0, 8 * sizeof(struct grant_entry_v1));
    page_free(page);
}
