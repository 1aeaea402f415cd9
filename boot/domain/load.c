/* The domain's memory is filled: kernel, its symbols, initrd, p2m, hypercall page. */
#include "internal.h"

#include "lib/bits.h"
#include "lib/string.h"

int builder_for_pages(struct builder *b, u64 pfn, u64 pages,
                      void (*fill)(struct builder *b, void *va, u64 done, u64 pages, void *arg),
                      void *arg)
{
    u64 done = 0, got;

    while ( done < pages )
    {
        void *va = b->ops->map(b, to_pfn(pfn + done), pages - done, &got);

        if ( !va )
            return builder_fail(b, -ENOMEM, "cannot map the domain's page %#llx",
                                (unsigned long long)(pfn + done));
        fill(b, va, done, got, arg);
        b->ops->unmap(b, va, got);
        done += got;
    }
    return 0;
}

/* Bytes on their way: @offset of them belong in front, in the first page. */
struct copy {
    const u8 *from; /* NULL: zeros */
    u64 offset, size;
};

static void copy_run(struct builder *b, void *va, u64 done, u64 pages, void *arg)
{
    const struct copy *copy = arg;
    u64 start = done ? 0 : copy->offset;
    u64 at = done ? done * PAGE_SIZE - copy->offset : 0; /* the first byte of the run */
    u64 n = min(pages * PAGE_SIZE - start, copy->size - at);

    (void)b;
    if ( copy->from )
        memcpy((u8 *)va + start, copy->from + at, n);
    else
        memset((u8 *)va + start, 0, n);
}

static int copy_in(struct builder *b, u64 offset, const void *from, u64 size)
{
    struct copy copy = { from, offset % PAGE_SIZE, size };

    if ( !size )
        return 0;
    return builder_for_pages(b, offset / PAGE_SIZE, DIV_ROUND_UP(copy.offset + size, PAGE_SIZE),
                             copy_run, &copy);
}

int builder_write(struct builder *b, u64 offset, const void *data, u64 size)
{
    return copy_in(b, offset, data, size);
}

int builder_clear(struct builder *b, u64 offset, u64 size)
{
    return copy_in(b, offset, NULL, size);
}

static int load_segment(struct builder *b, const struct elf_segment *segment)
{
    u64 at = segment->paddr -
             b->image.paddr_offset; /* builder_parse_image has checked it against everything */
    int rc = builder_write(b, at, segment->data, segment->filesize);

    return rc ? rc : builder_clear(b, at + segment->filesize, segment->memsize - segment->filesize);
}

static int load_kernel(struct builder *b)
{
    struct elf_segment segment;
    int rc = 0;

    for ( unsigned int i = 0; !rc && i < b->elf.segments; i++ )
        if ( !elf_segment(&b->elf, i, &segment) && segment.type == ELF_PT_LOAD )
            rc = load_segment(b, &segment);
    return rc;
}

static void fill_hypercall_page(struct builder *b, void *va, u64 done, u64 pages, void *arg)
{
    (void)done, (void)pages, (void)arg;
    builder_hypercall_page(va, b->image.is64);
}

static int load_hypercall_page(struct builder *b)
{
    if ( b->image.hypercall_page == BUILDER_UNSET )
        return 0;
    return builder_for_pages(b, (b->image.hypercall_page - b->layout.v_start) / PAGE_SIZE, 1,
                             fill_hypercall_page, NULL);
}

/* @count entries of 4 bytes from @first on. */
static void fill_p2m_narrow(struct builder *b, u64 first, u64 count, u32 *to)
{
    u64 mfns[64];

    for ( u64 done = 0; done < count; done += ARRAY_SIZE(mfns) )
    {
        u64 n = min(count - done, ARRAY_SIZE(mfns));

        b->ops->get_mfns(b, to_pfn(first + done), n, mfns);
        for ( u64 i = 0; i < n; i++ )
            to[done + i] = (u32)mfns[i];
    }
}

/* The run's entries of the list "pfn n is in frame so-and-so"; what is left of the last page stays zero. */
static void fill_p2m(struct builder *b, void *va, u64 done, u64 pages, void *arg)
{
    u64 per_page = PAGE_SIZE / builder_width(b)->word, first = done * per_page;
    u64 count = min(pages * per_page, b->nr_pages - first);

    (void)arg;
    if ( b->image.is64 )
        b->ops->get_mfns(b, to_pfn(first), count, va);
    else
        fill_p2m_narrow(b, first, count, va);
}

int builder_load(struct builder *b)
{
    const struct builder_layout *layout = &b->layout;
    int rc = load_kernel(b);

    if ( !rc )
        rc = builder_load_symbols(b);
    if ( !rc )
        rc = load_hypercall_page(b);
    if ( !rc )
        rc = builder_write(b, layout->initrd.pfn * PAGE_SIZE, b->initrd, b->initrd_size);
    if ( !rc )
        rc = builder_for_pages(b, layout->p2m.pfn, layout->p2m.pages, fill_p2m, NULL);
    return rc;
}
