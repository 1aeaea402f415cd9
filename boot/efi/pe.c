/*
 * Offsets are those of Microsoft's PE Format. The firmware has checked the image before it started
 * it; we check again what we follow, since it costs nothing.
 */
#include "boot/efi/pe.h"
#include "lib/string.h"

#define DOS_PE_OFFSET    0x3c
#define PE_SIGNATURE     0x00004550 /* "PE\0\0" */
#define PE_NR_SECTIONS   6
#define PE_OPTIONAL_SIZE 20
#define PE_OPTIONAL      24

#define SECTION_SIZE         40
#define SECTION_NAME         8
#define SECTION_VIRTUAL_SIZE 8
#define SECTION_ADDRESS      12

struct image {
    const u8 *base;
    size_t size;
};

/* 0 beyond the image, which is a value that leads nowhere. */
static u32 read_le(const struct image *image, size_t at, unsigned int len)
{
    u32 value = 0;

    if ( at > image->size || len > image->size - at )
        return 0;
    for ( unsigned int i = 0; i < len; i++ )
        value |= (u32)image->base[at + i] << (8 * i);
    return value;
}

static bool has_name(const struct image *image, size_t header, const char *name)
{
    char padded[SECTION_NAME] = { 0 };

    memcpy(padded, name, strlen(name));
    return header <= image->size && SECTION_SIZE <= image->size - header &&
           !memcmp(image->base + header, padded, SECTION_NAME);
}

static struct pe_section section_at(const struct image *image, size_t header)
{
    size_t size = read_le(image, header + SECTION_VIRTUAL_SIZE, 4);
    size_t at = read_le(image, header + SECTION_ADDRESS, 4);

    if ( at > image->size || size > image->size - at )
        return (struct pe_section){ NULL, 0 };
    return (struct pe_section){ image->base + at, size };
}

struct pe_section pe_find_section(const void *base, size_t size, const char *name)
{
    struct image image = { base, size };
    size_t pe = read_le(&image, DOS_PE_OFFSET, 4), header;

    if ( strlen(name) <= SECTION_NAME && read_le(&image, pe, 4) == PE_SIGNATURE )
    {
        header = pe + PE_OPTIONAL + read_le(&image, pe + PE_OPTIONAL_SIZE, 2);
        for ( u32 n = read_le(&image, pe + PE_NR_SECTIONS, 2); n; n--, header += SECTION_SIZE )
            if ( has_name(&image, header, name) )
                return section_at(&image, header);
    }
    return (struct pe_section){ NULL, 0 };
}
