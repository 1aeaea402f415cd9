/*
 * Zstandard, from RFC 8878. One frame, without dictionaries. A block is literals, and sequences that say where to put
 * them and what to repeat in between; both are entropy-coded, by Huffman and by FSE codes (zstd_fse.c).
 */
#include <hypercall/abi.h>

#include "lib/bits.h"
#include "lib/crc.h"
#include "lib/endian.h"
#include "lib/unzip/format.h"
#include "lib/unzip/unzip.h"
#include "lib/unzip/zstd_fse.h"

#define BLOCK_MAX (128U * 1024)

#define HUFFMAN_BITS 11

struct huffman_entry {
    u8 symbol, bits;
};

/* The three numbers of a sequence, each with a code table of its own. */
enum { LITERAL_LENGTH, OFFSET, MATCH_LENGTH, SEQUENCE_KINDS };

struct zstd {
    u8 *start, *out, *out_end;
    u32 window_max;
    const u8 *literals; /* of this block */
    size_t literal_count;
    struct huffman_entry huffman[1 << HUFFMAN_BITS];
    unsigned int huffman_bits; /* 0: there is no table to repeat */
    struct fse_table tables[SEQUENCE_KINDS];
    size_t offsets[3]; /* the last three */
    u8 buffer[BLOCK_MAX];
};

BUILD_BUG_ON(sizeof(struct zstd) > UNZIP_WORK_SIZE);

/* A frame's header. */
struct frame {
    u64 content_size; /* UNKNOWN if it does not tell */
    u64 block_max;
    bool checksum;
};

#define UNKNOWN (~0ULL)

static u64 get_bytes(const u8 *p, unsigned int n)
{
    u64 value = 0;

    for ( unsigned int i = n; i; i-- )
        value = value << 8 | p[i - 1];
    return value;
}

/* Window_Descriptor: an exponent, and eighths of it. */
static u64 window_size(u8 descriptor)
{
    u64 base = 1ULL << (10 + (descriptor >> 3));

    return base + base / 8 * (descriptor & 7);
}

static long read_frame_header(struct frame *frame, const u8 **in, const u8 *end)
{
    static const u8 size_bytes[4] = { 0, 2, 4, 8 }, dictionary_bytes[4] = { 0, 1, 2, 4 };
    const u8 *p = *in + 4;
    unsigned int flags, size_field, dictionary_field;
    bool single;

    if ( end - *in < 5 )
        return -EINVAL;
    flags = *p++;
    single = flags & 0x20;
    size_field = flags >> 6 || !single ? size_bytes[flags >> 6] : 1;
    dictionary_field = dictionary_bytes[flags & 3];
    if ( (flags & 8) || (size_t)(end - p) < !single + dictionary_field + size_field )
        return -EINVAL;

    frame->block_max = single ? UNKNOWN : window_size(*p++);
    if ( get_bytes(p, dictionary_field) )
        return -EOPNOTSUPP;
    p += dictionary_field;
    frame->content_size =
        size_field ? get_bytes(p, size_field) + (size_field == 2 ? 256 : 0) : UNKNOWN;
    if ( single )
        frame->block_max = frame->content_size;
    frame->block_max = min(frame->block_max, (u64)BLOCK_MAX);
    frame->checksum = flags & 4;
    *in = p + size_field;
    return 0;
}

enum block_type { BLOCK_RAW, BLOCK_RLE, BLOCK_COMPRESSED, BLOCK_RESERVED };

struct block {
    bool last;
    enum block_type type;
    u32 size;    /* of what comes out (raw, RLE) or goes in (compressed) */
    u32 in_size; /* of what follows the header */
};

/* Read a block's header and move *@in to its content, all of which is there. */
static bool read_block_header(struct block *block, const u8 **in, const u8 *end)
{
    u32 header;

    if ( end - *in < 3 )
        return false;
    header = (u32)get_bytes(*in, 3);
    *in += 3;
    block->last = header & 1;
    block->type = header >> 1 & 3;
    block->size = header >> 3;
    block->in_size = block->type == BLOCK_RLE ? 1 : block->size;
    return block->type != BLOCK_RESERVED && block->in_size <= (size_t)(end - *in);
}

/* ---- Literals ---- */

/* What a literals section's header says. */
struct literals {
    unsigned int type;
    u32 count, in_size;
    bool four_streams;
};

