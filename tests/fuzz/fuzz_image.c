/*
 * Kernels' images: ELF of both widths, with notes and the older string, packed into a bzImage. The domain builder
 * refuses them with one of its three errors, or builds a domain that is right in all that matters to the hypervisor.
 *
 * LINK: boot/domain/[a-z]*.c tests/host/fake/builder.c tests/fuzz/fuzz.c tests/fuzz/packed.c
 * LINK: hypervisor/lib/unzip/[a-z]*.c
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/packed.h"
#include "tests/host/fake/builder.h"

#define FRAMES_HERE 2048

static void check(const struct fake *fake, const struct builder *b)
{
    expect_p2m(fake, b);
    expect(b->layout.pages_needed <= b->nr_pages);
    expect(b->layout.v_start < b->layout.v_end);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    uint8_t *image = malloc(size ? size : 1);
    struct fake fake;
    struct builder b;
    int rc;

    memcpy(image, data, size);
    fake_create(&fake, FRAMES_HERE);
    b = builder_for(&fake, image, size);
    b.ring_pages = size % 2;
    rc = builder_parse_image(&b);
    if ( !rc )
        rc = builder_build(&b);
    expect(rc == 0 || rc == -EINVAL || rc == -EOPNOTSUPP || rc == -ENOMEM);
    if ( !rc )
        check(&fake, &b);
    builder_free(&b);
    fake_destroy(&fake);
    free(image);
}

/* As Linux packs itself: a setup header, and the size of what is packed behind it. */
static void seed_bzimage(unsigned int packer, const struct image *image)
{
    size_t packed_size, start = 2 * 512;
    uint8_t *packed = pack(packer, image->data, image->size, &packed_size);
    uint8_t *bz = calloc(1, start + packed_size + 4);
    uint32_t payload = 0, length = (uint32_t)packed_size + 4, unpacked = (uint32_t)image->size;

    bz[0x1f1] = 1;
    memcpy(bz + 0x202, "HdrS", 4);
    memcpy(bz + 0x206, "\x0f\x02", 2);
    memcpy(bz + 0x248, &payload, 4);
    memcpy(bz + 0x24c, &length, 4);
    memcpy(bz + start, packed, packed_size);
    memcpy(bz + start + packed_size, &unpacked, 4);
    fuzz_seed(bz, start + packed_size + 4);
    free(bz);
    free(packed);
}

void fuzz_seeds(void)
{
    static struct image image;

    image_start(&image, 0x200000, BASE + 0x200000);
    image_usual_notes(&image, BASE);
    fuzz_seed(image.data, image.size);
    seed_bzimage(0, &image);
    seed_bzimage(3, &image);
    image_linux(&image);
    fuzz_seed(image.data, image.size);
    image_symbols(&image);
    fuzz_seed(image.data, image.size);
    image_pv32(&image, "yes[extended-cr3]");
    fuzz_seed(image.data, image.size);
    image_symbols(&image);
    fuzz_seed(image.data, image.size);
}

FUZZ_TARGET(250)
