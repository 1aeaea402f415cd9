#include "lib/crc.h"
#include "lib/endian.h"

/* The polynomials, lowest power in the highest bit, as these formats count bits. */
#define CRC32_POLY 0xedb88320U
#define CRC64_POLY 0xc96c5795d7870f42ULL

/* of[0] steps over one byte; of[k] over one byte and k zero bytes behind it. */
void crc32_init(struct crc32_table *table)
{
    for ( u32 i = 0; i < 256; i++ )
    {
        u32 crc = i;

        for ( int bit = 0; bit < 8; bit++ )
            crc = crc >> 1 ^ (crc & 1 ? CRC32_POLY : 0);
        table->of[0][i] = crc;
    }
    for ( int k = 1; k < 8; k++ )
        for ( int i = 0; i < 256; i++ )
        {
            u32 crc = table->of[k - 1][i];

            table->of[k][i] = crc >> 8 ^ table->of[0][crc & 0xff];
        }
}

void crc64_init(struct crc64_table *table)
{
    for ( u32 i = 0; i < 256; i++ )
    {
        u64 crc = i;

        for ( int bit = 0; bit < 8; bit++ )
            crc = crc >> 1 ^ (crc & 1 ? CRC64_POLY : 0);
        table->of[0][i] = crc;
    }
    for ( int k = 1; k < 8; k++ )
        for ( int i = 0; i < 256; i++ )
        {
            u64 crc = table->of[k - 1][i];

            table->of[k][i] = crc >> 8 ^ table->of[0][crc & 0xff];
        }
}

u32 crc32(const struct crc32_table *table, u32 crc, const void *data, size_t size)
{
    const u32(*of)[256] = table->of;
    const u8 *p = data;

    crc = ~crc;
    for ( ; size >= 8; size -= 8, p += 8 )
    {
        u64 x = get_le64(p) ^ crc;

        crc = of[7][x & 0xff] ^ of[6][x >> 8 & 0xff] ^ of[5][x >> 16 & 0xff] ^
              of[4][x >> 24 & 0xff] ^ of[3][x >> 32 & 0xff] ^ of[2][x >> 40 & 0xff] ^
              of[1][x >> 48 & 0xff] ^ of[0][x >> 56];
    }
    for ( ; size; size-- )
        crc = crc >> 8 ^ of[0][(crc ^ *p++) & 0xff];
    return ~crc;
}

u64 crc64(const struct crc64_table *table, u64 crc, const void *data, size_t size)
{
    const u64(*of)[256] = table->of;
    const u8 *p = data;

    crc = ~crc;
    for ( ; size >= 8; size -= 8, p += 8 )
    {
        u64 x = get_le64(p) ^ crc;

        crc = of[7][x & 0xff] ^ of[6][x >> 8 & 0xff] ^ of[5][x >> 16 & 0xff] ^
              of[4][x >> 24 & 0xff] ^ of[3][x >> 32 & 0xff] ^ of[2][x >> 40 & 0xff] ^
              of[1][x >> 48 & 0xff] ^ of[0][x >> 56];
    }
    for ( ; size; size-- )
        crc = crc >> 8 ^ of[0][(crc ^ *p++) & 0xff];
    return ~crc;
}

/* The primes and the rounds are those of the XXH64 specification. */
#define P1 0x9e3779b185ebca87ULL
#define P2 0xc2b2ae3d27d4eb4fULL
#define P3 0x165667b19e3779f9ULL
#define P4 0x85ebca77c2b2ae63ULL
#define P5 0x27d4eb2f165667c5ULL

static u64 rotate(u64 x, int n)
{
    return x << n | x >> (64 - n);
}

static u64 xxh_round(u64 acc, u64 lane)
{
    return rotate(acc + lane * P2, 31) * P1;
}

static u64 xxh_merge(u64 hash, u64 acc)
{
    return (hash ^ xxh_round(0, acc)) * P1 + P4;
}

/* Whole stripes of 32 bytes, four lanes each; moves *@p behind them. */
static u64 xxh_stripes(const u8 **p, size_t size, u64 seed)
{
    u64 acc[4] = { seed + P1 + P2, seed + P2, seed, seed - P1 }, hash;

    for ( ; size >= 32; size -= 32, *p += 32 )
        for ( int lane = 0; lane < 4; lane++ )
            acc[lane] = xxh_round(acc[lane], get_le64(*p + lane * 8));

    hash = rotate(acc[0], 1) + rotate(acc[1], 7) + rotate(acc[2], 12) + rotate(acc[3], 18);
    for ( int lane = 0; lane < 4; lane++ )
        hash = xxh_merge(hash, acc[lane]);
    return hash;
}

static u64 xxh_tail(u64 hash, const u8 *p, size_t size)
{
    for ( ; size >= 8; size -= 8, p += 8 )
        hash = rotate(hash ^ xxh_round(0, get_le64(p)), 27) * P1 + P4;
    if ( size >= 4 )
    {
        hash = rotate(hash ^ get_le32(p) * P1, 23) * P2 + P3;
        p += 4;
        size -= 4;
    }
    for ( ; size; size--, p++ )
        hash = rotate(hash ^ *p * P5, 11) * P1;
    return hash;
}

u64 xxh64(const void *data, size_t size, u64 seed)
{
    const u8 *p = data;
    u64 hash = size >= 32 ? xxh_stripes(&p, size, seed) : seed + P5;

    hash = xxh_tail(hash + size, p, size % 32);
    hash = (hash ^ hash >> 33) * P2;
    hash = (hash ^ hash >> 29) * P3;
    return hash ^ hash >> 32;
}
