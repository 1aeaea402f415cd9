/* From the file that the user gave to an ELF image whose wishes are known and checked. */
#include "internal.h"

#include "lib/bits.h"
#include "lib/bzimage.h"
#include "lib/string.h"
#include "lib/unzip/unzip.h"

void builder_log(struct builder *b, enum builder_message kind, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    b->ops->log(b, kind, fmt, args);
    va_end(args);
}

const struct builder_width *builder_width(const struct builder *b)
{
    static const struct builder_width widths[] = { { 3, sizeof(u32) }, { 4, sizeof(u64) } };

    return &widths[b->image.is64];
}

bool builder_range_ok(const struct builder *b, u64 start, u64 size)
{
    u64 last = start + size - 1;

    if ( !size || last < start )
        return false;
    if ( !b->image.is64 )
        return last < PV32_END;
    return last < CANONICAL_HOLE || start >= HYPERVISOR_END;
}

/* Unpack into memory of @b's, which builder_free gives back. */
static int unpack_to(struct builder *b, const void *in, size_t in_size)
{
    void *work = b->ops->scratch_alloc(b, UNZIP_WORK_SIZE);
    long size = -ENOMEM;

    b->unpacked = b->ops->scratch_alloc(b, b->unpacked_size);
    if ( work && b->unpacked )
        size = unzip(in, in_size, b->unpacked, b->unpacked_size, work);
    if ( work )
        b->ops->scratch_free(b, work, UNZIP_WORK_SIZE);
    if ( size >= 0 )
        return elf_open(&b->elf, b->unpacked, (size_t)size)
                   ? builder_fail(b, -EINVAL, "the kernel unpacks to something that is no ELF file")
                   : 0;
    if ( size == -ENOMEM )
        return builder_fail(b, -ENOMEM, "no memory to unpack the kernel: it takes %llu KiB",
                            (unsigned long long)b->unpacked_size >> 10);
    return builder_fail(b, (int)size,
                        "the kernel image is damaged: its %s data do not unpack (%ld)",
                        unzip_name(unzip_detect(in, in_size)), size);
}

static int unpack(struct builder *b, const void *in, size_t in_size)
{
    enum unzip_format format = unzip_detect(in, in_size);

    if ( format > UNZIP_LZ4 )
        return builder_fail(b, -EOPNOTSUPP,
                            "the kernel is compressed by %s, which is not supported",
                            unzip_name(format));

    b->unpacked_size = unzip_size(in, in_size);
    if ( !b->unpacked_size )
        return builder_fail(b, -EINVAL, "the kernel image is damaged: its %s data are incomplete",
                            unzip_name(format));
    return unpack_to(b, in, in_size);
}

/* Open the ELF file inside of the bzImage, the compression, or the file itself. */
static int open_image(struct builder *b)
{
    const void *payload = b->kernel;
    size_t size = b->kernel_size;
    u32 size_hint;

    if ( bzimage_detect(payload, size) &&
         bzimage_payload(b->kernel, b->kernel_size, &payload, &size, &size_hint) )
        return builder_fail(b, -EINVAL,
                            "the kernel image is damaged: its payload reaches beyond its end");
    if ( unzip_detect(payload, size) != UNZIP_NONE )
        return unpack(b, payload, size);
    if ( elf_open(&b->elf, payload, size) )
        return builder_fail(b, -EINVAL, "the kernel is neither an ELF file nor a bzImage");
    return 0;
}

/* A 32-bit kernel must use PAE, and leave us the room that the ABI gives us. */
static int check_pv32(struct builder *b)
{
    const struct builder_image *image = &b->image;

    if ( image->pae == BUILDER_PAE_NO )
        return builder_fail(
            b, -EOPNOTSUPP,
            "this is a 32-bit kernel without PAE: only those with PAE are supported");
    if ( image->hv_start_low != BUILDER_UNSET && image->hv_start_low > PV32_END )
        return builder_fail(
            b, -EOPNOTSUPP,
            "the kernel wants the hypervisor to begin at %#llx or above: it is %#llx",
            (unsigned long long)image->hv_start_low, PV32_END);
    return 0;
}

static int check_kind(struct builder *b)
{
    const struct builder_image *image = &b->image;

    if ( !str_prefix(image->loader, "generic", NULL) &&
         !str_prefix(image->guest_os, "linux", NULL) )
        return builder_fail(b, -EINVAL, "the kernel's loader type is \"%s\", not generic",
                            image->loader);
    if ( !str_prefix(image->xen_version, "xen-3.0", NULL) )
        return builder_fail(b, -EINVAL, "the kernel is for \"%s\", not xen-3.0",
                            image->xen_version);
    if ( b->elf.machine != (image->is64 ? ELF_MACHINE_X86_64 : ELF_MACHINE_386) )
        return builder_fail(b, -EOPNOTSUPP, "this is no kernel for x86: its ELF machine is %u",
                            b->elf.machine);
    return image->is64 ? 0 : check_pv32(b);
}

