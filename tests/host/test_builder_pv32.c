/*
 * The domain builder and 32-bit kernels: PAE page tables, the p2m, start_info and registers as those have them, and
 * what is refused.
 *
 * LINK: boot/domain/[a-z]*.c tests/host/fake/builder.c
 * LINK: hypervisor/lib/unzip/[a-z]*.c
 */
#include "tests/host/fake/builder.h"

#include "lib/endian.h"
#include "lib/string.h"

static struct image image;
static struct fake fake;
static struct builder b;

static void build(uint64_t frames)
{
    fake_create(&fake, frames);
    b = builder_for(&fake, image.data, image.size);
    b.ring_pages = true;
    if ( builder_parse_image(&b) || builder_build(&b) )
        fail_now("%s", fake.message);
    expect_all(&fake, &b);
}

static void finish(void)
{
    builder_free(&b);
    fake_destroy(&fake);
}

/* A word of start_info, by its offset in 32 bits. */
static uint32_t info_word(uint64_t offset)
{
    return get_le32((const uint8_t *)at_va(&fake, &b, b.layout.start_info.va) + offset);
}

TEST(a_kernel_in_the_last_gib)
{
    image_pv32(&image, "yes");
    build(4096);
    expect(!b.image.is64);
    expect_eq(b.layout.main.count[3], 1);
    expect_eq(b.layout.main.count[2], 1); /* the last L2 is the only one */
    expect_eq(b.layout.p2m.pages, 4);
    expect(!memcmp(at_va(&fake, &b, BASE_PV32 + 0x100000), image.data + 4096, 3 * PAGE));
    finish();
}

/* As GRUB: all of it at the bottom. The last GiB has an L2 all the same, among the tables and read-only. */
TEST(a_kernel_at_the_bottom)
{
    const Elf32_Phdr at_zero = { PT_LOAD, 4096, 0, 0, 3 * PAGE, 5 * PAGE, 7, PAGE };
    const uint32_t entry = 0;

    image_pv32(&image, "yes,bimodal");
    image_number(&image, XEN_ELFNOTE_VIRT_BASE, 0);
    image_number(&image, XEN_ELFNOTE_ENTRY, 0);
    put_le32(image.data + sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr) + offsetof(Elf32_Phdr, p_filesz),
             (uint32_t)(image.size - image.notes_at));
    memcpy(image.data + sizeof(Elf32_Ehdr), &at_zero, sizeof(at_zero));
    build(4096);
    expect_eq(b.image.entry, entry);
    expect_eq(b.layout.extra.count[2], 1);
    expect_eq(b.layout.tables.pages, 1 + 1 + b.layout.main.count[1] + 1);
    expect_eq(b.layout.extra.pfn[2], b.layout.tables.pfn + b.layout.tables.pages - 1);
    finish();
}

/* By the offsets that are measured at -m32. */
TEST(start_info)
{
    image_pv32(&image, "yes");
    build(4096);
    expect_str(at_va(&fake, &b, b.layout.start_info.va), "xen-3.0-x86_32p");
    expect_eq(info_word(32), 4096);
    expect_eq(info_word(36), 0xabc000);
    expect_eq(info_word(40), SIF_VIRT_P2M_4TOOLS);
    expect_eq(info_word(44), fake.mfns[b.layout.xenstore.pfn]);
    expect_eq(info_word(48), 1);
    expect_eq(info_word(52), fake.mfns[b.layout.console.pfn]);
    expect_eq(info_word(56), 2);
    expect_eq(info_word(60), b.layout.tables.va);
    expect_eq(info_word(64), b.layout.tables.pages);
    expect_eq(info_word(68), b.layout.p2m.va);
    expect_eq(info_word(72), 0);
    expect_eq(info_word(76), 0);
    expect_str((const char *)at_va(&fake, &b, b.layout.start_info.va) + 80, "console=hvc0 quiet");
    expect_eq(info_word(80 + 1024), 0);
    for ( uint64_t at = 1112; at < PAGE; at += 4 )
        expect_eq(info_word(at), 0);
    finish();
}

TEST(the_first_domains_screen)
{
    struct dom0_vga_console_info vga = { .video_type = 0x23 };

    image_pv32(&image, "yes");
    fake_create(&fake, 4096);
    b = builder_for(&fake, image.data, image.size);
    b.vga = &vga;
    require(!builder_parse_image(&b) && !builder_build(&b));
    expect_eq(info_word(52), 1112);
    expect_eq(info_word(56), sizeof(vga));
    expect_eq(info_word(1112) & 0xff, 0x23);
    finish();
}

