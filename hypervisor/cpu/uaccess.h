/*
 * Reading and writing the current guest's memory by virtual address, under the page tables that are
 * loaded now.
 *
 * Every access is range-checked against the hypervisor's slots and may fault: a fault is answered
 * by the exception table, never by a crash. Copy what you check: nothing read twice is the same
 * twice.
 */
#ifndef CPU_UACCESS_H
#define CPU_UACCESS_H

#include "cpu/alternative.h"
#include "lib/types.h"

#define HV_VIRT_START 0xffff800000000000UL
#define HV_VIRT_END   0xffff880000000000UL

/* What a 64-bit guest gives as an address to be used later: a base, an entry point. */
static inline bool canonical(u64 va)
{
    return (u64)((s64)(va << 16) >> 16) == va;
}

/*
 * True if the @len bytes from @va are canonical and outside the hypervisor's slots; @len below 4
 * GiB.
 */
static inline bool guest_range_ok(gva_t va, u64 len)
{
    u64 end = va.n + len;

    return end <= 0x0000800000000000UL ? end >= va.n
                                       : va.n >= HV_VIRT_END && (end >= va.n || end == 0);
}

/*
 * The same for a word at @va, in fewer instructions: one that begins below the hole and ends in it
 * faults, as any bad address does.
 */
static inline bool guest_word_ok(gva_t va)
{
    return va.n - 0x0000800000000000UL >= HV_VIRT_END - 0x0000800000000000UL;
}

/*
 * Speculation does not wait for the answers above: what it reads at an address of ours must not become the address of
 * something else. So whoever is about to read through @va has it bounded; it stays what it is unless it is ours.
 */
static inline gva_t guest_bounded(gva_t va)
{
    u64 slot = va.n >> 43;

    _Static_assert(HV_VIRT_END - HV_VIRT_START == 1UL << 43, "our slots are all that begin so");
    __asm__("cmp %2, %1; cmove %1, %0" : "+r"(va.n) : "r"(slot), "i"(HV_VIRT_START >> 43) : "cc");
    return va;
}

/* Both for a word that is accessed at once, in fewer instructions: what isn't canonical faults then. */
static inline bool guest_access_ok(gva_t *va)
{
    u64 n = va->n, slot = n >> 43;

    __asm__ goto("cmp %2, %1; je %l[ours]; cmove %1, %0"
                 : "+r"(n)
                 : "r"(slot), "i"(HV_VIRT_START >> 43)
                 : "cc"
                 : ours);
    va->n = n;
    return true;
ours:
    return false;
}

/*
 * Copy between us and the current guest. Return the number of bytes NOT copied: 0 is success. The
 * plain ones check the range.
 */
unsigned long copy_from_guest(void *to, gva_t from, unsigned long len);
unsigned long copy_to_guest(gva_t to, const void *from, unsigned long len);
unsigned long clear_guest(gva_t to, unsigned long len);

/* The guest handle's pointer as a guest address, and the @index-th element of an array of such. */
#define handle_gva(handle)           to_gva((u64)(handle).p)
#define handle_gva_at(handle, index) to_gva((u64)((handle).p + (index)))

/*
 * One naturally sized load or store, for frames and page-table words: false if it faulted or is out
 * of range. Inline, a handful of instructions on the hot paths.
 */
static inline bool guest_store_u64(gva_t to, u64 value);
static inline bool guest_store_u32(gva_t to, u32 value);
static inline bool guest_store_u16(gva_t to, u16 value);
static inline bool guest_load_u64(u64 *value, gva_t from);
static inline bool guest_load_u32(u32 *value, gva_t from);
static inline bool guest_load_u16(u16 *value, gva_t from);

/* Two words in a row, for arrays of pairs whose range the caller has checked as a whole. */
static inline bool guest_load_pair(u64 *first, u64 *second, gva_t from);

/*
 * A small structure of whole words, or with half a one at its end, word by word: @len is known to the compiler. False
 * as above; then some of it may be done. A range that begins right below 2^64 goes on at 0, as the processor has it:
 * guest memory like any other.
 */
static inline bool guest_load_words(void *to, gva_t from, size_t len);
static inline bool guest_store_words(gva_t to, const void *from, size_t len);

#define guest_load_struct(to, from)                                                                \
    ({                                                                                             \
        _Static_assert(sizeof(*(to)) % sizeof(u64) == 0, "whole words");                           \
        guest_load_words(to, from, sizeof(*(to)));                                                 \
    })

/* A structure of any size that the compiler knows: word by word if that is short. */
#define guest_load_small(to, from)  guest_load_sized(to, from, sizeof(*(to)))
#define guest_store_small(to, from) guest_store_sized(to, from, sizeof(*(from)))

/* Around every access, where the CPU has SMAP; nothing but the access may come between. */
static inline void guest_access_begin(void)
{
#ifndef HOST_TEST
    __asm__ volatile(SMAP_OPEN ::: "memory");
#endif
}

static inline void guest_access_end(void)
{
#ifndef HOST_TEST
    __asm__ volatile(SMAP_CLOSE ::: "memory");
#endif
}

#include "cpu/uaccess_inline.h"

#endif
