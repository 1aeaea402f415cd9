/* Making a domain: from settings to one that can be unpaused. */
#ifndef LIBRL_CREATE_H
#define LIBRL_CREATE_H

#include "boot/domain/builder.h"
#include "config.h"
#include "handle.h"

/*
 * Make the domain that @config, which rl_config_finish() has seen, asks for. It stays paused:
 * rl_domain_unpause() starts it. *@id is its number. Nothing remains of it after an error, which was told.
 * -EEXIST the name is taken.
 */
int rl_create(struct rl *rl, const struct rl_config *config, domid_t *id);

/* Where something lies in the new domain. */
struct rl_plan_area {
    const char *name;
    struct builder_area area; /* va 0: the initial mapping does not show it */
};

#define RL_PLAN_AREAS 9

struct rl_plan {
    char guest_os[32], guest_version[32];
    u64 entry;
    u64 pages_needed, pages_given;
    struct rl_plan_area areas[RL_PLAN_AREAS];
    unsigned int nr_areas;
};

/* Check all that can be checked without making anything, and tell what would be made. */
int rl_create_dry(struct rl *rl, const struct rl_config *config, struct rl_plan *plan);

/* What step @n of making a domain does; NULL behind the last. */
const char *rl_create_step(unsigned int n);

#endif
