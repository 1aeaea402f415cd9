/*
 * EFI's memory map turned into boot_info's: what is whose, and that nothing but RAM is ever lost.
 *
 * LINK: boot/efi/memory.c
 */
#include "tests/host/host.h"

#include "boot/efi/memory.h"

#define MOST 600
#define STEP 48 /* firmware's entries are longer than the ones we know */

static struct boot_info info;
static u8 *entries;
static size_t nr_entries;

static void begin(void)
{
    if ( !entries )
        entries = malloc(MOST * STEP);
    nr_entries = 0;
}

static void add(u32 type, u64 start, u64 pages, u64 attributes)
{
    struct efi_descriptor entry = { type, 0, start, 0, pages, attributes };

    require(nr_entries < MOST);
    memset(entries + nr_entries * STEP, 0xaa, STEP);
    memcpy(entries + nr_entries++ * STEP, &entry, sizeof(entry));
}

static struct efi_map map_of(void)
{
    return (struct efi_map){ entries, nr_entries * STEP, STEP };
}

static bool convert(void)
{
    struct efi_map map = map_of();

    return efi_memory_convert(&info, &map);
}

static void expect_range(u32 n, u64 start, u64 end, u32 kind)
{
    require(n < info.nr_ranges);
    expect_eq(info.ranges[n].start, start);
    expect_eq(info.ranges[n].start + info.ranges[n].size, end);
    expect_eq(info.ranges[n].kind, kind);
}

/* Like OVMF's, out of order. */
static void build_typical(void)
{
    begin();
    add(EFI_MEM_CONVENTIONAL, 0x100000, 0x700, EFI_MEM_WB);
    add(EFI_MEM_BOOT_DATA, 0, 0x1, EFI_MEM_WB);
    add(EFI_MEM_CONVENTIONAL, 0x1000, 0x9f, EFI_MEM_WB);
    add(EFI_MEM_ACPI_NVS, 0x800000, 8, EFI_MEM_WB);
    add(EFI_MEM_LOADER_DATA, 0x808000, 8, EFI_MEM_WB);
    add(EFI_MEM_BOOT_CODE, 0x810000, 0x10, EFI_MEM_WB);
    add(EFI_MEM_RUNTIME_DATA, 0x820000, 2, EFI_MEM_WB | EFI_MEM_RUNTIME);
    add(EFI_MEM_RUNTIME_CODE, 0x822000, 2, EFI_MEM_WB | EFI_MEM_RUNTIME);
    add(EFI_MEM_RESERVED, 0x824000, 1, EFI_MEM_WB);
    add(EFI_MEM_ACPI_RECLAIM, 0x825000, 1, EFI_MEM_WB);
    add(EFI_MEM_MMIO, 0xffc00000, 0x400, EFI_MEM_RUNTIME);
}

TEST(typical)
{
    build_typical();
    require(convert());
    expect_eq(info.nr_ranges, 7);
    expect_range(0, 0, 0xa0000, BOOT_RAM);
    expect_range(1, 0x100000, 0x800000, BOOT_RAM);
    expect_range(2, 0x800000, 0x808000, BOOT_NVS);
    expect_range(3, 0x808000, 0x820000, BOOT_RAM);
    expect_range(4, 0x820000, 0x825000, BOOT_RESERVED);
    expect_range(5, 0x825000, 0x826000, BOOT_ACPI);
    expect_range(6, 0xffc00000, 0x100000000, BOOT_RESERVED);
}

TEST(kinds)
{
    static const u32 kinds[] = {
        BOOT_RESERVED, BOOT_RAM,      BOOT_RAM,      BOOT_RAM,      BOOT_RAM, BOOT_RESERVED,
        BOOT_RESERVED, BOOT_RAM,      BOOT_UNUSABLE, BOOT_ACPI,     BOOT_NVS, BOOT_RESERVED,
        BOOT_RESERVED, BOOT_RESERVED, BOOT_RESERVED, BOOT_RESERVED, /* unaccepted */
    };

    for ( u32 type = 0; type < sizeof(kinds) / sizeof(*kinds); type++ )
    {
        begin();
        add(type, 0x100000, 1, EFI_MEM_WB);
        require(convert());
        expect_range(0, 0x100000, 0x101000, kinds[type]);
    }
    begin();
    add(0x80000000, 0x100000, 1, EFI_MEM_WB); /* the firmware maker's own */
    add(EFI_MEM_CONVENTIONAL, 0x200000, 1, 0);
    add(EFI_MEM_BOOT_DATA, 0x300000, 1, EFI_MEM_WB | EFI_MEM_RUNTIME);
    require(convert());
    for ( u32 i = 0; i < 3; i++ )
        expect_eq(info.ranges[i].kind, BOOT_RESERVED);
}

TEST(no_sense)
{
    begin();
    expect(!convert());
    add(EFI_MEM_CONVENTIONAL, 0, 1, EFI_MEM_WB);
    expect(!efi_memory_convert(&info, &(struct efi_map){ entries, STEP, 0 }));
    expect(!efi_memory_convert(&info, &(struct efi_map){ entries, STEP, 39 }));
}

