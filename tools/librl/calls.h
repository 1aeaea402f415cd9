/*
 * Hypercalls, by name. Arguments lie in memory that the kernel keeps mapped while the hypervisor looks at
 * it: one buffer a session, whose front holds the argument and whose rest the arrays that it points to.
 *
 * All return what the hypervisor said: a negative errno is an error that nobody has told yet, since often it
 * is expected.
 */
#ifndef LIBRL_CALLS_H
#define LIBRL_CALLS_H

#include "handle.h"

#define RL_BUFFER_SIZE   (33UL * PAGE_SIZE)
#define RL_ARGUMENT_SIZE PAGE_SIZE
#define RL_ARRAY_SIZE    (RL_BUFFER_SIZE - RL_ARGUMENT_SIZE)

/* RL_ARRAY_SIZE bytes for arrays. A call leaves them as the hypervisor did. */
void *rl_call_array(struct rl *rl);

/* @op is copied in and out; command, interface version and domain are filled in here. */
long rl_domctl(struct rl *rl, u32 command, domid_t id, struct xen_domctl *op);
long rl_sysctl(struct rl *rl, u32 command, struct xen_sysctl *op);

/* @size bytes at @arg are copied in and out. */
long rl_memory_op(struct rl *rl, unsigned int command, void *arg, size_t size);
long rl_event_op(struct rl *rl, unsigned int command, void *arg, size_t size);
long rl_version(struct rl *rl, unsigned int command, void *arg, size_t size);

/* One MMUEXT operation on frames of domain @id. */
long rl_mmuext(struct rl *rl, domid_t id, struct mmuext_op *op);

#endif
