/*
 * A domain's first memory: kernel, p2m, start_info, store and console pages, page tables, stack, in this order, mapped
 * at the virtual base up to a 4 MiB boundary with half a MiB to spare. Domains of both widths: what differs has a
 * function for each.
 */
#include "domain.h"

#include <hypercall/compat/layouts.h>

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
    l.start_info = l.p2m + pages_of(d->nr_pages * (image->pv32 ? sizeof(uint32_t) : sizeof(ulong)));
    l.store = l.start_info + 1;
    l.console = l.store + 1;
    l.tables = l.console + 1;
    /*
     * The kit's base is 4 MiB aligned and low: one table each of levels 4 to 2, or with PAE the root and two L2s, and
     * an L1 every 2 MiB.
     */
    for ( l.nr_tables = 4;; l.nr_tables++ )
    {
        l.stack = l.tables + l.nr_tables;
        l.end = (((l.stack + 1) << PAGE_SHIFT) + SPARE + ALIGNMENT - 1) / ALIGNMENT *
                (ALIGNMENT >> PAGE_SHIFT);
        if ( l.nr_tables >= 3 + l.end / TABLE_ENTRIES )
            return l;
    }
}

/* What leads to the third table, an L2, in the two before it. */
static void write_upper(const struct domain *d, const struct image *image, const struct layout *l,
                        pte_t *root, pte_t *second)
{
    if ( image->pv32 ) /* the second is the last GiB's L2 */
    {
        root[table_index(image->virt_base, 3)] = pte_make(d->p2m[l->tables + 2], PTE_P);
        root[3] = pte_make(d->p2m[l->tables + 1], PTE_P);
        return;
    }
    root[table_index(image->virt_base, 4)] = pte_make(d->p2m[l->tables + 1], PTE_TABLE);
    second[table_index(image->virt_base, 3)] = pte_make(d->p2m[l->tables + 2], PTE_TABLE);
}

static void write_tables(const struct domain *d, const struct image *image, const struct layout *l,
                         char *memory)
{
    pte_t *root = (pte_t *)(memory + (l->tables << PAGE_SHIFT));
    pte_t *second = root + TABLE_ENTRIES, *l2 = second + TABLE_ENTRIES, *l1 = l2 + TABLE_ENTRIES;
    ulong first = table_index(image->virt_base, 2);

    write_upper(d, image, l, root, second);
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

static void write_p2m(const struct domain *d, const struct image *image, char *to)
{
    if ( !image->pv32 )
        memcpy(to, d->p2m, d->nr_pages * sizeof(ulong));
    for ( ulong pfn = 0; pfn < d->nr_pages && image->pv32; pfn++ )
        ((uint32_t *)to)[pfn] = (uint32_t)d->p2m[pfn];
}

static void fill_start_info(const struct domain *d, const struct image *image,
                            const struct layout *l, const char *command_line, ulong shared_info_mfn,
                            struct start_info *info)
{
    snprintf(info->magic, sizeof(info->magic), image->pv32 ? "xen-3.0-x86_32p" : "xen-3.0-x86_64");
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

/* struct start_info as 32-bit guests have it. */
struct start_info_32 {
    char magic[32];
    uint32_t nr_pages, shared_info, flags, store_mfn, store_evtchn, console_mfn, console_evtchn,
        pt_base, nr_pt_frames, mfn_list, mod_start, mod_len;
    int8_t cmd_line[MAX_GUEST_CMDLINE];
    uint32_t first_p2m_pfn, nr_p2m_frames;
};

static void write_start_info(const struct image *image, const struct start_info *info, char *to)
{
    struct start_info_32 *narrow = (struct start_info_32 *)to;

    if ( !image->pv32 )
    {
        memcpy(to, info, sizeof(*info));
        return;
    }
    *narrow = (struct start_info_32){ .nr_pages = (uint32_t)info->nr_pages,
                                      .shared_info = (uint32_t)info->shared_info,
                                      .store_mfn = (uint32_t)info->store_mfn,
                                      .store_evtchn = info->store_evtchn,
                                      .console_mfn = (uint32_t)info->console.domU.mfn,
                                      .console_evtchn = info->console.domU.evtchn,
                                      .pt_base = (uint32_t)info->pt_base,
                                      .nr_pt_frames = (uint32_t)info->nr_pt_frames,
                                      .mfn_list = (uint32_t)info->mfn_list,
                                      .first_p2m_pfn = (uint32_t)info->first_p2m_pfn,
                                      .nr_p2m_frames = (uint32_t)info->nr_p2m_frames };
    memcpy(narrow->magic, info->magic, sizeof(narrow->magic));
    memcpy(narrow->cmd_line, info->cmd_line, sizeof(narrow->cmd_line));
}

/* Ring 1's flat segments. */
#define PV32_CS 0xe019
#define PV32_DS 0xe021

static long set_context(const struct domain *d, const struct image *image, const struct layout *l)
{
    static struct compat_vcpu_context narrow;
    static struct vcpu_guest_context context;
    static struct xen_domctl op;

    memset(&context, 0, sizeof(context));
    context.flags = VGCF_in_kernel | VGCF_online;
    context.user_regs.rip = image->entry;
    context.user_regs.rsp = virt_of(image, l->stack + 1);
    context.user_regs.rsi = virt_of(image, l->start_info);
    context.user_regs.rflags = 0x200;
    context.user_regs.cs = image->pv32 ? PV32_CS : FLAT_KERNEL_CS;
    context.user_regs.ss = image->pv32 ? PV32_DS : FLAT_KERNEL_SS;
    context.user_regs.ds = context.user_regs.es = image->pv32 ? PV32_DS : 0;
    context.kernel_ss = context.user_regs.ss;
    context.kernel_sp = context.user_regs.rsp;
    context.ctrlreg[3] = xen_pfn_to_cr3(d->p2m[l->tables]);
    compat_narrow_vcpu_context(&narrow, &context);
    op.u.vcpucontext.ctxt.p = image->pv32 ? (void *)&narrow : &context;
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

static long pin_root(const struct domain *d, const struct image *image, ulong mfn)
{
    struct mmuext_op op = { .cmd = image->pv32 ? MMUEXT_PIN_L3_TABLE : MMUEXT_PIN_L4_TABLE,
                            .arg1.mfn = mfn };

    return hypercall(mmuext_op, &op, 1, NULL, d->id);
}

long domain_build(struct domain *d, const struct image *image, const char *command_line)
{
    static struct xen_domctl op;
    static struct start_info info;
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
    write_p2m(d, image, memory + (l.p2m << PAGE_SHIFT));
    write_tables(d, image, &l, memory);
    fill_start_info(d, image, &l, command_line, shared_info_mfn, &info);
    write_start_info(image, &info, memory + (l.start_info << PAGE_SHIFT));
    domain_unmap(window, l.end);

    op.u.hypercall_init.gmfn = d->p2m[(image->hypercall_page - image->virt_base) >> PAGE_SHIFT];
    rc = domctl(&op, XEN_DOMCTL_hypercall_init, d->id);
    rc = rc ?: pin_root(d, image, d->p2m[l.tables]);
    rc = rc ?: set_context(d, image, &l);
    if ( rc )
        return rc;
    d->ring_at = d->ring_at ?: table_window();
    rc = domain_map(d, d->ring_at, &d->p2m[l.console], 1);
    if ( !rc )
        d->ring = (struct xencons_interface *)d->ring_at;
    return rc;
}
