/*
 * The console on a framebuffer: letters appear where they should, in all formats of pixels, and nothing is ever written
 * outside of the screen. Its memory is allocated to the byte, so that AddressSanitizer sees what is.
 *
 * LINK: hypervisor/console/framebuffer.c
 */
#include "tests/host/host.h"

#include "boot/boot_info.h"
#include "console/console.h"
#include "console/device.h"
#include "lib/bits.h"

u8 *host_ram;

static struct boot_info info;
static struct boot_framebuffer *const fb = &info.framebuffer;

static void screen(u32 width, u32 height, u32 bpp, u32 more)
{
    memset(&info, 0, sizeof(info));
    *fb = (struct boot_framebuffer){
        .kind = 2,
        .width = width,
        .height = height,
        .bpp = bpp,
        .pitch = width * bpp / 8 + (bpp == 32 ? more & ~3u : more),
    };
    if ( bpp == 16 )
        fb->red_pos = 11, fb->red_size = 5, fb->green_pos = 5, fb->green_size = 6,
        fb->blue_size = 5;
    else
        fb->red_pos = 16, fb->green_pos = 8, fb->red_size = fb->green_size = fb->blue_size = 8;
    free(host_ram);
    host_ram = malloc((u64)fb->pitch * height);
    memset(host_ram, 0x5a, (u64)fb->pitch * height);
    require(console_has_framebuffer(&info));
    framebuffer_open(fb);
}

static void put(const char *text)
{
    while ( *text )
        framebuffer_put(*text++);
}

static u32 pixel(u32 x, u32 y)
{
    u32 value = 0;

    memcpy(&value, host_ram + y * fb->pitch + x * fb->bpp / 8, fb->bpp / 8);
    return value;
}

/* The cell of 6x10 pixels (at scale 1) in which the letter of @row, @column is: how many are lit. */
static u32 lit(u32 row, u32 column, u32 scale)
{
    u32 n = 0;

    for ( u32 y = row * 10 * scale; y < (row + 1) * 10 * scale; y++ )
        for ( u32 x = column * 6 * scale; x < (column + 1) * 6 * scale; x++ )
            n += pixel(x, y) != 0;
    return n;
}

TEST(letters)
{
    screen(800, 600, 32, 0);
    put("L.\nI");
    for ( u32 y = 0; y < 7; y++ )
        expect_eq(pixel(0, y), 0xaaaaaa);
    expect_eq(pixel(4, 6), 0xaaaaaa);
    expect_eq(pixel(5, 6), 0);
    expect_eq(pixel(1, 0), 0);
    expect_eq(lit(0, 0, 1), 11);
    expect_eq(lit(0, 1, 1), 4);
    expect_eq(lit(1, 0, 1), 11);
    expect_eq(lit(1, 1, 1), 0);
}

TEST(formats)
{
    screen(640, 480, 16, 6);
    put("L");
    expect_eq(pixel(0, 0), 20 << 11 | 42 << 5 | 20);
    expect_eq(host_ram[640 * 2], 0x5a); /* beyond the line */
    screen(640, 480, 24, 0);
    put("L");
    expect_eq(pixel(0, 0), 0xaaaaaa);
    expect_eq(pixel(1, 0), 0);
}

/* As large as 80 columns of 25 rows allow. */
TEST(sizes)
{
    screen(1280, 800, 32, 0);
    put("L");
    expect_eq(lit(0, 0, 2), 11 * 4);
    screen(3840, 2160, 32, 64);
    put("L");
    expect_eq(lit(0, 0, 8), 11 * 64);
}

TEST(scrolling)
{
    char line[8];

    screen(640, 400, 32, 0); /* 40 rows, which go 5 at a time */
    for ( int i = 0; i < 40; i++ )
    {
        snprintf(line, sizeof(line), "%c\n", i % 2 ? 'I' : ' ');
        put(line);
    }
    expect_eq(lit(0, 0, 1), 11); /* line 5, where line 0 was */
    expect_eq(lit(1, 0, 1), 0);
    expect_eq(lit(34, 0, 1), 11);
    for ( u32 row = 35; row < 40; row++ )
        expect_eq(lit(row, 0, 1), 0);
    put("L");
    expect_eq(lit(35, 0, 1), 11);
}

/* A line longer than the screen goes on in the next one; a carriage return begins it again. */
TEST(long_lines)
{
    screen(60, 60, 32, 0); /* 10 columns, 6 rows */
    put("IIIIIIIIIIL\r.");
    expect_eq(lit(0, 9, 1), 11);
    expect_eq(lit(1, 0, 1), 4);
    for ( int i = 0; i < 1000; i++ )
        put("the quick brown fox\n\r\x01\xff\t~ jumps");
}

TEST(closed)
{
    expect(!framebuffer_close());
    put("nothing happens");
    screen(640, 480, 32, 0);
    expect(framebuffer_close());
    put("L");
    expect_eq(lit(0, 0, 1), 0);
    expect(!framebuffer_close());
}

static void expect_refused(struct boot_framebuffer wrong)
{
    info.framebuffer = wrong;
    expect(!console_has_framebuffer(&info));
}

TEST(what_cannot_be)
{
    struct boot_framebuffer good;

    screen(640, 480, 32, 0);
    good = *fb;
    info.nr_ranges = 2;
    info.ranges[0] = (struct boot_range){ 0x10000, 0x1000, BOOT_RESERVED };
    info.ranges[1] = (struct boot_range){ 0x4000000, 0x1000, BOOT_RAM };

#define WITH(member, value)                                                                        \
    ({                                                                                             \
        struct boot_framebuffer changed = good;                                                    \
        changed.member = (value);                                                                  \
        changed;                                                                                   \
    })
    expect_refused(WITH(kind, 1));
    expect_refused(WITH(bpp, 8));
    expect_refused(WITH(bpp, 15));
    expect_refused(WITH(bpp, 64));
    expect_refused(WITH(width, 0));
    expect_refused(WITH(width, ~0u));
    expect_refused(WITH(height, 3));
    expect_refused(WITH(pitch, 640 * 4 - 4));
    expect_refused(WITH(pitch, 640 * 4 + 2));
    expect_refused(WITH(base, ~0UL));
    expect_refused(WITH(base, ~0UL - 640 * 480 * 4));
    expect_refused(WITH(base, 0x4000ffc));
    expect_refused(WITH(base, 0x4000004 - 640 * 480 * 4));
    info.framebuffer = WITH(base, 0x4000000 - 640 * 480 * 4);
    expect(console_has_framebuffer(&info));
    info.framebuffer = WITH(height, ~0u);
    console_has_framebuffer(&info);
}

/* Every size of screen, every letter. */
TEST(nothing_outside)
{
    host_test_seed(3);
    for ( int round = 0; round < 60; round++ )
    {
        u32 bpp = 16 + 8 * (u32)(host_test_random() % 3);

        screen(6 + (u32)(host_test_random() % 1200), 10 + (u32)(host_test_random() % 300), bpp,
               (u32)(host_test_random() % 9));
        for ( int i = 0; i < 3000; i++ )
            framebuffer_put((char)host_test_random());
        for ( u32 y = 0; y < fb->height; y++ )
            for ( u32 x = fb->width * bpp / 8; x < fb->pitch; x++ )
                require(host_ram[y * fb->pitch + x] == 0x5a);
    }
}

HOST_TEST_MAIN
