/* On the host this file's formatter carries another name, beside the C library's, so that tests can compare the two. */
#if __STDC_HOSTED__ || defined(HOST_TEST)
#include <stdio.h>
#define vsnprintf lib_vsnprintf
#define snprintf  lib_snprintf
int vsnprintf(char *buf, size_t size, const char *fmt, __builtin_va_list args);
int snprintf(char *buf, size_t size, const char *fmt, ...);
#endif

#include <stdbool.h>
#include <stdint.h>

#include "lib/printf.h"
#include "lib/string.h"

struct out {
    char *buf;
    size_t size;
    size_t len; /* what the text would have come to, however small the buffer */
};

struct spec {
    bool left, zero, plus, space, alt, upper;
    int width;
    int precision; /* -1 when none was given */
    int size;      /* -2 char, -1 short, 0 int, 1 long and all that are as wide */
};

static void put(struct out *out, char c)
{
    if ( out->len < out->size )
        out->buf[out->len] = c;
    out->len++;
}

static void put_many(struct out *out, char c, int count)
{
    for ( ; count > 0; count-- )
        put(out, c);
}

/* @prefix and @zeros go between the padding and the text. */
static void put_field(struct out *out, const struct spec *spec, const char *prefix, int zeros,
                      const char *text, int len)
{
    int fill = spec->width - (int)strlen(prefix) - zeros - len;

    if ( !spec->left )
        put_many(out, ' ', fill);
    while ( *prefix )
        put(out, *prefix++);
    put_many(out, '0', zeros);
    for ( int i = 0; i < len; i++ )
        put(out, text[i]);
    if ( spec->left )
        put_many(out, ' ', fill);
}

static void put_string(struct out *out, const struct spec *spec, const char *s)
{
    if ( !s )
        s = "(null)";
    put_field(out, spec, "", 0, s,
              (int)(spec->precision < 0 ? strlen(s) : strnlen(s, (size_t)spec->precision)));
}

/* How many zeros bring @len digits to the precision, or to the width under the 0 flag. */
static int leading_zeros(const struct spec *spec, const char *prefix, int len)
{
    int zeros = spec->precision - len;

    if ( spec->precision < 0 && spec->zero && !spec->left )
        zeros = spec->width - (int)strlen(prefix) - len;
    return zeros > 0 ? zeros : 0;
}

static void put_number(struct out *out, const struct spec *spec, uint64_t value, unsigned int base,
                       const char *prefix)
{
    const char *digits = spec->upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24];
    int pos = sizeof(text), len, zeros;

    for ( ; value; value /= base )
        text[--pos] = digits[value % base];
    if ( pos == sizeof(text) && spec->precision != 0 )
        text[--pos] = '0';

    len = (int)sizeof(text) - pos;
    zeros = leading_zeros(spec, prefix, len);
    put_field(out, spec, prefix, zeros, text + pos, len);
}

static void put_signed(struct out *out, const struct spec *spec, int64_t value)
{
    const char *sign = value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";

    put_number(out, spec, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, sign);
}

static void put_hex(struct out *out, const struct spec *spec, uint64_t value)
{
    const char *prefix = !spec->alt || !value ? "" : spec->upper ? "0X" : "0x";

    put_number(out, spec, value, 16, prefix);
}

static const char *parse_flags(struct spec *spec, const char *fmt)
{
    for ( ;; fmt++ )
        switch ( *fmt )
        {
        case '-':
            spec->left = true;
            break;
        case '0':
            spec->zero = true;
            break;
        case '+':
            spec->plus = true;
            break;
        case ' ':
            spec->space = true;
            break;
        case '#':
            spec->alt = true;
            break;
        default:
            return fmt;
        }
}

/* Far above what any caller means, and small enough that no sum of two overflows. */
#define MAX_COUNT 4096

static const char *parse_count(const char *fmt, int *count)
{
    for ( *count = 0; *fmt >= '0' && *fmt <= '9'; fmt++ )
        if ( *count < MAX_COUNT )
            *count = *count * 10 + (*fmt - '0');
    return fmt;
}

