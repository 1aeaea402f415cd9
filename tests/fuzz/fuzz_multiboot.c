/*
 * What a multiboot loader leaves in memory, both versions: any answer will do, but nothing outside of the window is
 * read. The first byte chooses the version, the rest lies at LOADED.
 *
 * LINK: boot/multiboot/parse.c tests/fuzz/fuzz.c
 */
#include "tests/fuzz/fuzz.h"

#include "boot/multiboot/multiboot.h"

#define MB1    0x2badb002
#define MB2    0x36d76289
#define LOADED 64

void fuzz_one(const uint8_t *data, size_t size)
{
    static struct boot_info info;
    struct boot_window window;
    uint8_t *memory;

    if ( !size )
        return;
    memory = calloc(1, LOADED + size - 1);
    memcpy(memory + LOADED, data + 1, size - 1);
    window = (struct boot_window){ memory, LOADED + size - 1 };
    memset(&info, 0, sizeof(info));
    expect(multiboot_parse(&info, data[0] % 2 ? MB1 : MB2, LOADED, &window));
    expect(info.nr_ranges <= BOOT_MAX_RANGES && info.nr_modules <= BOOT_MAX_MODULES);
    expect(memchr(info.cmdline, 0, sizeof(info.cmdline)) != NULL);
    expect(memchr(info.loader, 0, sizeof(info.loader)) != NULL);
    for ( unsigned int i = 0; i < info.nr_modules; i++ )
        expect(memchr(info.modules[i].cmdline, 0, BOOT_CMDLINE) != NULL);
    free(memory);
}

static uint8_t seed[1024];

static void put(size_t at, uint32_t value)
{
    memcpy(seed + 1 + at, &value, sizeof(value));
}

/* Offsets are those of the loader's structure; addresses in it count from memory's start. */
static void version_1(uint32_t flags)
{
    memset(seed, 0, sizeof(seed));
    seed[0] = 1;
    put(0, flags);
    put(4, 639);
    put(8, 31744);
    put(16, LOADED + 128);
    put(20, 1);
    put(24, LOADED + 256);
    put(44, 2 * 24);
    put(48, LOADED + 320);
    put(64, LOADED + 160);
    strcpy((char *)seed + 1 + 128, "/boot/ringleader com1=9600");
    strcpy((char *)seed + 1 + 160, "GRUB 2.06");
    put(256, 0x200000);
    put(260, 0x210000);
    put(264, LOADED + 128);
    for ( unsigned int i = 0; i < 2; i++ )
    {
        put(320 + 24 * i, 20);
        put(324 + 24 * i, 0x100000 * i);
        put(332 + 24 * i, 0x9fc00);
        put(340 + 24 * i, 1);
    }
    fuzz_seed(seed, 400);
}

static size_t tag_end;

static size_t tag(uint32_t type, uint32_t size)
{
    size_t at = tag_end;

    put(at, type);
    put(at + 4, size);
    tag_end += (size + 7) & ~7u;
    put(0, (uint32_t)tag_end);
    return at + 8;
}

static void version_2(void)
{
    size_t at;

    memset(seed, 0, sizeof(seed));
    tag_end = 8;
    strcpy((char *)seed + 1 + tag(1, 8 + 10), "loglvl=all");
    strcpy((char *)seed + 1 + tag(2, 8 + 10), "GRUB 2.06");
    at = tag(3, 16 + 6);
    put(at, 0x300000);
    put(at + 4, 0x300400);
    strcpy((char *)seed + 1 + at + 8, "quiet");
    put(tag(4, 16), 639);
    at = tag(6, 16 + 2 * 24);
    put(at, 24);
    for ( unsigned int i = 0; i < 2; i++ )
    {
        put(at + 8 + 24 * i, 0x100000 * i);
        put(at + 16 + 24 * i, 0x80000);
        put(at + 24 + 24 * i, 1);
    }
    at = tag(8, 38); /* a linear framebuffer */
    put(at, 0xfd000000);
    put(at + 8, 4096);
    put(at + 12, 1024);
    put(at + 16, 768);
    put(at + 20, 0x0120);
    memcpy(seed + 1 + tag(14, 8 + 20), "RSD PTR ", 8);
    memcpy(seed + 1 + tag(15, 8 + 36), "RSD PTR ", 8);
    tag(0, 8);
    fuzz_seed(seed, 1 + tag_end);
}

void fuzz_seeds(void)
{
    version_1(0x1249);
    version_1(0x24d);
    version_1(1);
    version_2();
}

FUZZ_TARGET(20000)
