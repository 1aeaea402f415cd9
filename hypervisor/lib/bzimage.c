#include <hypercall/abi.h>

#include "lib/bzimage.h"
#include "lib/endian.h"

/* Offsets of Linux's setup header, from Documentation/x86/boot.rst. */
#define SETUP_SECTS    0x1f1
#define HEADER_MAGIC   0x202
#define VERSION        0x206
#define PAYLOAD_OFFSET 0x248
#define PAYLOAD_LENGTH 0x24c
#define HEADER_END     0x250

#define SECTOR 512

bool bzimage_detect(const void *data, size_t size)
{
    const u8 *p = data;

    return size >= HEADER_END && !memcmp(p + HEADER_MAGIC, "HdrS", 4);
}

int bzimage_payload(const void *data, size_t size, const void **payload, size_t *payload_size,
                    u32 *unpacked_size)
{
    const u8 *p = data;
    u64 start, length;

    if ( !bzimage_detect(data, size) || get_le16(p + VERSION) < 0x208 )
        return -EINVAL;

    start =
        (p[SETUP_SECTS] ? p[SETUP_SECTS] + 1 : 5) * SECTOR; /* 0 means 4, besides the boot sector */
    start += get_le32(p + PAYLOAD_OFFSET);
    length = get_le32(p + PAYLOAD_LENGTH);
    if ( length < 8 || start > size || length > size - start )
        return -EINVAL;

    *payload = p + start;
    *payload_size = length;
    *unpacked_size = get_le32(p + start + length - 4);
    return 0;
}
