#include <hypercall/abi.h>

#include "lib/bits.h"
#include "lib/elf.h"
#include "lib/endian.h"
#include "lib/guard.h"
#include "lib/string.h"

/*
 * Where a field lies in the 32-bit and in the 64-bit layout of its structure; both are as the ELF
 * specification has them.
 */
struct field {
    u8 at32, at64;
    u8 word : 1; /* as wide as an address; else a fixed width in bytes */
    u8 width : 4;
};

#define WORD(at32, at64)     ((struct field){ at32, at64, 1, 0 })
#define FIXED(n, at32, at64) ((struct field){ at32, at64, 0, n })

#define EH_MACHINE   FIXED(2, 18, 18)
#define EH_ENTRY     WORD(24, 24)
#define EH_PHOFF     WORD(28, 32)
#define EH_SHOFF     WORD(32, 40)
#define EH_PHENTSIZE FIXED(2, 42, 54)
#define EH_PHNUM     FIXED(2, 44, 56)
#define EH_SHENTSIZE FIXED(2, 46, 58)
#define EH_SHNUM     FIXED(2, 48, 60)
#define EH_SHSTRNDX  FIXED(2, 50, 62)

#define PH_TYPE   FIXED(4, 0, 0)
#define PH_FLAGS  FIXED(4, 24, 4)
#define PH_OFFSET WORD(4, 8)
#define PH_VADDR  WORD(8, 16)
#define PH_PADDR  WORD(12, 24)
#define PH_FILESZ WORD(16, 32)
#define PH_MEMSZ  WORD(20, 40)

#define SH_NAME   FIXED(4, 0, 0)
#define SH_TYPE   FIXED(4, 4, 4)
#define SH_OFFSET WORD(16, 24)
#define SH_SIZE   WORD(20, 32)
#define SH_LINK   FIXED(4, 24, 40)

#define SHT_SYMTAB 2
#define SHT_STRTAB 3
#define SHT_NOBITS 8

static unsigned int ehdr_size(const struct elf *elf)
{
    return elf->is64 ? 64 : 52;
}

static unsigned int phdr_size(const struct elf *elf)
{
    return elf->is64 ? 56 : 32;
}

static unsigned int shdr_size(const struct elf *elf)
{
    return elf->is64 ? 64 : 40;
}

/* A field of the structure at @offset, which the caller knows to lie in the file. */
static u64 get(const struct elf *elf, u64 offset, struct field field)
{
    const u8 *p = elf->data + offset + (elf->is64 ? field.at64 : field.at32);

    if ( field.word )
        return elf->is64 ? get_le64(p) : get_le32(p);
    return field.width == 2 ? get_le16(p) : get_le32(p);
}

/* Likewise, of the structure at @to: not in the file, which is only read. */
static void put(const struct elf *elf, u8 *to, struct field field, u64 value)
{
    unsigned int word = elf->is64 ? sizeof(u64) : sizeof(u32);

    memcpy(to + (elf->is64 ? field.at64 : field.at32), &value, field.word ? word : field.width);
}

static bool in_file(const struct elf *elf, u64 offset, u64 size)
{
    return !GUARD(elf_in_file, offset > elf->size || size > elf->size - offset);
}

/* The header table of @count entries at @offset is in the file, and its entries have the size that we know. */
static bool table_ok(const struct elf *elf, u64 offset, u64 count, u64 entry_size, u64 our_size)
{
    return !count || (entry_size == our_size && in_file(elf, offset, count * our_size));
}

static bool ident_ok(const u8 *ident, size_t size)
{
    enum { CLASS32 = 1, CLASS64 = 2, LITTLE_ENDIAN_DATA = 1 };

    return size >= 16 && !memcmp(ident, "\177ELF", 4) && ident[5] == LITTLE_ENDIAN_DATA &&
           (ident[4] == CLASS32 || ident[4] == CLASS64);
}

int elf_open(struct elf *elf, const void *data, size_t size)
{
    *elf = (struct elf){ .data = data, .size = size };
    if ( !ident_ok(data, size) )
        return -EINVAL;
    elf->is64 = elf->data[4] == 2;
    if ( size < ehdr_size(elf) )
        return -EINVAL;

    elf->machine = get(elf, 0, EH_MACHINE);
    elf->entry = get(elf, 0, EH_ENTRY);
    elf->segments_at = get(elf, 0, EH_PHOFF);
    elf->sections_at = get(elf, 0, EH_SHOFF);
    elf->segments = get(elf, 0, EH_PHNUM);
    elf->sections = get(elf, 0, EH_SHNUM);
    elf->names_section = get(elf, 0, EH_SHSTRNDX);
    if ( !table_ok(elf, elf->segments_at, elf->segments, get(elf, 0, EH_PHENTSIZE),
                   phdr_size(elf)) )
        return -EINVAL;
    /* Sections are a convenience: a file whose tail was stripped off still loads. */
    if ( !table_ok(elf, elf->sections_at, elf->sections, get(elf, 0, EH_SHENTSIZE),
                   shdr_size(elf)) )
        elf->sections = 0;
    return 0;
}

