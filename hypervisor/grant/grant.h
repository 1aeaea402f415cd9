/*
 * Grant tables: a domain shares frames with another, by reference. ABI: public/grant_table.h, ABI.md S4.
 *
 * table.c keeps a domain's table, in one of two layouts (entry.h, version.c), and pin.c counts who uses an entry of
 * it; maptrack.c keeps the mappings that a domain has made of others' entries, by handle; map.c, copy.c and transfer.c
 * are the operations on top of both; ops.c is the hypercall.
 */
#ifndef GRANT_GRANT_H
#define GRANT_GRANT_H

#include "domain/domain.h"

long grant_table_op(unsigned long cmd, unsigned long uop, unsigned long count);
long compat_grant_table_op(unsigned long cmd, unsigned long uop, unsigned long count);

/*
 * Frame @index of @d's table, of @kind XENMEM_resource_grant_table_id_*: the table grows up to it. -EINVAL beyond the
 * limit, or a status frame in version 1; -ENOMEM. Takes LOCK_GRANT.
 */
long grant_frame(struct domain *d, u32 kind, u32 index, mfn_t *mfn);

/* Frames of @kind that it may have; 0: there is no such kind. */
u32 grant_max_frames(struct domain *d, u32 kind);

/* Frames that the table of @d has; frames' worth of handles of its own mappings. */
u32 grant_table_frames(struct domain *d);
u32 grant_maptrack_frames(struct domain *d);

/* Lifecycle: domain/rooms.def. */
long grant_domain_create(struct domain *d);
long grant_domain_relinquish(struct domain *d);
void grant_domain_destroy(struct domain *d);

#endif
