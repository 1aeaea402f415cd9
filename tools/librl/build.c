#include "build.h"

#include <stdlib.h>
#include <sys/mman.h>

#include <hypercall/compat/layouts.h>
#include <xenforeignmemory.h>

#include "calls.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "message.h"

/*
 * Pages that one mapping shows at most: enough that their number doesn't matter, few enough for an array on
 * the stack.
 */
#define MAP_MAX 1024

/* --- the builder's operations --- */

static void *scratch_alloc(struct builder *b, size_t size)
{
    (void)b;
    return malloc(size);
}

static void scratch_free(struct builder *b, void *p, size_t size)
{
    (void)b, (void)size;
    free(p);
}

static bool all_mapped(const int *errors, u64 count)
{
    for ( u64 i = 0; i < count; i++ )
        if ( errors[i] )
            return false;
    return true;
}

static void *map_frames(struct builder *b, pfn_t pfn, u64 want, u64 *got)
{
    const struct rl_build *build = b->priv;
    u64 count = min_t(u64, want, MAP_MAX);
    int errors[MAP_MAX];
    void *va = xenforeignmemory_map(build->rl->memory, build->id, PROT_READ | PROT_WRITE, count,
                                    build->p2m + pfn.n, errors);

    if ( va && !all_mapped(errors, count) )
    {
        xenforeignmemory_unmap(build->rl->memory, va, count);
        va = NULL;
    }
    *got = count;
    return va;
}

static void unmap_frames(struct builder *b, void *va, u64 pages)
{
    const struct rl_build *build = b->priv;

    xenforeignmemory_unmap(build->rl->memory, va, pages);
}

static void get_mfns(struct builder *b, pfn_t first, u64 count, u64 *mfns)
{
    const struct rl_build *build = b->priv;

    memcpy(mfns, build->p2m + first.n, count * sizeof(*mfns));
}

static void log_line(struct builder *b, enum builder_message kind, const char *fmt, va_list args)
{
    const struct rl_build *build = b->priv;
    char prefix[256];

    snprintf(prefix, sizeof(prefix), "kernel %s: ", build->kernel_path);
    if ( kind == BUILDER_ERROR || rl_verbose )
        rl_vmessage(prefix, fmt, args);
}

static const struct builder_ops operations = {
    .scratch_alloc = scratch_alloc,
    .scratch_free = scratch_free,
    .map = map_frames,
    .unmap = unmap_frames,
    .get_mfns = get_mfns,
    .log = log_line,
};

/* --- preparation --- */

static int open_image(const char *what, const char *path, struct file_map *map)
{
    int rc = file_map(path, map);

    if ( !rc && !map->size )
        rc = -EINVAL;
    return rc ? rl_error(-rc, "the %s %s can't be read: %s", what, path, strerror(-rc)) : 0;
}

int rl_build_prepare(struct rl_build *build, const struct rl_config *config)
{
    struct builder *b = &build->builder;
    int rc;

    *build = (struct rl_build){ .kernel_path = config->kernel };
    b->ops = &operations;
    b->priv = build;
    b->cmdline = config->cmdline;
    b->ring_pages = true;
    b->nr_pages = config->memory_mib << (20 - PAGE_SHIFT);

    rc = open_image("kernel", config->kernel, &build->kernel);
    if ( !rc && config->ramdisk )
        rc = open_image("ramdisk", config->ramdisk, &build->ramdisk);
    b->kernel = build->kernel.data;
    b->kernel_size = build->kernel.size;
    b->initrd = build->ramdisk.data;
    b->initrd_size = build->ramdisk.size;
    if ( !rc )
        rc = builder_parse_image(b);
    if ( !rc )
        rc = builder_layout(b);
    return rc;
}

void rl_build_free(struct rl_build *build)
{
    if ( build->builder.ops )
        builder_free(&build->builder);
    free(build->p2m);
    build->p2m = NULL;
    file_unmap(&build->kernel);
    file_unmap(&build->ramdisk);
}

/* --- memory --- */

#define LARGE_ORDER 9
#define BATCH       (RL_ARRAY_SIZE / sizeof(u64))

/*
 * Populate up to @count extents of @order from @pfn on; the number done. The machine frames go into the p2m.
 */
