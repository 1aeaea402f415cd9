/* Made by hypercall/gen-cpuid-features from the public header; don't edit. For cpuid_policy.c alone. */
/* clang-format off */
#ifndef PV_EMULATE_CPUID_FEATURES_H
#define PV_EMULATE_CPUID_FEATURES_H

#include "lib/types.h"

#define CPUID_FEATURE_WORDS 19

static const u32 features_by_default[CPUID_FEATURE_WORDS] = {
    [0] = 0x1fc9cbf5,
    [1] = 0xf6d83203,
    [2] = 0xea500800,
    [3] = 0x042109e3,
    [4] = 0x00000007,
    [5] = 0xfdaf0b29,
    [6] = 0x02405f43,
    [7] = 0x00000000,
    [8] = 0x64001005,
    [9] = 0xac00441c,
    [10] = 0x00001c30,
    [11] = 0x78000064,
    [12] = 0x00000000,
    [13] = 0x00000021,
    [14] = 0x00000000,
    [15] = 0x00000000,
    [16] = 0x1d12e173,
    [17] = 0x40000000,
    [18] = 0x00000006,
};

static const u32 features_at_most[CPUID_FEATURE_WORDS] = {
    [0] = 0x1fc9cbf5,
    [1] = 0xf6d83203,
    [2] = 0xea500800,
    [3] = 0x042109e3,
    [4] = 0x00000007,
    [5] = 0xfdaf0b39,
    [6] = 0x1a405f43,
    [7] = 0x00000100,
    [8] = 0x64001005,
    [9] = 0xac01451c,
    [10] = 0x00001c30,
    [11] = 0x78000064,
    [12] = 0x00000000,
    [13] = 0x00000021,
    [14] = 0x00000000,
    [15] = 0x00000000,
    [16] = 0x1d12e173,
    [17] = 0x40000000,
    [18] = 0x00000006,
};

#endif
