/*
 * XZ, from its file format specification (tukaani.org/xz/xz-file-format.txt): a stream of blocks, each
 * filtered by LZMA2 and perhaps by the x86 filter in front of it, each with a checksum; an index; a footer.
 */
#include <hypercall/abi.h>

#include "lib/bits.h"
#include "lib/crc.h"
#include "lib/endian.h"
#include "lib/unzip/format.h"
#include "lib/unzip/lzma2.h"
#include "lib/unzip/unzip.h"
#include "lib/unzip/x86_filter.h"

#define HEADER_SIZE 12
#define FOOTER_SIZE 12

#define FILTER_X86   0x04
#define FILTER_LZMA2 0x21

enum check { CHECK_NONE = 0, CHECK_CRC32 = 1, CHECK_CRC64 = 4 };

struct xz {
    const u8 *in, *end;
    u8 *out;
    size_t out_size, written;
    enum check check;
    u32 blocks,
        records; /* a checksum over each block's sizes, as met and as the index lists them */
    struct crc32_table crc32;
    struct crc64_table crc64;
    struct lzma2 lzma2;
};

BUILD_BUG_ON(sizeof(struct xz) > UNZIP_WORK_SIZE);

/* What a block's header says. */
struct block {
    const u8 *start;
    u64 packed_size, unpacked_size; /* UNKNOWN if the header does not say */
    bool x86;
    u32 x86_start;
};

#define UNKNOWN (~0ULL)

/* A number of up to 63 bits, seven a byte, the lowest first; moves *@in behind it. False if it does not end by @end. */
static bool read_number(const u8 **in, const u8 *end, u64 *value)
{
    *value = 0;
    for ( unsigned int shift = 0; shift < 63 && *in < end; shift += 7 )
    {
        u8 byte = *(*in)++;

        *value |= (u64)(byte & 0x7f) << shift;
        if ( !(byte & 0x80) )
            return byte || !shift; /* no needless zeros at the top */
    }
    return false;
}

static unsigned int check_size(enum check check)
{
    return check == CHECK_NONE ? 0 : check == CHECK_CRC32 ? 4 : 8;
}

static long read_stream_header(struct xz *xz)
{
    const u8 *p = xz->in;

    if ( xz->end - p < HEADER_SIZE )
        return -EINVAL;
    if ( crc32(&xz->crc32, 0, p + 6, 2) != get_le32(p + 8) || p[6] || p[7] > 15 )
        return -EINVAL;
    xz->check = p[7];
    xz->in += HEADER_SIZE;
    if ( xz->check != CHECK_NONE && xz->check != CHECK_CRC32 && xz->check != CHECK_CRC64 )
        return -EOPNOTSUPP;
    return 0;
}

/* One filter's id and properties; LZMA2 is the last one. */
static long read_filter(struct block *block, const u8 **in, const u8 *end, bool last)
{
    u64 id, size;

    if ( !read_number(in, end, &id) || !read_number(in, end, &size) || size > (u64)(end - *in) )
        return -EINVAL;
    if ( id != (last ? FILTER_LZMA2 : FILTER_X86) )
        return -EOPNOTSUPP;
    if ( last ? size != 1 || **in > 40 : size != 0 && size != 4 )
        return -EINVAL;
    if ( !last )
    {
        block->x86 = true;
        block->x86_start = size ? get_le32(*in) : 0;
    }
    *in += size;
    return 0;
}

/* The fields of a block header in [@in, @end), without its length and checksum. */
static long read_block_fields(struct block *block, const u8 *in, const u8 *end)
{
    unsigned int flags = *in++, filters = (flags & 3) + 1;
    long rc;

    if ( flags & 0x3c )
        return -EOPNOTSUPP;
    block->packed_size = block->unpacked_size = UNKNOWN;
    if ( (flags & 0x40) && !read_number(&in, end, &block->packed_size) )
        return -EINVAL;
    if ( (flags & 0x80) && !read_number(&in, end, &block->unpacked_size) )
        return -EINVAL;
    if ( filters > 2 )
        return -EOPNOTSUPP;
    if ( filters == 2 && (rc = read_filter(block, &in, end, false)) )
        return rc;
    if ( (rc = read_filter(block, &in, end, true)) )
        return rc;
    for ( ; in < end; in++ )
        if ( *in )
            return -EOPNOTSUPP;
    return 0;
}

/* A block's header at xz->in, which is moved behind it. */
static long read_block_header(struct xz *xz, struct block *block)
{
    size_t size = (xz->in[0] + 1) * 4U;
    const u8 *end = xz->in + size - 4;

    *block = (struct block){ .start = xz->in };
    if ( size > (size_t)(xz->end - xz->in) ||
         crc32(&xz->crc32, 0, xz->in, size - 4) != get_le32(end) )
        return -EINVAL;
    xz->in += size;
    return read_block_fields(block, block->start + 1, end);
}

/* Zeros up to a multiple of four bytes from @start. */
static bool skip_padding(struct xz *xz, const u8 *start)
{
    for ( ; (xz->in - start) % 4; xz->in++ )
        if ( xz->in >= xz->end || *xz->in )
            return false;
    return true;
}

