/*
 * The first C code: on the boot CPU's stack, over head.S's page tables, with interrupts and
 * exceptions unhandled.
 */
#include "boot/efi/memory.h"
#include "boot/multiboot/multiboot.h"
#include "lib/string.h"
#include "mm/layout.h"

#define EARLY_MAPPED (4UL << 30)

static struct boot_info info;

/* Room for EFI's memory map: some 680 entries, where 100 to 200 are usual. */
static u64 efi_map_copy[32768 / sizeof(u64)];

/*
 * EFI's memory map, out of the loader's memory, which is handed out; and as our ranges, instead of
 * those that the loader has made of it: it tells more than they do. False if it is too long, or
 * makes no sense.
 */
static bool keep_efi_map(const struct boot_window *low)
{
    struct boot_efi *efi = &info.efi;
    struct efi_map map = { efi_map_copy, efi->memory_map_size, efi->descriptor_size };

    if ( map.size > sizeof(efi_map_copy) || efi->memory_map + map.size > low->size )
        return false;
    memcpy(efi_map_copy, low->base + efi->memory_map, map.size);
    efi->memory_map = (u64)efi_map_copy - HV_IMAGE_BASE;
    return efi_memory_convert(&info, &map);
}

static void parse(u32 magic, u64 address, const struct boot_window *low)
{
    multiboot_parse(&info, magic, address, low);
    if ( !info.efi.memory_map || keep_efi_map(low) )
        return;

    /* Do without: then there are no runtime services. */
    memset(&info, 0, sizeof(info));
    multiboot_parse(&info, magic, address, low);
    memset(&info.efi, 0, sizeof(info.efi));
}

void multiboot_start(u32 magic, u64 address) __attribute__((noreturn));

void multiboot_start(u32 magic, u64 address)
{
    struct boot_window low = { (const u8 *)DIRECT_MAP_BASE, EARLY_MAPPED };

    if ( magic == BOOT_INFO_MAGIC ) /* filled already */
        memcpy(&info, low.base + address, sizeof(info));
    else
        parse(magic, address, &low);
    if ( info.rsdp_copy[0] )
        info.rsdp = (u64)info.rsdp_copy - HV_IMAGE_BASE;
    hypervisor_main(&info);
}
