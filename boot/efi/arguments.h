/*
 * The load options: what a boot entry, the EFI shell or a boot loader passes along.
 *
 *     [ringleader.efi] [-cfg=FILE] [SECTION] [-- OPTIONS]
 */
#ifndef BOOT_EFI_ARGUMENTS_H
#define BOOT_EFI_ARGUMENTS_H

#include "boot/efi/config.h"

struct arguments {
    char config[CONFIG_NAME];   /* the configuration file, "" for the usual one */
    char section[CONFIG_NAME];  /* of it, "" for its default */
    char options[BOOT_CMDLINE]; /* more of the hypervisor's, after the file's */
};

/*
 * Fill @out from @size bytes of UCS-2 text, which may end at a NUL before. NULL, or what is wrong
 * with it; @out is empty then.
 */
const char *arguments_parse(struct arguments *out, const void *text, size_t size);

#endif
