#include "boot/efi/loader.h"
#include "lib/string.h"

/* 1 or 0; 0 also if there is no such variable. */
static u8 read_flag(CHAR16 *name)
{
    UINTN size;
    u8 *value = LibGetVariableAndSize(name, &gEfiGlobalVariableGuid, &size), flag = 0;

    if ( value && size == 1 )
        flag = *value;
    if ( value )
        FreePool(value);
    return flag;
}

bool machine_secure_boot(void)
{
    return read_flag(L"SecureBoot") == 1 && read_flag(L"SetupMode") == 0;
}

static u64 find_table(EFI_GUID guid)
{
    void *table;

    return EFI_ERROR(LibGetSystemConfigurationTable(&guid, &table)) ? 0 : (u64)table;
}

static u64 find_rsdp(void)
{
    u64 rsdp = find_table((EFI_GUID)ACPI_20_TABLE_GUID);

    return rsdp ? rsdp : find_table((EFI_GUID)ACPI_TABLE_GUID);
}

/* A mask's bits are neighbours. */
static void set_field(u32 mask, u8 *position, u8 *size)
{
    *position = mask ? (u8)__builtin_ctz(mask) : 0;
    *size = mask ? (u8)(32 - __builtin_clz(mask) - *position) : 0;
}

static void set_masks(struct boot_framebuffer *fb, u32 red, u32 green, u32 blue)
{
    set_field(red, &fb->red_pos, &fb->red_size);
    set_field(green, &fb->green_pos, &fb->green_size);
    set_field(blue, &fb->blue_pos, &fb->blue_size);
}

/* False if the CPU cannot write this mode's pixels. */
static bool set_format(struct boot_framebuffer *fb,
                       const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode)
{
    const EFI_PIXEL_BITMASK *masks = &mode->PixelInformation;

    fb->bpp = 32;
    switch ( mode->PixelFormat )
    {
    case PixelRedGreenBlueReserved8BitPerColor:
        set_masks(fb, 0xff, 0xff00, 0xff0000);
        return true;
    case PixelBlueGreenRedReserved8BitPerColor:
        set_masks(fb, 0xff0000, 0xff00, 0xff);
        return true;
    case PixelBitMask:
        set_masks(fb, masks->RedMask, masks->GreenMask, masks->BlueMask);
        /* Pixels are as wide as their masks reach. */
        fb->bpp = 32 - (u32)__builtin_clz(masks->RedMask | masks->GreenMask | masks->BlueMask |
                                          masks->ReservedMask | 1);
        fb->bpp = (fb->bpp + 7) & ~7u;
        return true;
    default:
        return false;
    }
}

static void describe_framebuffer(struct boot_framebuffer *fb)
{
    EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
    EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;
    const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode;

    if ( EFI_ERROR(LibLocateProtocol(&guid, (void **)&gop)) )
        return;
    mode = gop->Mode->Info;
    if ( !set_format(fb, mode) )
        return;
    fb->base = gop->Mode->FrameBufferBase;
    fb->width = mode->HorizontalResolution;
    fb->height = mode->VerticalResolution;
    fb->pitch = mode->PixelsPerScanLine * fb->bpp / 8;
    fb->kind = 2;
}

static void describe_firmware(char *to, size_t size)
{
    size_t n = strlcpy(to, "EFI firmware of ", size);

    for ( const CHAR16 *vendor = ST->FirmwareVendor; vendor && *vendor && n + 1 < size; vendor++ )
        to[n++] = *vendor >= ' ' && *vendor <= '~' ? (char)*vendor : '?';
    to[n] = '\0';
}

void machine_describe(struct loader *loader)
{
    struct boot_info *info = loader->info;

    describe_firmware(info->loader, sizeof(info->loader));
    describe_framebuffer(&info->framebuffer);
    info->rsdp = find_rsdp();
    info->efi.system_table = (u64)ST;
    info->efi.secure_boot = loader->secure_boot;
}