/*
 * Features that no PV guest gets: a kernel that requires one runs elsewhere. Linux requires
 * writable_page_tables, but is content with the emulation that the assist of that name turns on, so that one
 * is not counted here.
 */
#define IMPOSSIBLE_FEATURES                                                                        \
    (1U << XENFEAT_writable_descriptor_tables | 1U << XENFEAT_auto_translated_physmap |            \
     1U << XENFEAT_supervisor_mode_kernel)

static int check_features(struct builder *b)
{
    const struct builder_image *image = &b->image;
    u32 missing = image->required_features & IMPOSSIBLE_FEATURES;

    if ( missing )
        return builder_fail(b, -EOPNOTSUPP,
                            "the kernel requires features that PV guests do not get: 0x%x",
                            missing);
    if ( (b->start_flags & SIF_INITDOMAIN) && image->features_told &&
         !(image->features & 1U << XENFEAT_dom0) )
        return builder_fail(b, -EINVAL, "the kernel cannot be the first domain: its notes say so");
    return 0;
}

/* Where a segment goes: its physical address is what counts, the virtual one is the kernel's own affair. */
static u64 segment_va(const struct builder_image *image, const struct elf_segment *segment)
{
    return segment->paddr - image->paddr_offset + image->virt_base;
}

/* The span of all segments; each must lie above virt_base and in the guest's part of the address space. */
static int find_span(struct builder *b)
{
    struct builder_image *image = &b->image;
    struct elf_segment segment;

    image->kernel_start = ~0ULL;
    image->kernel_end = 0;
    for ( unsigned int i = 0; i < b->elf.segments; i++ )
    {
        int rc = elf_segment(&b->elf, i, &segment);
        u64 va = segment_va(image, &segment);

        if ( segment.type != ELF_PT_LOAD || !segment.memsize )
            continue;
        /* One that ends with the address space would seem to end at 0. */
        if ( rc || !builder_range_ok(b, va, segment.memsize) || !(va + segment.memsize) ||
             va < image->virt_base )
            return builder_fail(
                b, -EINVAL,
                "the kernel image is damaged: segment %u (%#llx, %#llx bytes) is out of bounds", i,
                (unsigned long long)va, (unsigned long long)segment.memsize);
        image->kernel_start = min(image->kernel_start, va);
        image->kernel_end = max(image->kernel_end, va + segment.memsize);
    }
    return image->kernel_end ? 0 : builder_fail(b, -EINVAL, "the kernel image has nothing to load");
}

static bool in_kernel(const struct builder_image *image, u64 va, u64 size)
{
    return va >= image->kernel_start && va < image->kernel_end && image->kernel_end - va >= size;
}

static int check_addresses(struct builder *b)
{
    const struct builder_image *image = &b->image;

    if ( !IS_ALIGNED(image->virt_base, PAGE_SIZE) ||
         !builder_range_ok(b, image->virt_base, PAGE_SIZE) )
        return builder_fail(b, -EINVAL, "the kernel's VIRT_BASE %#llx cannot be mapped",
                            (unsigned long long)image->virt_base);
    if ( !in_kernel(image, image->entry, 1) && image->pvh )
        return builder_fail(b, -EINVAL, "the kernel is for HVM and PVH: it has no entry for PV");
    if ( !in_kernel(image, image->entry, 1) )
        return builder_fail(b, -EINVAL, "the kernel's entry point %#llx is outside of it",
                            (unsigned long long)image->entry);
    if ( image->hypercall_page != BUILDER_UNSET &&
         (!IS_ALIGNED(image->hypercall_page, PAGE_SIZE) ||
          !in_kernel(image, image->hypercall_page, PAGE_SIZE)) )
        return builder_fail(b, -EINVAL, "the kernel's hypercall page %#llx is outside of it",
                            (unsigned long long)image->hypercall_page);
    if ( image->init_p2m != BUILDER_UNSET && !IS_ALIGNED(image->init_p2m, PAGE_SIZE) )
        return builder_fail(b, -EINVAL, "the kernel's INIT_P2M %#llx is not aligned",
                            (unsigned long long)image->init_p2m);
    return 0;
}

int builder_parse_image(struct builder *b)
{
    int rc = open_image(b);

    if ( !rc )
        rc = builder_read_notes(b);
    if ( !rc )
        rc = check_kind(b);
    if ( !rc )
        rc = check_features(b);
    if ( !rc )
        rc = find_span(b);
    if ( !rc )
        rc = check_addresses(b);
    if ( !rc )
        rc = builder_place_symbols(b);
    return rc;
}

void builder_free(struct builder *b)
{
    if ( b->unpacked )
        b->ops->scratch_free(b, b->unpacked, b->unpacked_size);
    b->unpacked = NULL;
    b->unpacked_size = 0;
    b->elf = (struct elf){ .data = NULL };
}
