/*
 * dom0: built from the boot loader's modules by the same builder that the tools use, over memory
 * that we map directly.
 */
#include "control/dom0.h"
#include "boot/domain/builder.h"
#include "console/console.h"
#include "console/options.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/map.h"
#include "pv/compat/compat.h"
#include "pv/pagetable/pagetable.h"
#include "sched/sched.h"

/*
 * What stays free for the hypervisor's bookkeeping of other domains when dom0_mem doesn't say: a sixteenth, between 8
 * and 512 MiB.
 */
#define KEEP_BACK_SHIFT 4
#define KEEP_BACK_MIN   (8UL << 20 >> PAGE_SHIFT)
#define KEEP_BACK_MAX   (512UL << 20 >> PAGE_SHIFT)

/* What the ABI's getters show for a domain without a limit. */
#define MAX_PAGES_UNLIMITED 0xffffffffUL

struct dom0 {
    struct domain *d;
    u64 *p2m; /* machine frame of each pfn */
    u64 nr_pages;
};

/* --- the builder's operations --- */

static unsigned int scratch_order(size_t size)
{
    return order_of(DIV_ROUND_UP(size, PAGE_SIZE));
}

static void *scratch_alloc(struct builder *b, size_t size)
{
    (void)b;
    return scratch_order(size) <= MM_MAX_ORDER ? mm_alloc(scratch_order(size)) : NULL;
}

static void scratch_free(struct builder *b, void *p, size_t size)
{
    (void)b;
    if ( p )
        mm_free(p, scratch_order(size));
}

static void *map_frames(struct builder *b, pfn_t pfn, u64 want, u64 *got)
{
    const struct dom0 *dom0 = b->priv;
    u64 count = 0;

    do
        count++;
    while ( count < want && pfn.n + count < dom0->nr_pages &&
            dom0->p2m[pfn.n + count] == dom0->p2m[pfn.n] + count );
    *got = count;
    return mfn_to_virt(to_mfn(dom0->p2m[pfn.n]));
}

static void unmap_frames(struct builder *b, void *va, u64 pages)
{
    (void)b;
    (void)va;
    (void)pages;
}

static void get_mfns(struct builder *b, pfn_t first, u64 count, u64 *mfns)
{
    const struct dom0 *dom0 = b->priv;

    memcpy(mfns, dom0->p2m + first.n, count * sizeof(*mfns));
}

static void log_line(struct builder *b, enum builder_message kind, const char *fmt, va_list args)
{
    char line[160];

    (void)b;
    vsnprintf(line, sizeof(line), fmt, args);
    log_print(kind == BUILDER_ERROR ? LOG_ERROR : LOG_INFO, "dom0: %s", line);
}

static const struct builder_ops operations = {
    .scratch_alloc = scratch_alloc,
    .scratch_free = scratch_free,
    .map = map_frames,
    .unmap = unmap_frames,
    .get_mfns = get_mfns,
    .log = log_line,
};

/* --- memory --- */

/* A dom0_mem amount in pages; negative ones count from @free. */
static u64 amount_pages(s64 bytes, u64 free)
{
    u64 pages = (u64)(bytes < 0 ? -bytes : bytes) >> PAGE_SHIFT;

    if ( bytes >= 0 )
        return pages;
    return pages < free ? free - pages : 0;
}

static u64 wanted_pages(void)
{
    const struct option_memory *option = &options.dom0_mem;
    u64 free = mm_free_pages();
    u64 keep = min_t(u64, max_t(u64, free >> KEEP_BACK_SHIFT, KEEP_BACK_MIN), KEEP_BACK_MAX);
    u64 pages = option->amount ? amount_pages(option->amount, free) : free > keep ? free - keep : 0;

    if ( option->min )
        pages = max_t(u64, pages, amount_pages(option->min, free));
    if ( option->max )
        pages = min_t(u64, pages, amount_pages(option->max, free));
    return pages;
}

/*
 * How far dom0 may grow. An amount without a maximum is one too: Linux would set up its tables of
 * pages for all of the machine's memory otherwise, and lose half of a small dom0 to them.
 */
static u64 max_pages(u64 nr_pages)
{
    const struct option_memory *option = &options.dom0_mem;

    if ( option->max )
        return max_t(u64, amount_pages(option->max, mm_free_pages()), nr_pages);
    return option->amount ? nr_pages : MAX_PAGES_UNLIMITED;
}

/*
 * Give dom0 its frames, in the largest pieces there are, so that the tables that the hypervisor
 * maps it by stay few. @max_bits: of their machine addresses.
 */
