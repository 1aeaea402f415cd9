/*
 * The domain builder's answers to lies and odd wishes, to damage and to an environment that fails; kernels of other
 * forms.
 *
 * LINK: boot/domain/[a-z]*.c tests/host/fake/builder.c
 * LINK: hypervisor/lib/unzip/[a-z]*.c
 */
#include "tests/host/fake/builder.h"

#include "lib/bits.h"
#include "lib/crc.h"
#include "lib/string.h"

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

/* A second segment, at the end of the address space; the rest of the kernel is far enough from there. */
static void segment_at_the_top(struct image *image)
{
    const uint64_t base = -0x1000000ULL;
    Elf64_Phdr *top = image->note + 1;

    image_number(image, XEN_ELFNOTE_VIRT_BASE, base);
    image_number(image, XEN_ELFNOTE_ENTRY, base + 0x200123);
    *top = *image->load;
    top->p_paddr = 0x1000000 - top->p_memsz;
    ((Elf64_Ehdr *)image->data)->e_phnum = 3;
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

/* The kernel itself fits in, and nothing after it. */
static void base_at_the_top(struct image *image)
{
    const uint64_t base = -0x206000ULL;

    image_number(image, XEN_ELFNOTE_VIRT_BASE, base);
    image_number(image, XEN_ELFNOTE_ENTRY, base + 0x200123);
}

static void base_unaligned(struct image *image)
{
    image_number(image, XEN_ELFNOTE_VIRT_BASE, BASE + 8);
}

static void entry_outside(struct image *image)
{
    image_number(image, XEN_ELFNOTE_ENTRY, BASE);
}

/* As Debian's 32-bit kernels are. */
static void entry_for_pvh(struct image *image)
{
    entry_outside(image);
    image_number(image, XEN_ELFNOTE_PHYS32_ENTRY, 0x1000000);
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

static void more_file_than_memory(struct image *image)
{
    image->load->p_memsz = image->load->p_filesz - 1;
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
    expect_refused(segment_at_the_top, -EINVAL, "out of bounds");
    expect_refused(segment_below_base, -EINVAL, "out of bounds");
    expect_refused(file_beyond_end, -EINVAL, "out of bounds");
    expect_refused(more_file_than_memory, -EINVAL, "out of bounds");
    expect_refused(base_in_hypervisor, -EINVAL, "out of bounds");
    expect_refused(base_at_the_top, -EINVAL, "runs out of addresses");
    expect_refused(base_unaligned, -EINVAL, "VIRT_BASE");
    expect_refused(entry_outside, -EINVAL, "entry point");
    expect_refused(entry_for_pvh, -EINVAL, "no entry for PV");
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
    expect_refused(other_machine, -EOPNOTSUPP, "no kernel for x86");
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
static void damage(const struct image *good)
{
    struct fake fake;

    fake_create(&fake, 4096);
    for ( int round = 0; round < 20000; round++ )
    {
        uint8_t *bad = malloc(good->size);
        struct builder b = builder_for(&fake, bad, good->size);

        memcpy(bad, good->data, good->size);
        for ( int n = 1 + (int)(host_test_random() % 3); n; n-- )
        {
            /* Hit what has a meaning: the headers and the notes. */
            size_t span = good->size - good->notes_at + 200, at = host_test_random() % span;

            at = at < 200 ? at : at - 200 + good->notes_at;
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

TEST(damaged_images)
{
    static struct image good;

    image_linux(&good);
    image_symbols(&good);
    damage(&good);
}

TEST(damaged_32_bit_images)
{
    static struct image good;

    image_pv32(&good, "yes");
    image_symbols(&good);
    damage(&good);
}

/* The stubs, byte by byte, as assemblers make them. */
TEST(hypercall_page)
{
    static const uint8_t stub[] = { 0x51, 0x41, 0x53, 0xb8, 0x11, 0,    0,   0,
                                    0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3, 0xcc };
    static const uint8_t iret[] = { 0x51, 0x41, 0x53, 0x50, 0xb8, 0x17, 0, 0, 0, 0x0f, 0x05, 0xcc };
    uint8_t page[4096];

    builder_hypercall_page(page, true);
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