TEST(context)
{
    struct vcpu_guest_context ctx;

    image_pv32(&image, "yes");
    build(4096);
    builder_context(&b, &ctx);
    expect_eq(ctx.user_regs.rip, BASE_PV32 + 0x100010);
    expect_eq(ctx.user_regs.rsi, b.layout.start_info.va);
    expect_eq(ctx.user_regs.rsp, b.layout.stack.va + PAGE);
    expect_eq(ctx.user_regs.cs, 0xe019);
    expect_eq(ctx.user_regs.ss, 0xe021);
    expect_eq(ctx.user_regs.ds, 0xe021);
    expect_eq(ctx.user_regs.gs, 0xe021);
    expect_eq(ctx.kernel_ss, 0xe021);
    expect_eq(ctx.ctrlreg[3], b.root.n << 12);
    expect_eq(ctx.vm_assist, 1 << VMASST_TYPE_pae_extended_cr3);
    finish();
}

/* The old string says more precisely than notes whether a root may lie above 4 GiB. */
static void as_guest_string(const char *text)
{
    Elf32_Ehdr *ehdr = (void *)image.data;
    Elf32_Shdr sections[3] = { { 0 } };
    static const char names[] = "\0__xen_guest\0";
    size_t at = image.notes_at;

    image_pv32(&image, "yes");
    memset(image.data + at, 0, sizeof(image.data) - at);
    memcpy(image.data + at, text, strlen(text) + 1);
    memcpy(image.data + at + 1024, names, sizeof(names));
    sections[1] = (Elf32_Shdr){ .sh_name = 1,
                                .sh_type = SHT_PROGBITS,
                                .sh_offset = (uint32_t)at,
                                .sh_size = (uint32_t)strlen(text) + 1 };
    sections[2] = (Elf32_Shdr){ .sh_type = SHT_STRTAB,
                                .sh_offset = (uint32_t)at + 1024,
                                .sh_size = sizeof(names) };
    memcpy(image.data + at + 2048, sections, sizeof(sections));
    ehdr->e_shoff = (uint32_t)at + 2048;
    ehdr->e_shnum = 3;
    ehdr->e_shstrndx = 2;
    image.size = at + 4096;
}

/* As GNU Mach's: the hypercall page by its number, physical addresses that are virtual ones. */
TEST(guest_string)
{
    const Elf32_Phdr load = { PT_LOAD, 4096, BASE_PV32, BASE_PV32, 3 * PAGE, 5 * PAGE, 7, PAGE };
    const uint8_t stub[] = { 0xb8, 0x11, 0, 0, 0, 0xcd, 0x82, 0xc3, 0xcc };
    const uint8_t iret[] = { 0x50, 0xb8, 0x17, 0, 0, 0, 0xcd, 0x82, 0xcc };
    const uint8_t *page;

    image_pv32(&image, "yes");
    as_guest_string("GUEST_OS=GNU Mach,XEN_VER=xen-3.0,VIRT_BASE=0xC0000000,LOADER=generic,"
                    "HYPERCALL_PAGE=0x2,PAE=yes[extended-cr3]");
    memcpy(image.data + sizeof(Elf32_Ehdr), &load, sizeof(load));
    put_le32(image.data + offsetof(Elf32_Ehdr, e_entry), BASE_PV32);
    build(4096);
    expect_eq(b.image.pae, BUILDER_PAE_EXTENDED_CR3);
    expect_eq(b.image.paddr_offset, BASE_PV32);
    expect_eq(b.layout.kernel.pfn, 0);
    page = at_va(&fake, &b, BASE_PV32 + 2 * PAGE);
    expect(!memcmp(page + 17 * 32, stub, sizeof(stub)));
    expect(!memcmp(page + 23 * 32, iret, sizeof(iret)));
    finish();
}

TEST(a_root_below_4_gib)
{
    struct vcpu_guest_context ctx;
    const Elf32_Phdr load = { PT_LOAD, 4096, BASE_PV32, BASE_PV32, PAGE, PAGE, 7, PAGE };

    image_pv32(&image, "yes");
    as_guest_string("LOADER=generic,XEN_VER=xen-3.0,VIRT_BASE=0xC0000000,PAE=yes");
    memcpy(image.data + sizeof(Elf32_Ehdr), &load, sizeof(load));
    put_le32(image.data + offsetof(Elf32_Ehdr, e_entry), BASE_PV32);
    build(4096);
    expect_eq(b.image.pae, BUILDER_PAE_YES);
    builder_context(&b, &ctx);
    expect_eq(ctx.vm_assist, 0);
    finish();
}

static void expect_refused(int want, const char *message)
{
    int rc;

    fake_create(&fake, 4096);
    b = builder_for(&fake, image.data, image.size);
    rc = builder_parse_image(&b);
    if ( !rc )
        rc = builder_build(&b);
    expect_eq(rc, want);
    if ( !strstr(fake.message, message) )
        fail("the message is \"%s\", not about \"%s\"", fake.message, message);
    finish();
}

