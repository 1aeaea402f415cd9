/*
 * The domain builder and kernels that ask for their symbol table: where it lies, what its headers say, in both widths;
 * and kernels that have none, or lie about it, which start without.
 *
 * LINK: boot/domain/[a-z]*.c tests/host/fake/builder.c hypervisor/lib/unzip/[a-z]*.c
 */
#include "tests/host/fake/builder.h"

#include "lib/bits.h"
#include "lib/endian.h"
#include "lib/string.h"

static struct image image;
static struct fake fake;
static struct builder b;

static int build(void)
{
    int rc;

    fake_create(&fake, 4096);
    b = builder_for(&fake, image.data, image.size);
    rc = builder_parse_image(&b);
    return rc ? rc : builder_build(&b);
}

static void finish(void)
{
    builder_free(&b);
    fake_destroy(&fake);
}

/* As it was before the symbols came. */
static uint64_t end_without(void)
{
    const uint64_t start = b.image.is64 ? BASE + 0x200000 : BASE_PV32 + 0x100000;

    return start + (b.image.is64 ? image.load->p_memsz : 5 * PAGE);
}

/* A section's header in the domain, widened. */
static Elf64_Shdr section_of(const uint8_t *header, unsigned int i)
{
    const Elf32_Shdr *narrow = (const Elf32_Shdr *)(header + sizeof(Elf32_Ehdr)) + i;
    Elf64_Shdr wide;

    if ( b.image.is64 )
    {
        memcpy(&wide, header + sizeof(Elf64_Ehdr) + i * sizeof(wide), sizeof(wide));
        return wide;
    }
    return (Elf64_Shdr){ narrow->sh_name,      narrow->sh_type,   narrow->sh_flags, narrow->sh_addr,
                         narrow->sh_offset,    narrow->sh_size,   narrow->sh_link,  narrow->sh_info,
                         narrow->sh_addralign, narrow->sh_entsize };
}

/* All but what is for a program to be loaded, and the file's other sections. */
static void expect_header(const uint8_t *header)
{
    Elf64_Ehdr want64 = *(const Elf64_Ehdr *)image.data;
    Elf32_Ehdr want32 = *(const Elf32_Ehdr *)image.data;

    want64.e_phoff = want64.e_phnum = want64.e_phentsize = want64.e_shstrndx = 0;
    want64.e_shoff = sizeof(want64);
    want32.e_phoff = want32.e_phnum = want32.e_phentsize = want32.e_shstrndx = 0;
    want32.e_shoff = sizeof(want32);
    expect(!memcmp(header, b.image.is64 ? (void *)&want64 : &want32,
                   b.image.is64 ? sizeof(want64) : sizeof(want32)));
}

static void expect_symbols(void)
{
    const uint64_t word = b.image.is64 ? 8 : 4, at = ALIGN_UP(end_without(), word);
    const uint8_t *header = (const uint8_t *)at_va(&fake, &b, at) + 4;
    const Elf64_Shdr none = { 0 }, null = section_of(header, 0);
    const Elf64_Shdr table = section_of(header, 1), strings = section_of(header, 2);
    const uint64_t size = strings.sh_offset + strings.sh_size;

    expect_eq(get_le32(header - 4), size);
    expect_eq(b.image.kernel_end, at + 4 + size);
    expect(b.layout.start_info.va >= b.image.kernel_end);
    expect_header(header);
    expect(!memcmp(&null, &none, sizeof(null)));

    expect_eq(table.sh_name, 1);
    expect_eq(table.sh_type, SHT_SYMTAB);
    expect_eq(table.sh_link, 2);
    expect_eq(table.sh_info, 5);
    expect_eq(table.sh_entsize, b.image.is64 ? 24 : 16);
    expect_eq(table.sh_offset, b.image.is64 ? 64 + 3 * 64 + 4 : 52 + 3 * 40);
    expect(!memcmp(header + table.sh_offset, IMAGE_SYMBOLS, sizeof(IMAGE_SYMBOLS)));

    expect_eq(strings.sh_name, 2);
    expect_eq(strings.sh_type, SHT_STRTAB);
    expect_eq(strings.sh_link, 0);
    expect_eq(strings.sh_offset, ALIGN_UP(4 + table.sh_offset + table.sh_size, word) - 4);
    expect(!memcmp(header + strings.sh_offset, IMAGE_STRINGS, sizeof(IMAGE_STRINGS)));
}

