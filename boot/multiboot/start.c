/*
 * The first C code: on the boot CPU's stack, over head.S's page tables, with interrupts and
 * exceptions unhandled.
 */
#include "boot/multiboot/multiboot.h"
#include "lib/string.h"
#include "mm/layout.h"

#define EARLY_MAPPED (4UL << 30)

static struct boot_info info;

void multiboot_start(u32 magic, u64 address) __attribute__((noreturn));

void multiboot_start(u32 magic, u64 address)
{
    struct boot_window low = { (const u8 *)DIRECT_MAP_BASE, EARLY_MAPPED };

    if ( magic == BOOT_INFO_MAGIC ) /* filled already */
        memcpy(&info, low.base + address, sizeof(info));
    else
        multiboot_parse(&info, magic, address, &low);
    if ( info.rsdp_copy[0] )
        info.rsdp = (u64)info.rsdp_copy - HV_IMAGE_BASE;
    hypervisor_main(&info);
}