/* A note at the end of a 32-bit image, which must learn of it. */
static void add_number(uint32_t type, uint64_t n)
{
    image_number(&image, type, n);
    put_le32(image.data + sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr) + offsetof(Elf32_Phdr, p_filesz),
             (uint32_t)(image.size - image.notes_at));
}

TEST(refused)
{
    Elf32_Phdr *load = (void *)(image.data + sizeof(Elf32_Ehdr));

    image_pv32(&image, "no");
    expect_refused(-EOPNOTSUPP, "without PAE");
    image_pv32(&image, "yes");
    ((Elf32_Ehdr *)image.data)->e_machine = EM_X86_64;
    expect_refused(-EOPNOTSUPP, "no kernel for x86");
    image_pv32(&image, "yes");
    add_number(XEN_ELFNOTE_HV_START_LOW, 0xfc000000);
    expect_refused(-EOPNOTSUPP, "begin at 0xfc000000");
    image_pv32(&image, "yes");
    add_number(XEN_ELFNOTE_VIRT_BASE, 0xf5800000);
    expect_refused(-EINVAL, "out of bounds");
    image_pv32(&image, "yes");
    load->p_paddr = 0x35800000; /* would be at the hole */
    expect_refused(-EINVAL, "out of bounds");
    image_pv32(&image, "yes");
    load->p_memsz = 0xffffffff;
    expect_refused(-EINVAL, "out of bounds");
    image_pv32(&image, "yes");
    load->p_filesz = 0xffffffff;
    expect_refused(-EINVAL, "out of bounds");
    image_pv32(&image, "yes");
    add_number(XEN_ELFNOTE_ENTRY, BASE_PV32);
    expect_refused(-EINVAL, "entry point");
}

/* GRUB's last note claims to be longer than the segment that it is in, at the end of the file. */
TEST(a_note_that_is_cut)
{
    uint8_t *size;

    image_pv32(&image, "yes");
    size = image.data + image.size -
           16; /* its description takes 4 bytes, in front of that are name and header */
    expect_eq(get_le32(size), 4);
    put_le32(size, 12);
    build(4096);
    expect_eq(b.image.pae, BUILDER_PAE_EXTENDED_CR3);
    finish();
}

/* What needs no refusal: a hypervisor that may begin lower than it does, a p2m that only 64-bit kernels have. */
TEST(tolerated)
{
    image_pv32(&image, "yes");
    add_number(XEN_ELFNOTE_HV_START_LOW, 0xf5800000);
    add_number(XEN_ELFNOTE_INIT_P2M, 0x8000000000);
    build(4096);
    expect(b.layout.p2m.va > BASE_PV32);
    finish();
    image_pv32(&image, "yes");
    add_number(XEN_ELFNOTE_HV_START_LOW, 0xe0000000);
    build(4096);
    finish();
}

/* An initial mapping that would reach into the hole, by the initrd's size. */
TEST(runs_out_of_addresses)
{
    static uint8_t initrd[16 * PAGE];
    Elf32_Phdr *load = (void *)(image.data + sizeof(Elf32_Ehdr));

    image_pv32(&image, "yes");
    add_number(XEN_ELFNOTE_VIRT_BASE, 0xf5000000);
    load->p_paddr = 0x1000;
    add_number(XEN_ELFNOTE_ENTRY, 0xf5001000);
    fake_create(&fake, FRAMES);
    b = builder_for(&fake, image.data, image.size);
    expect_eq(builder_parse_image(&b), 0);
    b.initrd = initrd;
    b.initrd_size = sizeof(initrd);
    expect_eq(builder_layout(&b), 0);
    b.initrd_size = 7 << 20;
    expect_eq(builder_layout(&b), -EINVAL);
    expect(strstr(fake.message, "runs out of addresses"));
    finish();
}

/* Real images, if the environment names some: IMAGES_32="grub-i386-xen.bin gnumach-1.8-xen-486". */
TEST(real_images)
{
    char *names = getenv("IMAGES_32"), *name;

    if ( !names )
        host_test_skip("IMAGES_32 is not set");
    for ( name = strtok(names, " "); name; name = strtok(NULL, " ") )
    {
        size_t size;
        void *kernel = host_test_read_file(name, &size);

        require(kernel);
        fake_create(&fake, FRAMES);
        b = builder_for(&fake, kernel, size);
        if ( builder_parse_image(&b) || builder_build(&b) )
            fail_now("%s: %s", name, fake.message);
        expect_all(&fake, &b);
        printf("%s: %#llx-%#llx entry %#llx hypercalls %#llx, PAE %u, mapped to %#llx\n", name,
               (unsigned long long)b.image.kernel_start, (unsigned long long)b.image.kernel_end,
               (unsigned long long)b.image.entry, (unsigned long long)b.image.hypercall_page,
               b.image.pae, (unsigned long long)b.layout.v_end);
        finish();
        free(kernel);
    }
}

HOST_TEST_MAIN
