/*
 * Leaving boot services, with firmware whose memory map changes while we look away.
 *
 * LINK: boot/efi/exit.c boot/efi/pages.c boot/efi/memory.c
 * FLAGS: -isystem /usr/include/efi -isystem /usr/include/efi/x86_64
 * FLAGS: -DGNU_EFI_USE_MS_ABI -fshort-wchar
 */
#include "tests/host/host.h"

#include "boot/efi/leave.h"
#include "boot/efi/loader.h"
#include "boot/efi/memory.h"
#include "mm/layout.h"

#define STEP 48

EFI_BOOT_SERVICES *BS;
const u32 image_memory = 16 * PAGE_SIZE;

/* The firmware: how often it will still change its map, and what it was asked. */
static unsigned int changes, entries, exits, said;
static bool ended, map_fails, place_used;
static EFI_MEMORY_TYPE map_type;

void say(const CHAR16 *format, ...)
{
    (void)format;
    said++;
}

static void put_entry(u8 *to, u32 type, u64 start, u64 pages)
{
    struct efi_descriptor entry = { type, 0, start, 0, pages, EFI_MEM_WB };

    memset(to, 0, STEP);
    memcpy(to, &entry, sizeof(entry));
}

/* The key is the number of entries; each change adds one. */
static EFI_STATUS EFIAPI get_memory_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *map, UINTN *key,
                                        UINTN *step, UINT32 *version)
{
    UINTN given = *size;

    *size = entries * STEP;
    *step = STEP;
    *version = 1;
    *key = entries;
    if ( map && map_fails )
        return EFI_DEVICE_ERROR;
    if ( given < *size )
        return EFI_BUFFER_TOO_SMALL;
    put_entry((u8 *)map, place_used ? EFI_MEM_RUNTIME_DATA : EFI_MEM_BOOT_DATA, 0x100000, 256);
    for ( unsigned int i = 1; i < entries; i++ )
        put_entry((u8 *)map + i * STEP, EFI_MEM_RUNTIME_DATA, (u64)i << 24, 1);
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI exit_boot_services(EFI_HANDLE image, UINTN key)
{
    (void)image;
    exits++;
    if ( changes )
    {
        changes--;
        entries++;
    }
    if ( key != entries )
        return EFI_INVALID_PARAMETER;
    ended = true;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN pages,
                                        EFI_PHYSICAL_ADDRESS *at)
{
    if ( exits )
        fail("pages were asked for after a try to exit");
    if ( how == AllocateAddress )
        return EFI_NOT_FOUND;
    map_type = type;
    *at = (u64)aligned_alloc(PAGE_SIZE, pages * PAGE_SIZE);
    return EFI_SUCCESS;
}

static struct boot_info info;
static EFI_LOADED_IMAGE loaded = { .ImageBase = (void *)0x5000000, .ImageSize = 0x100000 };

static bool leave_with(unsigned int nr_entries, unsigned int nr_changes)
{
    static EFI_BOOT_SERVICES services = { .GetMemoryMap = get_memory_map,
                                          .ExitBootServices = exit_boot_services,
                                          .AllocatePages = allocate_pages };
    struct loader loader = { .info = &info, .loaded = &loaded };

    BS = &services;
    entries = nr_entries;
    changes = nr_changes;
    return end_boot_services(&loader);
}

TEST(at_once)
{
    require(leave_with(3, 0));
    expect(ended);
    expect_eq(exits, 1);
    expect_eq(info.nr_ranges, 3);
    expect_eq(info.efi.descriptor_size, STEP);
    expect_eq(info.efi.memory_map_size, 3 * STEP);
    expect_eq(map_type, EfiReservedMemoryType); /* else the hypervisor would hand it out */
    free((void *)info.efi.memory_map);
}

/* What was handed over is the map that the firmware agreed to. */
TEST(after_changes)
{
    require(leave_with(3, 2));
    expect(ended);
    expect_eq(exits, 3);
    expect_eq(info.nr_ranges, 5);
    expect_eq(info.efi.memory_map_size, 5 * STEP);
    expect_eq(said, 0);
    free((void *)info.efi.memory_map);
}

TEST(never)
{
    expect(!leave_with(3, ~0u));
    expect(!ended);
    expect_eq(said, 1);
    free((void *)info.efi.memory_map);
}

/* Nothing was ended: the firmware goes on, and can show what we say. */
static void expect_stopped(void)
{
    expect_eq(exits, 0);
    expect_eq(said, 1);
    free((void *)info.efi.memory_map);
}

TEST(no_map)
{
    map_fails = true;
    expect(!leave_with(3, 0));
    expect_eq(exits, 0);
    expect_eq(said, 1);
}

TEST(too_many_pieces)
{
    expect(!leave_with(BOOT_MAX_RANGES + 2, 0));
    expect_stopped();
}

TEST(place_is_used)
{
    place_used = true;
    expect(!leave_with(3, 0));
    expect_stopped();
}

TEST(place_has_our_image)
{
    loaded.ImageBase = (void *)(HV_IMAGE_PHYS + 15 * PAGE_SIZE);
    expect(!leave_with(3, 0));
    expect_stopped();
}

HOST_TEST_MAIN