TEST(beyond_all_addresses)
{
    begin();
    add(EFI_MEM_RESERVED, 0x1000, 0, EFI_MEM_WB);
    add(EFI_MEM_RESERVED, 0xfffffffffff00000, ~0UL, EFI_MEM_WB);
    require(convert());
    expect_eq(info.nr_ranges, 1);
    expect_range(0, 0xfffffffffff00000, 0xfffffffffffff000, BOOT_RESERVED);
}

/* Crumbs of RAM between reserved ones: the smallest are done without. */
TEST(more_than_fit)
{
    u64 reserved = 0;

    begin();
    for ( u64 i = 0; i < 200; i++ )
    {
        add(EFI_MEM_CONVENTIONAL, i << 20, 1 + i % 3, EFI_MEM_WB);
        add(EFI_MEM_RUNTIME_DATA, (i << 20) + 0x80000, 1, EFI_MEM_WB | EFI_MEM_RUNTIME);
    }
    require(convert());
    expect_eq(info.nr_ranges, BOOT_MAX_RANGES);
    for ( u32 i = 0; i < info.nr_ranges; i++ )
    {
        reserved += info.ranges[i].kind == BOOT_RESERVED;
        expect(info.ranges[i].kind == BOOT_RESERVED || info.ranges[i].size >= 3 * PAGE_SIZE);
    }
    expect_eq(reserved, 200);

    begin();
    for ( u64 i = 0; i < 300; i++ )
        add(EFI_MEM_RUNTIME_DATA, i << 20, 1, EFI_MEM_WB | EFI_MEM_RUNTIME);
    expect(!convert());
}

TEST(is_ram)
{
    struct efi_map map;

    build_typical();
    require(convert());
    map = map_of();
    expect(efi_memory_is_ram(&map, 0x100000, 0x800000));
    expect(efi_memory_is_ram(&map, 0x1000, 0x2000));
    expect(!efi_memory_is_ram(&map, 0x100000, 0x800001)); /* NVS */
    expect(efi_memory_is_ram(&map, 0x808000, 0x820000));  /* loader's and boot services' */
    expect(!efi_memory_is_ram(&map, 0x9f000, 0xa1000));   /* a hole */
    expect(!efi_memory_is_ram(&map, 0x10000000, 0x10001000));
}

/* Is some page of @start..@end in a range of @kind, or in none? */
static bool covered(u64 start, u64 end, u32 kind)
{
    for ( u32 i = 0; i < info.nr_ranges; i++ )
    {
        const struct boot_range *r = &info.ranges[i];

        if ( r->kind == kind && r->start <= start && end <= r->start + r->size )
            return true;
    }
    return false;
}

/* Whatever the firmware tells, every entry that is not RAM lies in a range of its kind. */
static void expect_kept(void)
{
    for ( size_t i = 0; i < nr_entries; i++ )
    {
        struct efi_descriptor entry;

        memcpy(&entry, entries + i * STEP, sizeof(entry));
        if ( entry.pages && (entry.type == EFI_MEM_RUNTIME_DATA || entry.type == EFI_MEM_MMIO ||
                             entry.type == EFI_MEM_RESERVED) )
            expect(covered(entry.start, entry.start + (entry.pages << PAGE_SHIFT), BOOT_RESERVED));
        if ( entry.pages && entry.type == EFI_MEM_ACPI_NVS )
            expect(covered(entry.start, entry.start + (entry.pages << PAGE_SHIFT), BOOT_NVS));
    }
    for ( u32 i = 1; i < info.nr_ranges; i++ )
        expect(info.ranges[i - 1].start <= info.ranges[i].start);
}

TEST(fuzz_well_formed)
{
    host_test_seed(6);
    for ( int round = 0; round < 3000; round++ )
    {
        u64 at = 0;

        begin();
        for ( u64 n = host_test_random() % 400; n; n-- )
        {
            u64 r = host_test_random(), pages = 1 + (r >> 8) % 64;

            at += (r & 3) ? 0 : (r >> 16 & 0xff) << PAGE_SHIFT;
            add((u32)(r >> 24) % 17, at, pages, r & (1UL << 40) ? 0 : EFI_MEM_WB);
            at += pages << PAGE_SHIFT;
        }
        if ( convert() )
            expect_kept();
    }
}

TEST(fuzz_garbage)
{
    host_test_seed(7);
    for ( int round = 0; round < 3000; round++ )
    {
        struct efi_map map = { NULL, host_test_random() % 2000, host_test_random() % 100 };
        u8 *bytes = malloc(map.size ? map.size : 1);
        u64 start = host_test_random() >> (host_test_random() % 64);

        for ( size_t i = 0; i < map.size; i++ )
            bytes[i] = (u8)(host_test_random() & (i % 8 > 4 ? 0 : 0xff));
        map.entries = bytes;
        if ( efi_memory_convert(&info, &map) )
            efi_memory_is_ram(&map, start, start + PAGE_SIZE);
        expect(info.nr_ranges <= BOOT_MAX_RANGES);
        free(bytes);
    }
}

HOST_TEST_MAIN
