/* Checksums of files: CRC-32 (gzip, XZ), CRC-64 (XZ), and xxHash's 64-bit hash (Zstandard). */
#ifndef LIB_CRC_H
#define LIB_CRC_H

#include "lib/types.h"

/* Tables for eight bytes at a time, which the caller has the memory for. */
struct crc32_table {
    u32 of[8][256];
};

struct crc64_table {
    u64 of[8][256];
};

void crc32_init(struct crc32_table *table);
void crc64_init(struct crc64_table *table);

/* The checksum of @size bytes; @crc is that of the bytes before, 0 at the start. */
u32 crc32(const struct crc32_table *table, u32 crc, const void *data, size_t size);
u64 crc64(const struct crc64_table *table, u64 crc, const void *data, size_t size);

u64 xxh64(const void *data, size_t size, u64 seed);

#endif
