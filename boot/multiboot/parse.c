/*
 * Reads the loader's structures field by field: they are packed, only partly aligned, and not to be
 * trusted. See the Multiboot Specification 0.6.96 and the Multiboot2 Specification 2.0; offsets
 * below are theirs.
 */
#include "boot/multiboot/multiboot.h"
#include "lib/bits.h"
#include "lib/string.h"

#define MB1_LOADED 0x2badb002
#define MB2_LOADED 0x36d76289

/* Bits of the flags that begin version 1's structure. */
#define MB1_HAS_MEMORY      (1u << 0)
#define MB1_HAS_CMDLINE     (1u << 2)
#define MB1_HAS_MODULES     (1u << 3)
#define MB1_HAS_MMAP        (1u << 6)
#define MB1_HAS_LOADER      (1u << 9)
#define MB1_HAS_FRAMEBUFFER (1u << 12)

/* Types of version 2's tags. */
enum {
    MB2_END = 0,
    MB2_CMDLINE = 1,
    MB2_LOADER = 2,
    MB2_MODULE = 3,
    MB2_MEMORY = 4,
    MB2_MMAP = 6,
    MB2_FRAMEBUFFER = 8,
    MB2_EFI64_TABLE = 12,
    MB2_RSDP_OLD = 14,
    MB2_RSDP_NEW = 15,
    MB2_EFI_MMAP = 17,
};

/* Of a memory map that claims to be endless. */
#define MAX_ENTRIES 4096

#define FRAMEBUFFER_RGB  1
#define FRAMEBUFFER_TEXT 2

/* @len bytes at @address, or NULL if the window does not hold them all. */
static const u8 *at(const struct boot_window *window, u64 address, u64 len)
{
    if ( address >= window->size || len > window->size - address )
        return NULL;
    return window->base + address;
}

static u64 read_le(const struct boot_window *window, u64 address, unsigned int len)
{
    const u8 *p = at(window, address, len);
    u64 value = 0;

    for ( unsigned int i = 0; p && i < len; i++ )
        value |= (u64)p[i] << (8 * i);
    return value;
}

static u8 read8(const struct boot_window *window, u64 address)
{
    return (u8)read_le(window, address, 1);
}

static u32 read32(const struct boot_window *window, u64 address)
{
    return (u32)read_le(window, address, 4);
}

static u64 read64(const struct boot_window *window, u64 address)
{
    return read_le(window, address, 8);
}

/* A string that ends at NUL, at @max, or where the window or @to does. */
static void read_string(char *to, size_t size, const struct boot_window *window, u64 address,
                        u64 max)
{
    size_t n = 0;

    while ( n + 1 < size && n < max && (to[n] = (char)read8(window, address + n)) != '\0' )
        n++;
    to[n] = '\0';
}

static void add_range(struct boot_info *out, u64 start, u64 size, u32 kind)
{
    if ( out->nr_ranges == BOOT_MAX_RANGES || !size || start + size < start )
        return;
    out->ranges[out->nr_ranges++] = (struct boot_range){ start, size, kind };
}

/*
 * The sizes in KiB of the memory below 1 MiB and from there up to the first hole: all that we know
 * without a map.
 */
static void add_basic_memory(struct boot_info *out, u32 lower, u32 upper)
{
    if ( out->nr_ranges )
        return;
    add_range(out, 0, (u64)lower << 10, BOOT_RAM);
    add_range(out, 1 << 20, (u64)upper << 10, BOOT_RAM);
}

static void add_module(struct boot_info *out, const struct boot_window *window, u64 start, u64 end,
                       u64 cmdline, u64 max)
{
    struct boot_module *module;

    if ( out->nr_modules == BOOT_MAX_MODULES || end < start )
        return;
    module = &out->modules[out->nr_modules++];
    module->start = start;
    module->size = end - start;
    read_string(module->cmdline, sizeof(module->cmdline), window, cmdline, max);
}

/* Both versions describe a framebuffer alike; they differ in where the colours' fields begin. */
static void read_framebuffer(struct boot_framebuffer *fb, const struct boot_window *window, u64 p,
                             u64 colours)
{
    u8 type = read8(window, p + 21);

    fb->base = read64(window, p);
    fb->pitch = read32(window, p + 8);
    fb->width = read32(window, p + 12);
    fb->height = read32(window, p + 16);
    fb->bpp = read8(window, p + 20);
    fb->kind = type == FRAMEBUFFER_TEXT ? 1 : type == FRAMEBUFFER_RGB ? 2 : 0;
    if ( fb->kind != 2 )
        return;
    fb->red_pos = read8(window, colours);
    fb->red_size = read8(window, colours + 1);
    fb->green_pos = read8(window, colours + 2);
    fb->green_size = read8(window, colours + 3);
    fb->blue_pos = read8(window, colours + 4);
    fb->blue_size = read8(window, colours + 5);
}

static void parse1_mmap(struct boot_info *out, const struct boot_window *window, u64 p, u64 len)
{
    u64 end = p + len;

    for ( u32 i = 0; i < MAX_ENTRIES && p + 24 <= end; i++ )
    {
        add_range(out, read64(window, p + 4), read64(window, p + 12), read32(window, p + 20));
        p += (u64)read32(window, p) + 4;
    }
}

