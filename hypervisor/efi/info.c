/* XENPF_firmware_info: what there is to know of the firmware, from our copies. */
#include "cpu/uaccess.h"
#include "efi/internal.h"

/* The firmware's name, as much of it as fits; its NUL only if there is room. */
static long vendor(union xenpf_efi_info *info)
{
    u64 room = info->vendor.bufsz / sizeof(u16), n = 0;
    gva_t to = handle_gva(info->vendor.name);

    info->vendor.revision = efi_firmware.vendor_revision;
    while ( n < VENDOR_MAX && efi_firmware.vendor[n] )
        n++;
    n = n + 1 < room ? n + 1 : room;
    return copy_to_guest(to, efi_firmware.vendor, n * sizeof(u16)) ? -EFAULT : 0;
}

/* The region that mem.addr is in: mem.size becomes how much of what was asked about lies there. */
static long memory(union xenpf_efi_info *info)
{
    struct efi_descriptor entry;

    for ( size_t i = 0; efi_map_entry(&efi_firmware.map, i, &entry); i++ )
    {
        u64 offset = info->mem.addr - entry.start, size = entry.pages << PAGE_SHIFT;

        if ( info->mem.addr < entry.start || offset >= size )
            continue;
        if ( info->mem.size > size - offset )
            info->mem.size = size - offset;
        info->mem.type = entry.type;
        info->mem.attr = entry.attributes;
        return 0;
    }
    return -ESRCH;
}

long efi_info(u32 index, union xenpf_efi_info *info)
{
    if ( !efi_firmware.present )
        return -ENOSYS;
    switch ( index )
    {
    case XEN_FW_EFI_VERSION:
        info->version = efi_firmware.version;
        return 0;
    case XEN_FW_EFI_RT_VERSION:
        info->version = efi_firmware.runtime_version;
        return 0;
    case XEN_FW_EFI_CONFIG_TABLE:
        info->cfg.addr = efi_firmware.tables;
        info->cfg.nent = efi_firmware.nr_tables;
        return 0;
    case XEN_FW_EFI_VENDOR:
        return vendor(info);
    case XEN_FW_EFI_MEM_INFO:
        return memory(info);
    case XEN_FW_EFI_PCI_ROM: /* boot services only could have told */
        return -ESRCH;
    case XEN_FW_EFI_APPLE_PROPERTIES: /* likewise */
        return -ENODATA;
    default:
        return -EINVAL;
    }
}