enum { LITERALS_RAW, LITERALS_RLE, LITERALS_HUFFMAN, LITERALS_REPEAT_TREE };

/* Raw and RLE: one size, in one to three bytes. */
static bool read_plain_literals_header(struct literals *l, const u8 **in, const u8 *end)
{
    static const u8 header_bytes[4] = { 1, 2, 1, 3 }, size_shift[4] = { 3, 4, 3, 4 };
    unsigned int format = **in >> 2 & 3, n = header_bytes[format];

    if ( end - *in < (long)n )
        return false;
    l->count = (u32)get_bytes(*in, n) >> size_shift[format];
    l->in_size = l->type == LITERALS_RLE ? 1 : l->count;
    *in += n;
    return true;
}

/* Huffman: two sizes, of 10, 14 or 18 bits each. */
static bool read_huffman_literals_header(struct literals *l, const u8 **in, const u8 *end)
{
    static const u8 header_bytes[4] = { 3, 3, 4, 5 }, size_bits[4] = { 10, 10, 14, 18 };
    unsigned int format = **in >> 2 & 3, n = header_bytes[format], bits = size_bits[format];
    u64 header;

    if ( end - *in < (long)n )
        return false;
    header = get_bytes(*in, n) >> 4;
    l->count = (u32)(header & ((1U << bits) - 1));
    l->in_size = (u32)(header >> bits & ((1U << bits) - 1));
    l->four_streams = format != 0;
    *in += n;
    return true;
}

static bool read_literals_header(struct literals *l, const u8 **in, const u8 *end)
{
    bool ok;

    if ( *in >= end )
        return false;
    *l = (struct literals){ .type = **in & 3 };
    ok = l->type <= LITERALS_RLE ? read_plain_literals_header(l, in, end)
                                 : read_huffman_literals_header(l, in, end);
    return ok && l->count <= BLOCK_MAX && l->in_size <= (size_t)(end - *in);
}

/*
 * The Huffman table from the symbols' weights: weight w stands for 2^(w-1) of the table's slots. The last
 * symbol's weight is not told: it fills the table up to a power of two.
 */
static bool make_huffman(struct zstd *z, u8 *weights, unsigned int count)
{
    u32 total = 0, rest, at = 0;
    unsigned int bits;

    for ( unsigned int i = 0; i < count; i++ )
        total += weights[i] ? 1U << (weights[i] - 1) : 0;
    bits = fls64(total);
    if ( !total || bits > HUFFMAN_BITS )
        return false;
    rest = (1U << bits) - total;
    if ( !is_power_of_2(rest) )
        return false;
    weights[count++] = (u8)fls64(rest);

    for ( unsigned int weight = 1; weight <= bits; weight++ )
        for ( unsigned int i = 0; i < count; i++ )
            if ( weights[i] == weight )
                for ( u32 slots = 1U << (weight - 1); slots; slots-- )
                    z->huffman[at++] = (struct huffman_entry){ (u8)i, (u8)(bits + 1 - weight) };
    z->huffman_bits = bits;
    return true;
}

#define WEIGHTS_MAX 256

/* Weights, four bits each. */
static unsigned int read_plain_weights(u8 *weights, const u8 *in, unsigned int count)
{
    for ( unsigned int i = 0; i < count; i++ )
        weights[i] = i % 2 ? in[i / 2] & 15 : in[i / 2] >> 4;
    return count;
}

/* A tree's description at *@in, which is moved behind it. */
static bool read_huffman(struct zstd *z, const u8 **in, const u8 *end)
{
    u8 weights[WEIGHTS_MAX];
    unsigned int header, count;
    size_t size;

    if ( *in >= end )
        return false;
    header = *(*in)++;
    size = header < 128 ? header : (header - 127 + 1) / 2;
    if ( size > (size_t)(end - *in) )
        return false;
    if ( header < 128 )
        count = fse_weights(*in, size, weights, WEIGHTS_MAX - 1);
    else
        count = read_plain_weights(weights, *in, header - 127);
    *in += size;
    for ( unsigned int i = 0; i < count; i++ )
        if ( weights[i] > HUFFMAN_BITS )
            return false;
    return count && make_huffman(z, weights, count);
}

