#include "domain.h"

/* The few words of ELF64 (System V ABI) that a kit image uses. */
struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_headers, section_headers;
    uint32_t flags;
    uint16_t header_size, program_header_size, program_header_count;
};

struct elf_program_header {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, file_size, memory_size, align;
};

#define PT_LOAD 1
#define PT_NOTE 4

static const struct elf_program_header *program_header(const char *elf, unsigned int index)
{
    const struct elf_header *header = (const void *)elf;

    if ( index >= header->program_header_count )
        return NULL;
    return (const void *)(elf + header->program_headers + index * header->program_header_size);
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
            image->virt_base = *(const uint64_t *)value;
        else if ( note[2] == XEN_ELFNOTE_ENTRY )
            image->entry = *(const uint64_t *)value;
        else if ( note[2] == XEN_ELFNOTE_HYPERCALL_PAGE )
            image->hypercall_page = *(const uint64_t *)value;
        at = value + ((note[1] + 3) & ~3U);
    }
}

bool image_parse(struct image *image, const char *elf, ulong size)
{
    const struct elf_program_header *p;

    *image = (struct image){ .elf = elf };
    if ( size < sizeof(struct elf_header) || memcmp(elf, "\177ELF\2\1", 6) )
        return false;
    for ( unsigned int i = 0; (p = program_header(elf, i)); i++ )
    {
        if ( p->offset + p->file_size > size )
            return false;
        if ( p->type == PT_NOTE )
            read_notes(image, elf + p->offset, p->file_size);
        if ( p->type == PT_LOAD && p->paddr + p->memory_size > image->end )
            image->end = p->paddr + p->memory_size;
    }
    return image->virt_base && image->entry && image->hypercall_page;
}

void image_load(const struct image *image, char *to)
{
    const struct elf_program_header *p;

    for ( unsigned int i = 0; (p = program_header(image->elf, i)); i++ )
    {
        if ( p->type == PT_LOAD )
            memcpy(to + p->paddr, image->elf + p->offset, p->file_size);
    }
}
