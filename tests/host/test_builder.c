/*
 * The domain builder over a fake domain: an array of frames whose machine numbers are shuffled. Kernels are
 * put together here, field by field, so that every wish and every lie can be tried; what comes out is
 * checked by walking the page tables as a CPU would, and by reading start_info as a kernel would.
 *
 * LINK: boot/domain/image.c boot/domain/layout.c boot/domain/load.c
 * LINK: boot/domain/notes.c boot/domain/start.c boot/domain/tables.c
 */
#include "tests/host/host.h"

#include <elf.h>

#include <hypercall/abi.h>

#include "boot/domain/builder.h"
#include "lib/bits.h"
#include "lib/crc.h"
#include "lib/string.h"

/* ---- A fake domain ---- */

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

static void fake_create(struct fake *fake, uint64_t frames)
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

static void fake_destroy(struct fake *fake)
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

struct image {
    uint8_t data[65536];
    size_t size;
    Elf64_Phdr *load, *note;
    size_t notes_at;
};

/* A kernel of 3 pages of content and 2 more of bss, without notes so far. */
static void image_start(struct image *image, uint64_t paddr, uint64_t vaddr)
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

static void image_number(struct image *image, uint32_t type, uint64_t n)
{
    image_note(image, type, &n, 8);
}

static void image_text(struct image *image, uint32_t type, const char *text)
{
    image_note(image, type, text, (uint32_t)strlen(text) + 1);
}

