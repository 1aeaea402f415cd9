/*
 * Decompression of whole buffers: gzip, XZ, Zstandard, and LZ4 in the legacy frames that Linux uses, each from its
 * public format description.
 *
 * The output buffer is the dictionary, so the caller sizes it first: unzip_size tells how much. Input is not trusted:
 * damaged or hostile data gives an error, never an access outside of the two buffers and the work area.
 */
#ifndef LIB_UNZIP_UNZIP_H
#define LIB_UNZIP_UNZIP_H

#include "lib/types.h"

enum unzip_format {
    UNZIP_NONE, /* nothing that we know: perhaps not compressed */
    UNZIP_GZIP,
    UNZIP_XZ,
    UNZIP_ZSTD,
    UNZIP_LZ4,
    /* recognised, so that a message can name them, but not unpacked: */
    UNZIP_BZIP2,
    UNZIP_LZMA,
    UNZIP_LZO,
};

/* Bytes of scratch memory that unzip() needs, aligned to 8. */
#define UNZIP_WORK_SIZE (256UL * 1024)

enum unzip_format unzip_detect(const void *in, size_t in_size);

/* "gzip" and so on, for messages. */
const char *unzip_name(enum unzip_format format);

/*
 * How many bytes @in will unpack to: exact where the format tells, else a bound from above. Bytes behind the compressed
 * data are allowed, as in unzip. 0 if it cannot be told: damaged, or not ours.
 */
u64 unzip_size(const void *in, size_t in_size);

/*
 * Unpack the first stream (gzip: member, zstd: frame) in @in into @out; what follows it is ignored. @work has
 * UNZIP_WORK_SIZE bytes. Returns the number of bytes that were written.
 *
 * -EINVAL @in is damaged or cut short; -ENOSPC @out is too small; -EOPNOTSUPP a format, filter or check that is not
 * implemented. What @out holds after an error means nothing.
 */
long unzip(const void *in, size_t in_size, void *out, size_t out_size, void *work);

#endif
