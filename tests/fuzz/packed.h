/* Compressed seeds, by the tools that compress. */
#ifndef TESTS_FUZZ_PACKED_H
#define TESTS_FUZZ_PACKED_H

#include "tests/host/host.h"

/* The command lines: each reads from standard input and writes to standard output. */
extern const char *const packers[];
#define PACKERS 5

/* @size bytes packed by packers[@packer]: a block of malloc. */
uint8_t *pack(unsigned int packer, const void *data, size_t size, size_t *packed_size);

/*
 * Let the checksums of XZ's headers be right: nearly all changed files would fail there, and only there. @data is @size
 * bytes, XZ or not.
 */
void repair_xz(uint8_t *data, size_t size);

#endif
