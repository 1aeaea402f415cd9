#include "domain.h"

/* The few words of ELF (System V ABI) that a kit image uses: of ELF64, and of ELF32. */
struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_headers, section_headers;
    uint32_t flags;
    uint16_t header_size, program_header_size, program_header_count;
};

struct elf32_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version, entry, program_headers, section_headers, flags;
    uint16_t header_size, program_header_size, program_header_count;
};

struct elf_program_header {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, file_size, memory_size, align;
};

struct elf32_program_header {
    uint32_t type, offset, vaddr, paddr, file_size, memory_size, flags, align;
};

#define PT_LOAD 1
#define PT_NOTE 4

static bool program_header_32(const char *elf, unsigned int index, struct elf_program_header *p)
{
    const struct elf32_header *header = (const void *)elf;
    const struct elf32_program_header *narrow =
        (const void *)(elf + header->program_headers + index * header->program_header_size);

    if ( index >= header->program_header_count )
        return false;
    *p = (struct elf_program_header){ .type = narrow->type,
                                      .offset = narrow->offset,
                                      .paddr = narrow->paddr,
                                      .file_size = narrow->file_size,
                                      .memory_size = narrow->memory_size };
    return true;
}

static bool program_header(const struct image *image, unsigned int index,
                           struct elf_program_header *p)
{
    const struct elf_header *header = (const void *)image->elf;

    if ( image->pv32 )
        return program_header_32(image->elf, index, p);
    if ( index >= header->program_header_count )
        return false;
    *p = *(const struct elf_program_header *)(image->elf + header->program_headers +
                                              index * header->program_header_size);
    return true;
}

/* A note's number, which is a word of the guest's. */
static ulong word(const char *value, uint32_t size)
{
    return size == 4 ? *(const uint32_t *)value : *(const uint64_t *)value;
}

static void read_notes(struct image *image, const char *at, ulong size)
{
    const char *end = at + size;

    while ( at + 12 <= end )
    {
        const uint32_t *note =
            (const void *)at; /* name size, size, type; then the name, then the value */
        const char *value = at + 12 + ((note[0] + 3) & ~3U);

        if ( note[2] == XEN_ELFNOTE_VIRT_BASE )
            image->virt_base = word(value, note[1]);
        else if ( note[2] == XEN_ELFNOTE_ENTRY )
            image->entry = word(value, note[1]);
        else if ( note[2] == XEN_ELFNOTE_HYPERCALL_PAGE )
            image->hypercall_page = word(value, note[1]);
        at = value + ((note[1] + 3) & ~3U);
    }
}

bool image_parse(struct image *image, const char *elf, ulong size)
{
    struct elf_program_header p;

    if ( size < sizeof(struct elf_header) || memcmp(elf, "\177ELF", 4) )
        return false;
    *image = (struct image){ .elf = elf, .pv32 = elf[4] == 1 };
    for ( unsigned int i = 0; program_header(image, i, &p); i++ )
    {
        if ( p.offset + p.file_size > size )
            return false;
        if ( p.type == PT_NOTE )
            read_notes(image, elf + p.offset, p.file_size);
        if ( p.type == PT_LOAD && p.paddr + p.memory_size > image->end )
            image->end = p.paddr + p.memory_size;
    }
    return image->virt_base && image->entry && image->hypercall_page;
}

void image_load(const struct image *image, char *to)
{
    struct elf_program_header p;

    for ( unsigned int i = 0; program_header(image, i, &p); i++ )
    {
        if ( p.type == PT_LOAD )
            memcpy(to + p.paddr, image->elf + p.offset, p.file_size);
    }
}
