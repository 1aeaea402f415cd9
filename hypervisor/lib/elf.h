/*
 * A reader of ELF files in memory, 32-bit and 64-bit, that trusts nothing in them: whatever it hands out
 * lies within the buffer. Little-endian only. It allocates nothing and keeps pointers into the buffer.
 */
#ifndef LIB_ELF_H
#define LIB_ELF_H

#include "lib/types.h"

#define ELF_MACHINE_386    3
#define ELF_MACHINE_X86_64 62

#define ELF_PT_LOAD  1
#define ELF_PT_NOTE  4
#define ELF_SHT_NOTE 7

/* The most that elf_symbols_headers writes. */
#define ELF_SYMBOLS_HEADERS_MAX 256

struct elf {
    const u8 *data;
    size_t size;
    bool is64;
    u16 machine;
    u64 entry;
    u64 segments_at, sections_at; /* offsets of the two header tables */
    unsigned int segments, sections, names_section;
};

struct elf_segment {
    u32 type, flags;
    u64 vaddr, paddr, memsize;
    const u8 *data; /* filesize bytes, and filesize <= memsize for a PT_LOAD */
    u64 filesize;
};

struct elf_section {
    u32 type, link;
    const u8 *header; /* as in the file */
    const char *name; /* "" if it has none */
    const u8 *data;   /* size bytes; NULL when the file holds nothing of it (SHT_NOBITS) */
    u64 size;
};

struct elf_symbols {
    struct elf_section table, strings;
};

struct elf_note {
    u32 type;
    const char *name; /* name_size bytes, perhaps without a NUL */
    u32 name_size;
    const u8 *desc;
    u32 desc_size;
};

/*
 * Start reading @size bytes at @data. 0; -EINVAL if that is no ELF file that we can read, or its header
 * tables lie outside.
 */
int elf_open(struct elf *elf, const void *data, size_t size);

/*
 * The segment or section with number @i (below elf->segments, elf->sections). 0; -EINVAL if it reaches
 * outside the file.
 */
int elf_segment(const struct elf *elf, unsigned int i, struct elf_segment *segment);
int elf_section(const struct elf *elf, unsigned int i, struct elf_section *section);

/* The first section called @name. 0, -ENOENT. */
int elf_find_section(const struct elf *elf, const char *name, struct elf_section *section);

/* The first symbol table and its strings. 0; -ENOENT if there is none, -EINVAL if one of the two is damaged. */
int elf_find_symbols(const struct elf *elf, struct elf_symbols *symbols);

/*
 * Write to @to the headers of an ELF file that has nothing but @symbols: the file's own header, and those of three
 * sections. @table and @strings are the offsets of the data in there. Returns their size, ELF_SYMBOLS_HEADERS_MAX or
 * less, which elf_symbols_headers_size tells beforehand.
 */
unsigned int elf_symbols_headers_size(const struct elf *elf);
unsigned int elf_symbols_headers(const struct elf *elf, const struct elf_symbols *symbols,
                                 u64 table, u64 strings, u8 *to);

/*
 * Take the next note from the area [*@at, @end) and move *@at behind it. True; false at the end, or when
 * what follows is damaged. A description that reaches beyond the area is cut there.
 */
bool elf_next_note(const u8 **at, const u8 *end, struct elf_note *note);

/* The note's number, of 4 or 8 bytes; 0 when it has another size. */
u64 elf_note_number(const struct elf_note *note);

/* The note's text into @text, cut to its size and always ended. */
void elf_note_text(const struct elf_note *note, char *text, size_t size);

#endif
