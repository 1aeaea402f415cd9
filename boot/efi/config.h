/*
 * The configuration file, in the syntax of Xen's xen.cfg:
 *
 *     # a comment
 *     [global]
 *     default=debian
 *
 *     [debian]
 *     options=dom0_mem=512M loglvl=all
 *     kernel=vmlinuz root=/dev/sda1 quiet
 *     ramdisk=initrd.img
 *
 * A value that the section lacks is looked for in [global]. Where neither the caller nor [global]
 * names a section, headers mean nothing: the first value of a name in the file counts.
 */
#ifndef BOOT_EFI_CONFIG_H
#define BOOT_EFI_CONFIG_H

#include "boot/boot_info.h"

#define CONFIG_NAME 256 /* of a file or a section, its NUL included */

struct boot_config {
    char options[BOOT_CMDLINE]; /* the hypervisor's */
    char kernel[CONFIG_NAME];   /* names of files, "" if there is none */
    char ramdisk[CONFIG_NAME];
    char kernel_args[BOOT_CMDLINE];
};

/* What is wrong with a file; @line counts from 1, 0 is the file as a whole. */
struct config_error {
    const char *what;
    u32 line;
};

/*
 * Fill @out from the @size bytes of @text by @section, "" for what the file says is the default.
 * A line that has no form fails the whole file, wherever it is; names that we don't know are
 * skipped. False, with @error filled, if the file is of no use.
 */
bool config_parse(struct boot_config *out, struct config_error *error, const char *text,
                  size_t size, const char *section);

#endif
