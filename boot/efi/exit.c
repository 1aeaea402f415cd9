/*
 * The end of boot services, after which nothing of the firmware may be called but runtime services,
 * and nobody can be told about a failure any more: so whatever can fail comes before.
 */
#include "boot/efi/leave.h"
#include "boot/efi/loader.h"
#include "boot/efi/memory.h"
#include "mm/layout.h"

#define TRIES 8

/* What the map may grow by from one look at it to the next. */
#define SPARE_ENTRIES 64

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
 * The map may change between our look at it and the end of boot services: then the firmware refuses
 * to end them, and we look again. From the first try on it need not serve anything else; so the
 * last message is an attempt.
 */
bool end_boot_services(struct loader *loader)
{
    struct efi_map map;
    size_t capacity;
    UINTN key;

    if ( !allocate_map(&map) )
    {
        say(L"too little memory for the memory map");
        return false;
    }
    capacity = map.size;
    for ( int i = 0; i < TRIES; i++ )
    {
        if ( !read_map(loader, &map, capacity, &key) )
            return false;
        if ( !EFI_ERROR(BS->ExitBootServices(loader->image, key)) )
            return true;
    }
    say(L"the firmware does not end its boot services");
    return false;
}
