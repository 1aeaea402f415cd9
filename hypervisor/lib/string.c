#include "lib/string.h"

#if !__STDC_HOSTED__ && !defined(HOST_TEST)

#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen

void *memcpy(void *dst, const void *src, size_t n)
{
    copy_inline(dst, src, n);
    return dst;
}

void *memset(void *dst, int value, size_t n)
{
    void *to = dst;
    size_t words = n / 8;

    __asm__ volatile(
        "rep stosq\n\t"
        "mov %[rest], %%ecx\n\t"
        "rep stosb"
        : "+D"(to), "+c"(words)
        : "a"((uint64_t)(uint8_t)value * 0x0101010101010101ULL), [rest] "r"((unsigned int)n & 7)
        : "memory");
    return dst;
}

/* Backward, for a destination that overlaps the end of the source. */
static void copy_backward(void *dst, const void *src, size_t n)
{
    void *to = (char *)dst + n - 1;
    const void *from = (const char *)src + n - 1;

    __asm__ volatile("std\n\t"
                     "rep movsb\n\t"
                     "cld"
                     : "+D"(to), "+S"(from), "+c"(n)
                     :
                     : "memory");
}

void *memmove(void *dst, const void *src, size_t n)
{
    uintptr_t distance = (uintptr_t)dst - (uintptr_t)src;

    if ( !distance || distance >= n )
        return memcpy(dst, src, n);
    copy_backward(dst, src, n);
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;

    for ( ; n; n--, x++, y++ )
        if ( *x != *y )
            return *x - *y;
    return 0;
}

void *memchr(const void *s, int c, size_t n)
{
    const unsigned char *p = s;

    for ( ; n; n--, p++ )
        if ( *p == (unsigned char)c )
            return (void *)(uintptr_t)p;
    return NULL;
}

size_t strlen(const char *s)
{
    const char *p = s;

    while ( *p )
        p++;
    return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;

    while ( n < max && s[n] )
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    while ( *a && *a == *b )
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    while ( n && *a && *a == *b )
        a++, b++, n--;
    return n ? (unsigned char)*a - (unsigned char)*b : 0;
}

char *strchr(const char *s, int c)
{
    for ( ; *s != (char)c; s++ )
        if ( !*s )
            return NULL;
    return (char *)(uintptr_t)s;
}

char *strrchr(const char *s, int c)
{
    const char *last = NULL;

    do
        if ( *s == (char)c )
            last = s;
    while ( *s++ );
    return (char *)(uintptr_t)last;
}

char *strstr(const char *s, const char *word)
{
    size_t n = strlen(word);

    for ( ; *s || !n; s++ )
        if ( !strncmp(s, word, n) )
            return (char *)(uintptr_t)s;
    return NULL;
}

#endif

size_t strlcpy(char *dst, const char *src, size_t size)
{
    size_t len = strlen(src);

    if ( size )
    {
        size_t n = len < size ? len : size - 1;

        memcpy(dst, src, n);
        dst[n] = '\0';
    }
    return len;
}

size_t strlcat(char *dst, const char *src, size_t size)
{
    size_t used = strnlen(dst, size);

    return used + strlcpy(dst + used, src, size - used);
}

bool str_prefix(const char *s, const char *prefix, const char **rest)
{
    size_t n = strlen(prefix);

    if ( strncmp(s, prefix, n) )
        return false;
    if ( rest )
        *rest = s + n;
    return true;
}

static unsigned int digit_value(char c)
{
    if ( c >= '0' && c <= '9' )
        return (unsigned int)(c - '0');
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10 : 99;
}

/* The base that a number's prefix tells; @s is moved behind a 0x that digits follow. */
static unsigned int number_base(const char **s)
{
    if ( **s != '0' )
        return 10;
    if ( ((*s)[1] | 0x20) != 'x' || digit_value((*s)[2]) > 15 )
        return 8;
    *s += 2;
    return 16;
}

void parse_u64(const char *s, const char **end, uint64_t *value)
{
    const char *p = s;
    unsigned int base = number_base(&p), digit;
    const char *first = p;
    uint64_t n = 0;

    *end = s;
    *value = 0;
    for ( ; (digit = digit_value(*p)) < base; p++ )
        if ( __builtin_mul_overflow(n, base, &n) || __builtin_add_overflow(n, digit, &n) )
            return;
    if ( p == first )
        return;
    *end = p;
    *value = n;
}

/* The bytes that one unit of suffix @c stands for; 0 if it is no suffix. */
static uint64_t suffix_unit(char c)
{
    switch ( c | 0x20 )
    {
    case 'b':
        return 1;
    case 'k':
        return 1ULL << 10;
    case 'm':
        return 1ULL << 20;
    case 'g':
        return 1ULL << 30;
    case 't':
        return 1ULL << 40;
    default:
        return 0;
    }
}

void parse_size(const char *s, const char **end, uint64_t unit, uint64_t *bytes)
{
    uint64_t n, suffix;

    *bytes = 0;
    parse_u64(s, end, &n);
    if ( *end == s )
        return;

    suffix = suffix_unit(**end);
    if ( __builtin_mul_overflow(n, suffix ? suffix : unit, bytes) )
    {
        *bytes = 0;
        *end = s;
        return;
    }
    if ( suffix )
        (*end)++;
}

bool parse_u64_all(const char *s, uint64_t *value)
{
    const char *end;
    uint64_t n;

    parse_u64(s, &end, &n);
    if ( end == s || *end )
        return false;
    *value = n;
    return true;
}

bool parse_size_all(const char *s, uint64_t unit, uint64_t *bytes)
{
    const char *end;
    uint64_t n;

    parse_size(s, &end, unit, &n);
    if ( end == s || *end )
        return false;
    *bytes = n;
    return true;
}
