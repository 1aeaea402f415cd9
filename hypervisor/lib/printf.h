/*
 * Formatted output into a buffer. The log that uses it is console/'s.
 *
 * Understood: %d %i %u %x %X %o %c %s %p %%, sizes hh h l ll z j t, flags - 0 + space #, width and precision as digits
 * or *. Anything else is copied as it stands. No floating point. On the host the C library's own are used.
 */
#ifndef LIB_PRINTF_H
#define LIB_PRINTF_H

#include <stdarg.h>
#include <stddef.h>

#if __STDC_HOSTED__ || defined(HOST_TEST)

#include <stdio.h>

#else

/*
 * Write at most @size bytes to @buf, NUL included (nothing when @size is 0). Return the length that the whole text has,
 * so that a result >= @size means that it was cut.
 */
int snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif

/* The same, but return what was really written without the NUL: the amount to step on by in a buffer. */
int scnprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
