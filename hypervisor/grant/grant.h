/*
 * Grant tables: a domain shares frames with another, by reference. ABI: public/grant_table.h, ABI.md S4.
 *
 * table.c keeps a domain's table and counts who uses an entry of it; maptrack.c keeps the mappings that a domain has
 * made of others' entries, by handle; map.c and copy.c are the operations on top of both; ops.c is the hypercall.
 */
#ifndef GRANT_GRANT_H
#define GRANT_GRANT_H

#include "domain/domain.h"

long grant_table_op(unsigned long cmd, unsigned long uop, unsigned long count);
long compat_grant_table_op(unsigned long cmd, unsigned long uop, unsigned long count);

/*
 * The builder's: fill entry @ref of @d's table (v1) so that @to may map @frame of @d, an mfn. -EINVAL no such entry,
 * -ENOMEM. Takes LOCK_GRANT.
 */
long grant_seed(struct domain *d, u32 ref, domid_t to, u64 frame);

/*
 * Frame @index of @d's table, for acquire_resource and setup_table: the table grows up to it. -EINVAL beyond the limit,
 * -ENOMEM. Takes LOCK_GRANT.
 */
long grant_frame(struct domain *d, u32 index, mfn_t *mfn);

/* Frames that the table of @d has, and may have; frames' worth of handles of its own mappings. */
u32 grant_table_frames(struct domain *d);
u32 grant_table_max_frames(struct domain *d);
u32 grant_maptrack_frames(struct domain *d);

/* Lifecycle: domain/rooms.def. */
long grant_domain_create(struct domain *d);
long grant_domain_relinquish(struct domain *d);
void grant_domain_destroy(struct domain *d);

#endif
