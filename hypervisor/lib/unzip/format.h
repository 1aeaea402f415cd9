/* The decoders behind unzip(): each takes what unzip and unzip_size take. */
#ifndef LIB_UNZIP_FORMAT_H
#define LIB_UNZIP_FORMAT_H

#include "lib/types.h"

u64 gzip_size(const u8 *in, size_t in_size);
long gzip_unpack(const u8 *in, size_t in_size, u8 *out, size_t out_size, void *work);

u64 xz_size(const u8 *in, size_t in_size);
long xz_unpack(const u8 *in, size_t in_size, u8 *out, size_t out_size, void *work);

u64 lz4_size(const u8 *in, size_t in_size);
long lz4_unpack(const u8 *in, size_t in_size, u8 *out, size_t out_size, void *work);

u64 zstd_size(const u8 *in, size_t in_size);
long zstd_unpack(const u8 *in, size_t in_size, u8 *out, size_t out_size, void *work);

#endif
