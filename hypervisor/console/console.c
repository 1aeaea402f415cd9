#include "console/console.h"
#include "console/device.h"
#include "console/internal.h"
#include "console/options.h"
#include "boot/boot_info.h"
#include "cpu/percpu.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "smp/lock.h"

#define PREFIX "(RL) "
#define LINE   512

#define RING_SIZE 16384 /* a power of two: positions run on for ever and are cut to it */

static struct lock console_lock = LOCK_INIT(LOCK_CONSOLE);
static char ring[RING_SIZE];
static u32 ring_end,
    ring_start; /* positions of the next character, and of the first that readers see */

static struct serial lines[2];
static struct serial *input_line;
static u32 lock_holder; /* number of the CPU that holds it + 1 */
static bool crashing, screen_released;

static void ring_put(char c)
{
    ring[ring_end++ % RING_SIZE] = c;
    if ( ring_end - ring_start > RING_SIZE )
        ring_start = ring_end - RING_SIZE;
}

static void devices_put(char c)
{
    for ( size_t i = 0; i < ARRAY_SIZE(lines); i++ )
    {
        if ( c == '\n' )
            serial_put(&lines[i], '\r');
        serial_put(&lines[i], c);
    }
    vga_put(c);
}

/*
 * True if the lock was taken. A crash or an NMI may come while this CPU holds it, and a crash while
 * another does: then garbled output is better than none.
 */
static bool console_lock_acquire(void)
{
    u32 self = this_cpu()->cpu + 1;

    if ( crashing || READ_ONCE(lock_holder) == self )
        return false;
    lock_acquire(&console_lock);
    WRITE_ONCE(lock_holder, self);
    return true;
}

static void console_lock_release(bool taken)
{
    if ( !taken )
        return;
    WRITE_ONCE(lock_holder, 0);
    lock_release(&console_lock);
}

void console_crashing(void)
{
    crashing = true;
    options.loglvl = LOG_DEBUG;
    if ( screen_released )
        vga_open();
}

static void put_line(bool shown, const char *text)
{
    bool taken = console_lock_acquire();

    for ( ; *text; text++ )
    {
        ring_put(*text);
        if ( shown )
            devices_put(*text);
    }
    console_lock_release(taken);
}

static void __attribute__((format(printf, 2, 0)))
log_line(bool shown, const char *format, va_list args)
{
    char line[LINE] = PREFIX;

    vsnprintf(line + strlen(PREFIX), sizeof(line) - strlen(PREFIX) - 1, format, args);
    strlcat(line, "\n", sizeof(line));
    put_line(shown, line);
}

void log_print(enum log_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    log_line(level <= options.loglvl, format, args);
    va_end(args);
}

void log_guest(enum log_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    log_line(level <= options.guest_loglvl, format, args);
    va_end(args);
}

void console_write(const char *text, size_t len)
{
    bool taken = console_lock_acquire();

    while ( len-- )
        devices_put(*text++);
    console_lock_release(taken);
}

size_t console_ring_read(char *to, size_t len, u32 *index, bool incremental, bool clear)
{
    bool taken = console_lock_acquire();
    u32 from;
    size_t n = 0;

    from = ring_start;
    if ( incremental && ring_end - *index <= ring_end - ring_start )
        from = *index;
    while ( n < len && from != ring_end )
        to[n++] = ring[from++ % RING_SIZE];
    if ( clear )
        ring_start = ring_end;
    *index = from;
    console_lock_release(taken);
    return n;
}

static void open_device(const char *name, const struct boot_info *info)
{
    static const char *const names[] = { "com1", "com2" };
    const char *configs[] = { options.com1, options.com2 };

    for ( unsigned int i = 0; i < ARRAY_SIZE(lines); i++ )
    {
        if ( strcmp(name, names[i]) )
            continue;
        if ( serial_open(&lines[i], i + 1, configs[i]) && !input_line )
            input_line = &lines[i];
    }
    if ( !strcmp(name, "vga") && info->framebuffer.kind == 1 )
        vga_open();
}

/* Each name of the list option console=. */
static void open_devices(const struct boot_info *info)
{
    const char *from = options.console;
    char name[OPTION_TEXT];

    while ( *from )
    {
        size_t n = 0;

        while ( *from && *from != ',' )
            name[n++] = *from++;
        name[n] = '\0';
        open_device(name, info);
        if ( *from )
            from++;
    }
}

static void complain(const char *word, const char *why)
{
    log_warning("option '%s': %s ('help' lists all)", word, why);
}

static void ignore(const char *word, const char *why)
{
    (void)word;
    (void)why;
}

/* Twice over the command line: to open the devices, then to complain on them. */
void console_init(const struct boot_info *info)
{
    options_parse(info->cmdline, ignore);
    open_devices(info);
    options_parse(info->cmdline, complain);
    if ( options.help )
        options_help();
}

void console_release_screen(void)
{
    bool taken = console_lock_acquire();

    screen_released = vga_close();
    console_lock_release(taken);
}

bool console_serial_irq(u32 *irq)
{
    if ( !input_line )
        return false;
    *irq = input_line->irq;
    serial_listen(input_line);
    return true;
}

u16 console_serial_port(unsigned int i)
{
    return lines[i].port;
}

void console_serial_interrupt(void)
{
    char c;

    while ( input_line && serial_get(input_line, &c) )
        console_input(c);
}
