/* A CPUID policy from the inside: for the cpuid_*.c files. */
#ifndef PV_EMULATE_CPUID_POLICY_H
#define PV_EMULATE_CPUID_POLICY_H

#include "cpu/asm.h"
#include "pv/emulate/cpuid.h"

#define CPUID_BASIC_LEAVES 14 /* 0 .. 0xd */
#define CPUID_CACHE_LEAVES 8  /* subleaves of 4 */
#define CPUID_FEAT_LEAVES  3  /* of 7 */
#define CPUID_XSTATES      63 /* of 0xd */
#define CPUID_EXT_LEAVES   0x22
#define CPUID_EXT_BASE     0x80000000u

/* Registers that belong to a policy, in its serialised form. */
#define MSR_PLATFORM_INFO     0x000000ce
#define MSR_ARCH_CAPABILITIES 0x0000010a

#define LEAF_CACHE  4
#define LEAF_FEAT   7
#define LEAF_TOPO   0xb
#define LEAF_XSTATE 0xd

/* Each value as CPUID returns it; what differs between vcpus, or changes as the guest runs, is left zero. */
struct cpuid_policy {
    struct cpuid_leaf basic[CPUID_BASIC_LEAVES]; /* those with subleaves are below, and zero here */
    struct cpuid_leaf cache[CPUID_CACHE_LEAVES];
    struct cpuid_leaf feat[CPUID_FEAT_LEAVES];
    struct cpuid_leaf xstate[CPUID_XSTATES];
    struct cpuid_leaf ext[CPUID_EXT_LEAVES];
};

/* Basic leaves that are not as they lie in the policy. */
#define BASIC_VARIES (1u << 1 | 1u << LEAF_CACHE | 1u << LEAF_FEAT | 1u << LEAF_XSTATE)

/* Is it a basic leaf, as it lies in the policy, which is all zeros beyond its last? */
static inline bool cpuid_is_plain(u32 leaf)
{
    return leaf < CPUID_BASIC_LEAVES && !(BASIC_VARIES >> leaf & 1);
}

#define FEATURE_WORD(f) ((f) / 32)
#define FEATURE_BIT(f)  (1u << ((f) % 32))

bool cpuid_has(const struct cpuid_policy *p, u32 feature);

/* The same for a feature of leaf 1, ecx, at once. */
#define CPUID_HAS_1C(p, feature) ((p)->basic[1].ecx & FEATURE_BIT(feature))

/* The place of a leaf that policies have; NULL for others, the topology leaves among them. */
struct cpuid_leaf *cpuid_slot(struct cpuid_policy *p, u32 leaf, u32 subleaf);

/* XCR0 bits of the policy, and the size of an XSAVE area that holds the components in @xcr0. */
u64 cpuid_xcr0(const struct cpuid_policy *p);
u32 cpuid_xsave_size(const struct cpuid_policy *p, u64 xcr0);

/* Make @p consistent: features cut to @words, then all that follows from them. */
void cpuid_restrict(struct cpuid_policy *p, const u32 words[CPUID_FEATURESET_WORDS]);

#endif
