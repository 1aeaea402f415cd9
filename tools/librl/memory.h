/* How much memory a domain has while it runs. */
#ifndef LIBRL_MEMORY_H
#define LIBRL_MEMORY_H

#include "domain.h"

/*
 * Ask the guest, through the store, to have @kib of memory, and let it have so much and no more (domain 0, whose
 * limit is the hypervisor's option, is asked only). Its balloon driver does the rest; rl_domain_get() tells how far
 * it is. -EINVAL, told: out of bounds.
 */
int rl_memory_set(struct rl *rl, const struct rl_domain *domain, u64 kib);

#endif
