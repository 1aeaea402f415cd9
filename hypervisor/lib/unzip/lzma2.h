/* LZMA2: a sequence of chunks, LZMA-coded or plain, that share one dictionary. */
#ifndef LIB_UNZIP_LZMA2_H
#define LIB_UNZIP_LZMA2_H

#include "lib/types.h"

/* The largest LZMA chunk, and how far behind its end the decoder may look before it notices. */
#define LZMA_CHUNK_MAX 65536
#define LZMA_LOOKAHEAD 64

struct lzma_length_probs {
    u16 choice[2];
    u16 low[16][8], middle[16][8], high[256];
};

/* Probabilities that the next bit is 0, in 1/2048. Only 16-bit numbers, so that they can be reset as one array. */
struct lzma_probs {
    u16 is_match[12][16];
    u16 is_rep[12];
    u16 is_rep_0[12], is_rep_1[12], is_rep_2[12];
    u16 is_rep_0_long[12][16];
    u16 slot[4][64];
    u16 special[116];
    u16 align[16];
    struct lzma_length_probs match_length, rep_length;
    u16 literal[16][0x300];
};

struct lzma2 {
    struct lzma_probs probs;
    u32 rep[4]; /* the last distances, less one */
    unsigned int state;
    unsigned int literal_context_bits;                 /* lc */
    unsigned int literal_position_mask, position_mask; /* from lp and pb */
    u8 tail[LZMA_CHUNK_MAX +
            LZMA_LOOKAHEAD]; /* a chunk too close to the input's end for looking ahead */
};

/*
 * Decode from *@in, which is moved behind the end mark, to @out. Returns the bytes written; -EINVAL, -ENOSPC as unzip.
 */
long lzma2_decode(struct lzma2 *s, const u8 **in, const u8 *in_end, u8 *out, size_t out_size);

/* Skip over the chunks without decoding: what they come to; 0 and *@in anywhere if they are damaged. */
u64 lzma2_size(const u8 **in, const u8 *in_end);

#endif
