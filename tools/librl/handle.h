/*
 * A session with the hypervisor and the store: what every function of librl takes first.
 *
 * The connections are opened when they are first needed, so that a command pays for what it uses only. None
 * of this may be used by two threads at once.
 *
 * Functions return 0 (or a count) or a negative errno. Those that may fail for a reason worth telling have told it
 * through rl_error() by then: callers only pass the number on.
 */
#ifndef LIBRL_HANDLE_H
#define LIBRL_HANDLE_H

#include <errno.h>

#include <hypercall/abi.h>

#include "batch.h"
#include "lib/types.h"

struct rl {
    struct xencall_handle *xcall;           /* open from rl_open on */
    struct xenforeignmemory_handle *memory; /* see rl_memory() */
    struct xs_handle *store;                /* see rl_store() */
    struct batch batch;                     /* connects when it is first run */
    struct names_table *names;              /* see names.c, which opens it; NULL: not yet */
    int names_fd;
    void *buffer; /* see rl_call_buffer() */
};

/* Begin a session; rl_close() ends it, after a failure too. -ENOENT this is no dom0, -EACCES we aren't root. */
int rl_open(struct rl *rl);
void rl_close(struct rl *rl);

/* The connections that open late; NULL after telling why. */
struct xenforeignmemory_handle *rl_memory(struct rl *rl);
struct xs_handle *rl_store(struct rl *rl);

#endif
