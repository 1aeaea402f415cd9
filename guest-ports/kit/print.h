/*
 * printf to the console.
 */
#ifndef KIT_PRINT_H
#define KIT_PRINT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * %c %s %d %u %x %p %%, with l, ll, a width, `0` and `-`. Writes at most @size bytes, the last one a NUL.
 * Returns the number of characters written.
 */
int vsnprintf(char *to, size_t size, const char *format, va_list args);
__attribute__((format(printf, 3, 4))) int snprintf(char *to, size_t size, const char *format, ...);

/* Prints at most 255 characters. Safe from any context: it neither allocates nor waits for events. */
__attribute__((format(printf, 1, 2))) void printf(const char *format, ...);
void vprintf(const char *format, va_list args);

#endif
