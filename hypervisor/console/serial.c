#include "console/device.h"
#include "cpu/asm.h"
#include "lib/string.h"

/* Registers of a 16550, offsets from its port. */
#define UART_DATA         0
#define UART_IER          1
#define UART_FCR          2
#define UART_LCR          3
#define UART_MCR          4
#define UART_LSR          5
#define UART_SCRATCH      7
#define UART_DIVISOR_LOW  0 /* with LCR_DIVISOR */
#define UART_DIVISOR_HIGH 1

#define IER_RECEIVED  0x01
#define FCR_ENABLE    0x07 /* and clear both FIFOs */
#define LCR_DIVISOR   0x80
#define LCR_STOP_2    0x04
#define MCR_DTR_RTS   0x03
#define MCR_INTERRUPT 0x08
#define LSR_RECEIVED  0x01
#define LSR_EMPTY     0x20

#define FIFO_DEPTH 16
#define CLOCK_HZ   115200

/* Give up on a line that never drains rather than hang. */
#define SEND_PATIENCE 100000

struct line_config {
    u16 divisor;
    u8 lcr;
    u64 port;
};

/* "8n1": data bits, parity, stop bits. */
static bool parse_frame(const char **text, u8 *lcr)
{
    static const char parities[] = "no?e";
    const char *s = *text, *parity;

    if ( s[0] < '5' || s[0] > '8' )
        return false;
    parity = s[1] ? strchr(parities, s[1]) : NULL;
    if ( !parity || (s[2] != '1' && s[2] != '2') )
        return false;
    *lcr =
        (u8)((s[0] - '5') | ((parity - parities) ? (u8)(((parity - parities) - 1) << 3 | 8) : 0));
    if ( s[2] == '2' )
        *lcr |= LCR_STOP_2;
    *text = s + 3;
    return true;
}

static bool parse_config(struct line_config *config, const char *text)
{
    u64 baud;
    const char *end;

    parse_u64(text, &end, &baud);
    if ( end == text || !baud || baud > CLOCK_HZ )
        return false;
    config->divisor = (u16)(CLOCK_HZ / baud);
    config->lcr = 3;
    if ( *end == ',' && (end++, !parse_frame(&end, &config->lcr)) )
        return false;
    if ( *end == ',' )
        return parse_u64_all(end + 1, &config->port);
    return *end == '\0';
}

static bool present(u16 port)
{
    outb(port + UART_SCRATCH, 0x5a);
    return inb(port + UART_SCRATCH) == 0x5a;
}

bool serial_open(struct serial *serial, unsigned int line, const char *text)
{
    struct line_config config = { .port = line == 1 ? 0x3f8 : 0x2f8 };
    u16 port;

    serial->port = 0;
    if ( !parse_config(&config, text) || config.port > 0xfff8 || !present((u16)config.port) )
        return false;

    port = (u16)config.port;
    outb(port + UART_IER, 0);
    outb(port + UART_LCR, LCR_DIVISOR);
    outb(port + UART_DIVISOR_LOW, (u8)config.divisor);
    outb(port + UART_DIVISOR_HIGH, (u8)(config.divisor >> 8));
    outb(port + UART_LCR, config.lcr);
    outb(port + UART_FCR, FCR_ENABLE);
    outb(port + UART_MCR, MCR_DTR_RTS);
    *serial = (struct serial){ .port = port, .irq = line == 1 ? 4 : 3 };
    return true;
}

void serial_put(struct serial *serial, char c)
{
    if ( !serial->port )
        return;
    if ( !serial->room )
    {
        for ( unsigned int i = 0; i < SEND_PATIENCE; i++ )
            if ( inb(serial->port + UART_LSR) & LSR_EMPTY )
                break;
        serial->room = FIFO_DEPTH;
    }
    serial->room--;
    outb(serial->port + UART_DATA, (u8)c);
}

bool serial_get(const struct serial *serial, char *c)
{
    u8 status = serial->port ? inb(serial->port + UART_LSR) : 0;

    if ( !(status & LSR_RECEIVED) || status == 0xff )
        return false;
    *c = (char)inb(serial->port + UART_DATA);
    return true;
}

void serial_listen(const struct serial *serial)
{
    outb(serial->port + UART_MCR, MCR_DTR_RTS | MCR_INTERRUPT);
    outb(serial->port + UART_IER, IER_RECEIVED);
}
