/*
 * The kernel's symbol table behind the kernel, where those of NetBSD's kind look for it (the note BSD_SYMTAB). From the
 * first word behind the last byte loaded, word as of the kernel's width:
 *
 *     size       u32: of all that follows
 *     header     ELF header, and those of three sections: null, symbol table, strings. Offsets count from here.
 *     table      at the next word's address
 *     strings    likewise
 */
#include "internal.h"

#include "lib/bits.h"
#include "lib/endian.h"

int builder_place_symbols(struct builder *b)
{
    u64 kernel_end = b->image.kernel_end, word = builder_width(b)->word;
    struct builder_symbols *s = &b->symbols;

    s->at = 0;
    if ( !b->image.symbols )
        return 0;
    if ( elf_find_symbols(&b->elf, &s->found) )
    {
        builder_log(b, BUILDER_INFO, "the kernel asks for its symbol table, but has none");
        return 0;
    }

    s->at = ALIGN_UP(kernel_end, word);
    s->header = s->at + sizeof(u32);
    s->table = ALIGN_UP(s->header + elf_symbols_headers_size(&b->elf), word);
    s->strings = ALIGN_UP(s->table + s->found.table.size, word);
    s->end = s->strings + s->found.strings.size;
    if ( !builder_range_ok(b, kernel_end, s->end - kernel_end) || s->end - s->header > ~0U )
        return builder_fail(b, -EINVAL, "the kernel's symbol table has no room behind it");
    b->image.kernel_end = s->end;
    return 0;
}

int builder_load_symbols(struct builder *b)
{
    const struct builder_symbols *s = &b->symbols;
    u8 head[sizeof(u32) + ELF_SYMBOLS_HEADERS_MAX];
    unsigned int size;
    int rc;

    if ( !s->at )
        return 0;
    put_le32(head, (u32)(s->end - s->header));
    size = elf_symbols_headers(&b->elf, &s->found, s->table - s->header, s->strings - s->header,
                               head + sizeof(u32));
    rc = builder_write(b, s->at - b->image.virt_base, head, sizeof(u32) + size);
    if ( !rc )
        rc = builder_write(b, s->table - b->image.virt_base, s->found.table.data,
                           s->found.table.size);
    return rc ? rc
              : builder_write(b, s->strings - b->image.virt_base, s->found.strings.data,
                              s->found.strings.size);
}
