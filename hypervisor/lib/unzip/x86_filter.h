/*
 * XZ's x86 filter: it made the targets of calls and jumps absolute, so that they repeat; this makes them
 * relative again.
 */
#ifndef LIB_UNZIP_X86_FILTER_H
#define LIB_UNZIP_X86_FILTER_H

#include "lib/types.h"

/* Decode @size bytes in place, the first of which counts as being at @position. */
void x86_filter_decode(u8 *data, size_t size, u32 position);

#endif
