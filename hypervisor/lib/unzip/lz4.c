/*
 * LZ4 in its legacy frames, which Linux's build uses: from the LZ4 block and frame format descriptions.
 *
 * A frame is a magic number and blocks that stand alone, each behind its packed size. All but the last one hold
 * BLOCK_MAX bytes, and nothing else marks the end.
 */
#include <hypercall/abi.h>

#include "lib/bits.h"
#include "lib/endian.h"
#include "lib/string.h"
#include "lib/unzip/format.h"

#define MAGIC_SIZE 4
#define BLOCK_MAX  (8UL << 20)
#define MATCH_MIN  4

/* No byte of a block says more than this many bytes of output. */
#define MAX_RATIO 255UL

/* What is packed is at most this much longer than it was. */
#define PACKED_MAX (BLOCK_MAX + BLOCK_MAX / 255 + 16)

struct lz4 {
    const u8 *in, *end; /* the block's */
    u8 *start, *out, *out_end;
};

/* The next block's packed bytes from *in on, which moves there; 0 behind the last one. */
static size_t next_block(const u8 **in, const u8 *end)
{
    size_t size;

    if ( end - *in <= 4 )
        return 0;
    size = get_le32(*in);
    *in += 4;
    return size <= PACKED_MAX ? size : 0;
}

u64 lz4_size(const u8 *in, size_t in_size)
{
    const u8 *at = in + MAGIC_SIZE, *end = in + in_size;
    u64 bound = 0;

    for ( size_t size; (size = next_block(&at, end)) && size <= (size_t)(end - at); at += size )
        bound += min(size * MAX_RATIO, BLOCK_MAX);
    return bound;
}

/* A length of which 4 bits are known: 15 is continued, by bytes that count as long as they are full. */
static bool get_length(struct lz4 *z, size_t *length)
{
    u8 more = 255;

    if ( *length != 15 )
        return true;
    while ( more == 255 )
    {
        if ( z->in == z->end )
            return false;
        more = *z->in++;
        *length += more;
    }
    return true;
}

static long put_literals(struct lz4 *z, size_t length)
{
    if ( !get_length(z, &length) || length > (size_t)(z->end - z->in) )
        return -EINVAL;
    if ( length > (size_t)(z->out_end - z->out) )
        return -ENOSPC;
    memcpy(z->out, z->in, length);
    z->in += length;
    z->out += length;
    return 0;
}

static long put_match(struct lz4 *z, size_t length)
{
    size_t distance;

    if ( z->end - z->in < 2 )
        return -EINVAL;
    distance = get_le16(z->in);
    z->in += 2;
    if ( !distance || distance > (size_t)(z->out - z->start) || !get_length(z, &length) )
        return -EINVAL;
    length += MATCH_MIN;
    if ( length > (size_t)(z->out_end - z->out) )
        return -ENOSPC;
    for ( ; length; length--, z->out++ ) /* byte by byte: it may repeat itself */
        *z->out = z->out[-(ptrdiff_t)distance];
    return 0;
}

/* Unpack a block: literals and matches by turns, literals last. */
static long unpack_block(struct lz4 *z)
{
    for ( ;; )
    {
        u8 token;
        long rc;

        if ( z->in == z->end )
            return -EINVAL;
        token = *z->in++;
        rc = put_literals(z, token >> 4);
        if ( rc || z->in == z->end )
            return rc;
        rc = put_match(z, token & 15);
        if ( rc )
            return rc;
    }
}

long lz4_unpack(const u8 *in, size_t in_size, u8 *out, size_t out_size, void *work)
{
    const u8 *at = in + MAGIC_SIZE, *end = in + in_size;
    struct lz4 z = { .out = out };
    size_t size;

    (void)work;
    do
    {
        size_t room = out_size - (size_t)(z.out - out);
        long rc;

        size = next_block(&at, end);
        if ( !size )
            break;
        if ( size > (size_t)(end - at) )
            return -EINVAL;
        z = (struct lz4){ at, at + size, z.out, z.out, z.out + min(room, BLOCK_MAX) };
        rc = unpack_block(&z);
        if ( rc )
            return rc == -ENOSPC && room > BLOCK_MAX ? -EINVAL : rc;
        at += size;
    } while ( z.out - z.start == BLOCK_MAX );

    return z.out == out ? -EINVAL : z.out - out;
}
