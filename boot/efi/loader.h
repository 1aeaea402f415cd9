/*
 * Inside of the EFI application: what its parts share while boot services live.
 *
 * Functions that may fail say why on the firmware's console themselves, and return false.
 */
#ifndef BOOT_EFI_LOADER_H
#define BOOT_EFI_LOADER_H

#include <efi.h>
#include <efilib.h>

#include "boot/efi/arguments.h"
#include "boot/efi/config.h"

/* What head.S can reach before there are page tables. */
#define LOW_MEMORY (4UL << 30)

#define PAGES(bytes) (((bytes) + PAGE_SIZE - 1) / PAGE_SIZE)

struct loader {
    EFI_HANDLE image;
    EFI_LOADED_IMAGE *loaded; /* our own PE image */
    bool secure_boot;
    bool place_taken; /* the hypervisor's place is ours already */
    struct arguments arguments;
    struct boot_config config;
    struct boot_info *info; /* below LOW_MEMORY */
};

/* Bytes that the firmware has put, or we have read, somewhere. */
struct blob {
    const void *data; /* NULL: nothing */
    size_t size;
};

/* say.c: a line on the firmware's console. @format is Print()'s: %a is an ASCII string. */
void say(const CHAR16 *format, ...);

/* Wait until somebody has had the time to read, or has typed a key. */
void say_and_wait(void);

/* file.c: @blob is the file @name beside our image, in pages of its own. */
bool file_exists(const struct loader *loader, const char *name);
bool file_read(const struct loader *loader, const char *name, struct blob *blob);

/* modules.c: the configuration; then dom0's kernel and initrd, as it tells. */
bool load_config(struct loader *loader);
bool load_modules(struct loader *loader);

/* machine.c: what else the hypervisor wants to know, into loader->info. */
bool machine_secure_boot(void);
void machine_describe(struct loader *loader);

/* pages.c: pages of @type below @limit, NULL if there are none; or those at @at. */
void *pages_allocate(EFI_MEMORY_TYPE type, size_t size, u64 limit);
bool pages_allocate_at(u64 at, size_t size);

/* Does [@start, @end) hold any that we allocated? */
bool pages_overlap(u64 start, u64 end);

/* Give all of them back to the firmware. */
void pages_free_all(void);

/* exit.c: end boot services; the memory map as they leave it goes into loader->info. */
bool end_boot_services(struct loader *loader);

/* leave.c: take hold of the hypervisor's place, if the firmware lets us. */
void leave_reserve_place(struct loader *loader);

/* End boot services and start the hypervisor. Returns only if that cannot be. */
void leave(struct loader *loader);

#endif
