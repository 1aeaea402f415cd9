/* A domain's vcpus and their share of the machine's CPUs: which are online, where they run, weight and cap. */
#ifndef LIBRL_VCPU_H
#define LIBRL_VCPU_H

#include "config.h"
#include "cpus.h"
#include "domain.h"

struct rl_vcpu {
    unsigned int cpu; /* where it runs, or ran last */
    bool online, running, blocked;
    u64 cpu_ns;
    struct cpus hard, soft; /* where it may run, and where it would rather */
};

/* The machine's CPUs are numbered from 0 to one less than this. 0: told. */
unsigned int rl_nr_cpus(struct rl *rl);

/* -ESRCH and such, not told: it may have gone since. */
int rl_vcpu_get(struct rl *rl, domid_t id, unsigned int vcpu, struct rl_vcpu *info);

/*
 * The affinity of a vcpu that the domain has; NULL leaves one part as it is. -EINVAL, told: there is no such CPU, or
 * none of them is in its pool. Told, but done: no CPU is in both.
 */
int rl_vcpu_pin(struct rl *rl, domid_t id, unsigned int vcpu, const struct cpus *hard,
                const struct cpus *soft);

/* What @config says of where a new domain's vcpus run, all of it checked before. 0 or a negative errno, told. */
int rl_vcpus_check(struct rl *rl, const struct rl_config *config);
int rl_vcpus_place(struct rl *rl, domid_t id, const struct rl_config *config);

/*
 * Ask the guest, through the store, to have its first @count vcpus online and no others. -EINVAL, told: it hasn't so
 * many. rl_domain_get() tells how many it has by now.
 */
int rl_vcpus_set(struct rl *rl, const struct rl_domain *domain, unsigned int count);

/* --- the scheduler --- */

/* XEN_SCHEDULER_*; -1, told: the hypervisor does not say. */
int rl_scheduler(struct rl *rl);
const char *rl_scheduler_name(int scheduler);

struct rl_share {
    unsigned int weight, cap;
};

/* -ESRCH, not told: the domain has gone since. */
int rl_share_get(struct rl *rl, domid_t id, struct rl_share *share);

/* -EINVAL, told: out of the bounds for a domain with so many vcpus. */
int rl_share_check(const struct rl_share *share, unsigned int vcpus);

/* -ESRCH, not told, and -EINVAL as above. */
int rl_share_set(struct rl *rl, domid_t id, unsigned int vcpus, const struct rl_share *share);

/*
 * The least time that a vcpu runs before another may take its CPU, in microseconds. Errors are told, but for
 * -EOPNOTSUPP of rl_ratelimit_get(): the scheduler has no such limit.
 */
int rl_ratelimit_get(struct rl *rl, unsigned int *us);
int rl_ratelimit_set(struct rl *rl, unsigned int us);

#endif
