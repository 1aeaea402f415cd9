/*
 * The console: log lines to serial and VGA, the ring that dmesg reads, guests' console_io, crash
 * reports.
 */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include <hypercall/abi.h>

#include <stdarg.h>
#include "cpu/regs.h"
#include "lib/types.h"

enum log_level { LOG_NONE = -1, LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

struct boot_info;

/*
 * First of all: read the command line into options (console/options.h) and open the devices that it
 * names. On return log lines are seen.
 */
void console_init(const struct boot_info *info);

/*
 * Once mm_init has mapped it: a screen that could not be reached before is opened, and shows what
 * was printed so far.
 */
void console_open_screen(void);

/*
 * Is there a linear framebuffer that the console can write to? It is seen at its address in the
 * direct map: mm/ maps it there.
 */
bool console_has_framebuffer(const struct boot_info *info);

/* What dom0 needs to know to take over the screen. False: there is none. */
bool console_describe_screen(struct dom0_vga_console_info *to);

/* dom0 is about to run: the screen is its own from now on. */
void console_release_screen(void);

/* Print a line at @level: shown on the devices if loglvl allows, always kept in the ring. */
void log_print(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_print(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_print(LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_print(LOG_DEBUG, __VA_ARGS__)

/* The same about a guest's doing: guest_loglvl decides. */
void log_guest(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Our own fault: report registers, stack, backtrace and each vcpu's state, then stop or reboot as
 * told.
 */
void panic(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void crash_report(const struct regs *regs, const char *why) __attribute__((noreturn));

/* The environment's fault: say so and stop, or reboot as told. */
void fatal(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#define BUG_ON(condition)                                                                          \
    do                                                                                             \
    {                                                                                              \
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

/*
 * The serial line that input comes from: *@irq is its legacy interrupt; false if there is none.
 * irq/ calls console_serial_interrupt when it is raised.
 */
bool console_serial_irq(u32 *irq);
void console_serial_interrupt(void);

/*
 * The first of the 8 ports of serial line @i (0 or 1) if the console uses it, else 0: irq/ keeps
 * them from dom0.
 */
u16 console_serial_port(unsigned int i);

/*
 * Input from the serial line, handed to dom0 with VIRQ_CONSOLE; three Ctrl-a switch to the
 * hypervisor's debug keys.
 */
void console_input(char c);

/*
 * Copy of the log ring for sysctl readconsole: up to @len bytes from the oldest, or with
 * @incremental from *@index on, which is set to the position behind them. @clear: later reads begin
 * there. Returns the number of bytes.
 */
size_t console_ring_read(char *to, size_t len, u32 *index, bool incremental, bool clear);

long console_io(unsigned long op, unsigned long count, unsigned long buffer);

/* A debug key, as the console or sysctl debug_keys gives it. */
void console_debug_key(char key);

#endif
