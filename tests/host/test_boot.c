/*
 * The loader's structures, well made and hostile.
 *
 * LINK: boot/multiboot/parse.c
 */
#include "tests/host/host.h"

#include "boot/multiboot/multiboot.h"

#define MB1  0x2badb002
#define MB2  0x36d76289
#define SIZE 65536

static u8 memory[SIZE];
static struct boot_info info;
static const struct boot_window window = { memory, SIZE };

static void put(u64 at, u64 value, unsigned int bytes)
{
    memcpy(memory + at, &value, bytes);
}

static void text(u64 at, const char *s)
{
    strcpy((char *)memory + at, s);
}

static bool parse(u32 magic, u64 at)
{
    memset(&info, 0, sizeof(info));
    return multiboot_parse(&info, magic, at, &window);
}

/* Version 1: everything at 0x1000, strings from 0x2000, the map at 0x3000, modules at 0x4000. */
static void build1(u32 flags)
{
    memset(memory, 0, sizeof(memory));
    put(0x1000, flags, 4);
    put(0x1004, 639, 4);
    put(0x1008, 31744, 4);
    put(0x1010, 0x2000, 4);
    put(0x1014, 2, 4);
    put(0x1018, 0x4000, 4);
    put(0x102c, 2 * 24, 4);
    put(0x1030, 0x3000, 4);
    put(0x1040, 0x2100, 4);
    text(0x2000, "/boot/ringleader  com1=9600 console=com1");
    text(0x2100, "qemu");
    text(0x2200, "vmlinuz root=/dev/xvda quiet");
    for ( int i = 0; i < 2; i++ )
    {
        put(0x3000 + i * 24, 20, 4);
        put(0x3004 + i * 24, (u64)i << 32, 8);
        put(0x300c + i * 24, 0x9fc00 + (u64)i, 8);
        put(0x3014 + i * 24, 1 + (u64)i, 4);
        put(0x4000 + i * 16, 0x200000 + (u64)i * 0x1000, 4);
        put(0x4004 + i * 16, 0x200800 + (u64)i * 0x1000, 4);
        put(0x4008 + i * 16, i ? 0 : 0x2200, 4);
    }
}

TEST(version_1_in_full)
{
    build1(0x24d);
    require(parse(MB1, 0x1000));
    expect_str(info.loader, "qemu");
    expect_str(info.cmdline, "com1=9600 console=com1");
    expect_eq(info.nr_ranges, 2);
    expect_eq(info.ranges[1].start, 1L << 32);
    expect_eq(info.ranges[1].size, 0x9fc01);
    expect_eq(info.ranges[1].kind, BOOT_RESERVED);
    expect_eq(info.nr_modules, 2);
    expect_eq(info.modules[0].start, 0x200000);
    expect_eq(info.modules[0].size, 0x800);
    expect_str(info.modules[0].cmdline, "root=/dev/xvda quiet");
    expect_str(info.modules[1].cmdline, "");
    expect_eq(info.framebuffer.kind, 1);
}

TEST(grub_2_passes_no_paths)
{
    build1(0x24d);
    text(0x2100, "GRUB 2.06");
    text(0x2000, "com1=9600");
    require(parse(MB1, 0x1000));
    expect_str(info.cmdline, "com1=9600");
    expect_str(info.modules[0].cmdline, "vmlinuz root=/dev/xvda quiet");
}

TEST(sizes_only_without_a_map)
{
    build1(1);
    require(parse(MB1, 0x1000));
    expect_eq(info.nr_ranges, 2);
    expect_eq(info.ranges[0].size, 639 << 10);
    expect_eq(info.ranges[1].start, 1 << 20);
    build1(0x41);
    require(parse(MB1, 0x1000));
    expect_eq(info.ranges[0].size, 0x9fc00);
}

TEST(unknown_magic)
{
    build1(0x24d);
    expect(!parse(0x12345678, 0x1000));
}

/* Version 2: tags one after the other. */
static u64 tag_end;

static u64 tag(u32 type, u32 size)
{
    u64 at = tag_end;

    put(at, type, 4);
    put(at + 4, size, 4);
    tag_end += (size + 7) & ~7u;
    put(0x1000, tag_end - 0x1000, 4);
    return at + 8;
}

static void begin2(void)
{
    memset(memory, 0, sizeof(memory));
    tag_end = 0x1008;
}

