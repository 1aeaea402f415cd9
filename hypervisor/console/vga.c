#include "console/device.h"
#include "cpu/asm.h"
#include "lib/string.h"
#include "mm/map.h"

#define COLUMNS 80
#define ROWS    25
#define GREY    0x0700
#define TEXT_AT 0xb8000

/* The cursor's position in the CRT controller's registers. */
#define CRT_INDEX       0x3d4
#define CRT_DATA        0x3d5
#define CRT_CURSOR_HIGH 0x0e
#define CRT_CURSOR_LOW  0x0f

static u16 *screen; /* NULL: closed */
static unsigned int row, column;

static void clear_row(unsigned int which)
{
    for ( unsigned int i = 0; i < COLUMNS; i++ )
        screen[which * COLUMNS + i] = GREY | ' ';
}

void vga_open(void)
{
    screen = maddr_to_virt(to_maddr(TEXT_AT));
    for ( unsigned int i = 0; i < ROWS; i++ )
        clear_row(i);
    row = column = 0;
}

/* Leave the cursor behind what was printed, where whoever comes next goes on. */
bool vga_close(void)
{
    unsigned int at = row * COLUMNS + column;

    if ( !screen )
        return false;
    screen = NULL;
    outb(CRT_INDEX, CRT_CURSOR_HIGH);
    outb(CRT_DATA, (u8)(at >> 8));
    outb(CRT_INDEX, CRT_CURSOR_LOW);
    outb(CRT_DATA, (u8)at);
    return true;
}

void vga_cursor(u16 *at_column, u16 *at_row, u16 *columns, u16 *rows)
{
    *at_column = (u16)column;
    *at_row = (u16)row;
    *columns = COLUMNS;
    *rows = ROWS;
}

static void new_line(void)
{
    column = 0;
    if ( ++row < ROWS )
        return;
    row = ROWS - 1;
    memmove(screen, screen + COLUMNS, (ROWS - 1) * COLUMNS * sizeof(*screen));
    clear_row(row);
}

void vga_put(char c)
{
    if ( !screen )
        return;
    if ( c == '\n' || column == COLUMNS )
        new_line();
    if ( c == '\r' )
        column = 0;
    else if ( c != '\n' )
        screen[row * COLUMNS + column++] = GREY | (u8)c;
}
