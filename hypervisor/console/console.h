/*
 * The console: log lines to serial and VGA, the ring that dmesg reads, guests' console_io, crash reports.
 */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include <stdarg.h>
#include "cpu/regs.h"
#include "lib/types.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Print a line at @level: shown on the devices if loglvl allows, always kept in the ring. */
void log_print(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_print(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_print(LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_print(LOG_DEBUG, __VA_ARGS__)

/* Our own fault: report registers, stack, backtrace and each vcpu's state, then stop or reboot as told. */
void panic(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void crash_report(const struct regs *regs, const char *why) __attribute__((noreturn));

#define BUG_ON(condition)                                                                          \
    do {                                                                                           \
        if ( __builtin_expect(!!(condition), 0) )                                                  \
            panic("BUG at %s:%d: %s", __FILE__, __LINE__, #condition);                             \
    } while ( 0 )

#ifdef NDEBUG
#define ASSERT(condition) ((void)sizeof(condition))
#else
#define ASSERT(condition) BUG_ON(!(condition))
#endif

/* Raw bytes to the devices, guests' output included. */
void console_write(const char *text, size_t len);

/* Input from the serial line, handed to dom0 with VIRQ_CONSOLE; three Ctrl-a switch to the hypervisor's debug keys. */
void console_input(char c);

/* Copy of the log ring for sysctl readconsole: see control/. */
size_t console_ring_read(char *to, size_t len, u32 *index, bool incremental, bool clear);

long console_io(unsigned long op, unsigned long count, unsigned long buffer);

/* A debug key, as the console or sysctl debug_keys gives it. */
void console_debug_key(char key);

#endif
