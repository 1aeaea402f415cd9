#include <kit/string.h>

void *memcpy(void *to, const void *from, size_t size)
{
    void *start = to;

    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return start;
}

void *memmove(void *to, const void *from, size_t size)
{
    if ( to <= from || (const char *)to >= (const char *)from + size )
        return memcpy(to, from, size);
    while ( size-- )
        ((char *)to)[size] = ((const char *)from)[size];
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    void *start = to;

    asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
    return start;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;

    for ( ; size; size--, x++, y++ )
    {
        if ( *x != *y )
            return *x - *y;
    }
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while ( s[n] )
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, ~0UL);
}

int strncmp(const char *a, const char *b, size_t size)
{
    for ( ; size; size--, a++, b++ )
    {
        if ( *a != *b )
            return (unsigned char)*a - (unsigned char)*b;
        if ( !*a )
            break;
    }
    return 0;
}

char *strchr(const char *s, int c)
{
    for ( ; *s; s++ )
    {
        if ( *s == c )
            return (char *)s;
    }
    return NULL;
}

char *strstr(const char *s, const char *part)
{
    size_t size = strlen(part);

    for ( ; *s; s++ )
    {
        if ( !strncmp(s, part, size) )
            return (char *)s;
    }
    return NULL;
}

unsigned long parse_number(const char *s)
{
    unsigned long n = 0, base = 10;

    if ( s[0] == '0' && s[1] == 'x' )
    {
        base = 16;
        s += 2;
    }
    for ( ; *s; s++ )
    {
        unsigned int digit = *s <= '9' ? *s - '0' : (*s | 32) - 'a' + 10;

        if ( digit >= base )
            break;
        n = n * base + digit;
    }
    return n;
}
