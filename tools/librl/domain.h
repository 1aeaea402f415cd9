/* Domains that exist: which there are, what they do, and what can be done to them. */
#ifndef LIBRL_DOMAIN_H
#define LIBRL_DOMAIN_H

#include "config.h"
#include "handle.h"

#define RL_NAME_SIZE 64

/* So many domains at a time are listed where all are looked at. */
#define RL_LIST_CHUNK 256

/* Exit reasons beyond SHUTDOWN_*: the domain was taken apart from outside. */
#define RL_REASON_NONE      0xff
#define RL_REASON_DESTROYED 0xfe

struct rl_domain {
    domid_t id;
    char name[RL_NAME_SIZE]; /* "" if the store has none */
    u8 uuid[RL_UUID_SIZE];
    bool running, blocked, paused, shutdown, dying;
    unsigned int reason; /* SHUTDOWN_* once shutdown */
    u64 pages, max_pages;
    u64 cpu_ns;
    u64 shared_info; /* its frame */
    unsigned int vcpus_online, vcpus;
};

/* "poweroff" and so on. */
const char *rl_reason_name(unsigned int reason);

/* What the domain does, in a word: running, blocked, paused, shutdown, dying. */
const char *rl_state_name(const struct rl_domain *domain);

/*
 * Up to @max domains from number @first on, in order; their number. A full array means that there may be
 * more. Without names, which rl_domain_name() adds.
 */
int rl_domain_list(struct rl *rl, domid_t first, struct rl_domain *domains, unsigned int max);

/* The one with this number, without its name. -ESRCH, not told. */
int rl_domain_get(struct rl *rl, domid_t id, struct rl_domain *domain);

/* Fills domain->name in. Of several: names_get(). */
void rl_domain_name(struct rl *rl, struct rl_domain *domain);

/* By name or number, with its name. -ESRCH there is none, told. */
int rl_domain_find(struct rl *rl, const char *name, struct rl_domain *domain);

/* By name alone. -ESRCH, not told: there is none; -EIO and such, told: they can't be listed. */
int rl_domain_named(struct rl *rl, const char *name, struct rl_domain *domain);

/* Has no domain this name? -EEXIST one has it, or they can't be listed; told. */
int rl_name_check(struct rl *rl, const char *name);

/* @domain, which is being made, shall have this name. As rl_name_check(). */
int rl_domain_take_name(struct rl *rl, struct rl_domain *domain, const char *name);

/* 0 or a negative errno, told. */
int rl_domain_pause(struct rl *rl, const struct rl_domain *domain);
int rl_domain_unpause(struct rl *rl, const struct rl_domain *domain);

/*
 * Takes the domain apart and its entries out of the store, and waits until it is gone. -EBUSY, told: it is dead, but
 * somebody still has its memory mapped.
 */
int rl_domain_destroy(struct rl *rl, const struct rl_domain *domain);

/* The same with one that was never put into the store, which is left as it is. */
int rl_domain_abandon(struct rl *rl, const struct rl_domain *domain);

/* Asks the guest, through the store, to do @request: "poweroff", "reboot". */
int rl_domain_request(struct rl *rl, const struct rl_domain *domain, const char *request);

/* Gives it another name in the store. */
int rl_domain_rename(struct rl *rl, struct rl_domain *domain, const char *name);

#endif