static bool allocate(struct dom0 *dom0, unsigned int max_bits)
{
    unsigned int order = MM_MAX_ORDER;
    u64 pfn = 0;

    while ( pfn < dom0->nr_pages )
    {
        mfn_t mfn = INVALID_MFN;

        while ( (1UL << order) > dom0->nr_pages - pfn )
            order--;
        mfn = mm_alloc_domain(dom0->d, order, max_bits, to_pfn(pfn));
        if ( mfn_eq(mfn, INVALID_MFN) )
        {
            if ( order-- == 0 )
                return false;
            continue;
        }
        for ( u64 i = 0; i < 1UL << order; i++ )
            dom0->p2m[pfn++] = mfn.n + i;
    }
    return true;
}

/*
 * The root of a 32-bit kernel that has no extended CR3 must lie below 4 GiB. Few such kernels are left, and those are
 * no giants: all of it lies there.
 */
static unsigned int frame_bits(const struct builder_image *image)
{
    return !image->is64 && image->pae != BUILDER_PAE_EXTENDED_CR3 ? 32 : 0;
}

/* --- building --- */

static struct vcpu_guest_context *context_alloc(void)
{
    BUILD_BUG_ON(sizeof(struct vcpu_guest_context) > PAGE_SIZE * 2);
    return mm_alloc(1);
}

static long start_first_vcpu(struct builder *b, struct domain *d)
{
    struct vcpu_guest_context *context = context_alloc();
    long rc = -ENOMEM;

    if ( !context )
        return rc;
    builder_context(b, context);
    rc = pagetable_pin_root(d, b->root);
    if ( !rc )
        rc = vcpu_set_context(d->vcpus[0], context);
    mm_free(context, 1);
    return rc;
}

static u32 wanted_vcpus(void)
{
    u64 wanted = options.dom0_max_vcpus ? options.dom0_max_vcpus : hweight64(smp_online);

    return (u32)min_t(u64, wanted, DOMAIN_MAX_VCPUS);
}

/* Before it has vcpus and frames. */
static long set_width(struct domain *d, bool is64)
{
    long rc = 0;

    if ( !is64 )
        do
            rc = pv_domain_set_pv32(d);
        while ( rc == -ERESTART );
    return rc;
}

static long create_domain(struct dom0 *dom0, bool is64)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = wanted_vcpus(),
        .max_evtchn_port = -1,
        .max_grant_frames = -1,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(2),
    };
    long rc;

    pagetable_audit_start();
    rc = domain_create(0, &config, true, &dom0->d);
    if ( rc )
        return rc;
    domain_zero = dom0->d;
    rc = set_width(dom0->d, is64);
    if ( rc )
        return rc;
    dom0->d->memory.max_pages = max_pages(dom0->nr_pages);
    for ( u32 i = 0; i < config.max_vcpus; i++ )
        if ( !domain_vcpu_create(dom0->d, i) )
            return -ENOMEM;
    return 0;
}

static long build(struct dom0 *dom0, struct builder *b)
{
    long rc = builder_parse_image(b);

    if ( rc )
        return rc;
    dom0->nr_pages = wanted_pages();
    rc = create_domain(dom0, b->image.is64);
    if ( rc )
        return rc;
    dom0->p2m = scratch_alloc(b, dom0->nr_pages * sizeof(u64));
    if ( !dom0->p2m || !allocate(dom0, frame_bits(&b->image)) )
    {
        log_error("dom0: there are no %lu MiB for it", dom0->nr_pages >> (20 - PAGE_SHIFT));
        return -ENOMEM;
    }

    b->nr_pages = dom0->nr_pages;
    b->shared_info = mfn_to_maddr(virt_to_mfn(dom0->d->shared_info));
    rc = builder_build(b);
    if ( !rc )
        rc = start_first_vcpu(b, dom0->d);
    scratch_free(b, dom0->p2m, dom0->nr_pages * sizeof(u64));
    return rc;
}

bool dom0_build(const struct boot_module *kernel, const struct boot_module *initrd)
{
    static struct dom0 dom0;
    static struct builder b;
    static struct dom0_vga_console_info screen;
    long rc;

    b.ops = &operations;
    b.priv = &dom0;
    b.kernel = maddr_to_virt(to_maddr(kernel->start));
    b.kernel_size = kernel->size;
    b.cmdline = kernel->cmdline;
    b.start_flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
    if ( console_describe_screen(&screen) )
        b.vga = &screen;
    if ( initrd )
    {
        b.initrd = maddr_to_virt(to_maddr(initrd->start));
        b.initrd_size = initrd->size;
    }

    rc = build(&dom0, &b);
    builder_free(&b);
    if ( rc )
    {
        log_error("dom0 can't be built (error %ld): see the lines above", -rc);
        return false;
    }
    log_info("dom0: %s, %lu MiB, %u vcpus", b.image.is64 ? "64-bit" : "32-bit",
             dom0.nr_pages >> (20 - PAGE_SHIFT), dom0.d->max_vcpus);
    return true;
}

void dom0_start(void)
{
    domain_unpause(domain_zero);
}