int elf_segment(const struct elf *elf, unsigned int i, struct elf_segment *segment)
{
    u64 at = elf->segments_at + (u64)i * phdr_size(elf);
    u64 offset = get(elf, at, PH_OFFSET);

    *segment = (struct elf_segment){
        .type = get(elf, at, PH_TYPE),
        .flags = get(elf, at, PH_FLAGS),
        .vaddr = get(elf, at, PH_VADDR),
        .paddr = get(elf, at, PH_PADDR),
        .filesize = get(elf, at, PH_FILESZ),
        .memsize = get(elf, at, PH_MEMSZ),
    };
    if ( !in_file(elf, offset, segment->filesize) )
        return -EINVAL;
    if ( GUARD(elf_segment_fits,
               segment->type == ELF_PT_LOAD && segment->filesize > segment->memsize) )
        return -EINVAL;
    segment->data = elf->data + offset;
    return 0;
}

/* The string at @offset of the section names; "" unless it ends within them. */
static const char *section_name(const struct elf *elf, u64 offset)
{
    u64 at = elf->sections_at + (u64)elf->names_section * shdr_size(elf), start, size;

    if ( elf->names_section >= elf->sections )
        return "";
    start = get(elf, at, SH_OFFSET);
    size = get(elf, at, SH_SIZE);
    if ( !in_file(elf, start, size) || offset >= size ||
         !memchr(elf->data + start + offset, '\0', size - offset) )
        return "";
    return (const char *)elf->data + start + offset;
}

int elf_section(const struct elf *elf, unsigned int i, struct elf_section *section)
{
    u64 at = elf->sections_at + (u64)i * shdr_size(elf);
    u64 offset = get(elf, at, SH_OFFSET);

    *section = (struct elf_section){
        .type = get(elf, at, SH_TYPE),
        .link = get(elf, at, SH_LINK),
        .header = elf->data + at,
        .name = section_name(elf, get(elf, at, SH_NAME)),
        .size = get(elf, at, SH_SIZE),
    };
    if ( section->type == SHT_NOBITS )
        return 0;
    if ( !in_file(elf, offset, section->size) )
        return -EINVAL;
    section->data = elf->data + offset;
    return 0;
}

int elf_find_section(const struct elf *elf, const char *name, struct elf_section *section)
{
    for ( unsigned int i = 0; i < elf->sections; i++ )
        if ( !elf_section(elf, i, section) && !strcmp(section->name, name) )
            return 0;
    return -ENOENT;
}

int elf_find_symbols(const struct elf *elf, struct elf_symbols *symbols)
{
    struct elf_section *table = &symbols->table, *strings = &symbols->strings;

    for ( unsigned int i = 0; i < elf->sections; i++ )
    {
        int rc = elf_section(elf, i, table);

        if ( table->type != SHT_SYMTAB )
            continue;
        if ( rc || table->link >= elf->sections || elf_section(elf, table->link, strings) ||
             strings->type != SHT_STRTAB )
            return -EINVAL;
        return 0;
    }
    return -ENOENT;
}

enum { SYMBOLS_SECTIONS = 3 }; /* null, table, strings */

unsigned int elf_symbols_headers_size(const struct elf *elf)
{
    return ehdr_size(elf) + SYMBOLS_SECTIONS * shdr_size(elf);
}

/* The header of @section, which lies at @offset elsewhere. */
static void put_section(const struct elf *elf, u8 *to, const struct elf_section *section,
                        u64 offset, u32 link)
{
    memcpy(to, section->header, shdr_size(elf));
    put(elf, to, SH_OFFSET, offset);
    put(elf, to, SH_LINK, link);
}

unsigned int elf_symbols_headers(const struct elf *elf, const struct elf_symbols *symbols,
                                 u64 table, u64 strings, u8 *to)
{
    unsigned int header = ehdr_size(elf), section = shdr_size(elf);

    memcpy(to, elf->data, header);
    put(elf, to, EH_PHOFF, 0);
    put(elf, to, EH_PHENTSIZE, 0);
    put(elf, to, EH_PHNUM, 0);
    put(elf, to, EH_SHOFF, header);
    put(elf, to, EH_SHNUM, SYMBOLS_SECTIONS);
    put(elf, to, EH_SHSTRNDX, 0);
    memset(to + header, 0, section);
    put_section(elf, to + header + section, &symbols->table, table, 2);
    put_section(elf, to + header + 2 * section, &symbols->strings, strings, 0);
    return elf_symbols_headers_size(elf);
}

bool elf_next_note(const u8 **at, const u8 *end, struct elf_note *note)
{
    enum { HEADER = 12 };
    u64 left = (u64)(end - *at), name_room, desc_room;

    if ( left < HEADER )
        return false;
    note->name_size = get_le32(*at);
    note->desc_size = get_le32(*at + 4);
    note->type = get_le32(*at + 8);
    name_room = ALIGN_UP((u64)note->name_size, 4);
    desc_room = ALIGN_UP((u64)note->desc_size, 4);
    left -= HEADER;
    if ( name_room > left )
        return false;

    /* The last one may claim more than there is, as that of GRUB's 32-bit image does: it has what there is. */
    note->desc_size = (u32)min_t(u64, note->desc_size, left - name_room);
    note->name = (const char *)*at + HEADER;
    note->desc = *at + HEADER + name_room;
    *at = note->desc + min(desc_room, left - name_room); /* the last one may lack its padding */
    return true;
}

u64 elf_note_number(const struct elf_note *note)
{
    if ( note->desc_size == 8 )
        return get_le64(note->desc);
    return note->desc_size == 4 ? get_le32(note->desc) : 0;
}

void elf_note_text(const struct elf_note *note, char *text, size_t size)
{
    size_t n = min_t(size_t, note->desc_size, size - 1);

    memcpy(text, note->desc, n);
    text[n] = '\0';
}