TEST(version_2_in_full)
{
    u64 at;

    begin2();
    at = tag(4, 16);
    put(at, 639, 4);
    text(tag(1, 8 + 10), "loglvl=all");
    text(tag(2, 8 + 10), "GRUB 2.06");
    at = tag(3, 16 + 6);
    put(at, 0x300000, 4);
    put(at + 4, 0x300400, 4);
    text(at + 8, "quiet");
    at = tag(6, 16 + 2 * 24);
    put(at, 24, 4);
    put(at + 8, 0x100000, 8);
    put(at + 16, 0x8000000, 8);
    put(at + 24, 1, 4);
    put(at + 32, 0x8100000, 8);
    put(at + 40, 0x1000, 8);
    put(at + 48, 3, 4);
    at = tag(8, 38);
    put(at, 0xfd000000, 8);
    put(at + 8, 4096, 4);
    put(at + 12, 1024, 4);
    put(at + 16, 768, 4);
    put(at + 20, 32, 1);
    put(at + 21, 1, 1);
    put(at + 24, 16, 1);
    at = tag(14, 28);
    text(at, "RSD PTR old");
    at = tag(15, 44);
    text(at, "RSD PTR new");
    tag(0, 8);
    text(tag(1, 8 + 8), "too late");

    require(parse(MB2, 0x1000));
    expect_str(info.cmdline, "loglvl=all");
    expect_str(info.modules[0].cmdline, "quiet");
    expect_eq(info.modules[0].size, 0x400);
    expect_eq(info.nr_ranges, 2);
    expect_eq(info.ranges[1].kind, BOOT_ACPI);
    expect_eq(info.framebuffer.kind, 2);
    expect_eq(info.framebuffer.width, 1024);
    expect_eq(info.framebuffer.red_pos, 16);
    expect_str((char *)info.rsdp_copy, "RSD PTR new");
}

TEST(version_2_by_efi)
{
    u64 at;

    begin2();
    put(tag(12, 16), 0x7f5ec018, 8);
    at = tag(17, 16 + 3 * 48);
    put(at, 48, 4);
    put(at + 4, 1, 4);
    require(parse(MB2, 0x1000));
    expect_eq(info.efi.system_table, 0x7f5ec018);
    expect_eq(info.efi.memory_map, at + 8);
    expect_eq(info.efi.memory_map_size, 3 * 48);
    expect_eq(info.efi.descriptor_size, 48);
    expect_eq(info.efi.descriptor_version, 1);
    expect_eq(info.framebuffer.kind, 0);

    begin2();
    tag(12, 8);
    tag(17, 12);
    require(parse(MB2, 0x1000));
    expect_eq(info.efi.memory_map, 0);
}

TEST(version_2_lies_about_sizes)
{
    begin2();
    tag(1, 4);
    put(0x1000, 0xffffffff, 4);
    require(parse(MB2, 0x1000));
    begin2();
    tag(6, 0xfffffff0);
    put(0x1000, 0xffffffff, 4);
    put(0x1010, 24, 4);
    require(parse(MB2, 0x1000));
    begin2();
    put(tag(6, 0x1000), 0, 4); /* entries of no size */
    require(parse(MB2, 0x1000));
    expect_eq(info.nr_ranges, 0);
    begin2();
    tag(14, 8); /* empty */
    tag(14, 27);
    require(parse(MB2, 0x1000));
}

TEST(strings_and_lists_without_end)
{
    build1(0x24d);
    memset(memory + 0x2000, 'a', SIZE - 0x2000);
    require(parse(MB1, 0x1000));
    expect(strlen(info.cmdline) < BOOT_CMDLINE);
    build1(0x24d);
    put(0x1014, 0xffffffff, 4);
    put(0x102c, 0xffffffff, 4);
    require(parse(MB1, 0x1000));
    expect_eq(info.nr_modules, BOOT_MAX_MODULES);
    require(parse(MB1, SIZE - 2));
    require(parse(MB1, ~0UL - 50));
    require(parse(MB2, SIZE - 4));
}

/*
 * Whatever the bytes are, nothing outside the window is read (AddressSanitizer watches), and it
 * ends.
 */
TEST(random_bytes)
{
    host_test_seed(17);
    for ( int round = 0; round < 300; round++ )
    {
        for ( unsigned int i = 0; i < SIZE; i += 8 )
            put(i, host_test_random() & (round & 1 ? ~0UL : 0xff000000ffUL), 8);
        put(0x1000, round & 2 ? SIZE : host_test_random(), 4);
        parse(MB1, 0x1000);
        parse(MB2, 0x1000);
        expect(info.nr_ranges <= BOOT_MAX_RANGES && info.nr_modules <= BOOT_MAX_MODULES);
    }
}

HOST_TEST_MAIN
