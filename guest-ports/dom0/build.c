/*
 * A domain's first memory: kernel, p2m, start_info, store and console pages, page tables, stack, in this order, mapped
 * at the virtual base up to a 4 MiB boundary with half a MiB to spare.
 */
#include "domain.h"

#define SPARE     (512UL << 10)
#define ALIGNMENT (4UL << 20)

struct layout {
    ulong p2m, start_info, store, console, tables, nr_tables, stack,
        end; /* page numbers; all but the first of one page */
};

static ulong pages_of(ulong bytes)
{
    return (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

static struct layout lay_out(const struct domain *d, const struct image *image)
{
    struct layout l;

    l.p2m = pages_of(image->end);
    l.start_info = l.p2m + pages_of(d->nr_pages * sizeof(ulong));
    l.store = l.start_info + 1;
    l.console = l.store + 1;
    l.tables = l.console + 1;
    /* the kit's base is 4 MiB aligned and low: one table each of levels 4 to 2, and an L1 every 2 MiB */
    for ( l.nr_tables = 4;; l.nr_tables++ )
    {
        l.stack = l.tables + l.nr_tables;
        l.end = (((l.stack + 1) << PAGE_SHIFT) + SPARE + ALIGNMENT - 1) / ALIGNMENT *
                (ALIGNMENT >> PAGE_SHIFT);
        if ( l.nr_tables >= 3 + l.end / TABLE_ENTRIES )
            return l;
    }
}

static void write_tables(const struct domain *d, const struct image *image, const struct layout *l,
                         char *memory)
{
    pte_t *l4 = (pte_t *)(memory + (l->tables << PAGE_SHIFT));
    pte_t *l3 = l4 + TABLE_ENTRIES, *l2 = l3 + TABLE_ENTRIES, *l1 = l2 + TABLE_ENTRIES;
    ulong first = table_index(image->virt_base, 2);

    l4[table_index(image->virt_base, 4)] = pte_make(d->p2m[l->tables + 1], PTE_TABLE);
    l3[table_index(image->virt_base, 3)] = pte_make(d->p2m[l->tables + 2], PTE_TABLE);
    for ( ulong i = 0; i < l->end / TABLE_ENTRIES; i++ )
        l2[first + i] = pte_make(d->p2m[l->tables + 3 + i], PTE_TABLE);
    for ( ulong pfn = 0; pfn < l->end; pfn++ )
    {
        bool table = pfn >= l->tables && pfn < l->tables + l->nr_tables;

        l1[pfn] = pte_make(d->p2m[pfn], table ? PTE_USER_RO : PTE_USER_RW);
    }
}

static ulong virt_of(const struct image *image, ulong pfn)
{
    return image->virt_base + (pfn << PAGE_SHIFT);
}

static void write_start_info(const struct domain *d, const struct image *image,
                             const struct layout *l, const char *command_line,
                             ulong shared_info_mfn, struct start_info *info)
{
    snprintf(info->magic, sizeof(info->magic), "xen-3.0-x86_64");
    info->nr_pages = d->nr_pages;
    info->shared_info = shared_info_mfn << PAGE_SHIFT;
    info->store_mfn = d->p2m[l->store];
    info->store_evtchn = d->store_port;
    info->console.domU.mfn = d->p2m[l->console];
    info->console.domU.evtchn = d->console_port;
    info->pt_base = virt_of(image, l->tables);
    info->nr_pt_frames = l->nr_tables;
    info->mfn_list = virt_of(image, l->p2m);
    info->first_p2m_pfn = l->p2m;
    info->nr_p2m_frames = l->start_info - l->p2m;
    snprintf((char *)info->cmd_line, sizeof(info->cmd_line), "%s", command_line);
}

static long set_context(const struct domain *d, const struct image *image, const struct layout *l)
{
    static struct vcpu_guest_context context;
    static struct xen_domctl op;

    memset(&context, 0, sizeof(context));
    context.flags = VGCF_in_kernel | VGCF_online;
    context.user_regs.rip = image->entry;
    context.user_regs.rsp = virt_of(image, l->stack + 1);
    context.user_regs.rsi = virt_of(image, l->start_info);
    context.user_regs.rflags = 0x200;
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = FLAT_KERNEL_SS;
    context.kernel_ss = FLAT_KERNEL_SS;
    context.kernel_sp = context.user_regs.rsp;
    context.ctrlreg[3] = xen_pfn_to_cr3(d->p2m[l->tables]);
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
    op.u.vcpucontext.vcpu = 0;
    return domctl(&op, XEN_DOMCTL_setvcpucontext, d->id);
}

/* All events of all vcpus masked, as a new domain expects. */
static long prepare_shared_info(const struct domain *d, ulong mfn)
{
    static ulong at;
    struct shared_info *shared;
    long rc;

    at = at ?: table_window();
    rc = domain_map(d, at, &mfn, 1);
    if ( rc )
        return rc;
    shared = (struct shared_info *)at;
    memset(shared, 0, PAGE_SIZE);
    for ( unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++ )
        shared->vcpu_info[i].evtchn_upcall_mask = 1;
    domain_unmap(at, 1);
    return 0;
}

static long pin_root(const struct domain *d, ulong mfn)
{
    struct mmuext_op op = { .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = mfn };

    return hypercall(mmuext_op, &op, 1, NULL, d->id);
}

long domain_build(struct domain *d, const struct image *image, const char *command_line)
{
    static struct xen_domctl op;
    static ulong window;
    struct layout l = lay_out(d, image);
    ulong shared_info_mfn;
    char *memory;
    long rc;

    window = window ?: table_window();
    memory = (char *)window;
    rc = domctl(&op, XEN_DOMCTL_getdomaininfo, d->id);
    if ( rc )
        return rc;
    shared_info_mfn = op.u.getdomaininfo.shared_info_frame;
    rc = prepare_shared_info(d, shared_info_mfn) ?: domain_map(d, window, d->p2m, l.end);
    if ( rc )
        return rc;

    memset(memory, 0, l.end << PAGE_SHIFT);
    image_load(image, memory);
    memcpy(memory + (l.p2m << PAGE_SHIFT), d->p2m, d->nr_pages * sizeof(ulong));
    write_tables(d, image, &l, memory);
    write_start_info(d, image, &l, command_line, shared_info_mfn,
                     (struct start_info *)(memory + (l.start_info << PAGE_SHIFT)));
    domain_unmap(window, l.end);

    op.u.hypercall_init.gmfn = d->p2m[(image->hypercall_page - image->virt_base) >> PAGE_SHIFT];
    rc = domctl(&op, XEN_DOMCTL_hypercall_init, d->id);
    rc = rc ?: pin_root(d, d->p2m[l.tables]);
    rc = rc ?: set_context(d, image, &l);
    if ( rc )
        return rc;
    d->ring_at = d->ring_at ?: table_window();
    rc = domain_map(d, d->ring_at, &d->p2m[l.console], 1);
    if ( !rc )
        d->ring = (struct xencons_interface *)d->ring_at;
    return rc;
}
