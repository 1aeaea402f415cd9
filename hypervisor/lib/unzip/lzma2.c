/*
 * From the LZMA specification (lzma-specification.txt of the LZMA SDK) and the description of LZMA2 in xz's
 * documentation.
 *
 * The range decoder is the innermost loop of a dom0's boot, a bit of output costs about fifteen
 * instructions: it is inlined everywhere, keeps its state in registers, and does not watch the end of its
 * input bit by bit. One symbol takes fewer than LZMA_LOOKAHEAD bytes, so a check a symbol is enough; a chunk
 * that close to the end of everything is decoded from a copy with room behind it.
 */
#include <hypercall/abi.h>

#include "lib/bits.h"
#include "lib/endian.h"
#include "lib/unzip/lzma2.h"

#define INLINE static inline __attribute__((always_inline))

#define PROB_INIT  1024
#define PROB_BITS  11
#define PROB_ONE   (1U << PROB_BITS)
#define PROB_SHIFT 5
#define PROB_ROUND ((1U << PROB_SHIFT) - 1)
#define RANGE_TOP  (1U << 24)

struct range_decoder {
    const u8 *in;
    u32 range, code;
};

INLINE void rc_normalise(struct range_decoder *rc)
{
    if ( rc->range < RANGE_TOP )
    {
        rc->range <<= 8;
        rc->code = rc->code << 8 | *rc->in++;
    }
}

/* One bit, and a step of its probability towards what it was. */
INLINE bool rc_bit(struct range_decoder *rc, u16 *prob)
{
    u32 p = *prob, bound;

    rc_normalise(rc);
    bound = (rc->range >> PROB_BITS) * p;
    if ( rc->code < bound )
    {
        rc->range = bound;
        /* p + (2048 - p) / 32, in one operation less */
        *prob = (u16)(p - (u32)((s32)(p - PROB_ONE + PROB_ROUND) >> PROB_SHIFT));
        return false;
    }
    rc->range -= bound;
    rc->code -= bound;
    *prob = (u16)(p - (p >> PROB_SHIFT));
    return true;
}

/* A number of @bits bits, the highest first, each with a probability that depends on those before it. */
INLINE u32 rc_tree(struct range_decoder *rc, u16 *probs, unsigned int bits)
{
    u32 symbol = 1;

#pragma GCC unroll 8
    for ( unsigned int i = 0; i < bits; i++ )
        if ( rc_bit(rc, &probs[symbol]) )
            symbol = symbol * 2 + 1;
        else
            symbol = symbol * 2;
    return symbol - (1U << bits);
}

/* The same, the lowest bit first. */
INLINE u32 rc_tree_reverse(struct range_decoder *rc, u16 *probs, unsigned int bits)
{
    u32 symbol = 1, value = 0;

    for ( unsigned int i = 0; i < bits; i++ )
        if ( rc_bit(rc, &probs[symbol]) )
        {
            symbol = symbol * 2 + 1;
            value |= 1U << i;
        }
        else
            symbol = symbol * 2;
    return value;
}

/* Bits that are as often 0 as 1. */
INLINE u32 rc_direct(struct range_decoder *rc, unsigned int bits)
{
    u32 value = 0;

    for ( ; bits; bits-- )
    {
        rc_normalise(rc);
        rc->range >>= 1;
        value *= 2;
        if ( rc->code >= rc->range )
        {
            rc->code -= rc->range;
            value++;
        }
    }
    return value;
}

INLINE u32 length(struct range_decoder *rc, struct lzma_length_probs *probs, unsigned int pos_state)
{
    if ( !rc_bit(rc, &probs->choice[0]) )
        return 2 + rc_tree(rc, probs->low[pos_state], 3);
    if ( !rc_bit(rc, &probs->choice[1]) )
        return 10 + rc_tree(rc, probs->middle[pos_state], 3);
    return 18 + rc_tree(rc, probs->high, 8);
}

/* How far back, less one: a slot for the magnitude, and the bits below it. */
INLINE u32 distance(struct range_decoder *rc, struct lzma_probs *probs, u32 len)
{
    u32 slot = rc_tree(rc, probs->slot[min(len - 2, 3U)], 6), bits, start;

    if ( slot < 4 )
        return slot;
    bits = slot / 2 - 1;
    start = (2 | (slot & 1)) << bits;
    if ( slot < 14 )
        return start + rc_tree_reverse(rc, probs->special + start - slot, bits);
    start += rc_direct(rc, bits - 4) << 4;
    return start + rc_tree_reverse(rc, probs->align, 4);
}

/*
 * A literal right after a match is unlike the byte that the match would have gone on with: its bits are
 * predicted by that byte's, as long as they agree.
 */
INLINE u8 matched_literal(struct range_decoder *rc, u16 *probs, u32 match)
{
    u32 symbol = 1;

    while ( symbol < 0x100 )
    {
        u32 match_bit = match >> 7 & 1, bit;

        match <<= 1;
        bit = rc_bit(rc, &probs[((1 + match_bit) << 8) + symbol]);
        symbol = symbol * 2 + bit;
        if ( bit != match_bit )
            break;
    }
    while ( symbol < 0x100 )
        symbol = symbol * 2 + rc_bit(rc, &probs[symbol]);
    return (u8)symbol;
}

