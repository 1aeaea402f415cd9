#include "tests/host/fake/builder.h"

#include "lib/bits.h"
#include "lib/string.h"

/* ---- A fake domain ---- */

static void *fake_alloc(struct builder *b, size_t size)
{
    struct fake *fake = b->priv;

    if ( fake->no_scratch )
        return NULL;
    fake->scratch += size;
    return malloc(size);
}

static void fake_free(struct builder *b, void *p, size_t size)
{
    struct fake *fake = b->priv;

    fake->scratch -= size;
    free(p);
}

static void *fake_map(struct builder *b, pfn_t pfn, u64 want, u64 *got)
{
    struct fake *fake = b->priv;

    require(want > 0);
    require(pfn.n < fake->frames && want <= fake->frames - pfn.n);
    if ( fake->no_map )
        return NULL;
    *got = min(want, fake->run);
    fake->mapped += *got;
    return fake->memory + pfn.n * PAGE;
}

static void fake_unmap(struct builder *b, void *va, u64 pages)
{
    struct fake *fake = b->priv;

    (void)va;
    fake->mapped -= pages;
}

static void fake_get_mfns(struct builder *b, pfn_t first, u64 count, u64 *mfns)
{
    struct fake *fake = b->priv;

    require(first.n < fake->frames && count <= fake->frames - first.n);
    memcpy(mfns, fake->mfns + first.n, count * sizeof(*mfns));
}

static void fake_log(struct builder *b, enum builder_message kind, const char *fmt, va_list args)
{
    struct fake *fake = b->priv;

    (void)kind;
    vsnprintf(fake->message, sizeof(fake->message), fmt, args);
}

static const struct builder_ops fake_ops = {
    .scratch_alloc = fake_alloc,
    .scratch_free = fake_free,
    .map = fake_map,
    .unmap = fake_unmap,
    .get_mfns = fake_get_mfns,
    .log = fake_log,
};

void fake_create(struct fake *fake, uint64_t frames)
{
    *fake = (struct fake){ .frames = frames, .run = 7 };
    fake->memory = calloc(frames, PAGE);
    fake->mfns = malloc(frames * sizeof(*fake->mfns));
    for ( uint64_t i = 0; i < frames; i++ )
        fake->mfns[i] = 0x100000 + i;
    for ( uint64_t i = frames - 1; i; i-- )
    {
        uint64_t j = host_test_random() % i, mfn = fake->mfns[i];

        fake->mfns[i] = fake->mfns[j];
        fake->mfns[j] = mfn;
    }
}

void fake_destroy(struct fake *fake)
{
    expect_eq(fake->mapped, 0);
    expect_eq(fake->scratch, 0);
    free(fake->memory);
    free(fake->mfns);
}

static uint64_t fake_pfn(const struct fake *fake, uint64_t mfn)
{
    for ( uint64_t i = 0; i < fake->frames; i++ )
        if ( fake->mfns[i] == mfn )
            return i;
    fail_now("frame %#llx is not the domain's", (unsigned long long)mfn);
}

/* ---- Making kernels ---- */

/* A kernel of 3 pages of content and 2 more of bss, without notes so far. */
void image_start(struct image *image, uint64_t paddr, uint64_t vaddr)
{
    Elf64_Ehdr *ehdr = (void *)image->data;

    memset(image, 0, sizeof(*image));
    memcpy(ehdr->e_ident, "\177ELF\2\1\1", 7);
    ehdr->e_type = ET_EXEC;
    ehdr->e_machine = EM_X86_64;
    ehdr->e_entry = vaddr + 0x10;
    ehdr->e_phoff = sizeof(*ehdr);
    ehdr->e_phentsize = sizeof(Elf64_Phdr);
    ehdr->e_phnum = 2;
    ehdr->e_shentsize = sizeof(Elf64_Shdr);
    image->load = (void *)(ehdr + 1);
    image->note = image->load + 1;
    *image->load = (Elf64_Phdr){ PT_LOAD, 7, 4096, vaddr, paddr, 3 * PAGE, 5 * PAGE, PAGE };
    for ( size_t i = 0; i < 3 * PAGE; i++ )
        image->data[4096 + i] = (uint8_t)(i * 7 + i / 256);
    image->notes_at = 4096 + 3 * PAGE;
    *image->note = (Elf64_Phdr){ PT_NOTE, 4, image->notes_at, 0, 0, 0, 0, 4 };
    image->size = image->notes_at;
}

