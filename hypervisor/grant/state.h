/* grant/'s part of a domain, and of a vcpu. */
#ifndef GRANT_STATE_H
#define GRANT_STATE_H

#include "lib/types.h"

struct domain_grant {
    struct grant_table *table;
    s32 max_grant_frames;    /* as createdomain asked, before grant_domain_create: -1 the default */
    s32 max_maptrack_frames; /* likewise */
    u32 max_version;         /* likewise: 1 or 2 */
};

struct grant_handle;

struct vcpu_grant {
    struct grant_handle *spare; /* a free handle that only its mappings get, or NULL */
};

#endif
