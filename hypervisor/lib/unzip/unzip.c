#include <hypercall/abi.h>

#include "lib/bits.h"
#include "lib/string.h"
#include "lib/unzip/format.h"
#include "lib/unzip/unzip.h"

static const struct {
    const char *name;
    u8 magic[6];
    u8 magic_size;
    u64 (*size)(const u8 *in, size_t in_size);
    long (*unpack)(const u8 *in, size_t in_size, u8 *out, size_t out_size, void *work);
} formats[] = {
    [UNZIP_NONE] = { .name = "no known compression" },
    [UNZIP_GZIP] = { "gzip", { 0x1f, 0x8b, 0x08 }, 3, gzip_size, gzip_unpack },
    [UNZIP_XZ] = { "XZ", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, xz_size, xz_unpack },
    [UNZIP_ZSTD] = { "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, zstd_size, zstd_unpack },
    [UNZIP_LZ4] = { "LZ4", { 0x02, 0x21, 0x4c, 0x18 }, 4, lz4_size, lz4_unpack },
    [UNZIP_BZIP2] = { "bzip2", { 'B', 'Z', 'h' }, 3, NULL, NULL },
    [UNZIP_LZMA] = { "LZMA", { 0x5d, 0, 0 }, 3, NULL, NULL },
    [UNZIP_LZO] = { "LZO", { 0x89, 'L', 'Z', 'O', 0, '\r' }, 6, NULL, NULL },
};

enum unzip_format unzip_detect(const void *in, size_t in_size)
{
    for ( unsigned int i = UNZIP_NONE + 1; i < ARRAY_SIZE(formats); i++ )
        if ( in_size >= formats[i].magic_size &&
             !memcmp(in, formats[i].magic, formats[i].magic_size) )
            return (enum unzip_format)i;
    return UNZIP_NONE;
}

const char *unzip_name(enum unzip_format format)
{
    return formats[format].name;
}

u64 unzip_size(const void *in, size_t in_size)
{
    enum unzip_format format = unzip_detect(in, in_size);

    return formats[format].size ? formats[format].size(in, in_size) : 0;
}

long unzip(const void *in, size_t in_size, void *out, size_t out_size, void *work)
{
    enum unzip_format format = unzip_detect(in, in_size);

    if ( !formats[format].unpack )
        return -EOPNOTSUPP;
    return formats[format].unpack(in, in_size, out, out_size, work);
}
