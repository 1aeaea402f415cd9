/* Waiting for what domains do. */
#ifndef LIBRL_WAIT_H
#define LIBRL_WAIT_H

#include "domain.h"

enum wait_state {
    WAIT_ENDED,     /* gone, or stopped for good and kept because its settings say so */
    WAIT_SHUTDOWN,  /* stopped, or gone */
    WAIT_DESTROYED, /* gone */
};

#define WAIT_FOREVER (-1)

/*
 * Wait until @domain is in that state. @reason gets the word for why it ended. -ETIMEDOUT after @seconds, -EIO without
 * the store; told.
 */
int wait_domain(struct rl *rl, const struct rl_domain *domain, enum wait_state state, int seconds,
                char reason[16]);

/*
 * Wait until there is something at a path of the store, and it is not empty: the caller frees it. NULL, not told, after
 * @seconds.
 */
char *wait_value(struct rl *rl, const char *path, int seconds);

/*
 * Wait for one event of the store's watches. 0, -ETIMEDOUT, -EINTR, or -EIO: the connection to the store has ended; @ms
 * -1 waits for ever. *@path is what has changed, to be freed, or NULL; where @path isn't NULL itself.
 */
int wait_event(struct rl *rl, int ms, char **path);

/*
 * Wait until the guest has @count vcpus online. -ETIMEDOUT after @seconds, -ESRCH it has gone, -EALREADY it has
 * stopped, and won't do it; told.
 */
int wait_vcpus(struct rl *rl, const struct rl_domain *domain, unsigned int count, int seconds);

/* Wait until nothing is left of a domain that was destroyed. False: somebody has its memory mapped still. */
bool wait_gone(struct rl *rl, domid_t id);

#endif