/* One stream of @count symbols that uses up all of its @size bytes. */
static bool huffman_stream(const struct zstd *z, const u8 *in, size_t size, u8 *out, size_t count)
{
    unsigned int bits = z->huffman_bits;
    struct back_bits b;

    if ( !back_bits_open(&b, in, size) )
        return false;
    for ( ; count; count-- )
    {
        struct huffman_entry entry = z->huffman[back_bits_peek(&b, bits)];

        *out++ = entry.symbol;
        b.left -= entry.bits;
        if ( b.left < 0 )
            return false;
    }
    return b.left == 0;
}

/* Four streams after a table of the sizes of the first three; each gives a quarter of the symbols. */
static bool huffman_four_streams(struct zstd *z, const u8 *in, size_t size, size_t count)
{
    size_t quarter = (count + 3) / 4, sizes[4] = { 0 }, used = 6;
    u8 *out = z->buffer;

    if ( size < used || quarter * 3 > count )
        return false;
    for ( int i = 0; i < 3; i++ )
    {
        sizes[i] = get_le16(in + i * 2);
        used += sizes[i];
    }
    if ( used > size )
        return false;
    sizes[3] = size - used;
    in += 6;
    for ( int i = 0; i < 4; i++ )
    {
        size_t n = i < 3 ? quarter : count - quarter * 3;

        if ( !huffman_stream(z, in, sizes[i], out, n) )
            return false;
        in += sizes[i];
        out += n;
    }
    return true;
}

static bool unpack_huffman_literals(struct zstd *z, const struct literals *l, const u8 *in)
{
    const u8 *end = in + l->in_size;

    if ( l->type == LITERALS_HUFFMAN && !read_huffman(z, &in, end) )
        return false;
    if ( !z->huffman_bits )
        return false;
    z->literals = z->buffer;
    return l->four_streams ? huffman_four_streams(z, in, (size_t)(end - in), l->count)
                           : huffman_stream(z, in, (size_t)(end - in), z->buffer, l->count);
}

static bool unpack_literals(struct zstd *z, const u8 **in, const u8 *end)
{
    struct literals l;
    bool ok = true;

    if ( !read_literals_header(&l, in, end) )
        return false;
    z->literal_count = l.count;
    if ( l.type == LITERALS_RAW )
        z->literals = *in;
    else if ( l.type == LITERALS_RLE )
    {
        memset(z->buffer, **in, l.count);
        z->literals = z->buffer;
    }
    else
        ok = unpack_huffman_literals(z, &l, *in);
    *in += l.in_size;
    return ok;
}

/* ---- Sequences ---- */

/* What a code of each kind stands for: a base, and a number of further bits. For offsets both follow from the code. */
static const u32 literal_base[36] = { 0,   1,   2,    3,    4,    5,    6,     7,     8,
                                      9,   10,  11,   12,   13,   14,   15,    16,    18,
                                      20,  22,  24,   28,   32,   40,   48,    64,    128,
                                      256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536 };
static const u8 literal_bits[36] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  1,  1,
                                     1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
static const u32 match_base[53] = { 3,   4,   5,    6,    7,    8,    9,     10,    11,   12, 13,
                                    14,  15,  16,   17,   18,   19,   20,    21,    22,   23, 24,
                                    25,  26,  27,   28,   29,   30,   31,    32,    33,   34, 35,
                                    37,  39,  41,   43,   47,   51,   59,    67,    83,   99, 131,
                                    259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539 };
static const u8 match_bits[53] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0, 0,
                                   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  1,  1,  1, 1,
                                   2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

/* The codes' frequencies where a block does not bring its own. */
static const s16 literal_default[36] = { 4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1,  1,  2,  2,
                                         2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1 };
static const s16 offset_default[29] = { 1, 1, 1, 1, 1, 1, 2, 2, 2, 1,  1,  1,  1,  1, 1,
                                        1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1 };
static const s16 match_default[53] = { 1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1,  1,  1,  1,  1,  1,  1, 1,
                                       1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  1,  1,  1,  1,  1,  1, 1,
                                       1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1 };

static const struct {
    const s16 *frequencies; /* the defaults */
    unsigned int symbols, bits, max_symbols, max_bits;
} kinds[SEQUENCE_KINDS] = {
    [LITERAL_LENGTH] = { literal_default, 36, 6, 36, 9 },
    [OFFSET] = { offset_default, 29, 5, 32, 8 },
    [MATCH_LENGTH] = { match_default, 53, 6, 53, 9 },
};

enum { MODE_DEFAULT, MODE_RLE, MODE_FSE, MODE_REPEAT };

