/* Inside grant/: the handles of a domain's mappings of others' frames. */
#ifndef GRANT_MAPTRACK_H
#define GRANT_MAPTRACK_H

#include "grant/table.h"

#define HANDLE_INVALID (~0u)

struct grant_handle {
    struct domain *granter; /* with a reference */
    u32 ref;
    u32 frame;
    u32 next_free; /* while it is free: one more than the next one's number, 0 none */
    u32 flags;  /* atomic. GNTMAP_*: what is mapped, or 0: free, or not yet in use; HANDLE_BUSY */
    u64 unused; /* 32 bytes: the way from a number to the handle is a shift */
};

#define HANDLE_BUSY  0x8000u /* an unmap is under way: nobody else may touch it */
#define HANDLE_KINDS (GNTMAP_host_map | GNTMAP_device_map)
#define HANDLE_FLAGS (HANDLE_KINDS | GNTMAP_readonly | GNTMAP_contains_pte)

static inline bool handle_writes(const struct grant_handle *h)
{
    return !(h->flags & GNTMAP_readonly);
}

/* A new handle of @d, unknown to others until maptrack_commit; HANDLE_INVALID: none is left. */
u32 maptrack_new(struct domain *d);

/* From now on @handle, which is new, is what @contents says. */
void maptrack_commit(struct domain *d, u32 handle, const struct grant_handle *contents);

/* Give @handle back. */
void maptrack_free(struct domain *d, u32 handle);

/* Take a handle in order to unmap: copies it. False: it is not in use, or being unmapped by somebody else. */
bool maptrack_claim(struct domain *d, u32 handle, struct grant_handle *copy);

/* ... and let it go on with @flags, of which some mapping is left. */
void maptrack_unclaim(struct domain *d, u32 handle, u32 flags);

/* Handles of @d in use. Takes no lock: true as of some moment for each handle. */
u32 maptrack_mappings(struct domain *d);

/* Teardown: end what is still mapped. 0, -ERESTART. */
long maptrack_release_all(struct domain *d);

void maptrack_destroy(struct grant_table *t);

#endif
