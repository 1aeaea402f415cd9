/*
 * Sections of a PE image in memory, and headers that lie.
 *
 * LINK: boot/efi/pe.c
 */
#include "tests/host/host.h"

#include "boot/efi/pe.h"

#define SIZE    4096
#define PE      0x80
#define HEADERS (PE + 24 + 240)

static void put(u8 *image, size_t at, u64 value, size_t len)
{
    memcpy(image + at, &value, len);
}

static void build(u8 *image)
{
    memset(image, 0, SIZE);
    put(image, 0x3c, PE, 4);
    put(image, PE, 0x4550, 4);
    put(image, PE + 6, 2, 2);
    put(image, PE + 20, 240, 2);
    memcpy(image + HEADERS, ".config", 7);
    put(image, HEADERS + 8, 5, 4);
    put(image, HEADERS + 12, 0x800, 4);
    memcpy(image + HEADERS + 40, ".ramdisk", 8);
    put(image, HEADERS + 48, 0x100, 4);
    put(image, HEADERS + 52, SIZE - 0x100, 4);
}

TEST(finds)
{
    u8 *image = malloc(SIZE);
    struct pe_section section;

    build(image);
    section = pe_find_section(image, SIZE, ".config");
    expect(section.data == image + 0x800);
    expect_eq(section.size, 5);
    section = pe_find_section(image, SIZE, ".ramdisk");
    expect(section.data == image + SIZE - 0x100);
    expect(!pe_find_section(image, SIZE, ".conf").data);
    expect(!pe_find_section(image, SIZE, ".kernel").data);
    expect(!pe_find_section(image, SIZE, ".much.too.long").data);
    free(image);
}

TEST(lies)
{
    u8 *image = malloc(SIZE);

    build(image);
    put(image, HEADERS + 48, 0x101, 4); /* beyond the end */
    expect(!pe_find_section(image, SIZE, ".ramdisk").data);
    put(image, HEADERS + 52, 0xffffffff, 4);
    expect(!pe_find_section(image, SIZE, ".ramdisk").data);
    put(image, PE + 6, 0xffff, 2);
    expect(!pe_find_section(image, SIZE, ".kernel").data);
    put(image, 0x3c, 0xfffffffe, 4);
    expect(!pe_find_section(image, SIZE, ".config").data);
    expect(!pe_find_section(image, 0, ".config").data);
    free(image);
}

TEST(fuzz)
{
    host_test_seed(8);
    for ( int round = 0; round < 20000; round++ )
    {
        size_t size = host_test_random() % 8 ? SIZE : host_test_random() % SIZE;
        u8 *image = malloc(size ? size : 1), full[SIZE];
        struct pe_section section;

        build(full);
        for ( u64 n = host_test_random() % 8; n; n-- )
            full[host_test_random() % (HEADERS + 80)] = (u8)host_test_random();
        memcpy(image, full, size);
        section = pe_find_section(image, size, ".ramdisk");
        if ( section.data )
            expect((const u8 *)section.data >= image &&
                   (const u8 *)section.data + section.size <= image + size);
        free(image);
    }
}

HOST_TEST_MAIN
