/* The inline half of uaccess.h: single accesses whose fault jumps to a local label. */
#ifndef CPU_UACCESS_INLINE_H
#define CPU_UACCESS_INLINE_H

#include "cpu/extable.h"
#include "cpu/uaccess.h"

#ifdef HOST_TEST

#define GUEST_WORD(type)                                                                           \
    static inline bool guest_store_##type(gva_t to, type value)                                    \
    {                                                                                              \
        return !copy_to_guest(to, &value, sizeof(value));                                          \
    }                                                                                              \
    static inline bool guest_load_##type(type *value, gva_t from)                                  \
    {                                                                                              \
        return !copy_from_guest(value, from, sizeof(*value));                                      \
    }

static inline bool guest_load_pair(u64 *first, u64 *second, gva_t from)
{
    return guest_load_u64(first, from) && guest_load_u64(second, to_gva(from.n + sizeof(*first)));
}

static inline bool guest_load_words(void *to, gva_t from, size_t len)
{
    return !copy_from_guest(to, from, len);
}

static inline bool guest_store_words(gva_t to, const void *from, size_t len)
{
    return !copy_to_guest(to, from, len);
}

#else

/* The operand's type says which mov it is. */
#define GUEST_WORD(type)                                                                           \
    static inline bool guest_store_##type(gva_t to, type value)                                    \
    {                                                                                              \
        if ( !guest_access_ok(&to) )                                                               \
            return false;                                                                          \
                                                                                                   \
        __asm__ goto(SMAP_OPEN "1: mov %0, (%1)\n" SMAP_CLOSE EXTABLE_FAULT(1b)::"r"(value),       \
                     "r"(to.n)                                                                     \
                     : "memory"                                                                    \
                     : fault);                                                                     \
        return true;                                                                               \
    fault:                                                                                         \
        guest_access_end();                                                                        \
        return false;                                                                              \
    }                                                                                              \
    static inline bool guest_load_##type(type *value, gva_t from)                                  \
    {                                                                                              \
        type got;                                                                                  \
                                                                                                   \
        if ( !guest_access_ok(&from) )                                                             \
            return false;                                                                          \
                                                                                                   \
        __asm__ goto(SMAP_OPEN "1: mov (%1), %0\n" SMAP_CLOSE EXTABLE_FAULT(1b)                    \
                     : "=r"(got)                                                                   \
                     : "r"(from.n)                                                                 \
                     : "memory"                                                                    \
                     : fault);                                                                     \
        *value = got;                                                                              \
        return true;                                                                               \
    fault:                                                                                         \
        guest_access_end();                                                                        \
        return false;                                                                              \
    }

static inline bool guest_load_pair(u64 *first, u64 *second, gva_t from)
{
    u64 a, b;

    __asm__ goto(SMAP_OPEN "1: mov (%2), %0\n"
                           "2: mov 8(%2), %1\n" SMAP_CLOSE EXTABLE_FAULT(1b) EXTABLE_FAULT(2b)
                 : "=&r"(a), "=r"(b)
                 : "r"(from.n)
                 : "memory"
                 : fault);
    *first = a;
    *second = b;
    return true;
fault:
    guest_access_end();
    return false;
}

static inline __attribute__((always_inline)) bool guest_load_words(void *to, gva_t from, size_t len)
{
    u64 *words = to;

    if ( !guest_access_ok(&from) )
        return false;
    guest_access_begin();
#pragma GCC unroll 8
    for ( size_t i = 0; i < len / sizeof(u64); i++ )
    {
        u64 got;

        __asm__ goto("1: mov %1, %0\n" EXTABLE_FAULT(1b)
                     : "=r"(got)
                     : "m"(((const u64 *)from.n)[i])
                     : "memory"
                     : fault);
        words[i] = got;
    }
    if ( len % sizeof(u64) )
    {
        u32 got;

        __asm__ goto("1: mov %1, %0\n" EXTABLE_FAULT(1b)
                     : "=r"(got)
                     : "m"(((const u32 *)from.n)[len / sizeof(u32) - 1])
                     : "memory"
                     : fault);
        ((u32 *)to)[len / sizeof(u32) - 1] = got;
    }
    guest_access_end();
    return true;
fault:
    guest_access_end();
    return false;
}

static inline __attribute__((always_inline)) bool guest_store_words(gva_t to, const void *from,
                                                                    size_t len)
{
    const u64 *words = from;

    if ( !guest_access_ok(&to) )
        return false;
    guest_access_begin();
#pragma GCC unroll 8
    for ( size_t i = 0; i < len / sizeof(u64); i++ )
        __asm__ goto("1: mov %0, %1\n" EXTABLE_FAULT(1b)::"r"(words[i]), "m"(((u64 *)to.n)[i])
                     : "memory"
                     : fault);
    if ( len % sizeof(u64) )
        __asm__ goto(
            "1: mov %0, %1\n" EXTABLE_FAULT(1b)::"r"(((const u32 *)from)[len / sizeof(u32) - 1]),
            "m"(((u32 *)to.n)[len / sizeof(u32) - 1])
            : "memory"
            : fault);
    guest_access_end();
    return true;
fault:
    guest_access_end();
    return false;
}

#endif

GUEST_WORD(u64)
GUEST_WORD(u32)
GUEST_WORD(u16)
#undef GUEST_WORD

/* Beyond some words a call is shorter. */
static inline bool guest_in_words(size_t len)
{
    return len % sizeof(u32) == 0 && len <= 4 * sizeof(u64);
}

static inline __attribute__((always_inline)) bool guest_load_sized(void *to, gva_t from, size_t len)
{
    return guest_in_words(len) ? guest_load_words(to, from, len) : !copy_from_guest(to, from, len);
}

static inline __attribute__((always_inline)) bool guest_store_sized(gva_t to, const void *from,
                                                                    size_t len)
{
    return guest_in_words(len) ? guest_store_words(to, from, len) : !copy_to_guest(to, from, len);
}

#endif
