/*
 * What every way of booting hands over, neutral of the way: multiboot 1 and 2, EFI.
 *
 * Filled by boot/ before the hypervisor's page tables exist; addresses are physical. The hypervisor
 * copies it before it frees or reuses the memory that it points to.
 */
#ifndef BOOT_BOOT_INFO_H
#define BOOT_BOOT_INFO_H

/* In eax at head.S's entry, where a multiboot loader has its own: ebx points to a struct boot_info. */
#define BOOT_INFO_MAGIC 0x1f0b007e

#ifndef __ASSEMBLER__

#include "lib/types.h"

#define BOOT_MAX_RANGES  256
#define BOOT_MAX_MODULES 16
#define BOOT_CMDLINE     2048

enum boot_memory_kind { /* the values of an E820 map */
                        BOOT_RAM = 1,
                        BOOT_RESERVED = 2,
                        BOOT_ACPI = 3,
                        BOOT_NVS = 4,
                        BOOT_UNUSABLE = 5,
};

struct boot_range {
    u64 start;
    u64 size;
    u32 kind;
};

struct boot_module {
    u64 start;
    u64 size;
    char cmdline[BOOT_CMDLINE];
};

struct boot_framebuffer {
    u64 base;
    u32 width, height, pitch, bpp;
    u8 kind; /* 0 none, 1 VGA text, 2 linear RGB */
    u8 red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
};

/* What EFI leaves behind; boot services have ended, nothing was given virtual addresses. */
struct boot_efi {
    u64 system_table; /* 0: the machine was not started by EFI */
    u64 memory_map;   /* of descriptor_size bytes an entry; lies in memory that is not handed out */
    u32 memory_map_size;
    u32 descriptor_size;
    u32 descriptor_version;
    u8 secure_boot;
};

struct boot_info {
    char loader[64];
    char cmdline[BOOT_CMDLINE]; /* the hypervisor's own options, image path stripped */
    u32 nr_ranges;
    u32 nr_modules;
    struct boot_range ranges[BOOT_MAX_RANGES]; /* as the firmware told it, unsorted */
    struct boot_module modules[BOOT_MAX_MODULES];
    struct boot_framebuffer framebuffer;
    struct boot_efi efi;
    u64 rsdp;         /* of ACPI, 0: search the BIOS area */
    u8 rsdp_copy[36]; /* where rsdp points if the loader gave us a copy */
};

/*
 * The C entry of the hypervisor proper: on the boot stack, in the high mapping, interrupts off.
 * Never returns.
 */
void hypervisor_main(struct boot_info *info) __attribute__((noreturn));

#endif /* __ASSEMBLER__ */

#endif
