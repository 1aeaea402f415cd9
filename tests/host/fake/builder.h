/*
 * The domain builder's domain, an array of frames whose machine numbers are shuffled; kernels, put together field by
 * field; and looks at what comes out, by walking the page tables as a CPU would.
 */
#ifndef TESTS_HOST_FAKE_BUILDER_H
#define TESTS_HOST_FAKE_BUILDER_H

#include "tests/host/host.h"

#include <elf.h>

#include <hypercall/abi.h>

#include "boot/domain/builder.h"

#define FRAMES 16384 /* 64 MiB */
#define PAGE   4096ULL

struct fake {
    uint8_t *memory; /* by pfn */
    uint64_t *mfns;
    uint64_t frames;
    uint64_t mapped;  /* pages, now */
    uint64_t scratch; /* bytes, now */
    uint64_t run;     /* pages a map operation gives at most */
    bool no_scratch, no_map;
    char message[256];
};

struct image {
    uint8_t data[65536];
    size_t size;
    Elf64_Phdr *load, *note;
    size_t notes_at;
};

#define BASE 0xffffffff80000000ULL

#define P  1ULL
#define RW 2ULL
#define US 4ULL

struct walk {
    bool present, writable;
    uint64_t pfn;
};

void fake_create(struct fake *fake, uint64_t frames);

void fake_destroy(struct fake *fake);

/* A kernel of 3 pages of content and 2 more of bss, without notes so far. */
void image_start(struct image *image, uint64_t paddr, uint64_t vaddr);

void image_number(struct image *image, uint32_t type, uint64_t n);

void image_text(struct image *image, uint32_t type, const char *text);

void image_usual_notes(struct image *image, uint64_t virt_base);

/* As Linux has it, on a small scale. */
void image_linux(struct image *image);

/* The same kernel in 32 bits: at 0xc0100000, for PAE as @pae says. */
#define BASE_PV32 0xc0000000ULL

void image_pv32(struct image *image, const char *pae);

/*
 * Ask for the symbol table and have one, in either width, behind the notes: sections of strings (number 1) and symbols
 * (2). Notes come before.
 */
#define IMAGE_SYMBOLS "a table's data: nobody reads them"
#define IMAGE_STRINGS "\0kit_start\0kit_end"

void image_symbols(struct image *image);

/* Where the header of section @i of that image is. */
void *image_section(struct image *image, unsigned int i);

void expect_tree(const struct fake *fake, const struct builder *b);

const void *at_va(const struct fake *fake, const struct builder *b, uint64_t va);

/* The areas follow each other in the order of the ABI, and leave the padding that it promises. */
void expect_order(const struct builder *b);

void expect_p2m(const struct fake *fake, const struct builder *b);

void expect_kernel(const struct fake *fake, const struct builder *b, const struct image *image);

void expect_all(const struct fake *fake, const struct builder *b);

struct builder builder_for(struct fake *fake, const void *kernel, size_t size);

#endif
