/*
 * A kernel that asks for its symbol table (the note BSD_SYMTAB) finds it behind its own end, as an ELF file of nothing
 * else. We look ourselves up in there.
 */
#include "test.h"

static const struct {
    uint32_t name_size, size, kind;
    char name[4], answer[4];
} note __attribute__((used, section(".note.Xen"), aligned(4))) = { 4, 4, XEN_ELFNOTE_BSD_SYMTAB,
                                                                   "Xen", "yes" };

/* The ELF of our own width. Its header lies behind a u32: not aligned to its own words. */
struct header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    ulong entry, program_headers, section_headers;
    uint32_t flags;
    uint16_t size, program_header_size, program_header_count;
    uint16_t section_size, section_count, names;
} __attribute__((packed, aligned(4)));

struct section {
    uint32_t name, type;
    ulong flags, address, offset, size;
    uint32_t link, info;
    ulong align, entry_size;
} __attribute__((packed, aligned(4)));

struct symbol {
#if KIT_PV32
    uint32_t name, value, size;
    uint8_t info, other;
    uint16_t section;
#else
    uint32_t name;
    uint8_t info, other;
    uint16_t section;
    uint64_t value, size;
#endif
};

enum { SYMBOLS = 2, STRINGS = 3 }; /* a section's type */

extern char kit_end[]; /* the first byte that is not loaded */

static ulong align_word(ulong n)
{
    return (n + sizeof(ulong) - 1) & -sizeof(ulong);
}

static const struct symbol *look_up(const char *file, const struct section *symbols,
                                    const struct section *strings, const char *name)
{
    const struct symbol *symbol = (const void *)(file + symbols->offset);

    for ( ulong i = 0; i < symbols->size / sizeof(*symbol); i++ )
        if ( symbol[i].name < strings->size &&
             !strcmp(file + strings->offset + symbol[i].name, name) )
            return &symbol[i];
    failure("%s is not in the table", name);
}

void test_main(void)
{
    const uint32_t *size = (const void *)align_word((ulong)kit_end);
    const char *file = (const char *)(size + 1);
    const struct header *header = (const void *)file;
    const struct section *section = (const void *)(header + 1);
    static const struct section null;

    if ( !is_dom0() )
        skip("our own little builder of domains puts no table there");
    if ( memcmp(header->ident, "\177ELF", 4) )
        failure("no ELF header behind us");

    expect_eq(header->size, sizeof(*header), "the header's size");
    expect_eq(header->program_headers, 0, "nothing is to be loaded");
    expect_eq(header->program_header_size, 0, "by headers of no size");
    expect_eq(header->program_header_count, 0, "and no number");
    expect_eq(header->section_headers, sizeof(*header), "sections follow at once");
    expect_eq(header->section_size, sizeof(*section), "of the usual size");
    expect_eq(header->section_count, 3, "three of them");
    expect_eq(header->names, 0, "without names");

    expect(!memcmp(&section[0], &null, sizeof(null)), "the first is null");
    expect_eq(section[1].type, SYMBOLS, "the second has the symbols");
    expect_eq(section[1].link, 2, "whose names are in the third");
    expect_eq(section[1].entry_size, sizeof(struct symbol), "of our width");
    expect_eq(file + section[1].offset, align_word((ulong)(section + 3)),
              "the next word is theirs");
    expect_eq(section[2].type, STRINGS, "the third has strings");
    expect_eq(section[2].link, 0, "and no other");
    expect_eq(file + section[2].offset,
              align_word((ulong)file + section[1].offset + section[1].size), "behind the symbols");
    expect_eq(*size, section[2].offset + section[2].size, "the size of it all");
    expect(start_info->mfn_list >= (ulong)file + *size, "what else we got lies behind it");

    expect_eq(look_up(file, &section[1], &section[2], "kit_end")->value, kit_end, "our end");
    expect_eq(look_up(file, &section[1], &section[2], "start_info")->value, &start_info,
              "our start_info");
}
