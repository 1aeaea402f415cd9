/*
 * What assembly gives leave.c: the hypervisor's image, and the jump into it.
 */
#ifndef BOOT_EFI_LEAVE_H
#define BOOT_EFI_LEAVE_H

#include "lib/types.h"

extern const u8 image_bytes[];
extern const u32 image_size;   /* bytes of it, a multiple of 4 */
extern const u32 image_memory; /* bytes that it takes; those after the image are zero */

/*
 * jump.S: position-independent code, run from a copy below 4 GiB. Puts @copy words of 4 bytes from
 * @staged at @place and @zero words of nothing behind them, and enters there as a multiboot loader
 * would, with @info for the loader's information. All addresses are below 4 GiB.
 */
typedef void (*jump_function)(u64 place, u64 staged, u64 copy, u64 zero, u64 info)
    __attribute__((noreturn));

extern const u8 jump_start[], jump_end[];

#endif