static void image_note(struct image *image, uint32_t type, const void *desc, uint32_t size)
{
    uint32_t header[3] = { 4, size, type };
    uint8_t *p = image->data + image->size;

    memcpy(p, header, 12);
    memcpy(p + 12, "Xen", 4);
    memcpy(p + 16, desc, size);
    image->size += 16 + ALIGN_UP(size, 4);
    image->note->p_filesz = image->size - image->notes_at;
}

void image_number(struct image *image, uint32_t type, uint64_t n)
{
    image_note(image, type, &n, 8);
}

void image_text(struct image *image, uint32_t type, const char *text)
{
    image_note(image, type, text, (uint32_t)strlen(text) + 1);
}

void image_usual_notes(struct image *image, uint64_t virt_base)
{
    image_text(image, XEN_ELFNOTE_GUEST_OS, "kit");
    image_text(image, XEN_ELFNOTE_LOADER, "generic");
    image_text(image, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    image_number(image, XEN_ELFNOTE_VIRT_BASE, virt_base);
}

/* As Linux has it, on a small scale. */
void image_linux(struct image *image)
{
    static const uint64_t valid[2] = { 1, 1 };

    image_start(image, 0x200000, BASE + 0x200000);
    image_text(image, XEN_ELFNOTE_GUEST_OS, "linux");
    image_text(image, XEN_ELFNOTE_GUEST_VERSION, "2.6");
    image_text(image, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    image_number(image, XEN_ELFNOTE_VIRT_BASE, BASE);
    image_number(image, XEN_ELFNOTE_INIT_P2M, 0x8000000000ULL);
    image_number(image, XEN_ELFNOTE_ENTRY, BASE + 0x200123);
    image_text(image, XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb");
    image_number(image, XEN_ELFNOTE_SUPPORTED_FEATURES, 0x8801);
    image_text(image, XEN_ELFNOTE_PAE_MODE, "yes");
    image_text(image, XEN_ELFNOTE_LOADER, "generic");
    image_number(image, XEN_ELFNOTE_SUSPEND_CANCEL, 1);
    image_number(image, XEN_ELFNOTE_MOD_START_PFN, 1);
    image_note(image, XEN_ELFNOTE_L1_MFN_VALID, valid, 16);
    image_number(image, XEN_ELFNOTE_HV_START_LOW, 0xffff800000000000ULL);
    image_number(image, XEN_ELFNOTE_PADDR_OFFSET, 0);
}

void image_pv32(struct image *image, const char *pae)
{
    Elf32_Ehdr ehdr = { .e_type = ET_EXEC, .e_machine = EM_386, .e_entry = BASE_PV32 + 0x100010 };
    Elf32_Phdr phdrs[2] = { { PT_LOAD, 4096, BASE_PV32 + 0x100000, 0x100000, 3 * PAGE, 5 * PAGE, 7,
                              PAGE } };

    image_start(image, 0, 0);
    image_usual_notes(image, BASE_PV32);
    image_text(image, XEN_ELFNOTE_PAE_MODE, pae);
    phdrs[1] =
        (Elf32_Phdr){ PT_NOTE, image->notes_at, 0, 0, image->size - image->notes_at, 0, 4, 4 };
    memcpy(ehdr.e_ident, "\177ELF\1\1\1", 7);
    ehdr.e_phoff = sizeof(ehdr);
    ehdr.e_phentsize = sizeof(*phdrs);
    ehdr.e_phnum = 2;
    ehdr.e_shentsize = sizeof(Elf32_Shdr);
    memset(image->data, 0, 4096);
    memcpy(image->data, &ehdr, sizeof(ehdr));
    memcpy(image->data + sizeof(ehdr), phdrs, sizeof(phdrs));
}

/* Append what has @size bytes, where a header may be. Returns its offset. */
static uint32_t image_append(struct image *image, const void *data, size_t size)
{
    size_t at = ALIGN_UP(image->size, 8);

    memcpy(image->data + at, data, size);
    image->size = at + size;
    return (uint32_t)at;
}

static void sections64(struct image *image, uint32_t strings, uint32_t table)
{
    const Elf64_Shdr sections[3] = {
        { .sh_name = 7 },
        { 2, SHT_STRTAB, 0, 0, strings, sizeof(IMAGE_STRINGS), 0, 0, 1, 0 },
        { 1, SHT_SYMTAB, 0, 0, table, sizeof(IMAGE_SYMBOLS), 1, 5, 8, 24 },
    };
    Elf64_Ehdr *ehdr = (void *)image->data;

    ehdr->e_shoff = image_append(image, sections, sizeof(sections));
    ehdr->e_shnum = 3;
}

static void sections32(struct image *image, uint32_t strings, uint32_t table)
{
    const Elf32_Shdr sections[3] = {
        { .sh_name = 7 },
        { 2, SHT_STRTAB, 0, 0, strings, sizeof(IMAGE_STRINGS), 0, 0, 1, 0 },
        { 1, SHT_SYMTAB, 0, 0, table, sizeof(IMAGE_SYMBOLS), 1, 5, 4, 16 },
    };
    Elf32_Ehdr *ehdr = (void *)image->data;

    ehdr->e_shoff = image_append(image, sections, sizeof(sections));
    ehdr->e_shnum = 3;
}

void image_symbols(struct image *image)
{
    uint32_t strings, table;

    image_text(image, XEN_ELFNOTE_BSD_SYMTAB, "yes");
    if ( image->data[EI_CLASS] == ELFCLASS32 )
        ((Elf32_Phdr *)(image->data + sizeof(Elf32_Ehdr)))[1].p_filesz =
            (uint32_t)(image->size - image->notes_at);
    strings = image_append(image, IMAGE_STRINGS, sizeof(IMAGE_STRINGS));
    table = image_append(image, IMAGE_SYMBOLS, sizeof(IMAGE_SYMBOLS));
    if ( image->data[EI_CLASS] == ELFCLASS64 )
        sections64(image, strings, table);
    else
        sections32(image, strings, table);
}

void *image_section(struct image *image, unsigned int i)
{
    if ( image->data[EI_CLASS] == ELFCLASS64 )
        return (Elf64_Shdr *)(image->data + ((Elf64_Ehdr *)image->data)->e_shoff) + i;
    return (Elf32_Shdr *)(image->data + ((Elf32_Ehdr *)image->data)->e_shoff) + i;
}

/* ---- Looking at the result ---- */

static int levels(const struct builder *b)
{
    return b->image.is64 ? 4 : 3;
}

static uint64_t *table_at(const struct fake *fake, uint64_t entry)
{
    return (uint64_t *)(fake->memory + fake_pfn(fake, entry >> 12 & 0xffffffffffULL) * PAGE);
}

static struct walk walk(const struct fake *fake, const struct builder *b, uint64_t va)
{
    uint64_t entry = b->root.n << 12 | P;

    for ( int level = levels(b); level >= 1; level-- )
    {
        bool pae_l3 = level == 3 && !b->image.is64;

        entry = table_at(fake, entry)[va >> (3 + 9 * level) & 511];
        if ( !(entry & P) )
            return (struct walk){ false, false, 0 };
        if ( level > 1 && (entry & (RW | US)) != (pae_l3 ? 0 : RW | US) )
            fail("level %d at %#llx: flags %#llx", level, (unsigned long long)va,
                 (unsigned long long)entry & 0xfff);
        if ( entry & 0x198 )
            fail("level %d at %#llx: a flag that guests may not use", level,
                 (unsigned long long)va);
    }
    return (struct walk){ true, entry & RW, fake_pfn(fake, entry >> 12 & 0xffffffffffULL) };
}

static bool is_table(const struct builder_layout *l, uint64_t pfn)
{
    return pfn - l->tables.pfn < l->tables.pages || pfn - l->p2m_tables.pfn < l->p2m_tables.pages;
}

/* Every page of the range shows the next pfn; tables read-only, all else writable. */
static void expect_mapped(const struct fake *fake, const struct builder *b, uint64_t va,
                          uint64_t pfn, uint64_t pages)
{
    for ( uint64_t i = 0; i < pages; i++ )
    {
        struct walk w = walk(fake, b, va + i * PAGE);

        if ( !w.present || w.pfn != pfn + i || w.writable == is_table(&b->layout, pfn + i) )
            fail_now("page %#llx: present %d, writable %d, pfn %#llx not %#llx",
                     (unsigned long long)(va + i * PAGE), w.present, w.writable,
                     (unsigned long long)w.pfn, (unsigned long long)(pfn + i));
    }
}

/* How many present leaves the whole tree has; and each table but the root is pointed at by one entry only. */
static uint64_t count_leaves(const struct fake *fake, uint64_t entry, int level, uint8_t *seen)
{
    const uint64_t *table = table_at(fake, entry);
    uint64_t leaves = 0, pfn = (uint64_t)((const uint8_t *)table - fake->memory) / PAGE;

    expect(!seen[pfn]++);
    for ( int i = 0; i < 512; i++ )
        if ( table[i] & P )
            leaves += level == 1 ? 1 : count_leaves(fake, table[i], level - 1, seen);
    return leaves;
}

void expect_tree(const struct fake *fake, const struct builder *b)
{
    const struct builder_layout *l = &b->layout;
    uint64_t leaves, tables = 0, *root = table_at(fake, b->root.n << 12);
    uint8_t *seen = calloc(fake->frames, 1);

    leaves = count_leaves(fake, b->root.n << 12, levels(b), seen);
    expect_eq(leaves,
              (l->v_end - l->v_start) / PAGE +
                  (l->p2m_tables.pages || l->p2m.pfn * PAGE + l->v_start != l->p2m.va ? l->p2m.pages
                                                                                      : 0));
    for ( uint64_t pfn = 0; pfn < fake->frames; pfn++ )
    {
        tables += seen[pfn];
        expect(!seen[pfn] || is_table(l, pfn));
    }
    expect_eq(tables, l->tables.pages + l->p2m_tables.pages);
    expect_eq(fake->mfns[l->tables.pfn], b->root.n);
    for ( int slot = b->image.is64 ? 256 : 4; slot < 272; slot++ )
        expect_eq(root[slot], 0);
    if ( !b->image.is64 )
        expect(root[3] & P);
    free(seen);
}

const void *at_va(const struct fake *fake, const struct builder *b, uint64_t va)
{
    return fake->memory + walk(fake, b, va).pfn * PAGE + va % PAGE;
}

/* The areas follow each other in the order of the ABI, and leave the padding that it promises. */
void expect_order(const struct builder *b)
{
    const struct builder_layout *l = &b->layout;
    const struct builder_area *areas[] = { &l->kernel,   &l->initrd,  &l->p2m,    &l->start_info,
                                           &l->xenstore, &l->console, &l->tables, &l->stack };
    uint64_t pfn = l->kernel.pfn;

    for ( size_t i = 0; i < ARRAY_SIZE(areas); i++ )
    {
        if ( !areas[i]->pages || areas[i]->va != l->v_start + areas[i]->pfn * PAGE )
            continue;
        expect_eq(areas[i]->pfn, pfn);
        pfn += areas[i]->pages;
    }
    expect_eq(l->stack.pages, 1);
    expect(l->v_end % (4 << 20) == 0);
    expect(l->v_end >= l->stack.va + PAGE + (512 << 10));
    expect(l->v_end - l->stack.va <= (512 << 10) + (4 << 20) + PAGE);
}

void expect_p2m(const struct fake *fake, const struct builder *b)
{
    const uint8_t *p2m = fake->memory + b->layout.p2m.pfn * PAGE;

    for ( uint64_t pfn = 0; pfn < b->nr_pages; pfn++ )
        if ( (b->image.is64 ? ((const uint64_t *)p2m)[pfn] : ((const uint32_t *)p2m)[pfn]) !=
             fake->mfns[pfn] )
            fail_now("p2m[%#llx] is wrong", (unsigned long long)pfn);
}

void expect_kernel(const struct fake *fake, const struct builder *b, const struct image *image)
{
    const uint8_t *kernel = fake->memory + b->layout.kernel.pfn * PAGE;

    expect(!memcmp(kernel, image->data + 4096, 3 * PAGE));
    for ( size_t i = 3 * PAGE; i < 5 * PAGE; i++ )
        expect_eq(kernel[i], 0);
}

void expect_all(const struct fake *fake, const struct builder *b)
{
    const struct builder_layout *l = &b->layout;

    expect_order(b);
    expect_tree(fake, b);
    expect_p2m(fake, b);
    expect_mapped(fake, b, l->v_start, 0, (l->v_end - l->v_start) / PAGE);
    expect_mapped(fake, b, l->p2m.va, l->p2m.pfn, l->p2m.pages);
}

struct builder builder_for(struct fake *fake, const void *kernel, size_t size)
{
    return (struct builder){
        .ops = &fake_ops,
        .priv = fake,
        .kernel = kernel,
        .kernel_size = size,
        .nr_pages = fake->frames,
        .cmdline = "console=hvc0 quiet",
        .shared_info = { 0xabc000 },
        .store_evtchn = 1,
        .console_evtchn = 2,
    };
}
