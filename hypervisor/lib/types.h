/*
 * Basic types. Kinds of address are types of their own, so that mixing them does not compile; they cost nothing.
 */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

/* A machine frame number: a frame of physical memory. */
typedef struct {
    u64 n;
} mfn_t;

/* A guest's own numbering of its frames. */
typedef struct {
    u64 n;
} pfn_t;

/* A machine (physical) address. */
typedef struct {
    u64 n;
} maddr_t;

/* A virtual address that a guest named: nothing is known about it. */
typedef struct {
    u64 n;
} gva_t;

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define INVALID_MFN ((mfn_t){ ~0UL })
#define INVALID_PFN ((pfn_t){ ~0UL })

static inline mfn_t to_mfn(u64 n)
{
    return (mfn_t){ n };
}

static inline pfn_t to_pfn(u64 n)
{
    return (pfn_t){ n };
}

static inline maddr_t to_maddr(u64 n)
{
    return (maddr_t){ n };
}

static inline gva_t to_gva(u64 n)
{
    return (gva_t){ n };
}

static inline bool mfn_eq(mfn_t a, mfn_t b)
{
    return a.n == b.n;
}

static inline mfn_t mfn_add(mfn_t mfn, u64 frames)
{
    return (mfn_t){ mfn.n + frames };
}

static inline maddr_t mfn_to_maddr(mfn_t mfn)
{
    return (maddr_t){ mfn.n << PAGE_SHIFT };
}

static inline mfn_t maddr_to_mfn(maddr_t maddr)
{
    return (mfn_t){ maddr.n >> PAGE_SHIFT };
}

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_S  1000000000ULL

#endif
