/* The inline half of uaccess.h: single accesses whose fault jumps to a local label. */
#ifndef CPU_UACCESS_INLINE_H
#define CPU_UACCESS_INLINE_H

#include "cpu/extable.h"
#include "cpu/uaccess.h"

#ifdef HOST_TEST

static inline bool guest_store_u64(gva_t to, u64 value)
{
    return !copy_to_guest(to, &value, sizeof(value));
}

static inline bool guest_store_u32(gva_t to, u32 value)
{
    return !copy_to_guest(to, &value, sizeof(value));
}

static inline bool guest_load_u64(u64 *value, gva_t from)
{
    return !copy_from_guest(value, from, sizeof(*value));
}

static inline bool guest_load_u32(u32 *value, gva_t from)
{
    return !copy_from_guest(value, from, sizeof(*value));
}

static inline bool guest_load_pair(u64 *first, u64 *second, gva_t from)
{
    return guest_load_u64(first, from) && guest_load_u64(second, to_gva(from.n + sizeof(*first)));
}

static inline bool guest_load_three(u64 *values, gva_t from)
{
    return !copy_from_guest(values, from, 3 * sizeof(*values));
}

#else

static inline bool guest_store_u64(gva_t to, u64 value)
{
    if ( !guest_word_ok(to) )
        return false;

    __asm__ goto(SMAP_OPEN "1: mov %0, (%1)\n" SMAP_CLOSE EXTABLE_FAULT(1b)::"r"(value), "r"(to.n)
                 : "memory"
                 : fault);
    return true;
fault:
    guest_access_end();
    return false;
}

static inline bool guest_store_u32(gva_t to, u32 value)
{
    if ( !guest_word_ok(to) )
        return false;

    __asm__ goto(SMAP_OPEN "1: movl %0, (%1)\n" SMAP_CLOSE EXTABLE_FAULT(1b)::"r"(value), "r"(to.n)
                 : "memory"
                 : fault);
    return true;
fault:
    guest_access_end();
    return false;
}

static inline bool guest_load_u64(u64 *value, gva_t from)
{
    u64 got;

    if ( !guest_word_ok(from) )
        return false;

    __asm__ goto(SMAP_OPEN "1: mov (%1), %0\n" SMAP_CLOSE EXTABLE_FAULT(1b)
                 : "=r"(got)
                 : "r"(from.n)
                 : "memory"
                 : fault);
    *value = got;
    return true;
fault:
    guest_access_end();
    return false;
}

static inline bool guest_load_u32(u32 *value, gva_t from)
{
    u32 got;

    if ( !guest_word_ok(from) )
        return false;

    __asm__ goto(SMAP_OPEN "1: mov (%1), %0\n" SMAP_CLOSE EXTABLE_FAULT(1b)
                 : "=r"(got)
                 : "r"(from.n)
                 : "memory"
                 : fault);
    *value = got;
    return true;
fault:
    guest_access_end();
    return false;
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

static inline bool guest_load_three(u64 *values, gva_t from)
{
    u64 a, b, c;

    __asm__ goto(SMAP_OPEN "1: mov (%3), %0\n"
                           "2: mov 8(%3), %1\n"
                           "3: mov 16(%3), %2\n" SMAP_CLOSE EXTABLE_FAULT(1b) EXTABLE_FAULT(2b)
                               EXTABLE_FAULT(3b)
                 : "=&r"(a), "=&r"(b), "=r"(c)
                 : "r"(from.n)
                 : "memory"
                 : fault);
    values[0] = a;
    values[1] = b;
    values[2] = c;
    return true;
fault:
    guest_access_end();
    return false;
}

#endif

#endif