INLINE void copy_bytes(u8 *to, size_t back, size_t len)
{
    for ( const u8 *from = to - back, *stop = to + len; to < stop; )
        *to++ = *from++;
}

/*
 * Copy @len bytes from @back bytes before @to, eight at a time unless @end is too near. If they come from nearer than
 * that, they repeat themselves: once a few are there, the same bytes are also to be had from further back.
 */
INLINE void copy_match(u8 *to, size_t back, size_t len, const u8 *end)
{
    const u8 *from, *stop = to + len;

    if ( (size_t)(end - to) < len + 8 )
    {
        copy_bytes(to, back, len);
        return;
    }
    if ( back < 8 )
    {
        size_t few = DIV_ROUND_UP(8, back) * back - back;

        copy_bytes(to, back, few);
        to += few;
        back += few;
    }
    for ( from = to - back; to < stop; to += 8, from += 8 )
        memcpy(to, from, 8);
}

/* States 0-6 follow a literal, 7-11 a match; the number remembers a little more of what came before. */
INLINE unsigned int state_after_literal(unsigned int state)
{
    return state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
}

static void move_to_front(u32 *rep, unsigned int i)
{
    u32 chosen = rep[i];

    for ( ; i; i-- )
        rep[i] = rep[i - 1];
    rep[0] = chosen;
}

/* A match, new or with one of the last distances, which becomes s->rep[0]. Returns its length. */
INLINE u32 match(struct lzma2 *s, struct range_decoder *rc, unsigned int pos_state)
{
    struct lzma_probs *probs = &s->probs;
    unsigned int state = s->state;
    u32 len;

    if ( !rc_bit(rc, &probs->is_rep[state]) )
    {
        len = length(rc, &probs->match_length, pos_state);
        s->rep[3] = s->rep[2];
        s->rep[2] = s->rep[1];
        s->rep[1] = s->rep[0];
        s->rep[0] = distance(rc, probs, len);
        s->state = state < 7 ? 7 : 10;
        return len;
    }

    if ( !rc_bit(rc, &probs->is_rep_0[state]) )
    {
        if ( !rc_bit(rc, &probs->is_rep_0_long[state][pos_state]) )
        {
            s->state = state < 7 ? 9 : 11;
            return 1;
        }
    }
    else if ( !rc_bit(rc, &probs->is_rep_1[state]) )
        move_to_front(s->rep, 1);
    else
        move_to_front(s->rep, rc_bit(rc, &probs->is_rep_2[state]) ? 3 : 2);

    s->state = state < 7 ? 8 : 11;
    return length(rc, &probs->rep_length, pos_state);
}

/* Where a chunk's output goes. */
struct window {
    u8 *dict; /* where the dictionary starts: the last reset */
    u8 *out, *chunk_end;
    const u8 *end; /* of the whole buffer */
};

INLINE void literal(struct lzma2 *s, struct range_decoder *rc, const u8 *dict, u8 *out)
{
    u32 pos = (u32)(out - dict), previous = pos ? out[-1] : 0;
    u32 context = ((pos & s->literal_position_mask) << s->literal_context_bits) +
                  (previous >> (8 - s->literal_context_bits));
    u16 *probs = s->probs.literal[context];

    if ( s->state < 7 )
        *out = (u8)rc_tree(rc, probs, 8);
    else
        *out = matched_literal(rc, probs, out[-(size_t)s->rep[0] - 1]);
    s->state = state_after_literal(s->state);
}

/* One LZMA chunk, from @in, of @size bytes with LZMA_LOOKAHEAD readable ones behind. False if it is damaged. */
static bool lzma_chunk(struct lzma2 *s, struct window *w, const u8 *in, size_t size)
{
    const u8 *in_end = in + size, *dict = w->dict;
    struct range_decoder rc = { in + 5, ~0U, __builtin_bswap32(get_le32(in + 1)) };
    u8 *out = w->out;

    if ( size < 5 || in[0] )
        return false;
    while ( out < w->chunk_end )
    {
        unsigned int pos_state = (unsigned int)(out - dict) & s->position_mask;
        u32 len;

        if ( rc.in > in_end )
            return false;
        if ( !rc_bit(&rc, &s->probs.is_match[s->state][pos_state]) )
        {
            literal(s, &rc, dict, out++);
            continue;
        }
        len = match(s, &rc, pos_state);
        if ( s->rep[0] >= (size_t)(out - dict) || len > (size_t)(w->chunk_end - out) )
            return false;
        copy_match(out, (size_t)s->rep[0] + 1, len, w->end);
        out += len;
    }
    rc_normalise(&rc);
    w->out = out;
    return rc.in == in_end && rc.code == 0;
}