static void image_usual_notes(struct image *image, uint64_t virt_base)
{
    image_text(image, XEN_ELFNOTE_GUEST_OS, "kit");
    image_text(image, XEN_ELFNOTE_LOADER, "generic");
    image_text(image, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    image_number(image, XEN_ELFNOTE_VIRT_BASE, virt_base);
}

#define BASE 0xffffffff80000000ULL

/* As Linux has it, on a small scale. */
static void image_linux(struct image *image)
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

/* ---- Looking at the result ---- */

#define P  1ULL
#define RW 2ULL
#define US 4ULL

struct walk {
    bool present, writable;
    uint64_t pfn;
};

static uint64_t *table_at(const struct fake *fake, uint64_t entry)
{
    return (uint64_t *)(fake->memory + fake_pfn(fake, entry >> 12 & 0xffffffffffULL) * PAGE);
}

static struct walk walk(const struct fake *fake, uint64_t root, uint64_t va)
{
    uint64_t entry = root << 12 | P;

    for ( int level = 4; level >= 1; level-- )
    {
        entry = table_at(fake, entry)[va >> (3 + 9 * level) & 511];
        if ( !(entry & P) )
            return (struct walk){ false, false, 0 };
        if ( level > 1 && (entry & (RW | US)) != (RW | US) )
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
        struct walk w = walk(fake, b->root.n, va + i * PAGE);

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

static void expect_tree(const struct fake *fake, const struct builder *b)
{
    const struct builder_layout *l = &b->layout;
    uint64_t leaves, tables = 0, *root = table_at(fake, b->root.n << 12);
    uint8_t *seen = calloc(fake->frames, 1);

    leaves = count_leaves(fake, b->root.n << 12, 4, seen);
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
    for ( int slot = 256; slot < 272; slot++ )
        expect_eq(root[slot], 0);
    free(seen);
}

static const void *at_va(const struct fake *fake, const struct builder *b, uint64_t va)
{
    return fake->memory + walk(fake, b->root.n, va).pfn * PAGE + va % PAGE;
}

/* The areas follow each other in the order of the ABI, and leave the padding that it promises. */
static void expect_order(const struct builder *b)
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

static void expect_p2m(const struct fake *fake, const struct builder *b)
{
    for ( uint64_t pfn = 0; pfn < b->nr_pages; pfn++ )
        if ( ((const uint64_t *)(fake->memory + b->layout.p2m.pfn * PAGE))[pfn] != fake->mfns[pfn] )
            fail_now("p2m[%#llx] is wrong", (unsigned long long)pfn);
}

static void expect_kernel(const struct fake *fake, const struct builder *b,
                          const struct image *image)
{
    const uint8_t *kernel = fake->memory + b->layout.kernel.pfn * PAGE;

    expect(!memcmp(kernel, image->data + 4096, 3 * PAGE));
    for ( size_t i = 3 * PAGE; i < 5 * PAGE; i++ )
        expect_eq(kernel[i], 0);
}

static void expect_all(const struct fake *fake, const struct builder *b)
{
    const struct builder_layout *l = &b->layout;

    expect_order(b);
    expect_tree(fake, b);
    expect_p2m(fake, b);
    expect_mapped(fake, b, l->v_start, 0, (l->v_end - l->v_start) / PAGE);
    expect_mapped(fake, b, l->p2m.va, l->p2m.pfn, l->p2m.pages);
}

static struct builder builder_for(struct fake *fake, const void *kernel, size_t size)
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

/* ---- The stories ---- */

/* A small kernel with nothing special: everything is in the initial mapping. */
TEST(plain_kernel)
{
    static struct image image;
    uint8_t initrd[10000], *copy;
    struct fake fake;
    struct builder b;
    const struct start_info *si;

    for ( size_t i = 0; i < sizeof(initrd); i++ )
        initrd[i] = (uint8_t)(i * 3);
    image_start(&image, 0x1000, 0x1000);
    image_usual_notes(&image, 0);
    image_number(&image, XEN_ELFNOTE_HYPERCALL_PAGE, 0x4000);
    fake_create(&fake, 4096);
    b = builder_for(&fake, image.data, image.size);
    b.initrd = initrd;
    b.initrd_size = sizeof(initrd);
    b.ring_pages = true;
    require(builder_parse_image(&b) == 0);
    require(builder_build(&b) == 0);
    expect_all(&fake, &b);

    si = at_va(&fake, &b, b.layout.start_info.va);
    expect_str(si->magic, "xen-3.0-x86_64");
    expect_eq(si->nr_pages, 4096);
    expect_eq(si->shared_info, 0xabc000);
    expect_eq(si->flags, SIF_VIRT_P2M_4TOOLS);
    expect_eq(si->mfn_list, b.layout.p2m.va);
    expect_eq(si->first_p2m_pfn, 0);
    expect_eq(si->mod_len, sizeof(initrd));
    expect(!memcmp(at_va(&fake, &b, si->mod_start), initrd, PAGE));
    copy = fake.memory + b.layout.initrd.pfn * PAGE;
    expect(!memcmp(copy, initrd, sizeof(initrd)));
    expect_eq(si->pt_base, b.layout.tables.va);
    expect_eq(si->nr_pt_frames, b.layout.tables.pages);
    expect_str((const char *)si->cmd_line, "console=hvc0 quiet");
    expect_eq(si->store_mfn, fake.mfns[b.layout.xenstore.pfn]);
    expect_eq(si->store_mfn, b.store_mfn.n);
    expect_eq(si->console.domU.mfn, fake.mfns[b.layout.console.pfn]);
    expect_eq(si->store_evtchn, 1);
    expect_eq(si->console.domU.evtchn, 2);
    builder_free(&b);
    fake_destroy(&fake);
}

TEST(context)
{
    static struct image image;
    struct vcpu_guest_context ctx;
    struct fake fake;
    struct builder b;

    image_start(&image, 0x1000, 0x1000);
    image_usual_notes(&image, 0);
    fake_create(&fake, 2048);
    b = builder_for(&fake, image.data, image.size);
    require(!builder_parse_image(&b) && !builder_build(&b));
    builder_context(&b, &ctx);
    expect_eq(ctx.user_regs.rip, 0x1010);
    expect_eq(ctx.user_regs.rsp, b.layout.stack.va + PAGE);
    expect_eq(ctx.user_regs.rsi, b.layout.start_info.va);
    expect_eq(ctx.user_regs.cs, 0xe033);
    expect_eq(ctx.user_regs.ss, 0xe02b);
    expect_eq(ctx.user_regs.ds, 0);
    expect_eq(ctx.user_regs.rflags, 0x200);
    expect_eq(ctx.kernel_ss, 0xe02b);
    expect_eq(ctx.kernel_sp, ctx.user_regs.rsp);
    expect_eq(ctx.ctrlreg[3], b.root.n << 12);
    expect_eq(ctx.flags, VGCF_in_kernel | VGCF_online);
    builder_free(&b);
    fake_destroy(&fake);
}

/* Linux's wishes: the p2m far away, the initrd unmapped. */
TEST(linux_like_kernel)
{
    static struct image image;
    static uint8_t initrd[3 * 1024 * 1024];
    struct dom0_vga_console_info vga = { .video_type = XEN_VGATYPE_TEXT_MODE_3 };
    const struct start_info *si;
    struct fake fake;
    struct builder b;

    memset(initrd, 0x5a, sizeof(initrd));
    image_linux(&image);
    fake_create(&fake, FRAMES);
    b = builder_for(&fake, image.data, image.size);
    b.initrd = initrd;
    b.initrd_size = sizeof(initrd);
    b.start_flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
    b.vga = &vga;
    require(builder_parse_image(&b) == 0);
    expect_eq(b.image.features, 0x8811);
    expect_eq(b.image.required_features, 1 << XENFEAT_writable_page_tables);
    expect_eq(b.image.entry, BASE + 0x200123);
    expect_eq(b.image.l1_mfn_valid_mask, 1);
    expect_eq(b.image.pae, BUILDER_PAE_EXTENDED_CR3);
    expect(b.image.suspend_cancel);
    require(builder_build(&b) == 0);
    expect_all(&fake, &b);
    expect_kernel(&fake, &b, &image);

    si = at_va(&fake, &b, b.layout.start_info.va);
    expect_eq(si->flags, SIF_PRIVILEGED | SIF_INITDOMAIN | SIF_VIRT_P2M_4TOOLS | SIF_MOD_START_PFN);
    expect_eq(si->mfn_list, 0x8000000000ULL);
    expect_eq(si->first_p2m_pfn, b.layout.p2m.pfn);
    expect_eq(si->nr_p2m_frames, FRAMES * 8 / PAGE + 3);
    expect_eq(si->mod_start, b.layout.initrd.pfn);
    expect(b.layout.initrd.pfn * PAGE >= b.layout.v_end - b.layout.v_start);
    expect(!memcmp(fake.memory + si->mod_start * PAGE, initrd, sizeof(initrd)));
    expect_eq(si->store_mfn, 0);
    expect_eq(si->console.dom0.info_size, sizeof(vga));
    expect(!memcmp((const uint8_t *)si + si->console.dom0.info_off, &vga, sizeof(vga)));
    builder_free(&b);
    fake_destroy(&fake);
}

/* The p2m's range may share tables with the initial mapping: at any level, below or above it. */
TEST(p2m_neighbours)
{
    static const struct {
        uint64_t p2m;
        unsigned int own_tables;
    } cases[] = {
        { 0xffffffff40000000ULL, 2 }, /* another L2 under the same L3 */
        { 0xffffffff7fe00000ULL, 2 }, /* right below */
        { 0xffffff7fffe00000ULL, 3 },
        { BASE + 0x800000, 1 }, /* the same L2 */
        { BASE + 0x40000000, 2 },
        { 0x10000, 3 },
        { 0x7fffffff0000ULL, 4 }, /* across the last two L1s below the hole: refused, see below */
        { 0x1ff000, 4 },
    };

    for ( size_t i = 0; i < ARRAY_SIZE(cases); i++ )
    {
        static struct image image;
        struct fake fake;
        struct builder b;
        int rc;

        image_start(&image, 0x200000, BASE + 0x200000);
        image_usual_notes(&image, BASE);
        image_number(&image, XEN_ELFNOTE_INIT_P2M, cases[i].p2m);
        fake_create(&fake, FRAMES);
        b = builder_for(&fake, image.data, image.size);
        require(builder_parse_image(&b) == 0);
        rc = builder_build(&b);
        if ( cases[i].p2m == 0x7fffffff0000ULL )
            expect_eq(rc, -EINVAL);
        else
        {
            require(rc == 0);
            expect_eq(b.layout.p2m_tables.pages, cases[i].own_tables);
            expect_all(&fake, &b);
        }
        builder_free(&b);
        fake_destroy(&fake);
    }
}

/* Mappings of every size around the places where another table is needed. */
TEST(sizes)
{
    for ( uint64_t bss = 0; bss < 60 << 20; bss += (1 << 20) - 8 * PAGE )
    {
        static struct image image;
        struct fake fake;
        struct builder b;

        image_start(&image, 0x200000, 0x7fc000200000ULL);
        image.load->p_memsz += bss;
        image_usual_notes(&image, 0x7fc000000000ULL);
        fake_create(&fake, FRAMES + 2048);
        b = builder_for(&fake, image.data, image.size);
        require(builder_parse_image(&b) == 0);
        require(builder_build(&b) == 0);
        expect_order(&b);
        expect_tree(&fake, &b);
        builder_free(&b);
        fake_destroy(&fake);
    }
}

/* As much memory as the layout takes is enough, and one page less is not. More memory takes a larger p2m. */
TEST(least_memory)
{
    static struct image image;
    struct fake fake;
    struct builder b;

    image_linux(&image);
    fake_create(&fake, FRAMES);
    b = builder_for(&fake, image.data, image.size);
    require(builder_parse_image(&b) == 0);
    b.nr_pages = 1;
    expect_eq(builder_build(&b), -ENOMEM);
    b.nr_pages = 1024;
    expect_eq(builder_build(&b), -ENOMEM);
    expect(strstr(fake.message, "too little"));
    while ( b.layout.pages_needed > b.nr_pages )
    {
        b.nr_pages = b.layout.pages_needed;
        builder_layout(&b);
    }
    fake.frames = b.nr_pages;
    expect_eq(builder_build(&b), 0);
    expect_eq(b.layout.pages_needed, b.nr_pages);
    fake.frames = --b.nr_pages;
    expect_eq(builder_build(&b), -ENOMEM);
    builder_free(&b);
    fake_destroy(&fake);
}

/* Notes in a section when no segment leads to them; the string of old when there are none. */
TEST(where_wishes_are)
{
    static struct image image;
    Elf64_Ehdr *ehdr = (void *)image.data;
    Elf64_Shdr *sections;
    struct fake fake;
    struct builder b;
    const char *text =
        "GUEST_OS=GNU-Mach,GUEST_VERSION=1.3,XEN_VER=xen-3.0,LOADER=generic,VIRT_BASE=0x40000000,"
        "ELF_PADDR_OFFSET=0x40000000,HYPERCALL_PAGE=0x2,PAE=yes[extended-cr3],BSD_SYMTAB";

    fake_create(&fake, FRAMES);
    image_start(&image, 0x1000, 0x1000);
    image_usual_notes(&image, 0);
    image.note->p_type = PT_NULL;
    sections = (void *)(image.data + ALIGN_UP(image.size, 16));
    sections[1] = (Elf64_Shdr){ .sh_type = SHT_NOTE,
                                .sh_offset = image.notes_at,
                                .sh_size = image.note->p_filesz };
    ehdr->e_shoff = (uint64_t)((uint8_t *)sections - image.data);
    ehdr->e_shnum = 3;
    image.size = ehdr->e_shoff + 3 * sizeof(*sections);
    b = builder_for(&fake, image.data, image.size);
    expect_eq(builder_parse_image(&b), 0);
    expect_str(b.image.guest_os, "kit");
    builder_free(&b);

    image_start(&image, 0x40001000, 0x40001000);
    sections = (void *)(image.data + ALIGN_UP(image.size, 16));
    ehdr->e_shoff = (uint64_t)((uint8_t *)sections - image.data);
    ehdr->e_shnum = 3;
    ehdr->e_shstrndx = 2;
    image.size = ehdr->e_shoff + 3 * sizeof(*sections);
    sections[1] = (Elf64_Shdr){
        .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = image.size, .sh_size = strlen(text) + 1
    };
    memcpy(image.data + image.size, text, strlen(text) + 1);
    image.size += strlen(text) + 1;
    sections[2] = (Elf64_Shdr){ .sh_type = SHT_STRTAB, .sh_offset = image.size, .sh_size = 13 };
    memcpy(image.data + image.size, "\0__xen_guest", 13);
    image.size += 13;
    b = builder_for(&fake, image.data, image.size);
    expect_eq(builder_parse_image(&b), 0);
    expect_str(b.image.guest_os, "GNU-Mach");
    expect_eq(b.image.virt_base, 0x40000000);
    expect_eq(b.image.hypercall_page, 0x40002000);
    expect_eq(b.image.kernel_start, 0x40001000);
    expect_eq(b.image.pae, BUILDER_PAE_EXTENDED_CR3);
    expect_eq(builder_build(&b), 0);
    expect_all(&fake, &b);
    expect_eq(fake.memory[0x2000 + 32 * 17 + 4], 17);
    builder_free(&b);
    fake_destroy(&fake);
}

/* A lie or an odd wish, and the answer to it. */
static void expect_refused(void (*change)(struct image *image), int want, const char *message)
{
    static struct image image;
    struct fake fake;
    struct builder b;
    int rc;

    image_linux(&image);
    change(&image);
    fake_create(&fake, 4096);
    b = builder_for(&fake, image.data, image.size);
    rc = builder_parse_image(&b);
    if ( !rc )
        rc = builder_build(&b);
    expect_eq(rc, want);
    if ( !strstr(fake.message, message) )
        fail("the message is \"%s\", not about \"%s\"", fake.message, message);
    builder_free(&b);
    fake_destroy(&fake);
}

static void wrap_segment(struct image *image)
{
    image->load->p_memsz = ~0ULL - 0x1000;
}

static void huge_segment(struct image *image)
{
    image->load->p_memsz = 1ULL << 30;
}

static void segment_below_base(struct image *image)
{
    image_number(image, XEN_ELFNOTE_PADDR_OFFSET, 0x300000);
}

static void file_beyond_end(struct image *image)
{
    image->load->p_offset = 0x7fffffffffffffff;
}

static void base_in_hypervisor(struct image *image)
{
    image_number(image, XEN_ELFNOTE_VIRT_BASE, 0xffff800000000000ULL);
}

static void base_at_the_top(struct image *image)
{
    image_number(image, XEN_ELFNOTE_VIRT_BASE, ~0xfffULL - 0x204fff);
}

static void base_unaligned(struct image *image)
{
    image_number(image, XEN_ELFNOTE_VIRT_BASE, BASE + 8);
}

static void entry_outside(struct image *image)
{
    image_number(image, XEN_ELFNOTE_ENTRY, BASE);
}

static void hypercall_page_outside(struct image *image)
{
    image_number(image, XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x205000);
}

static void hypercall_page_unaligned(struct image *image)
{
    image_number(image, XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x200800);
}

static void p2m_in_kernel(struct image *image)
{
    image_number(image, XEN_ELFNOTE_INIT_P2M, BASE + 0x201000);
}

static void p2m_in_hypervisor(struct image *image)
{
    image_number(image, XEN_ELFNOTE_INIT_P2M, 0xffff810000000000ULL);
}

static void p2m_at_the_top(struct image *image)
{
    image_number(image, XEN_ELFNOTE_INIT_P2M, ~0xfffULL);
}

static void old_version(struct image *image)
{
    image_text(image, XEN_ELFNOTE_XEN_VERSION, "xen-2.0");
}

static void wants_translation(struct image *image)
{
    image_text(image, XEN_ELFNOTE_FEATURES, "pae_pgdir_above_4gb|!auto_translated_physmap");
}

static void wants_the_future(struct image *image)
{
    image_text(image, XEN_ELFNOTE_FEATURES, "time_travel|!teleport");
}

static void not_for_xen(struct image *image)
{
    image->note->p_type = PT_NULL;
}

static void nothing_to_load(struct image *image)
{
    image->load->p_type = PT_NULL;
}

static void other_machine(struct image *image)
{
    ((Elf64_Ehdr *)image->data)->e_machine = EM_AARCH64;
}

static void not_elf(struct image *image)
{
    image->data[1] = 'X';
}

TEST(refused)
{
    expect_refused(wrap_segment, -EINVAL, "out of bounds");
    expect_refused(huge_segment, -ENOMEM, "cannot hold");
    expect_refused(segment_below_base, -EINVAL, "out of bounds");
    expect_refused(file_beyond_end, -EINVAL, "out of bounds");
    expect_refused(base_in_hypervisor, -EINVAL, "out of bounds");
    expect_refused(base_at_the_top, -EINVAL, "");
    expect_refused(base_unaligned, -EINVAL, "VIRT_BASE");
    expect_refused(entry_outside, -EINVAL, "entry point");
    expect_refused(hypercall_page_outside, -EINVAL, "hypercall page");
    expect_refused(hypercall_page_unaligned, -EINVAL, "hypercall page");
    expect_refused(p2m_in_kernel, -EINVAL, "INIT_P2M");
    expect_refused(p2m_in_hypervisor, -EINVAL, "INIT_P2M");
    expect_refused(p2m_at_the_top, -EINVAL, "INIT_P2M");
    expect_refused(old_version, -EINVAL, "xen-2.0");
    expect_refused(wants_translation, -EOPNOTSUPP, "requires features");
    expect_refused(wants_the_future, -EOPNOTSUPP, "teleport");
    expect_refused(not_for_xen, -EINVAL, "not built for Xen");
    expect_refused(nothing_to_load, -EINVAL, "nothing to load");
    expect_refused(other_machine, -EOPNOTSUPP, "x86-64");
    expect_refused(not_elf, -EINVAL, "neither");
}

TEST(no_first_domain)
{
    static struct image image;
    struct fake fake;
    struct builder b;

    image_linux(&image);
    image.size = image.notes_at;
    image_usual_notes(&image, BASE);
    image_number(&image, XEN_ELFNOTE_SUPPORTED_FEATURES, 0x11);
    fake_create(&fake, 4096);
    b = builder_for(&fake, image.data, image.size);
    expect_eq(builder_parse_image(&b), 0);
    b.start_flags = SIF_INITDOMAIN;
    expect_eq(builder_parse_image(&b), -EINVAL);
    fake_destroy(&fake);
}

/* A 32-bit image is read as far as it takes to tell the user. */
static void make_32bit(struct image *image, const char *pae)
{
    Elf32_Ehdr ehdr = { .e_type = ET_EXEC, .e_machine = EM_386, .e_entry = 0xc0100000 };
    Elf32_Phdr phdrs[2] = { { PT_LOAD, 4096, 0xc0100000, 0x100000, PAGE, PAGE, 7, PAGE } };

    image_start(image, 0, 0);
    image_usual_notes(image, 0xc0000000);
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

TEST(width_32)
{
    static struct image image;
    struct fake fake;
    struct builder b;

    fake_create(&fake, 4096);
    make_32bit(&image, "no");
    b = builder_for(&fake, image.data, image.size);
    expect_eq(builder_parse_image(&b), -EOPNOTSUPP);
    expect(strstr(fake.message, "without PAE"));
    make_32bit(&image, "yes");
    b = builder_for(&fake, image.data, image.size);
    expect_eq(builder_parse_image(&b), -EOPNOTSUPP);
    expect(strstr(fake.message, "32-bit guests are not supported"));
    expect(!b.image.is64);
    expect_eq(b.elf.entry, 0xc0100000);
    fake_destroy(&fake);
}

/* The image as a bzImage whose payload is gzip data of one stored block. */
static size_t make_bzimage(uint8_t *out, const struct image *image)
{
    static const uint8_t header[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1 };
    static struct crc32_table table;
    uint8_t *p = out + 1024 + 16;
    uint16_t size16 = (uint16_t)image->size, not16 = (uint16_t)~size16, version = 0x20f;
    uint32_t crc, size = (uint32_t)image->size, offset = 16, length = sizeof(header) + 4 + size + 8;

    memset(out, 0, 1024 + 16);
    out[0x1f1] = 1;
    memcpy(out + 0x202, "HdrS", 4);
    memcpy(out + 0x206, &version, 2);
    memcpy(out + 0x248, &offset, 4);
    memcpy(out + 0x24c, &length, 4);
    crc32_init(&table);
    crc = crc32(&table, 0, image->data, image->size);
    memcpy(p, header, sizeof(header));
    memcpy(p + sizeof(header), &size16, 2);
    memcpy(p + sizeof(header) + 2, &not16, 2);
    memcpy(p + sizeof(header) + 4, image->data, size);
    memcpy(p + sizeof(header) + 4 + size, &crc, 4);
    memcpy(p + sizeof(header) + 4 + size + 4, &size, 4);
    return 1024 + 16 + length;
}

TEST(packed_kernel)
{
    static struct image image;
    static uint8_t file[80000];
    struct fake fake;
    struct builder b;
    size_t size;

    image_linux(&image);
    size = make_bzimage(file, &image);
    fake_create(&fake, 4096);
    b = builder_for(&fake, file, size);
    require(builder_parse_image(&b) == 0);
    require(builder_build(&b) == 0);
    expect_kernel(&fake, &b, &image);
    builder_free(&b);
    builder_free(&b);

    b = builder_for(&fake, file, size - 1);
    expect_eq(builder_parse_image(&b), -EINVAL);
    expect(strstr(fake.message, "beyond its end"));
    file[5000] ^= 1;
    b = builder_for(&fake, file, size);
    expect_eq(builder_parse_image(&b), -EINVAL);
    expect(strstr(fake.message, "gzip data do not unpack"));
    builder_free(&b);
    memcpy(file + 1024 + 16, "BZh9", 4);
    expect_eq(builder_parse_image(&b), -EOPNOTSUPP);
    expect(strstr(fake.message, "bzip2"));
    fake_destroy(&fake);
}

/* The user's machine runs out of something. */
TEST(environment_fails)
{
    static struct image image;
    static uint8_t file[80000];
    struct fake fake;
    struct builder b;

    image_linux(&image);
    fake_create(&fake, 4096);
    b = builder_for(&fake, image.data, image.size);
    require(builder_parse_image(&b) == 0);
    fake.no_map = true;
    expect_eq(builder_build(&b), -ENOMEM);
    builder_free(&b);

    fake.no_scratch = true;
    b = builder_for(&fake, file, make_bzimage(file, &image));
    expect_eq(builder_parse_image(&b), -ENOMEM);
    expect(strstr(fake.message, "no memory to unpack"));
    builder_free(&b);
    fake_destroy(&fake);
}

/* Random damage to a good image: any answer, but nothing out of bounds and nothing left behind. */
TEST(damaged_images)
{
    static struct image good;
    struct fake fake;

    image_linux(&good);
    fake_create(&fake, 4096);
    for ( int round = 0; round < 20000; round++ )
    {
        uint8_t *bad = malloc(good.size);
        struct builder b = builder_for(&fake, bad, good.size);

        memcpy(bad, good.data, good.size);
        for ( int n = 1 + (int)(host_test_random() % 3); n; n-- )
        {
            /* Hit what has a meaning: the headers and the notes. */
            size_t span = good.size - good.notes_at + 200, at = host_test_random() % span;

            at = at < 200 ? at : at - 200 + good.notes_at;
            bad[at] = host_test_random() % 2 ? (uint8_t)host_test_random()
                                             : bad[at] ^ (uint8_t)(1U << host_test_random() % 8);
        }
        if ( !builder_parse_image(&b) && !builder_build(&b) && round % 64 == 0 )
            expect_tree(&fake, &b);
        builder_free(&b);
        free(bad);
    }
    fake_destroy(&fake);
}

/* The stubs, byte by byte, as assemblers make them. */
TEST(hypercall_page)
{
    static const uint8_t stub[] = { 0x51, 0x41, 0x53, 0xb8, 0x11, 0,    0,   0,
                                    0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3, 0xcc };
    static const uint8_t iret[] = { 0x51, 0x41, 0x53, 0x50, 0xb8, 0x17, 0, 0, 0, 0x0f, 0x05, 0xcc };
    uint8_t page[4096];

    builder_hypercall_page(page);
    expect(!memcmp(page + 17 * 32, stub, sizeof(stub)));
    expect(!memcmp(page + 23 * 32, iret, sizeof(iret)));
    expect_eq(page[127 * 32 + 4], 127);
}

/* A real kernel, if the environment names one: KERNEL_IMAGE=.../vmlinuz, Debian's for instance. */
TEST(real_kernel)
{
    const char *path = getenv("KERNEL_IMAGE");
    const struct start_info *si;
    struct fake fake;
    struct builder b;
    void *kernel;
    size_t size;

    if ( !path )
        host_test_skip("KERNEL_IMAGE is not set");
    kernel = host_test_read_file(path, &size);
    require(kernel);
    fake_create(&fake, 8 * FRAMES);
    b = builder_for(&fake, kernel, size);
    b.start_flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
    if ( builder_parse_image(&b) || builder_build(&b) )
        fail_now("%s", fake.message);
    expect_order(&b);
    expect_tree(&fake, &b);
    expect_p2m(&fake, &b);
    si = at_va(&fake, &b, b.layout.start_info.va);
    expect_eq(si->nr_pages, 8 * FRAMES);
    printf("kernel %#llx-%#llx entry %#llx, mapped to %#llx, %llu+%llu tables, features %#x\n",
           (unsigned long long)b.image.kernel_start, (unsigned long long)b.image.kernel_end,
           (unsigned long long)b.image.entry, (unsigned long long)b.layout.v_end,
           (unsigned long long)b.layout.tables.pages, (unsigned long long)b.layout.p2m_tables.pages,
           b.image.features);
    builder_free(&b);
    free(kernel);
    fake_destroy(&fake);
}

HOST_TEST_MAIN