/* Wherever the last byte is; the kernel itself is what it was. */
TEST(behind_the_kernel)
{
    for ( uint64_t less = 0; less < 9; less++ )
    {
        image_linux(&image);
        image.load->p_memsz -= less;
        image_symbols(&image);
        expect_eq(build(), 0);
        expect_all(&fake, &b);
        expect_symbols();
        finish();
    }
}

TEST(in_32_bits)
{
    image_pv32(&image, "yes");
    image_symbols(&image);
    expect_eq(build(), 0);
    expect_all(&fake, &b);
    expect_symbols();
    finish();
}

static Elf64_Shdr *strings, *table;

static void stripped(void)
{
    table->sh_type = SHT_PROGBITS;
}

static void no_sections(void)
{
    ((Elf64_Ehdr *)image.data)->e_shnum = 0;
}

static void sections_beyond(void)
{
    ((Elf64_Ehdr *)image.data)->e_shoff = image.size;
}

static void sections_of_another_size(void)
{
    ((Elf64_Ehdr *)image.data)->e_shentsize = sizeof(Elf32_Shdr);
}

static void link_beyond(void)
{
    table->sh_link = 3;
}

static void link_far_beyond(void)
{
    table->sh_link = ~0U;
}

static void link_to_itself(void)
{
    table->sh_link = 2;
}

static void link_to_null(void)
{
    table->sh_link = 0;
}

static void strings_are_none(void)
{
    strings->sh_type = SHT_NOBITS;
}

static void table_beyond(void)
{
    table->sh_offset = image.size - 1;
}

static void table_huge(void)
{
    table->sh_size = ~0ULL;
}

static void strings_beyond(void)
{
    strings->sh_size = image.size;
}

static void strings_wrap(void)
{
    strings->sh_offset = ~0ULL;
}

/* The first one counts. */
static void damaged_before_good(void)
{
    *(Elf64_Shdr *)image_section(&image, 0) = *table;
    table->sh_link = 7;
    ((Elf64_Shdr *)image_section(&image, 0))->sh_link = 7;
}

TEST(without)
{
    static void (*const lies[])(void) = {
        stripped,        no_sections,    sections_beyond, sections_of_another_size, link_beyond,
        link_far_beyond, link_to_itself, link_to_null,    strings_are_none,         table_beyond,
        table_huge,      strings_beyond, strings_wrap,    damaged_before_good,
    };

    for ( size_t i = 0; i < ARRAY_SIZE(lies); i++ )
    {
        image_linux(&image);
        image_symbols(&image);
        strings = image_section(&image, 1);
        table = image_section(&image, 2);
        lies[i]();
        expect_eq(build(), 0);
        expect_eq(b.image.kernel_end, end_without());
        expect(strstr(fake.message, "has none"));
        expect_all(&fake, &b);
        finish();
    }
}

/* They are few or none: all the same a table. */
TEST(empty)
{
    image_linux(&image);
    image_symbols(&image);
    ((Elf64_Shdr *)image_section(&image, 1))->sh_size = 0;
    ((Elf64_Shdr *)image_section(&image, 2))->sh_size = 0;
    expect_eq(build(), 0);
    expect_eq(b.image.kernel_end, end_without() + 4 + 64 + 3 * 64 + 4);
    finish();
}

/* The note says yes, or nothing else counts. */
TEST(not_asked_for)
{
    static const char answers[][4] = { "no", "YES", "yess", "" };

    for ( size_t i = 0; i < ARRAY_SIZE(answers); i++ )
    {
        image_linux(&image);
        image_symbols(&image);
        memcpy(image.data + image.notes_at + image.note->p_filesz - 4, answers[i], 4);
        expect_eq(build(), 0);
        expect(!b.image.symbols);
        expect_eq(b.image.kernel_end, end_without());
        finish();
    }
}

/* Behind the kernel there are addresses for the rest of it, not for these. */
TEST(no_room)
{
    const uint64_t base = -0x205000ULL - PAGE;

    image_linux(&image);
    image_number(&image, XEN_ELFNOTE_VIRT_BASE, base);
    image_number(&image, XEN_ELFNOTE_ENTRY, base + 0x200123);
    image.load->p_memsz += PAGE - 3;
    image_symbols(&image);
    expect_eq(build(), -EINVAL);
    expect(strstr(fake.message, "no room"));
    finish();
}

HOST_TEST_MAIN
