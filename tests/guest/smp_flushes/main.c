/*
 * A TLB flush that a vcpu asks for reaches the others wherever they run, and disturbs no processor where none of them
 * does.
 *
 * Reach: we change a mapping over and over, with each kind of flush in turn, and then publish which page it must show
 * at least. The others read both in this order, all the while leaving their processors and coming back: none ever sees
 * an older page. Disturb: the hypervisor counts the interrupts that flushes took, which dom0 may read.
 */
#include "team.h"

#define ROUNDS 600
#define PAGES  4
#define ASKED  50

static volatile ulong view;
static volatile ulong *pages[PAGES];
static ulong published, vcpus_bitmap;
static volatile bool stop;

/* --- Reach --- */

enum { BY_VA_PAGE, BY_VA_ALL, BY_VA_MASK, MMUEXT_FIRST, FLUSH_KINDS = MMUEXT_FIRST + 4 };

static const unsigned int mmuext_flushes[] = { MMUEXT_TLB_FLUSH_MULTI, MMUEXT_INVLPG_MULTI,
                                               MMUEXT_TLB_FLUSH_ALL, MMUEXT_INVLPG_ALL };

static long flush(unsigned int cmd)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.linear_addr = view };

    set_xen_guest_handle(op.arg2.vcpumask, (void *)&vcpus_bitmap);
    return hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF);
}

static long show(const volatile ulong *page, unsigned int how)
{
    ulong flags = how == BY_VA_PAGE   ? UVMF_INVLPG | UVMF_ALL
                  : how == BY_VA_ALL  ? UVMF_TLB_FLUSH | UVMF_ALL
                  : how == BY_VA_MASK ? UVMF_INVLPG | (ulong)&vcpus_bitmap
                                      : UVMF_NONE;
    long rc = hypercall(update_va_mapping, view,
                        pte_make(virt_to_mfn((const void *)page), PTE_KERNEL_RO), flags);

    return rc || how < MMUEXT_FIRST ? rc : flush(mmuext_flushes[how - MMUEXT_FIRST]);
}

static void change(void)
{
    for ( ulong n = 1; n <= ROUNDS; n++ )
    {
        *pages[n % PAGES] = n;
        team_wrong(show(pages[n % PAGES], n % FLUSH_KINDS));
        __atomic_store_n(&published, n, __ATOMIC_SEQ_CST);
        for ( unsigned int i = 0; i < 20; i++ )
            team_relax();
    }
    stop = true;
}

static void nap(void)
{
    struct sched_poll op = { .timeout = time_now() + 20 * 1000 };

    hypercall(sched_op, SCHEDOP_poll, &op);
}

static void look(unsigned int me)
{
    uint64_t random = me;

    while ( !stop )
    {
        ulong least = __atomic_load_n(&published, __ATOMIC_SEQ_CST);

        team_wrong(*(volatile ulong *)view < least);
        if ( team_random(&random) % 64 == 0 )
            nap();
    }
}

static void reach(unsigned int me)
{
    me ? look(me) : change();
}

/* --- Disturb --- */

static volatile bool spinning;

static void spin(void *arg)
{
    spinning = true;
    while ( !stop )
        asm volatile("pause");
}

/* The interrupts that flushes took so far; -1: we aren't told. */
static long interrupts(void)
{
    static struct {
        xen_sysctl_perfc_desc_t desc[512];
        xen_sysctl_perfc_val_t value[16384];
    } counters;
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_perfc_op,
                             .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
                             .u.perfc_op.cmd = XEN_SYSCTL_PERFCOP_query };

    set_xen_guest_handle(op.u.perfc_op.desc, counters.desc);
    set_xen_guest_handle(op.u.perfc_op.val, counters.value);
    if ( hypercall(sysctl, &op) )
        return -1;
    for ( unsigned int i = 0; i < op.u.perfc_op.nr_counters; i++ )
        if ( !strcmp(counters.desc[i].name, "TLB flushes asked of other CPUs") )
            return counters.value[i];
    error("flushes are not among what is counted");
}

/* On a processor, or still on its way off? */
static bool on_processor(unsigned int vcpu)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpuinfo,
                             .interface_version = XEN_DOMCTL_INTERFACE_VERSION };

    op.u.getvcpuinfo.vcpu = vcpu;
    need(hypercall(domctl, &op));
    return op.u.getvcpuinfo.running;
}

static long interrupts_of_flushes(ulong vcpus)
{
    long before = interrupts();

    vcpus_bitmap = vcpus;
    for ( unsigned int i = 0; i < ASKED; i++ )
        need(flush(mmuext_flushes[i % (vcpus == ~0UL ? 4 : 2)]));
    return interrupts() - before;
}

static void disturb(void)
{
    long one;

    for ( unsigned int i = 1; i < team.size; i++ )
        while ( on_processor(i) )
            team_relax();
    expect_eq(interrupts_of_flushes(~0UL), 0, "nobody else runs");

    stop = spinning = false;
    need(vcpu_start(1, spin, NULL));
    while ( !spinning )
        team_relax();
    one = interrupts_of_flushes(~0UL);
    expect(one <= ASKED, "one runs: it alone is interrupted");
    expect_eq(interrupts_of_flushes(~2UL), 0, "those who sleep are not");
    stop = true;
}

void test_main(void)
{
    stop = false;
    published = 0;
    view = table_window();
    for ( unsigned int i = 0; i < PAGES; i++ )
        pages[i] = page_alloc();
    team_count();
    vcpus_bitmap = ~0UL;
    need(table_map(view, virt_to_mfn((const void *)pages[0]), PTE_KERNEL_RO));
    team_run(reach);
    expect_eq(team.wrong, 0, "an old translation was used");
    if ( is_dom0() && interrupts() >= 0 )
        disturb();
    need(table_unmap(view));
    for ( unsigned int i = 0; i < PAGES; i++ )
        page_free((void *)pages[i]);
}