static const char *parse_size_letters(struct spec *spec, const char *fmt)
{
    for ( ;; fmt++ )
        switch ( *fmt )
        {
        case 'h':
            spec->size--;
            break;
        case 'l':
        case 'z':
        case 'j':
        case 't':
            spec->size = 1;
            break;
        default:
            return fmt;
        }
}

/* A va_list that functions can share, which a bare va_list parameter cannot be. */
struct args {
    va_list list;
};

static void star_width(struct spec *spec, struct args *args)
{
    spec->width = va_arg(args->list, int);
    if ( spec->width < 0 )
    {
        spec->left = true;
        spec->width = -spec->width;
    }
}

/* Everything between '%' and the conversion letter, which is returned. */
static const char *parse_spec(struct spec *spec, const char *fmt, struct args *args)
{
    *spec = (struct spec){ .precision = -1 };
    fmt = parse_flags(spec, fmt);
    if ( *fmt == '*' )
    {
        star_width(spec, args);
        fmt++;
    }
    else
        fmt = parse_count(fmt, &spec->width);

    if ( *fmt == '.' )
    {
        if ( *++fmt == '*' )
        {
            spec->precision = va_arg(args->list, int);
            fmt++;
        }
        else
            fmt = parse_count(fmt, &spec->precision);
    }
    return parse_size_letters(spec, fmt);
}

static uint64_t next_unsigned(const struct spec *spec, struct args *args)
{
    unsigned int value;

    if ( spec->size > 0 )
        return va_arg(args->list, uint64_t);
    value = va_arg(args->list, unsigned int);
    return spec->size == -2 ? (uint8_t)value : spec->size == -1 ? (uint16_t)value : value;
}

static int64_t next_signed(const struct spec *spec, struct args *args)
{
    int value;

    if ( spec->size > 0 )
        return va_arg(args->list, int64_t);
    value = va_arg(args->list, int);
    return spec->size == -2 ? (int8_t)value : spec->size == -1 ? (int16_t)value : value;
}

/* One conversion; false if @letter is none, and then nothing was put or taken. */
static bool convert(struct out *out, struct spec *spec, char letter, struct args *args)
{
    char c;

    switch ( letter )
    {
    case 'd':
    case 'i':
        put_signed(out, spec, next_signed(spec, args));
        return true;
    case 'u':
        put_number(out, spec, next_unsigned(spec, args), 10, "");
        return true;
    case 'o':
        put_number(out, spec, next_unsigned(spec, args), 8, spec->alt ? "0" : "");
        return true;
    case 'X':
        spec->upper = true;
        /* fall through */
    case 'x':
        put_hex(out, spec, next_unsigned(spec, args));
        return true;
    case 'p':
        spec->alt = true;
        put_hex(out, spec, (uintptr_t)va_arg(args->list, void *));
        return true;
    case 's':
        put_string(out, spec, va_arg(args->list, const char *));
        return true;
    case 'c':
        c = (char)va_arg(args->list, int);
        put_field(out, spec, "", 0, &c, 1);
        return true;
    case '%':
        put(out, '%');
        return true;
    default:
        return false;
    }
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list list)
{
    struct out out = { .buf = buf, .size = size };
    struct args args;

    va_copy(args.list, list);
    while ( *fmt )
    {
        const char *start = fmt;
        struct spec spec;

        if ( *fmt++ != '%' )
        {
            put(&out, *start);
            continue;
        }
        fmt = parse_spec(&spec, fmt, &args);
        if ( *fmt && convert(&out, &spec, *fmt, &args) )
            fmt++;
        else
            while ( start < fmt )
                put(&out, *start++);
    }
    va_end(args.list);

    if ( size )
        buf[out.len < size ? out.len : size - 1] = '\0';
    return (int)out.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(buf, size, fmt, args);
    va_end(args);
    return len;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(buf, size, fmt, args);
    va_end(args);
    if ( !size )
        return 0;
    return (size_t)len < size ? len : (int)size - 1;
}
