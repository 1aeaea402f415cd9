/*
 * What a multiboot loader hands over, versions 1 and 2, turned into struct boot_info.
 */
#ifndef BOOT_MULTIBOOT_MULTIBOOT_H
#define BOOT_MULTIBOOT_MULTIBOOT_H

#include "boot/boot_info.h"

/* Physical memory as far as the loader's structures may lie: address n is at base[n]. */
struct boot_window {
    const u8 *base;
    u64 size;
};

/*
 * Fill @out from the structure at physical address @info; @magic tells which version left it.
 * Nothing outside @window is read, whatever the structure says; what does not fit @out is left off.
 * False if @magic is unknown.
 */
bool multiboot_parse(struct boot_info *out, u32 magic, u64 info, const struct boot_window *window);

#endif