static void parse1(struct boot_info *out, const struct boot_window *window, u64 info)
{
    u32 flags = read32(window, info);

    if ( flags & MB1_HAS_LOADER )
        read_string(out->loader, sizeof(out->loader), window, read32(window, info + 64), ~0UL);
    if ( flags & MB1_HAS_CMDLINE )
        read_string(out->cmdline, sizeof(out->cmdline), window, read32(window, info + 16), ~0UL);
    if ( flags & MB1_HAS_MODULES )
    {
        u32 count = min_t(u32, read32(window, info + 20), BOOT_MAX_MODULES);
        u64 p = read32(window, info + 24);

        for ( ; count; count--, p += 16 )
            add_module(out, window, read32(window, p), read32(window, p + 4), read32(window, p + 8),
                       ~0UL);
    }
    if ( flags & MB1_HAS_MMAP )
        parse1_mmap(out, window, read32(window, info + 48), read32(window, info + 44));
    if ( flags & MB1_HAS_MEMORY )
        add_basic_memory(out, read32(window, info + 4), read32(window, info + 8));
    if ( flags & MB1_HAS_FRAMEBUFFER )
        read_framebuffer(&out->framebuffer, window, info + 88, info + 110);
}

static void parse2_mmap(struct boot_info *out, const struct boot_window *window, u64 tag, u32 size)
{
    u32 step = read32(window, tag + 8);
    u64 p = tag + 16;

    if ( step < 24 )
        return;
    for ( u32 i = 0; i < MAX_ENTRIES && p + 24 <= tag + size; i++, p += step )
        add_range(out, read64(window, p), read64(window, p + 8), read32(window, p + 16));
}

/* ACPI's root pointer comes as a copy: keep it, since the loader's memory will be reused. */
static void copy_rsdp(struct boot_info *out, const struct boot_window *window, u64 tag, u32 size)
{
    u64 len = min_t(u64, size - 8, sizeof(out->rsdp_copy));
    const u8 *p = at(window, tag + 8, len);

    if ( p && len >= 20 )
        memcpy(out->rsdp_copy, p, len);
}

/* Left where it is: the caller finds a better place, since the loader's memory will be reused. */
static void parse2_efi_mmap(struct boot_efi *efi, const struct boot_window *window, u64 tag,
                            u32 size)
{
    if ( size < 16 )
        return;
    efi->memory_map = tag + 16;
    efi->memory_map_size = size - 16;
    efi->descriptor_size = read32(window, tag + 8);
    efi->descriptor_version = read32(window, tag + 12);
}

static void parse2_tag(struct boot_info *out, const struct boot_window *window, u64 tag, u32 type,
                       u32 size)
{
    switch ( type )
    {
    case MB2_CMDLINE:
        read_string(out->cmdline, sizeof(out->cmdline), window, tag + 8, size - 8);
        break;
    case MB2_LOADER:
        read_string(out->loader, sizeof(out->loader), window, tag + 8, size - 8);
        break;
    case MB2_MODULE:
        if ( size >= 16 )
            add_module(out, window, read32(window, tag + 8), read32(window, tag + 12), tag + 16,
                       size - 16);
        break;
    case MB2_MEMORY:
        add_basic_memory(out, read32(window, tag + 8), read32(window, tag + 12));
        break;
    case MB2_MMAP:
        parse2_mmap(out, window, tag, size);
        break;
    case MB2_FRAMEBUFFER:
        read_framebuffer(&out->framebuffer, window, tag + 8, tag + 32);
        break;
    case MB2_EFI64_TABLE:
        if ( size >= 16 )
            out->efi.system_table = read64(window, tag + 8);
        break;
    case MB2_EFI_MMAP:
        parse2_efi_mmap(&out->efi, window, tag, size);
        break;
    case MB2_RSDP_OLD:
        if ( !out->rsdp_copy[0] )
            copy_rsdp(out, window, tag, size);
        break;
    case MB2_RSDP_NEW:
        copy_rsdp(out, window, tag, size);
        break;
    }
}

/*
 * The sizes of memory are used only where there is no map: they may come first, so look at the map
 * before.
 */
static void parse2_pass(struct boot_info *out, const struct boot_window *window, u64 info,
                        bool maps)
{
    u64 end = info + read32(window, info), tag = info + 8;

    while ( tag + 8 <= end )
    {
        u32 type = read32(window, tag), size = read32(window, tag + 4);

        if ( type == MB2_END || size < 8 || size > end - tag )
            return;
        if ( (type == MB2_MMAP) == maps )
            parse2_tag(out, window, tag, type, size);
        tag += ALIGN_UP((u64)size, 8);
    }
}

static void parse2(struct boot_info *out, const struct boot_window *window, u64 info)
{
    parse2_pass(out, window, info, true);
    parse2_pass(out, window, info, false);
}

/* Drop the image's path, the first word. */
static void strip_path(char *cmdline)
{
    char *rest = cmdline;

    while ( *rest && *rest != ' ' )
        rest++;
    while ( *rest == ' ' )
        rest++;
    memmove(cmdline, rest, strlen(rest) + 1);
}

/* GRUB 2 passes arguments only; everybody else puts the path before them. */
static void strip_paths(struct boot_info *out)
{
    if ( str_prefix(out->loader, "GRUB 2", NULL) )
        return;
    strip_path(out->cmdline);
    for ( u32 i = 0; i < out->nr_modules; i++ )
        strip_path(out->modules[i].cmdline);
}

bool multiboot_parse(struct boot_info *out, u32 magic, u64 info, const struct boot_window *window)
{
    out->framebuffer =
        (struct boot_framebuffer){ .base = 0xb8000, .width = 80, .height = 25, .kind = 1 };
    if ( magic == MB1_LOADED )
        parse1(out, window, info);
    else if ( magic == MB2_LOADED )
        parse2(out, window, info);
    else
        return false;
    if ( out->efi.system_table && out->framebuffer.kind == 1 )
        out->framebuffer.kind = 0; /* EFI has no text screen */
    strip_paths(out);
    return true;
}
