/* The devices behind the console: console/'s own business. */
#ifndef CONSOLE_DEVICE_H
#define CONSOLE_DEVICE_H

#include "lib/types.h"

/*
 * A 16550 serial line. @line 1 or 2; @config "115200,8n1" with an optional ",0x3f8": false if there
 * is no such device, or the text isn't understood. No interrupts until serial_listen.
 */
struct serial {
    u16 port; /* 0: not there */
    u8 irq;
    u8 room; /* characters that its FIFO takes without asking */
};
bool serial_open(struct serial *serial, unsigned int line, const char *config);
void serial_put(struct serial *serial, char c);
bool serial_get(const struct serial *serial, char *c);
void serial_listen(const struct serial *serial);

/* The VGA text screen, 80x25: cleared when it is opened; vga_close says whether it was open. */
void vga_open(void);
bool vga_close(void);
void vga_put(char c);

/* The column and row of its cursor, and how many there are. */
void vga_cursor(u16 *column, u16 *row, u16 *columns, u16 *rows);

/* A framebuffer that console_has_framebuffer() accepts: likewise. */
struct boot_framebuffer;
void framebuffer_open(const struct boot_framebuffer *framebuffer);
bool framebuffer_close(void);
void framebuffer_put(char c);

#endif
