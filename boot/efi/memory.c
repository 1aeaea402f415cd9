#include "boot/efi/memory.h"
#include "lib/string.h"

static struct efi_descriptor read_entry(const struct efi_map *map, size_t n)
{
    struct efi_descriptor entry;

    memcpy(&entry, (const u8 *)map->entries + n * map->step, sizeof(entry));
    return entry;
}

/* Where an entry ends. An end beyond all addresses is brought back to the last page. */
static u64 entry_end(const struct efi_descriptor *entry)
{
    u64 most = (~0UL >> PAGE_SHIFT) - (entry->start >> PAGE_SHIFT);

    return entry->start + ((entry->pages < most ? entry->pages : most) << PAGE_SHIFT);
}

static void swap_entries(const struct efi_map *map, size_t a, size_t b)
{
    u8 *p = (u8 *)map->entries + a * map->step, *q = (u8 *)map->entries + b * map->step;

    for ( size_t i = 0; i < map->step; i++ )
    {
        u8 byte = p[i];

        p[i] = q[i];
        q[i] = byte;
    }
}

/* Most firmware sorts already. */
static void sort(const struct efi_map *map)
{
    for ( size_t i = 1; i < map->size / map->step; i++ )
        for ( size_t j = i; j && read_entry(map, j - 1).start > read_entry(map, j).start; j-- )
            swap_entries(map, j - 1, j);
}

/* Types that this list lacks are the firmware maker's, or newer: not for us to use. */
static u32 kind_of(const struct efi_descriptor *entry)
{
    switch ( entry->type )
    {
    case EFI_MEM_LOADER_CODE:
    case EFI_MEM_LOADER_DATA:
    case EFI_MEM_BOOT_CODE:
    case EFI_MEM_BOOT_DATA:
    case EFI_MEM_CONVENTIONAL:
        if ( (entry->attributes & EFI_MEM_RUNTIME) || !(entry->attributes & EFI_MEM_WB) )
            return BOOT_RESERVED;
        return BOOT_RAM;
    case EFI_MEM_UNUSABLE:
        return BOOT_UNUSABLE;
    case EFI_MEM_ACPI_RECLAIM:
        return BOOT_ACPI;
    case EFI_MEM_ACPI_NVS:
        return BOOT_NVS;
    default:
        return BOOT_RESERVED;
    }
}

/* Make room for one more range. False if there is no RAM that could be done without. */
static bool drop_least_ram(struct boot_info *out)
{
    u32 least = out->nr_ranges;

    for ( u32 i = 0; i < out->nr_ranges; i++ )
        if ( out->ranges[i].kind == BOOT_RAM &&
             (least == out->nr_ranges || out->ranges[i].size < out->ranges[least].size) )
            least = i;
    if ( least == out->nr_ranges )
        return false;
    out->nr_ranges--;
    memmove(&out->ranges[least], &out->ranges[least + 1],
            (out->nr_ranges - least) * sizeof(out->ranges[0]));
    return true;
}

/* Ranges come in the order of their start. */
static bool add_range(struct boot_info *out, struct boot_range range)
{
    struct boot_range *last = out->nr_ranges ? &out->ranges[out->nr_ranges - 1] : NULL;

    if ( last && last->kind == range.kind && range.start <= last->start + last->size )
    {
        u64 end = range.start + range.size;

        if ( end > last->start + last->size )
            last->size = end - last->start;
        return true;
    }
    if ( out->nr_ranges == BOOT_MAX_RANGES && !drop_least_ram(out) )
        return false;
    out->ranges[out->nr_ranges++] = range;
    return true;
}

bool efi_memory_convert(struct boot_info *out, const struct efi_map *map)
{
    out->nr_ranges = 0;
    if ( map->step < sizeof(struct efi_descriptor) || map->size < map->step )
        return false;
    sort(map);
    for ( size_t i = 0; i < map->size / map->step; i++ )
    {
        struct efi_descriptor entry = read_entry(map, i);
        u64 size = entry_end(&entry) - entry.start;

        if ( size && !add_range(out, (struct boot_range){ entry.start, size, kind_of(&entry) }) )
            return false;
    }
    return true;
}

bool efi_memory_is_ram(const struct efi_map *map, u64 start, u64 end)
{
    for ( size_t i = 0; i < map->size / map->step && start < end; i++ )
    {
        struct efi_descriptor entry = read_entry(map, i);

        if ( entry_end(&entry) <= start )
            continue;
        if ( entry.start > start || kind_of(&entry) != BOOT_RAM )
            return false;
        start = entry_end(&entry);
    }
    return start >= end;
}
