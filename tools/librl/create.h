/* Making a domain: from settings to one that can be unpaused. */
#ifndef LIBRL_CREATE_H
#define LIBRL_CREATE_H

#include "config.h"
#include "handle.h"

/*
 * Make the domain that @config, which rl_config_finish() has seen, asks for. It stays paused:
 * rl_domain_unpause() starts it. *@id is its number. Nothing remains of it after an error, which was told.
 * -EEXIST the name is taken.
 */
int rl_create(struct rl *rl, const struct rl_config *config, domid_t *id);

/*
 * Check all that can be checked without making anything, and call @say with a line for each step that would
 * be taken.
 */
int rl_create_dry(struct rl *rl, const struct rl_config *config, void (*say)(const char *line));

#endif
