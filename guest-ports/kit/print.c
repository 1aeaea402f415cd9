#include <kit/console.h>
#include <kit/print.h>
#include <kit/string.h>

#include <stdbool.h>
#include <stdint.h>

struct sink {
    char *to;
    size_t used, size;
};

static void put(struct sink *sink, char c)
{
    if ( sink->used + 1 < sink->size )
        sink->to[sink->used++] = c;
}

struct spec {
    int width;
    bool left, zero;
};

static void put_text(struct sink *sink, const char *text, const struct spec *spec)
{
    int pad = spec->width - (int)strlen(text);

    for ( ; !spec->left && pad > 0; pad-- )
        put(sink, spec->zero ? '0' : ' ');
    while ( *text )
        put(sink, *text++);
    for ( ; pad > 0; pad-- )
        put(sink, ' ');
}

static void put_number(struct sink *sink, uint64_t n, unsigned int base, bool negative,
                       const struct spec *spec)
{
    char digits[24], *p = digits + sizeof(digits) - 1;

    *p = '\0';
    do
        *--p = "0123456789abcdef"[n % base];
    while ( n /= base );
    if ( negative )
        *--p = '-';
    put_text(sink, p, spec);
}

static void put_signed(struct sink *sink, int64_t n, const struct spec *spec)
{
    put_number(sink, n < 0 ? -(uint64_t)n : (uint64_t)n, 10, n < 0, spec);
}

/* An argument of int, long or long long, by the number of `l`s: with its sign ... */
static int64_t next_signed(va_list *args, int longs)
{
    if ( longs > 1 )
        return va_arg(*args, long long);
    return longs ? va_arg(*args, long) : va_arg(*args, int);
}

/* ... or without one. */
static uint64_t next_unsigned(va_list *args, int longs)
{
    if ( longs > 1 )
        return va_arg(*args, unsigned long long);
    return longs ? va_arg(*args, unsigned long) : va_arg(*args, unsigned int);
}

int vsnprintf(char *to, size_t size, const char *format, va_list list)
{
    va_list args;
    struct sink sink = { to, 0, size };

    va_copy(args, list); /* so that its address has one type, whatever va_list is */
    for ( ; *format; format++ )
    {
        struct spec spec = { 0 };
        int longs = 0;

        if ( *format != '%' )
        {
            put(&sink, *format);
            continue;
        }
        for ( format++; *format == '-' || *format == '0'; format++ )
            *(*format == '-' ? &spec.left : &spec.zero) = true;
        for ( ; *format >= '0' && *format <= '9'; format++ )
            spec.width = spec.width * 10 + *format - '0';
        for ( ; *format == 'l' || *format == 'z'; format++ )
            longs++;

        switch ( *format )
        {
        case 'c':
            put(&sink, (char)va_arg(args, int));
            break;
        case 's':
            put_text(&sink, va_arg(args, const char *), &spec);
            break;
        case 'd':
            put_signed(&sink, next_signed(&args, longs), &spec);
            break;
        case 'u':
        case 'x':
            put_number(&sink, next_unsigned(&args, longs), *format == 'x' ? 16 : 10, false, &spec);
            break;
        case 'p':
            put_number(&sink, va_arg(args, unsigned long), 16, false, &spec);
            break;
        default:
            put(&sink, *format);
            break;
        }
    }
    va_end(args);
    if ( size )
        to[sink.used] = '\0';
    return (int)sink.used;
}

int snprintf(char *to, size_t size, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(to, size, format, args);
    va_end(args);
    return n;
}

void vprintf(const char *format, va_list args)
{
    char line[256];

    console_write(line, vsnprintf(line, sizeof(line), format, args));
}

void printf(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}
