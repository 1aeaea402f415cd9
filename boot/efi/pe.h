/*
 * Sections of a PE image, as it lies in memory: what was added to ours with objcopy.
 */
#ifndef BOOT_EFI_PE_H
#define BOOT_EFI_PE_H

#include "lib/types.h"

struct pe_section {
    const void *data; /* NULL: there is none of this name */
    size_t size;
};

/* The section @name (8 characters at most) of the image of @size bytes at @image. */
struct pe_section pe_find_section(const void *image, size_t size, const char *name);

#endif
