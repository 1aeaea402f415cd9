/*
 * EFI's memory map, as boot services leave it, turned into boot_info's.
 */
#ifndef BOOT_EFI_MEMORY_H
#define BOOT_EFI_MEMORY_H

#include "boot/boot_info.h"

/* Kinds of memory, of the UEFI Specification 2.10, 7.2.1. */
enum efi_memory_type {
    EFI_MEM_RESERVED = 0,
    EFI_MEM_LOADER_CODE = 1,
    EFI_MEM_LOADER_DATA = 2,
    EFI_MEM_BOOT_CODE = 3,
    EFI_MEM_BOOT_DATA = 4,
    EFI_MEM_RUNTIME_CODE = 5,
    EFI_MEM_RUNTIME_DATA = 6,
    EFI_MEM_CONVENTIONAL = 7,
    EFI_MEM_UNUSABLE = 8,
    EFI_MEM_ACPI_RECLAIM = 9,
    EFI_MEM_ACPI_NVS = 10,
    EFI_MEM_MMIO = 11,
    EFI_MEM_MMIO_PORTS = 12,
    EFI_MEM_PAL_CODE = 13,
    EFI_MEM_PERSISTENT = 14,
};

#define EFI_MEM_WB      (1UL << 3)  /* can be cached */
#define EFI_MEM_RUNTIME (1UL << 63) /* runtime services need it, whatever its type */

/* How an entry of the map begins; entries may be longer. */
struct efi_descriptor {
    u32 type;
    u32 reserved;
    u64 start;
    u64 virtual_start;
    u64 pages;
    u64 attributes;
};

/* A map of @size bytes, @step bytes an entry. */
struct efi_map {
    void *entries;
    size_t size;
    size_t step;
};

/*
 * Fill out->ranges from @map, which gets sorted by address. Neighbours of one kind become one
 * range. If there are more than BOOT_MAX_RANGES, the smallest ones of RAM are left out; never a
 * range of another kind: false if even those don't fit, or if the map makes no sense.
 */
bool efi_memory_convert(struct boot_info *out, const struct efi_map *map);

/*
 * Is [@start, @end) RAM that boot services leave to us, their own and the loader's included? @map
 * must be sorted, as efi_memory_convert() does.
 */
bool efi_memory_is_ram(const struct efi_map *map, u64 start, u64 end);

#endif
