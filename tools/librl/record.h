/*
 * What is known of domains beyond the hypervisor's knowledge, kept in the store below /tool/ringleader:
 *
 *     domain/ID     the settings that a domain was made with, so that the daemon can make it again
 *     ended/NAME    how the last domain of that name ended: "ID REASON ACTION"
 *
 * and for people in /var/log/ringleader/NAME.log.
 */
#ifndef LIBRL_RECORD_H
#define LIBRL_RECORD_H

#include "config.h"
#include "domain.h"
#include "handle.h"

#define RECORD_HOME   "/tool/ringleader"
#define RECORD_DOMAIN RECORD_HOME "/domain"
#define RECORD_ENDED  RECORD_HOME "/ended"

struct record_end {
    char name[RL_NAME_SIZE];
    domid_t id;
    char reason[16];     /* rl_reason_name() */
    enum rl_action then; /* RL_PRESERVE, RL_RENAME_RESTART: what is left of it stays */
};

/* A line with date and time for the domain's log; failures to write are ignored. */
void record_log(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Keep how @domain ended, and log it. 0 or a negative errno, told. */
int record_end(struct rl *rl, const struct rl_domain *domain, unsigned int reason,
               enum rl_action then);

/* How the last domain called @name ended. -ENOENT, not told. */
int record_get_end(struct rl *rl, const char *name, struct record_end *end);

/* The settings of domain @id into @config, which must be initialised. -ENOENT, not told: it is not ours. */
int record_get_config(struct rl *rl, domid_t id, struct rl_config *config);

/* Does the daemon care for domain @id? Not any more once it has ended. */
bool record_exists(struct rl *rl, domid_t id);

void record_forget(struct rl *rl, domid_t id);

#endif
