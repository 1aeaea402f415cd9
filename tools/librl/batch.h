/*
 * Many requests to xenstored at once: sent together, then answered together.
 *
 * Each time that xenstored looks up from a request it goes through its connections, one for each domain. So what a
 * request costs grows with the number of domains, and one that is waited for costs two such rounds. Where rl has many
 * requests (a new domain has thirty entries) it sends them in one piece over a connection of its own.
 *
 * The requests take effect in their order. They are no transaction: others see what lies between.
 */
#ifndef LIBRL_BATCH_H
#define LIBRL_BATCH_H

#include <xenstore.h>

#include "lib/types.h"

struct batch {
    int fd; /* -1: not connected yet */
    char *data;
    size_t used, room;
    unsigned int count;
    int rc; /* a request that could not be put in: told by batch_run() */
};

void batch_init(struct batch *batch);

/* Ends the connection; the batch may be used again. */
void batch_close(struct batch *batch);

/* Add a request. */
void batch_read(struct batch *batch, const char *path);
void batch_write(struct batch *batch, const char *path, const char *value);
void batch_rights(struct batch *batch, const char *path, const struct xs_permissions *rights,
                  unsigned int count);
void batch_remove(struct batch *batch, const char *path);
void batch_list(struct batch *batch, const char *path); /* the first children only */
void batch_introduce(struct batch *batch, unsigned int domid, u64 frame, u32 port);

/* Forget what was added. */
void batch_drop(struct batch *batch);

/*
 * The answer to request @index: @error 0 and @length bytes, which a NUL follows, or a positive errno. @path is the
 * request's.
 */
typedef void batch_answer(void *arg, unsigned int index, const char *path, int error,
                          const char *text, size_t length);

/*
 * Send what was added, and call @answer for each; the batch is empty then. -EIO told: xenstored is not there, or
 * gone; -E2BIG told: a request was too long, and none was sent.
 */
int batch_run(struct batch *batch, batch_answer *answer, void *arg);

/* The same where all answers should be that it was done; a negative errno, told: what was refused first. */
int batch_commit(struct batch *batch);

#endif
