/*
 * Strings and memory, for code without a C library. In host tests and tools the C library's own are used, and this
 * header adds only what that lacks.
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if __STDC_HOSTED__ || defined(HOST_TEST)

#include <string.h>

#ifdef MODEL
void copy_inline(void *dst, const void *src, size_t n); /* in tests/model/machine.c: a step */
#else
/* Forward, as below. */
static inline void copy_inline(void *dst, const void *src, size_t n)
{
    for ( size_t i = 0; i < n; i++ )
        ((char *)dst)[i] = ((const char *)src)[i];
}
#endif

#else

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *word);

/* Through the builtins small constant sizes become plain moves. */
#define memcpy(dst, src, n)  __builtin_memcpy(dst, src, n)
#define memmove(dst, src, n) __builtin_memmove(dst, src, n)
#define memset(dst, v, n)    __builtin_memset(dst, v, n)
#define memcmp(a, b, n)      __builtin_memcmp(a, b, n)
#define strlen(s)            __builtin_strlen(s)

/*
 * memcpy() in line, of what is long and seldom of constant size. The string instructions, eight bytes an iteration: the
 * shortest path under an instruction-counting clock, and close to the fastest there is on hardware. Forward: @dst may
 * overlap what has been read of @src by then.
 */
static inline void copy_inline(void *dst, const void *src, size_t n)
{
    size_t words = n / 8, rest;

    __asm__ volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(words)::"memory");
    rest = n % 8;
    if ( rest )
        __asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(rest)::"memory");
}

#endif

/*
 * Copy as much of @src as fits into @size bytes, always ending it with NUL (unless @size is 0). Returns strlen(@src):
 * the copy was cut short if that is >= @size.
 */
size_t strlcpy(char *dst, const char *src, size_t size);

/* As strlcpy, but append to the string that @dst holds. Returns the length that it tried to make. */
size_t strlcat(char *dst, const char *src, size_t size);

/* True when @s begins with @prefix; then *@rest (if not NULL) is what follows it. */
bool str_prefix(const char *s, const char *prefix, const char **rest);

/*
 * Read an unsigned number at @s: decimal, 0x hexadecimal or 0 octal. *@end is set to the first character not used, and
 * is @s itself when there was no number or it does not fit 64 bits; *@value is then 0.
 */
void parse_u64(const char *s, const char **end, uint64_t *value);

/*
 * As parse_u64 with an optional suffix B, K, M, G or T (either case; powers of 1024). A bare number counts
 * @unit bytes.
 */
void parse_size(const char *s, const char **end, uint64_t unit, uint64_t *bytes);

/* parse_u64 and parse_size for strings that must hold nothing else: false if they do, with *@value untouched. */
bool parse_u64_all(const char *s, uint64_t *value);
bool parse_size_all(const char *s, uint64_t unit, uint64_t *bytes);

#endif
