/* Grant tables: a domain shares frames with another, by reference. ABI: public/grant_table.h, ABI.md S4. */
#ifndef GRANT_GRANT_H
#define GRANT_GRANT_H

#include "domain/domain.h"

long grant_table_op(unsigned long cmd, unsigned long uop, unsigned long count);

/* The builder's: seed entry @ref of @d's table (v1) so that @to may map @pfn_or_mfn. */
long grant_seed(struct domain *d, u32 ref, domid_t to, u64 frame);

/* Frames of @d's table, for acquire_resource and setup_table: grows up to the limit. mfn of table page @index. */
long grant_frame(struct domain *d, u32 index, mfn_t *mfn);

u32 grant_table_frames(struct domain *d);
u32 grant_table_max_frames(struct domain *d); /* how many it may grow to: createdomain's limit */
u32 grant_maptrack_frames(struct domain *d);

#endif
