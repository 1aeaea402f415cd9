/* A domain's console, on our terminal. */
#ifndef RL_CONSOLE_H
#define RL_CONSOLE_H

#include "librl/domain.h"

/* The terminal that xenconsoled gives for the domain's console, opened. A negative errno, told. */
int console_open(struct rl *rl, const struct rl_domain *domain);

/* Pass characters both ways until ^] or the domain's end; closes @fd. 0 or a negative errno, told. */
int console_run(int fd);

#endif
