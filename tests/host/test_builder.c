/*
 * The domain builder over a fake domain: what it makes of kernels of all kinds, with every wish that a kernel may have.
 *
 * LINK: boot/domain/[a-z]*.c tests/host/fake/builder.c
 * LINK: hypervisor/lib/unzip/[a-z]*.c
 */
#include "tests/host/fake/builder.h"

#include "lib/bits.h"
#include "lib/crc.h"
#include "lib/string.h"

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
    expect(b.image.symbols);
    expect_eq(b.image.kernel_start, 0x40001000);
    expect_eq(b.image.pae, BUILDER_PAE_EXTENDED_CR3);
    expect_eq(builder_build(&b), 0);
    expect_all(&fake, &b);
    expect_eq(fake.memory[0x2000 + 32 * 17 + 4], 17);
    builder_free(&b);
    fake_destroy(&fake);
}

HOST_TEST_MAIN
