/* Linux's bzImage: a real-mode setup part, then a boot stub that carries the compressed kernel. */
#ifndef LIB_BZIMAGE_H
#define LIB_BZIMAGE_H

#include "lib/types.h"

/* True if @size bytes at @data begin as a bzImage does. */
bool bzimage_detect(const void *data, size_t size);

/*
 * Find the payload, a compressed or plain ELF file. Linux's build appends the unpacked size as 4 bytes to a
 * payload whose format does not end with it (gzip does); *@unpacked_size is that number, a hint only.
 *
 * 0; -EINVAL no bzImage or one of before boot protocol 2.08, or the payload lies outside of it.
 */
int bzimage_payload(const void *data, size_t size, const void **payload, size_t *payload_size,
                    u32 *unpacked_size);

#endif