static bool check_ok(const struct xz *xz, const u8 *data, size_t size)
{
    switch ( xz->check )
    {
    case CHECK_CRC32:
        return crc32(&xz->crc32, 0, data, size) == get_le32(xz->in);
    case CHECK_CRC64:
        return crc64(&xz->crc64, 0, data, size) == get_le64(xz->in);
    default:
        return true;
    }
}

static u32 add_sizes(const struct xz *xz, u32 crc, u64 unpadded, u64 unpacked)
{
    u64 sizes[2] = { unpadded, unpacked };

    return crc32(&xz->crc32, crc, sizes, sizeof(sizes));
}

/* What follows a block's data: padding and checksum. @unpacked bytes came out of it. */
static bool end_block(struct xz *xz, const struct block *block, const u8 *data, u64 unpacked)
{
    u64 packed = (u64)(xz->in - data),
        unpadded = (u64)(xz->in - block->start) + check_size(xz->check);

    if ( block->packed_size != UNKNOWN && block->packed_size != packed )
        return false;
    if ( block->unpacked_size != UNKNOWN && block->unpacked_size != unpacked )
        return false;
    if ( !skip_padding(xz, block->start) || xz->end - xz->in < (long)check_size(xz->check) )
        return false;
    xz->blocks = add_sizes(xz, xz->blocks, unpadded, unpacked);
    return true;
}

static long unpack_block(struct xz *xz)
{
    u8 *out = xz->out + xz->written;
    struct block block;
    const u8 *data;
    long rc = read_block_header(xz, &block);

    if ( rc )
        return rc;
    data = xz->in;
    rc = lzma2_decode(&xz->lzma2, &xz->in, xz->end, out, xz->out_size - xz->written);
    if ( rc < 0 )
        return rc;
    if ( block.x86 )
        x86_filter_decode(out, (size_t)rc, block.x86_start);
    if ( !end_block(xz, &block, data, (u64)rc) || !check_ok(xz, out, (size_t)rc) )
        return -EINVAL;
    xz->in += check_size(xz->check);
    xz->written += (size_t)rc;
    return 0;
}

/* The index lists the sizes of all blocks; its first byte, 0, is where a block would have its length. */
static bool index_ok(struct xz *xz)
{
    const u8 *start = xz->in++;
    u64 count, unpadded, unpacked;

    if ( !read_number(&xz->in, xz->end, &count) )
        return false;
    for ( ; count; count-- )
    {
        if ( !read_number(&xz->in, xz->end, &unpadded) ||
             !read_number(&xz->in, xz->end, &unpacked) )
            return false;
        xz->records = add_sizes(xz, xz->records, unpadded, unpacked);
    }
    if ( !skip_padding(xz, start) || xz->end - xz->in < 4 + FOOTER_SIZE )
        return false;
    xz->in += 4;
    return xz->records == xz->blocks &&
           crc32(&xz->crc32, 0, start, (size_t)(xz->in - start) - 4) == get_le32(xz->in - 4);
}

static bool footer_ok(const struct xz *xz)
{
    const u8 *p = xz->in;

    return p[10] == 'Y' && p[11] == 'Z' && p[8] == 0 && p[9] == xz->check &&
           crc32(&xz->crc32, 0, p + 4, 6) == get_le32(p);
}

static bool at_index(const struct xz *xz)
{
    return *xz->in == 0;
}

long xz_unpack(const u8 *in, size_t in_size, u8 *out, size_t out_size, void *work)
{
    struct xz *xz = work;
    long rc;

    xz->in = in;
    xz->end = in + in_size;
    xz->out = out;
    xz->out_size = out_size;
    xz->written = 0;
    xz->blocks = xz->records = 0;
    crc32_init(&xz->crc32);
    rc = read_stream_header(xz);
    if ( rc )
        return rc;
    if ( xz->check == CHECK_CRC64 )
        crc64_init(&xz->crc64);

    while ( xz->in < xz->end && !at_index(xz) )
    {
        rc = unpack_block(xz);
        if ( rc )
            return rc;
    }
    if ( xz->in >= xz->end || !index_ok(xz) || !footer_ok(xz) )
        return -EINVAL;
    return (long)xz->written;
}

/* The blocks' chunks tell their sizes, so stepping over them is enough; unzip will check what this takes on trust. */
u64 xz_size(const u8 *in, size_t in_size)
{
    const u8 *end = in + in_size, *start;
    unsigned int check;
    u64 size = 0, block;

    if ( in_size < HEADER_SIZE )
        return 0;
    check = check_size(in[7]);
    for ( in += HEADER_SIZE; in < end && *in; )
    {
        start = in;
        if ( (size_t)(end - in) < (*in + 1) * 4U )
            return 0;
        in += (*in + 1) * 4;
        block = lzma2_size(&in, end);
        if ( !block || (size_t)(end - in) < 3 + check )
            return 0;
        size += block;
        in += -(in - start) & 3;
        in += check;
    }
    return size;
}
