/*
 * What a domain shall be: the settings of xl.cfg's syntax that apply to PV domains.
 *
 * Settings that we don't have are warned of and passed over, so that files written for xl work.
 */
#ifndef LIBRL_CONFIG_H
#define LIBRL_CONFIG_H

#include "lib/types.h"

/* What to do when the domain has stopped. */
enum rl_action {
    RL_DESTROY,
    RL_RESTART,
    RL_RENAME_RESTART, /* keep the old one under another name */
    RL_PRESERVE,
    RL_ACTIONS
};

/* As XEN_DOMCTL_settscinfo numbers them. */
enum rl_tsc_mode {
    RL_TSC_DEFAULT, /* the machine's, if it can be */
    RL_TSC_ALWAYS_EMULATE,
    RL_TSC_NATIVE,
    RL_TSC_MODES
};

#define RL_UUID_SIZE 16
#define RL_UUID_TEXT 37 /* with its NUL */

/* CPUs for a domain's vcpus: none given, one list for all of them, or one each, for the first of them. */
struct rl_cpu_lists {
    bool each;
    unsigned int count;
    char **text; /* cpus_parse() reads them */
};

struct rl_config {
    char *name;
    char *kernel, *ramdisk; /* files; ramdisk may be NULL */
    char *cmdline; /* the kernel's, made of the next three; NULL until rl_config_finish() */
    char *root, *extra, *cmdline_set;
    u64 memory_mib, maxmem_mib; /* maxmem 0: as memory */
    u64 vcpus, maxvcpus;        /* maxvcpus 0: as vcpus */
    u64 cpu_weight, cap;        /* 0: the scheduler's default */
    u64 max_grant_version;
    u64 domid; /* 0: the next one that is free */
    struct rl_cpu_lists cpus, cpus_soft;
    enum rl_action on_poweroff, on_reboot, on_crash;
    enum rl_tsc_mode tsc_mode;
    u8 uuid[RL_UUID_SIZE];
    bool has_uuid;
};

/* Defaults, to be freed by rl_config_free(), which may be called more than once. */
void rl_config_init(struct rl_config *config);
void rl_config_free(struct rl_config *config);

/*
 * Take settings: from a file, from text that @where names in messages, or from one "name=value" of a command
 * line, where a value that has no quotes is a string as it stands. Later ones win. -EINVAL told where and
 * why; -ENOENT and such for files.
 */
int rl_config_read(struct rl_config *config, const char *path);
int rl_config_parse(struct rl_config *config, const char *text, const char *where);
int rl_config_override(struct rl_config *config, const char *assignment);

/* Check the whole, fill what was left open: maxmem, maxvcpus, cmdline, a random UUID. -EINVAL told why. */
int rl_config_finish(struct rl_config *config);

/* The same as text that rl_config_parse() reads; the caller frees it. NULL: out of memory. */
char *rl_config_text(const struct rl_config *config);

/* What @lists have for @vcpu; NULL: nothing. */
const char *rl_cpu_list_of(const struct rl_cpu_lists *lists, unsigned int vcpu);

const char *rl_action_name(enum rl_action action);
bool rl_action_named(const char *name, enum rl_action *action);

void rl_uuid_text(const u8 uuid[RL_UUID_SIZE], char text[RL_UUID_TEXT]);

/* 32 hexadecimal digits, with dashes where one likes them. False: it is no UUID, and @uuid is as before. */
bool rl_uuid_from_text(const char *text, u8 uuid[RL_UUID_SIZE]);

#endif
