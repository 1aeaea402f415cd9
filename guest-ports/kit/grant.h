/*
 * Grants: our own table (version 1, one frame: 512 entries), what others may do with our frames.
 */
#ifndef KIT_GRANT_H
#define KIT_GRANT_H

#include <kit/hypercall.h>

#include <stdbool.h>

/* Our table, mapped at first use. */
struct grant_entry_v1 *grant_table(void);

/* Lets @domain use frame @mfn through a reference that this returns. Panics when the table is full. */
grant_ref_t grant_give(domid_t domain, ulong mfn, bool readonly);

/*
 * Maps what @domain grants us by @ref at @where, with GNTMAP_* @flags beside GNTMAP_host_map. GNTST_okay and a
 * handle, or why not. And undoes that.
 */
int grant_take(ulong where, domid_t domain, grant_ref_t ref, uint32_t flags,
               grant_handle_t *handle);
int grant_drop(ulong where, grant_handle_t handle);

/* Ends a grant. False, and the grant stays, while somebody has it mapped. */
bool grant_end(grant_ref_t ref);

#endif
