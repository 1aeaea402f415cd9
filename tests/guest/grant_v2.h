/*
 * Our grant table in version 2, for tests of it. Its frames are those of version 1: grant_table() of the kit. Whoever
 * switches to version 2 switches back, which ends all grants but the reserved ones: end those before.
 */
#ifndef GRANT_V2_H
#define GRANT_V2_H

#include "test.h"

static inline volatile union grant_entry_v2 *table_v2(void)
{
    return (volatile union grant_entry_v2 *)grant_table();
}

/* The status, and which version we have now in *@now if that is wanted. */
static inline long set_version(uint32_t version, uint32_t *now)
{
    struct gnttab_set_version op = { .version = version };
    long rc = hypercall(grant_table_op, GNTTABOP_set_version, &op, 1);

    if ( now )
        *now = op.version;
    return rc;
}

/* To version 2; SKIP where there is none. */
static inline void need_version_2(void)
{
    grant_table();
    if ( set_version(2, NULL) == -ENOSYS )
        skip("this domain may have grant tables of version 1 only");
    need(set_version(2, NULL));
}

static inline int get_status_frames(domid_t domain, uint32_t nr, uint64_t *frames)
{
    struct gnttab_get_status_frames op = { .nr_frames = nr, .dom = domain };

    set_xen_guest_handle(op.frame_list, frames);
    expect_eq(hypercall(grant_table_op, GNTTABOP_get_status_frames, &op, 1), 0,
              "GNTTABOP_get_status_frames");
    return op.status;
}

/* Maps the first status frame; to be unmapped by table_unmap before the version changes. */
static inline volatile grant_status_t *map_status(void)
{
    uint64_t frame = 0;
    ulong at = table_window();

    need(get_status_frames(DOMID_SELF, 1, &frame));
    need(table_map(at, (ulong)frame, PTE_KERNEL_RW));
    return (volatile grant_status_t *)at;
}

static inline void entry_write(grant_ref_t ref, uint16_t flags, domid_t domain, uint64_t frame,
                               uint16_t start, uint16_t size)
{
    volatile union grant_entry_v2 *entry = &table_v2()[ref];

    entry->sub_page.page_off = start;
    entry->sub_page.length = size;
    entry->sub_page.frame = frame;
    entry->hdr.domid = domain;
    __atomic_store_n(&entry->hdr.flags, flags, __ATOMIC_RELEASE);
}

/* A whole frame; a part of it; what another domain's entry grants to us. */
static inline void grant_frame(grant_ref_t ref, uint16_t flags, domid_t domain, ulong mfn)
{
    entry_write(ref, GTF_permit_access | flags, domain, mfn, 0, 0);
}

static inline void grant_part(grant_ref_t ref, uint16_t flags, domid_t domain, ulong mfn,
                              uint16_t start, uint16_t size)
{
    entry_write(ref, GTF_permit_access | GTF_sub_page | flags, domain, mfn, start, size);
}

static inline void grant_transitive(grant_ref_t ref, uint16_t flags, domid_t domain,
                                    domid_t granter, grant_ref_t its_ref)
{
    entry_write(ref, GTF_transitive | flags, domain, its_ref, granter, 0);
}

/* Copies @len bytes between the start of @page and @offset of what @domain grants by @ref. */
static inline int copy_granted(void *page, domid_t domain, grant_ref_t ref, uint16_t offset,
                               uint16_t len, bool write)
{
    struct gnttab_copy_ptr granted = { .u.ref = ref, .domid = domain, .offset = offset },
                           ours = { .u.gmfn = virt_to_mfn(page), .domid = DOMID_SELF };
    struct gnttab_copy op = { .source = write ? ours : granted,
                              .dest = write ? granted : ours,
                              .len = len,
                              .flags = write ? GNTCOPY_dest_gref : GNTCOPY_source_gref };

    expect_eq(hypercall(grant_table_op, GNTTABOP_copy, &op, 1), 0, "GNTTABOP_copy");
    return op.status;
}

#endif
