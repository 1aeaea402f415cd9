/*
 * The CPUID policy: what a guest's CPUID tells.
 *
 * A PV kernel asks by forced or faulting CPUID and sees its domain's policy; its processes mostly
 * see the hardware. A policy is a whitelist: features that the public header marks for PV guests,
 * cut by what the hardware has and the hypervisor carries out. The toolstack may take features away
 * from a domain, or give it those that are marked as optional.
 */
#ifndef PV_EMULATE_CPUID_H
#define PV_EMULATE_CPUID_H

#include "domain/domain.h"

struct cpuid_leaf;

/*
 * Read the hardware and make the machine's policies. Once, at boot, after fpu_features is set,
 * before any domain.
 */
void cpuid_init(void);

/*
 * A new domain's policy: the default one, and for the privileged an invariant TSC too. -ENOMEM. And
 * its end.
 */
long cpuid_policy_default(struct domain *d);
void cpuid_policy_free(struct domain *d);

/* @d has become a 32-bit domain: take away what it can't have. */
void cpuid_policy_restrict(struct domain *d);

/* What CPUID gives @v for @leaf and @subleaf; @v is current. */
void cpuid_guest(struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_leaf *out);

/*
 * The machine's policies, as sysctl numbers them by XEN_SYSCTL_cpu_policy_*: NULL for those of HVM
 * guests.
 */
struct cpuid_policy;
const struct cpuid_policy *cpuid_machine_policy(u32 index);

/* The processors' vendor, 12 characters without an end, and their signature. */
const char *cpuid_machine_vendor(void);
void cpuid_machine_signature(u32 *family, u32 *model, u32 *stepping);

/* A policy's features as words, XEN_SYSCTL_get_cpu_featureset's layout. */
#define CPUID_FEATURESET_WORDS 19
void cpuid_policy_features(const struct cpuid_policy *policy, u32 words[CPUID_FEATURESET_WORDS]);

/* The most leaves that a policy has, and model-specific registers. */
#define CPUID_MAX_LEAVES 121
#define CPUID_MAX_MSRS   2

/* Write a policy out leaf by leaf into an array of CPUID_MAX_LEAVES; returns how many there are. */
u32 cpuid_policy_get_leaves(const struct cpuid_policy *policy, xen_cpuid_leaf_t *leaves);
u32 cpuid_policy_get_msrs(const struct cpuid_policy *policy, xen_msr_entry_t *msrs);

/*
 * A change of @d's policy in steps: begin gives a copy of it (NULL: no memory), which takes leaves
 * and registers, and commit puts it in place of the old one, cut down to what @d may have; or drop
 * it. @d must be paused at commit, and check have passed.
 *
 * set_leaf, set_msr: -ERANGE a leaf or register that policies don't have, -EINVAL a value that
 * can't be. check, when all are set: -EINVAL, and which *@leaf can't be.
 */
struct cpuid_policy *cpuid_change_begin(struct domain *d);
long cpuid_change_set_leaf(struct cpuid_policy *change, const xen_cpuid_leaf_t *leaf);
long cpuid_change_set_msr(struct cpuid_policy *change, const xen_msr_entry_t *msr);
long cpuid_change_check(const struct cpuid_policy *change, u32 *leaf);
void cpuid_change_commit(struct domain *d, struct cpuid_policy *change);
void cpuid_change_drop(struct cpuid_policy *change);

/* The XCR0 bits that @d's vcpus may set; 0: no XSAVE. */
u64 cpuid_xcr0_allowed(const struct domain *d);

/* May a vcpu of @d have this XCR0? By that, and by what processors accept. */
bool cpuid_xcr0_ok(const struct domain *d, u64 xcr0);

/* Bytes of an XSAVE area in the standard format, with these components. */
u32 cpuid_xsave_area(const struct domain *d, u64 components);

#endif