/* Prepare one kind's table as @mode says; what describes it is taken from *@in. */
static bool read_table(struct zstd *z, unsigned int kind, unsigned int mode, const u8 **in,
                       const u8 *end)
{
    struct fse_table *table = &z->tables[kind];
    s16 frequencies[FSE_SYMBOLS_MAX];
    unsigned int symbols, bits;

    switch ( mode )
    {
    case MODE_DEFAULT:
        return fse_make(table, kinds[kind].frequencies, kinds[kind].symbols, kinds[kind].bits);
    case MODE_RLE:
        if ( *in >= end || **in >= kinds[kind].max_symbols )
            return false;
        fse_make_single(table, *(*in)++);
        return true;
    case MODE_FSE:
        symbols = kinds[kind].max_symbols;
        return fse_read(in, end, frequencies, &symbols, &bits) && bits <= kinds[kind].max_bits &&
               fse_make(table, frequencies, symbols, bits);
    default:
        return table->ready;
    }
}

/* How many sequences the block has: one to three bytes. */
static bool read_sequence_count(u32 *count, const u8 **in, const u8 *end)
{
    const u8 *p = *in;
    unsigned int bytes;

    if ( p >= end )
        return false;
    bytes = p[0] < 128 ? 1 : p[0] < 255 ? 2 : 3;
    if ( end - p < (long)bytes )
        return false;
    *count = bytes == 1   ? p[0]
             : bytes == 2 ? (p[0] - 128U) * 256 + p[1]
                          : get_le16(p + 1) + 0x7f00U;
    *in += bytes;
    return true;
}

/* The offset for the number @value of the stream: 1 to 3 name one of the last three, which are kept in order of use. */
static size_t real_offset(struct zstd *z, u64 value, bool no_literals)
{
    size_t *last = z->offsets, offset;
    unsigned int which;

    if ( value > 3 )
    {
        offset = value - 3;
        which = 2;
    }
    else
    {
        which = (unsigned int)value - 1 + no_literals;
        offset = which < 3 ? last[which] : last[0] - 1;
        which = min(which, 2U);
    }
    if ( which == 2 )
        last[2] = last[1];
    if ( which >= 1 )
        last[1] = last[0];
    last[0] = offset;
    return offset;
}

static bool copy_literals(struct zstd *z, size_t n)
{
    if ( n > z->literal_count || n > (size_t)(z->out_end - z->out) )
        return false;
    memcpy(z->out, z->literals, n);
    z->out += n;
    z->literals += n;
    z->literal_count -= n;
    return true;
}

static bool copy_match(struct zstd *z, size_t n, size_t offset)
{
    const u8 *from = z->out - offset;

    if ( !offset || offset > (size_t)(z->out - z->start) || n > (size_t)(z->out_end - z->out) )
        return false;
    if ( offset >= 8 && (size_t)(z->out_end - z->out) >= n + 8 )
        for ( size_t i = 0; i < n; i += 8 )
            memcpy(z->out + i, from + i, 8);
    else
        for ( size_t i = 0; i < n; i++ )
            z->out[i] = from[i];
    z->out += n;
    return true;
}

/* The three codes' current states lead to the numbers of a sequence; the offset's bits come first. */
static bool one_sequence(struct zstd *z, struct back_bits *b, const struct fse_entry *const *state)
{
    unsigned int ll = state[LITERAL_LENGTH]->symbol, of = state[OFFSET]->symbol;
    unsigned int ml = state[MATCH_LENGTH]->symbol;
    u64 offset_value = (1ULL << of) + back_bits_take(b, of);
    size_t match = match_base[ml] + back_bits_take(b, match_bits[ml]);
    size_t literals = literal_base[ll] + back_bits_take(b, literal_bits[ll]);

    return b->left >= 0 && copy_literals(z, literals) &&
           copy_match(z, match, real_offset(z, offset_value, !literals));
}

static bool run_sequences(struct zstd *z, u32 count, const u8 *in, const u8 *end)
{
    static const u8 start_order[] = { LITERAL_LENGTH, OFFSET, MATCH_LENGTH };
    static const u8 update_order[] = { LITERAL_LENGTH, MATCH_LENGTH, OFFSET };
    const struct fse_entry *state[SEQUENCE_KINDS];
    struct back_bits b;

    if ( !back_bits_open(&b, in, (size_t)(end - in)) )
        return false;
    for ( unsigned int i = 0; i < SEQUENCE_KINDS; i++ )
        state[start_order[i]] = fse_start(&z->tables[start_order[i]], &b);
    while ( one_sequence(z, &b, state) )
    {
        if ( !--count )
            return b.left == 0;
        for ( unsigned int i = 0; i < SEQUENCE_KINDS; i++ )
            state[update_order[i]] =
                fse_next(&z->tables[update_order[i]], state[update_order[i]], &b);
    }
    return false;
}

