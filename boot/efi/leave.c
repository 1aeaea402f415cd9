/*
 * The way out of boot services, after which nothing of the firmware may be called but runtime
 * services, and nobody can be told about a failure any more. So whatever can fail comes before.
 *
 * The hypervisor's place in memory is fixed. If boot services use some of it, it is free only once
 * they have ended, and then may hold the very stack and page tables that we run on: hence the
 * image is put there last, by a piece of code without stack or paging, jump.S.
 */
#include "boot/efi/leave.h"
#include "boot/efi/loader.h"
#include "boot/efi/memory.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/layout.h"

#define TRIES 8

/* What the map may grow by from one look at it to the next. */
#define SPARE_ENTRIES 64

void leave_reserve_place(struct loader *loader)
{
    loader->place_taken = pages_allocate_at(HV_IMAGE_PHYS, image_memory);
}

/* Is the hypervisor's place ours, or will it be nobody's once boot services have ended? */
static bool place_is_free(const struct loader *loader, const struct efi_map *map)
{
    u64 start = HV_IMAGE_PHYS, end = start + image_memory;
    u64 image_start = (u64)loader->loaded->ImageBase;

    if ( loader->place_taken )
        return true;
    return efi_memory_is_ram(map, start, end) && !pages_overlap(start, end) &&
           (image_start >= end || image_start + loader->loaded->ImageSize <= start);
}

/*
 * Memory for the map. It stays with the hypervisor, hence a type that the map itself tells not to
 * use.
 */
static bool allocate_map(struct efi_map *map)
{
    UINTN key, size = 0;
    UINT32 version;

    BS->GetMemoryMap(&size, NULL, &key, &map->step, &version);
    map->size = size + SPARE_ENTRIES * map->step;
    map->entries = pages_allocate(EfiReservedMemoryType, map->size, ~0UL);
    return map->entries;
}

/* The memory map as it is now, into @map and the boot_info. */
static bool read_map(struct loader *loader, struct efi_map *map, size_t capacity, UINTN *key)
{
    struct boot_efi *efi = &loader->info->efi;
    EFI_STATUS status;

    map->size = capacity;
    status = BS->GetMemoryMap(&map->size, map->entries, key, &map->step, &efi->descriptor_version);
    if ( EFI_ERROR(status) )
    {
        say(L"the firmware does not tell its memory map: %r", status);
        return false;
    }
    efi->memory_map = (u64)map->entries;
    efi->memory_map_size = (u32)map->size;
    efi->descriptor_size = (u32)map->step;
    if ( !efi_memory_convert(loader->info, map) )
    {
        say(L"the firmware's memory map has too many pieces");
        return false;
    }
    if ( !place_is_free(loader, map) )
    {
        say(L"no place: the firmware uses memory at %lx, up to %lx", (u64)HV_IMAGE_PHYS,
            (u64)HV_IMAGE_PHYS + image_memory);
        return false;
    }
    return true;
}

/*
 * The map may change between our look at it and the end of boot services, since ending them runs
 * the firmware's own code: then we look again. From the first try on, nothing else may be called.
 */
static bool end_boot_services(struct loader *loader, struct efi_map *map)
{
    size_t capacity = map->size;
    UINTN key;

    for ( int i = 0; i < TRIES; i++ )
    {
        if ( !read_map(loader, map, capacity, &key) )
            return false;
        if ( !EFI_ERROR(BS->ExitBootServices(loader->image, key)) )
            return true;
    }
    say(L"the firmware does not end its boot services");
    return false;
}

void leave(struct loader *loader)
{
    size_t jump_size = (size_t)(jump_end - jump_start);
    u8 *code = pages_allocate(EfiLoaderCode, jump_size, LOW_MEMORY);
    u8 *staged = pages_allocate(EfiLoaderData, image_size, LOW_MEMORY);
    struct efi_map map;

    if ( !code || !staged || !allocate_map(&map) )
    {
        say(L"too little memory for the hypervisor");
        return;
    }
    memcpy(code, jump_start, jump_size);
    memcpy(staged, image, image_size);
    if ( !end_boot_services(loader, &map) )
        return;
    ((jump_function)code)(HV_IMAGE_PHYS, (u64)staged, image_size / 4,
                          (image_memory - image_size) / 4, (u64)loader->info);
}