static void reset_state(struct lzma2 *s)
{
    u16 *probs = (u16 *)&s->probs;

    for ( unsigned int i = 0; i < sizeof(s->probs) / sizeof(*probs); i++ )
        probs[i] = PROB_INIT;
    memset(s->rep, 0, sizeof(s->rep));
    s->state = 0;
}

/* The byte that packs pb, lp and lc. */
static bool set_properties(struct lzma2 *s, unsigned int byte)
{
    unsigned int lc = byte % 9, lp = byte / 9 % 5, pb = byte / 45;

    if ( pb > 4 || lc + lp > 4 )
        return false;
    s->literal_context_bits = lc;
    s->literal_position_mask = (1U << lp) - 1;
    s->position_mask = (1U << pb) - 1;
    return true;
}

/* A chunk's header: what its control byte and the sizes behind it say. */
struct chunk {
    bool end, lzma, new_dict, new_state, new_properties;
    unsigned int properties;
    u32 out_size, in_size;
};

static u32 get_be16(const u8 *p)
{
    return (u32)p[0] << 8 | p[1];
}

static bool read_plain_header(struct chunk *chunk, const u8 **in, const u8 *in_end)
{
    const u8 *p = *in;

    if ( p[0] > 2 || in_end - p < 3 )
        return false;
    chunk->new_dict = p[0] == 1;
    chunk->in_size = chunk->out_size = get_be16(p + 1) + 1;
    *in += 3;
    return true;
}

static bool read_lzma_header(struct chunk *chunk, const u8 **in, const u8 *in_end)
{
    const u8 *p = *in;
    unsigned int reset =
        p[0] >> 5 & 3; /* 0 nothing, 1 state, 2 also properties, 3 also dictionary */

    if ( in_end - p < 6 )
        return false;
    chunk->lzma = true;
    chunk->new_state = reset >= 1;
    chunk->new_properties = reset >= 2;
    chunk->new_dict = reset == 3;
    chunk->out_size = ((u32)(p[0] & 0x1f) << 16) + get_be16(p + 1) + 1;
    chunk->in_size = get_be16(p + 3) + 1;
    chunk->properties = p[5];
    *in += chunk->new_properties ? 6 : 5;
    return true;
}

/* Read a header and move *@in to the chunk's data, all of which are there. */
static bool read_chunk(struct chunk *chunk, const u8 **in, const u8 *in_end)
{
    bool ok;

    *chunk = (struct chunk){ .end = false };
    if ( *in >= in_end )
        return false;
    if ( **in == 0 )
    {
        chunk->end = true;
        ++*in;
        return true;
    }
    ok = **in & 0x80 ? read_lzma_header(chunk, in, in_end) : read_plain_header(chunk, in, in_end);
    return ok && chunk->in_size <= (size_t)(in_end - *in);
}

static bool unpack_chunk(struct lzma2 *s, const struct chunk *chunk, struct window *w, const u8 *in,
                         const u8 *in_end)
{
    if ( !chunk->lzma )
    {
        memcpy(w->out, in, chunk->in_size);
        w->out += chunk->in_size;
        return true;
    }
    if ( chunk->new_properties && !set_properties(s, chunk->properties) )
        return false;
    if ( chunk->new_state )
        reset_state(s);
    if ( (size_t)(in_end - in) < chunk->in_size + LZMA_LOOKAHEAD )
    {
        memcpy(s->tail, in, chunk->in_size);
        memset(s->tail + chunk->in_size, 0, LZMA_LOOKAHEAD);
        in = s->tail;
    }
    return lzma_chunk(s, w, in, chunk->in_size);
}

long lzma2_decode(struct lzma2 *s, const u8 **in, const u8 *in_end, u8 *out, size_t out_size)
{
    struct window w = { out, out, out, out + out_size };
    bool need_dict = true, need_properties = true, need_state = true;
    struct chunk chunk;

    for ( ;; )
    {
        if ( !read_chunk(&chunk, in, in_end) )
            return -EINVAL;
        if ( chunk.end )
            return w.out - out;
        if ( chunk.new_dict )
        {
            /* What was learnt refers to bytes that are now out of reach: distances must be forgotten too. */
            need_dict = false;
            need_properties = need_state = true;
            w.dict = w.out;
        }
        need_properties &= !chunk.new_properties;
        need_state &= !chunk.new_state;
        if ( need_dict || (chunk.lzma && (need_properties || need_state)) )
            return -EINVAL;
        if ( chunk.out_size > (size_t)(w.end - w.out) )
            return -ENOSPC;

        w.chunk_end = w.out + chunk.out_size;
        if ( !unpack_chunk(s, &chunk, &w, *in, in_end) )
            return -EINVAL;
        *in += chunk.in_size;
    }
}

u64 lzma2_size(const u8 **in, const u8 *in_end)
{
    struct chunk chunk;
    u64 size = 0;

    while ( read_chunk(&chunk, in, in_end) )
    {
        if ( chunk.end )
            return size;
        size += chunk.out_size;
        *in += chunk.in_size;
    }
    return 0;
}
