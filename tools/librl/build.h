/*
 * From files to a domain that is ready to run: boot/domain's builder over foreign memory.
 *
 * Call rl_build_prepare() before there is a domain: a kernel that can't be started is found out there. Then,
 * with the domain made and its members filled in, rl_build_domain(). rl_build_free() after either, more than
 * once if need be.
 */
#ifndef LIBRL_BUILD_H
#define LIBRL_BUILD_H

#include "boot/domain/builder.h"
#include "config.h"
#include "file.h"
#include "handle.h"

struct rl_build {
    struct builder builder;
    struct file_map kernel, ramdisk;
    const char *kernel_path; /* for messages */
    struct rl *rl;
    domid_t id;
    u64 shared_info; /* its frame */
    u64 *p2m;        /* the domain's machine frames */
};

/*
 * Reads the files and lays out the domain. -ENOENT and such: a file; -EINVAL: not a kernel for us; -ENOMEM:
 * too little memory.
 */
int rl_build_prepare(struct rl_build *build, const struct rl_config *config);

/*
 * Gives the domain its memory and fills it, and loads its first vcpu. From the caller: rl, id, shared_info, and the
 * builder's store_evtchn and console_evtchn. After it builder.store_mfn and .console_mfn are known.
 */
int rl_build_domain(struct rl_build *build);

void rl_build_free(struct rl_build *build);

#endif
