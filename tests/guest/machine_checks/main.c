/*
 * mca: dom0's kernel asks which processors there are, and for errors that they met. There is none to be had, urgent or
 * not, and whoever has read one may say so. As many processors are told of as there is room for.
 */
#include "test.h"

#define HEAD offsetof(struct xen_mc, u) /* what comes before the operation's own structure */

static struct xen_mc op;

static long mca(struct xen_mc *arg, uint32_t cmd)
{
    arg->cmd = cmd;
    arg->interface_version = XEN_MCA_INTERFACE_VERSION;
    return hypercall(mca, arg);
}

/* --- Processors --- */

static struct mcinfo_logical_cpu cpus[2];

static long ask_cpus(struct mcinfo_logical_cpu *to, uint32_t room)
{
    memset(&op, 0, sizeof(op));
    memset(cpus, 0xaa, sizeof(cpus));
    op.u.mc_physcpuinfo.ncpus = room;
    op.u.mc_physcpuinfo.info.p = to;
    return mca(&op, XEN_MC_physcpuinfo);
}

static void processors(void)
{
    uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0, there;

    expect_eq(ask_cpus(NULL, 0), 0, "how many");
    there = op.u.mc_physcpuinfo.ncpus;
    expect(there > 0, "there are processors");

    expect_eq(ask_cpus(cpus, 1), 0, "the first");
    expect_eq(op.u.mc_physcpuinfo.ncpus, 1, "one was told of");
    asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    expect(!memcmp(&cpus[0].mc_vendorid[0], &ebx, 4) && !memcmp(&cpus[0].mc_vendorid[4], &edx, 4) &&
               !memcmp(&cpus[0].mc_vendorid[8], &ecx, 4),
           "its vendor is CPUID's");
    expect_eq(cpus[0].mc_cpunr, 0, "its number");
    expect_eq(cpus[1].mc_cpunr, 0xaaaaaaaa, "no other was written");

    expect_eq(ask_cpus(cpus, 2), 0, "two");
    expect_eq(op.u.mc_physcpuinfo.ncpus, there < 2 ? there : 2, "those that there are");
    expect_eq(ask_cpus((void *)0x10, 1), -EFAULT, "no place to be told");
}

/* --- Errors --- */

static struct mc_info error_info;

static long fetch(uint32_t flags, struct mc_info *to)
{
    memset(&op, 0, sizeof(op));
    op.u.mc_fetch.flags = flags;
    op.u.mc_fetch.fetch_id = 0x1122334455667788;
    op.u.mc_fetch.data.p = to;
    return mca(&op, XEN_MC_fetch);
}

static void errors(void)
{
    expect_eq(fetch(XEN_MC_URGENT, &error_info), 0, "an urgent one");
    expect_eq(op.u.mc_fetch.flags, XEN_MC_NODATA, "there is none");
    expect_eq(fetch(XEN_MC_NONURGENT, &error_info), 0, "another one");
    expect_eq(op.u.mc_fetch.flags, XEN_MC_NODATA, "there is none of these either");
    expect_eq(fetch(XEN_MC_NONURGENT, NULL), -EINVAL, "without a place for it");
    expect_eq(fetch(XEN_MC_NONURGENT | XEN_MC_ACK, NULL), 0, "it has been read");
    expect_eq(op.u.mc_fetch.fetch_id, 0x1122334455667788, "which one is as it was");
    expect_eq(fetch(0, &error_info), -EINVAL, "neither kind");
    expect_eq(fetch(XEN_MC_URGENT | XEN_MC_NONURGENT, &error_info), -EINVAL, "both kinds");
    expect_eq(op.u.mc_fetch.flags, XEN_MC_URGENT | XEN_MC_NONURGENT, "nothing is written then");
}

/* --- Structures that are not all there --- */

static void map(ulong at, const void *page, uint64_t flags)
{
    if ( !table_make(at, 1) )
        error("no tables");
    need(hypercall(update_va_mapping, at, page ? pte_make(virt_to_mfn(page), flags) : 0,
                   UVMF_INVLPG));
}

/* Its beginning is the end of a page behind which there is nothing; or all of it is there, to be read only. */
static void incomplete(uint32_t cmd)
{
    ulong at = table_window();
    char *page = page_alloc();
    struct xen_mc *last = (struct xen_mc *)(page + PAGE_SIZE - HEAD),
                  *first = (struct xen_mc *)page;

    memcpy(first, &op, sizeof(op));
    first->cmd = last->cmd = cmd;
    first->interface_version = last->interface_version = XEN_MCA_INTERFACE_VERSION;
    first->u.mc_fetch.flags = XEN_MC_URGENT; /* of XEN_MC_physcpuinfo, the room for processors */
    map(at, page, PTE_KERNEL_RO);
    expect_eq(hypercall(mca, (void *)(at + PAGE_SIZE - HEAD)), -EFAULT, "half a structure");
    expect_eq(hypercall(mca, (void *)at), -EFAULT, "a structure that can't be written");
    map(at, NULL, 0);
    page_free(page);
}

void test_main(void)
{
    if ( !is_dom0() )
    {
        expect_eq(fetch(XEN_MC_URGENT, &error_info), -EPERM, "without the rights of dom0");
        return;
    }
    processors();
    errors();
    need(ask_cpus(NULL, 0));
    incomplete(XEN_MC_physcpuinfo);
    fetch(XEN_MC_URGENT, &error_info);
    incomplete(XEN_MC_fetch);

    expect_eq(hypercall(mca, (void *)0x10), -EFAULT, "no structure");
    op.cmd = XEN_MC_fetch;
    op.interface_version = XEN_MCA_INTERFACE_VERSION + 1;
    expect_eq(hypercall(mca, &op), -EACCES, "of another version");
}
