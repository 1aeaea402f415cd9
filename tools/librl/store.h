/* The store (xenstored's tree), and the entries of a domain in it. */
#ifndef LIBRL_STORE_H
#define LIBRL_STORE_H

#include "build.h"
#include "config.h"
#include "handle.h"

/* The value at a path; the caller frees it. NULL if there is none. */
char *store_read(struct rl *rl, const char *path, ...) __attribute__((format(printf, 2, 3)));

/* 0 or a negative errno, told. @t may be XBT_NULL. */
int store_write(struct rl *rl, uint32_t t, const char *value, const char *path, ...)
    __attribute__((format(printf, 4, 5)));

/* Remove @path with all below it, and the folder that rl keeps it in if nothing else is there. */
void store_remove(struct rl *rl, const char *path);

/* All that libxl, the daemons and the guest expect of a domain; then the domain is introduced. */
int store_add_domain(struct rl *rl, const struct rl_build *build, const struct rl_config *config);

/* The reverse, as far as there is anything. */
void store_forget_domain(struct rl *rl, domid_t id, const u8 uuid[RL_UUID_SIZE]);

#endif