static bool unpack_sequences(struct zstd *z, const u8 *in, const u8 *end)
{
    unsigned int modes;
    u32 count;

    if ( !read_sequence_count(&count, &in, end) )
        return false;
    if ( !count )
        return in == end;
    if ( in >= end || (*in & 3) )
        return false;
    modes = *in++;
    return read_table(z, LITERAL_LENGTH, modes >> 6, &in, end) &&
           read_table(z, OFFSET, modes >> 4 & 3, &in, end) &&
           read_table(z, MATCH_LENGTH, modes >> 2 & 3, &in, end) &&
           run_sequences(z, count, in, end);
}

static bool unpack_compressed(struct zstd *z, const u8 *in, const u8 *end)
{
    return unpack_literals(z, &in, end) && unpack_sequences(z, in, end) &&
           copy_literals(z, z->literal_count);
}

/* ---- Blocks and frames ---- */

/* One block into at most @max bytes of output. */
static long unpack_block(struct zstd *z, const struct block *block, const u8 *in, u64 max)
{
    size_t room = (size_t)(z->out_end - z->out);
    u8 *limit = z->out_end;
    bool ok;

    if ( block->type != BLOCK_COMPRESSED )
    {
        if ( block->size > max )
            return -EINVAL;
        if ( block->size > room )
            return -ENOSPC;
        if ( block->type == BLOCK_RAW )
            memcpy(z->out, in, block->size);
        else
            memset(z->out, *in, block->size);
        z->out += block->size;
        return 0;
    }
    if ( room > max )
        z->out_end = z->out + max;
    ok = unpack_compressed(z, in, in + block->in_size);
    z->out_end = limit;
    /* With too short a buffer no damage can be told from no room. */
    return ok ? 0 : room < max ? -ENOSPC : -EINVAL;
}

static long unpack_blocks(struct zstd *z, const struct frame *frame, const u8 **in, const u8 *end)
{
    struct block block;
    long rc;

    do
    {
        u64 left = frame->content_size - (u64)(z->out - z->start);

        if ( !read_block_header(&block, in, end) )
            return -EINVAL;
        rc = unpack_block(z, &block, *in, min(left, frame->block_max));
        *in += block.in_size;
    } while ( !rc && !block.last );
    return rc;
}

static void start(struct zstd *z, u8 *out, size_t out_size)
{
    z->start = z->out = out;
    z->out_end = out + out_size;
    z->huffman_bits = 0;
    for ( unsigned int i = 0; i < SEQUENCE_KINDS; i++ )
        z->tables[i].ready = false;
    z->offsets[0] = 1;
    z->offsets[1] = 4;
    z->offsets[2] = 8;
}

long zstd_unpack(const u8 *in, size_t in_size, u8 *out, size_t out_size, void *work)
{
    const u8 *end = in + in_size;
    struct zstd *z = work;
    struct frame frame;
    u64 size;
    long rc = read_frame_header(&frame, &in, end);

    if ( rc )
        return rc;
    start(z, out, out_size);
    rc = unpack_blocks(z, &frame, &in, end);
    if ( rc )
        return rc;

    size = (u64)(z->out - out);
    if ( frame.content_size != UNKNOWN && frame.content_size != size )
        return -EINVAL;
    if ( frame.checksum && (end - in < 4 || get_le32(in) != (u32)xxh64(out, size, 0)) )
        return -EINVAL;
    return (long)size;
}

/* What the frame says, or what its blocks could come to at most: no more than that in either case. */
u64 zstd_size(const u8 *in, size_t in_size)
{
    const u8 *end = in + in_size;
    struct frame frame;
    struct block block;
    u64 size = 0;

    if ( read_frame_header(&frame, &in, end) )
        return 0;
    do
    {
        if ( !read_block_header(&block, &in, end) )
            return 0;
        size += block.type == BLOCK_COMPRESSED ? frame.block_max : block.size;
        in += block.in_size;
    } while ( !block.last );
    return min(size, frame.content_size);
}
