/* What the builder's files share among themselves. */
#ifndef BOOT_DOMAIN_INTERNAL_H
#define BOOT_DOMAIN_INTERNAL_H

#include "builder.h"

/* Where 64-bit guests may not map: what is not canonical, and the hypervisor's slots. */
#define CANONICAL_HOLE 0x0000800000000000ULL
#define HYPERVISOR_END 0xffff880000000000ULL

/* Where a 32-bit guest's part of its address space ends. */
#define PV32_END 0xf5800000ULL

/* What differs by the guest's width: tables.c and start.c have the rest. */
struct builder_width {
    unsigned int levels; /* of page tables */
    unsigned int word;   /* bytes of an entry of the p2m */
};

const struct builder_width *builder_width(const struct builder *b);

void builder_log(struct builder *b, enum builder_message kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Tell the user why, and return @rc. */
#define builder_fail(b, rc, ...) (builder_log(b, BUILDER_ERROR, __VA_ARGS__), (rc))

/* Read what the opened ELF file says about itself into b->image. */
int builder_read_notes(struct builder *b);

/*
 * Find the symbols that the kernel asks for, and move its end behind them. One without any starts without: 0. -EINVAL
 * if there are no addresses for them.
 */
int builder_place_symbols(struct builder *b);

/* Write them, if there are any. 0, -ENOMEM. */
int builder_load_symbols(struct builder *b);

/* True if [@start, @start + @size) is not empty, does not wrap and is the guest's to map. */
bool builder_range_ok(const struct builder *b, u64 start, u64 size);

/* Call @fill for the frames from @pfn on, a mapped run at a time: @done is how many came before. 0, -ENOMEM. */
int builder_for_pages(struct builder *b, u64 pfn, u64 pages,
                      void (*fill)(struct builder *b, void *va, u64 done, u64 pages, void *arg),
                      void *arg);

/* Write @size bytes to the domain's memory, @offset bytes behind the start of pfn 0. */
int builder_write(struct builder *b, u64 offset, const void *data, u64 size);

/* Zero @size bytes likewise. */
int builder_clear(struct builder *b, u64 offset, u64 size);

#endif
