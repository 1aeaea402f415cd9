/*
 * Lines for the user. They go to standard error behind the program's name, unless a sink takes them: the daemon's log.
 *
 * An error says what is wrong and, where that is not obvious, what to do next.
 */
#ifndef LIBRL_MESSAGE_H
#define LIBRL_MESSAGE_H

#include <stdarg.h>

/* Returns -@error (an errno value), so that a failing function can end with it. */
int rl_error(int error, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* -ENOMEM, told: for the little that a process of ours needs. */
int rl_no_memory(void);

void rl_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Told with -v only. */
void rl_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void rl_vmessage(const char *prefix, const char *fmt, va_list args);

extern int rl_verbose;
extern long long rl_began; /* clock_ns() when main() was; for what -v tells */

/* Where lines go from now on; NULL: to standard error. */
void rl_set_sink(void (*sink)(const char *line));

#endif