static long populate(struct rl_build *build, u64 pfn, u64 count, unsigned int order)
{
    u64 *extents = rl_call_array(build->rl);
    struct xen_memory_reservation r = { .nr_extents = min_t(u64, count, BATCH),
                                        .extent_order = order,
                                        .domid = build->id };
    long done;

    for ( u64 i = 0; i < r.nr_extents; i++ )
        extents[i] = pfn + (i << order);
    set_xen_guest_handle(r.extent_start, (xen_pfn_t *)extents);
    done = rl_memory_op(build->rl, XENMEM_populate_physmap, &r, sizeof(r));
    for ( long i = 0; i < done; i++ )
        for ( u64 j = 0; j < 1UL << order; j++ )
            build->p2m[pfn + ((u64)i << order) + j] = extents[i] + j;
    return done;
}

static int no_memory(struct rl_build *build, u64 have)
{
    return rl_error(ENOMEM, "the hypervisor gave %llu of the domain's %llu MiB only",
                    (unsigned long long)have >> (20 - PAGE_SHIFT),
                    (unsigned long long)build->builder.nr_pages >> (20 - PAGE_SHIFT));
}

/* Large pieces first, as long as there are any. */
static int give_memory(struct rl_build *build)
{
    u64 pfn = 0, total = build->builder.nr_pages;
    unsigned int order = LARGE_ORDER;

    build->p2m = malloc(total * sizeof(u64));
    if ( !build->p2m )
        return rl_error(ENOMEM, "no memory for the list of the domain's frames");
    while ( pfn < total )
    {
        u64 want = (total - pfn) >> order;
        long done = want ? populate(build, pfn, want, order) : 0;

        if ( done > 0 )
            pfn += (u64)done << order;
        else if ( order == 0 )
            return no_memory(build, pfn);
        else
            order = 0;
    }
    return 0;
}

/* --- the finish --- */

/* What the guest finds there: all events masked. */
static int init_shared_info(struct rl_build *build)
{
    int error;
    xen_pfn_t frame = build->shared_info;
    struct shared_info *info = xenforeignmemory_map(build->rl->memory, build->id,
                                                    PROT_READ | PROT_WRITE, 1, &frame, &error);

    if ( !info || error )
        return rl_error(EFAULT, "the domain's shared_info page can't be mapped");
    memset(info, 0, PAGE_SIZE);
    for ( unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++ )
        info->vcpu_info[i].evtchn_upcall_mask = 1;
    xenforeignmemory_unmap(build->rl->memory, info, 1);
    return 0;
}

static int pin_root(struct rl_build *build)
{
    const struct builder *b = &build->builder;
    struct mmuext_op op = { .cmd = b->image.is64 ? MMUEXT_PIN_L4_TABLE : MMUEXT_PIN_L3_TABLE,
                            .arg1.mfn = b->root.n };
    long rc = rl_mmuext(build->rl, build->id, &op);

    return rc < 0 ? rl_error((int)-rc, "the hypervisor refuses the domain's page tables: %s",
                             strerror((int)-rc))
                  : 0;
}

/* The first vcpu's context goes to the hypervisor in the layout of the domain's width. */
static int load_vcpu(struct rl_build *build)
{
    struct vcpu_guest_context *context = rl_call_array(build->rl), wide;
    struct xen_domctl op = { 0 };
    long rc;

    BUILD_BUG_ON(sizeof(*context) > RL_ARRAY_SIZE);
    builder_context(&build->builder, &wide);
    if ( build->builder.image.is64 )
        *context = wide;
    else
        compat_narrow_vcpu_context((struct compat_vcpu_context *)context, &wide);
    set_xen_guest_handle(op.u.vcpucontext.ctxt, context);
    rc = rl_domctl(build->rl, XEN_DOMCTL_setvcpucontext, build->id, &op);
    return rc < 0 ? rl_error((int)-rc, "the hypervisor refuses the first vcpu's registers: %s",
                             strerror((int)-rc))
                  : 0;
}

int rl_build_domain(struct rl_build *build)
{
    struct builder *b = &build->builder;
    int rc;

    if ( !rl_memory(build->rl) )
        return -EIO;
    b->shared_info = mfn_to_maddr(to_mfn(build->shared_info));
    rc = give_memory(build);
    if ( !rc )
        rc = builder_load(b);
    if ( !rc )
        rc = builder_page_tables(b);
    if ( !rc )
        rc = builder_start_info(b);
    if ( !rc )
        rc = init_shared_info(build);
    if ( !rc )
        rc = pin_root(build);
    return rc ? rc : load_vcpu(build);
}
