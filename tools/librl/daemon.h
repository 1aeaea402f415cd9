/*
 * The daemon: one process that does what on_poweroff, on_reboot and on_crash say, for all domains that librl made.
 *
 * It wakes up when xenstored tells of a domain that stopped (the hypervisor's VIRQ_DOM_EXC can be bound once only, and
 * xenstored has it). What it needs to know is in the store (record.h), so it may be ended and started at any time.
 */
#ifndef LIBRL_DAEMON_H
#define LIBRL_DAEMON_H

#include "handle.h"

/* Does one run? */
bool daemon_runs(void);

/* Start one in the background, unless one runs. 0 or a negative errno, told. */
int daemon_start(void);

/* Be it. Returns on failures only: -EEXIST, told, one runs already. */
int daemon_run(struct rl *rl);

#endif
