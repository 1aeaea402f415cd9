/*
 * Text on a linear framebuffer, as EFI leaves it: grey on black, 80 columns of 25 rows or more, in
 * letters as large as that allows.
 *
 * What was written is kept as text. To scroll is to draw those cells that change, since reading a
 * framebuffer takes many times as long as writing it; and several rows at once, since each time is
 * most of the screen.
 */
#include "boot/boot_info.h"
#include "console/console.h"
#include "console/device.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/map.h"

#define GLYPH_WIDTH  5
#define GLYPH_HEIGHT 9
#define CELL_WIDTH   (GLYPH_WIDTH + 1)
#define CELL_HEIGHT  (GLYPH_HEIGHT + 1)
#define LEAST_WIDE   80
#define LEAST_HIGH   25
#define COLUMNS_MAX  160
#define ROWS_MAX     128
#define SCROLL_PART  8 /* of the rows at once */

#define FIRST_GLYPH ' '
#define LAST_GLYPH  '~'

static const char glyphs[][GLYPH_HEIGHT][GLYPH_WIDTH + 1] = {
#define GLYPH(character, ...) [(character)-FIRST_GLYPH] = { __VA_ARGS__ },
#include "console/font.def"
#undef GLYPH
};
BUILD_BUG_ON(ARRAY_SIZE(glyphs) != LAST_GLYPH - FIRST_GLYPH + 1);

static struct {
    u8 *pixels;       /* NULL: closed */
    u32 pitch, bytes; /* of a line, of a pixel */
    u32 grey;
    u32 scale; /* pixels to a glyph's */
    u32 rows, columns;
    u32 row, column; /* of the next character */
    char text[ROWS_MAX][COLUMNS_MAX];
} fb;

static bool overlaps_ram(const struct boot_info *info, u64 start, u64 size)
{
    for ( u32 i = 0; i < info->nr_ranges; i++ )
    {
        const struct boot_range *r = &info->ranges[i];

        if ( r->kind == BOOT_RAM && r->start < start + size && start < r->start + r->size )
            return true;
    }
    return false;
}

bool console_has_framebuffer(const struct boot_info *info)
{
    const struct boot_framebuffer *f = &info->framebuffer;
    const u64 reach = DIRECT_MAP_END - DIRECT_MAP_BASE;
    u64 size = (u64)f->pitch * f->height;

    if ( f->kind != 2 || (f->bpp != 16 && f->bpp != 24 && f->bpp != 32) || f->width < CELL_WIDTH ||
         f->height < CELL_HEIGHT || f->pitch < (u64)f->width * f->bpp / 8 ||
         (f->bpp == 32 && ((f->base | f->pitch) & 3)) )
        return false;
    return f->base < reach && size < reach - f->base && !overlaps_ram(info, f->base, size);
}

/* Two thirds of what a colour's field of @size bits at @position can be. */
static u32 field(u8 position, u8 size)
{
    if ( position >= 32 || !size || size > 16 )
        return 0;
    return (((1u << size) - 1) * 2 / 3) << position;
}

static void put_pixel(u8 *at, u32 colour)
{
    if ( fb.bytes == 4 )
        *(volatile u32 *)at = colour;
    else
        for ( u32 i = 0; i < fb.bytes; i++ )
            ((volatile u8 *)at)[i] = (u8)(colour >> (8 * i));
}

/* One line of pixels of a cell; @dots: the glyph's row, NULL between rows. */
static void draw_line(u8 *at, const char *dots)
{
    for ( u32 x = 0; x < CELL_WIDTH; x++ )
    {
        u32 colour = dots && x < GLYPH_WIDTH && dots[x] == '#' ? fb.grey : 0;

        for ( u32 i = 0; i < fb.scale; i++, at += fb.bytes )
            put_pixel(at, colour);
    }
}

static void draw(u32 row, u32 column, char c)
{
    u8 *at = fb.pixels + (u64)row * CELL_HEIGHT * fb.scale * fb.pitch +
             (u64)column * CELL_WIDTH * fb.scale * fb.bytes;
    u32 glyph = (u8)c - FIRST_GLYPH;

    if ( glyph >= ARRAY_SIZE(glyphs) )
        glyph = '?' - FIRST_GLYPH;
    for ( u32 y = 0; y < CELL_HEIGHT; y++ )
        for ( u32 i = 0; i < fb.scale; i++, at += fb.pitch )
            draw_line(at, y < GLYPH_HEIGHT ? glyphs[glyph][y] : NULL);
}

static void set(u32 row, u32 column, char c)
{
    if ( fb.text[row][column] == c )
        return;
    fb.text[row][column] = c;
    draw(row, column, c);
}

static void scroll(void)
{
    u32 by = max(fb.rows / SCROLL_PART, 1u);

    for ( u32 row = 0; row < fb.rows; row++ )
        for ( u32 column = 0; column < fb.columns; column++ )
            set(row, column, row + by < fb.rows ? fb.text[row + by][column] : ' ');
    fb.row -= by;
}

static void new_line(void)
{
    fb.column = 0;
    if ( ++fb.row == fb.rows )
        scroll();
}

static void clear(const struct boot_framebuffer *f)
{
    for ( u32 y = 0; y < f->height; y++ )
        for ( u32 x = 0; x < f->width; x++ )
            put_pixel(fb.pixels + (u64)y * fb.pitch + (u64)x * fb.bytes, 0);
    memset(fb.text, ' ', sizeof(fb.text));
    fb.row = fb.column = 0;
}

void framebuffer_open(const struct boot_framebuffer *f)
{
    fb.pixels = maddr_to_virt(to_maddr(f->base));
    fb.pitch = f->pitch;
    fb.bytes = f->bpp / 8;
    fb.grey = field(f->red_pos, f->red_size) | field(f->green_pos, f->green_size) |
              field(f->blue_pos, f->blue_size);
    fb.scale = min(f->width / (LEAST_WIDE * CELL_WIDTH), f->height / (LEAST_HIGH * CELL_HEIGHT));
    fb.scale = max(fb.scale, 1u);
    fb.columns = min_t(u32, f->width / (CELL_WIDTH * fb.scale), COLUMNS_MAX);
    fb.rows = min_t(u32, f->height / (CELL_HEIGHT * fb.scale), ROWS_MAX);
    clear(f);
}

bool framebuffer_close(void)
{
    bool open = fb.pixels;

    fb.pixels = NULL;
    return open;
}

void framebuffer_put(char c)
{
    if ( !fb.pixels )
        return;
    if ( c == '\n' || fb.column == fb.columns )
        new_line();
    if ( c == '\r' )
        fb.column = 0;
    else if ( c != '\n' )
        set(fb.row, fb.column++, c);
}
