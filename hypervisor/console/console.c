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
static bool crashing;

/* Text or a framebuffer; kind 0: there is none that we could write to. */
static struct boot_framebuffer screen;
static bool screen_wanted, screen_released, by_efi;

#define EARLY_REACH (4UL << 30) /* what head.S's page tables map */

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
    framebuffer_put(c);
}

static void screen_open(void)
{
    if ( screen.kind == 1 )
        vga_open();
    else if ( screen.kind == 2 )
        framebuffer_open(&screen);
}

static bool screen_is_high(void)
{
    return screen.kind == 2 && screen.base + (u64)screen.pitch * screen.height > EARLY_REACH;
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
        screen_open();
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

static void open_device(const char *name)
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
    if ( strcmp(name, "vga") )
        return;
    screen_wanted = true;
    if ( !screen_is_high() )
        screen_open();
}

/* Each name of the list option console=. */
static void open_devices(void)
{
    const char *from = options.console;
    char name[OPTION_TEXT];

    while ( *from )
    {
        size_t n = 0;

        while ( *from && *from != ',' )
            name[n++] = *from++;
        name[n] = '\0';
        open_device(name);
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
    if ( info->framebuffer.kind == 1 || console_has_framebuffer(info) )
        screen = info->framebuffer;
    by_efi = info->efi.system_table;
    open_devices();
    options_parse(info->cmdline, complain);
    if ( options.help )
        options_help();
}

void console_open_screen(void)
{
    bool taken = console_lock_acquire();

    if ( screen_wanted && screen_is_high() )
    {
        screen_open();
        for ( u32 i = ring_start; i != ring_end; i++ )
            framebuffer_put(ring[i % RING_SIZE]);
    }
    console_lock_release(taken);
}

static void describe_text(struct dom0_vga_console_info *to)
{
    to->video_type = XEN_VGATYPE_TEXT_MODE_3;
    to->u.text_mode_3.font_height = 16;
    vga_cursor(&to->u.text_mode_3.cursor_x, &to->u.text_mode_3.cursor_y, &to->u.text_mode_3.columns,
               &to->u.text_mode_3.rows);
}

static void describe_framebuffer(struct dom0_vga_console_info *to, u8 type)
{
    u64 size = (u64)screen.pitch * screen.height;

    to->video_type = type;
    to->u.vesa_lfb.width = (u16)screen.width;
    to->u.vesa_lfb.height = (u16)screen.height;
    to->u.vesa_lfb.bytes_per_line = (u16)screen.pitch;
    to->u.vesa_lfb.bits_per_pixel = (u16)screen.bpp;
    to->u.vesa_lfb.lfb_base = (u32)screen.base;
    to->u.vesa_lfb.ext_lfb_base = (u32)(screen.base >> 32);
    to->u.vesa_lfb.lfb_size = (u32)DIV_ROUND_UP(size, 65536);
    to->u.vesa_lfb.red_pos = screen.red_pos;
    to->u.vesa_lfb.red_size = screen.red_size;
    to->u.vesa_lfb.green_pos = screen.green_pos;
    to->u.vesa_lfb.green_size = screen.green_size;
    to->u.vesa_lfb.blue_pos = screen.blue_pos;
    to->u.vesa_lfb.blue_size = screen.blue_size;
    if ( screen.bpp == 32 && screen.red_size + screen.green_size + screen.blue_size == 24 )
    {
        to->u.vesa_lfb.rsvd_pos = 24;
        to->u.vesa_lfb.rsvd_size = 8;
    }
}

bool console_describe_screen(struct dom0_vga_console_info *to)
{
    memset(to, 0, sizeof(*to));
    if ( screen.kind == 1 )
        describe_text(to);
    else if ( screen.kind == 2 )
        describe_framebuffer(to, by_efi ? XEN_VGATYPE_EFI_LFB : XEN_VGATYPE_VESA_LFB);
    return screen.kind;
}

void console_release_screen(void)
{
    bool taken = console_lock_acquire();

    screen_released = vga_close() || framebuffer_close();
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
