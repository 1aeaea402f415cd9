/*
 * Control operations: domctl, sysctl, platform_op, mca and xen_version, with the rooms that they direct played here.
 *
 * LINK: hypervisor/control/domctl.c hypervisor/control/domain_[a-z]*.c hypervisor/control/shared.c
 * LINK: hypervisor/control/sysctl*.c hypervisor/control/platform.c hypervisor/control/mca.c
 * LINK: hypervisor/control/version.c
 * LINK: hypervisor/domain/subop.c hypervisor/pv/emulate/cpuid[a-z_]*.c hypervisor/mm/frame.c tests/host/fake/machine.c
 */
#include "tests/host/fake/machine.h"

#include <setjmp.h>

#include "access/access.h"
#include "boot/domain/builder.h"
#include "console/console.h"
#include "control/control.h"
#include "cpu/fpu.h"
#include "cpu/asm.h"
#include "efi/efi.h"
#include "irq/irq.h"
#include "mm/alloc.h"
#include "mm/heap.h"
#include "pv/emulate/cpuid.h"
#include "sched/sched.h"
#include "time/time.h"
#include "trace/trace.h"

/* --- rooms that are played --- */

u64 fpu_features = 7;
u64 time_tsc_khz = 1000000;
char control_cmdline[1024] = "dom0_mem=512M loglvl=all";
struct irq_acpi_facts irq_acpi = { .nr_cpus = 5,
                                   .apic_ids = { 0, 2, 4, 6, 8 },
                                   .acpi_ids = { 1, 2, 3, 4, 5 } };

static struct domain *dom0, *domu, *made;
static struct xen_domctl_createdomain made_from;
static long create_result, kill_result;
static u32 pauses, unpauses, resumes;

void *heap_alloc(size_t size)
{
    return calloc(1, size);
}

void heap_free(void *p)
{
    free(p);
}

struct cpuid_leaf host_cpuid(u32 leaf, u32 subleaf)
{
    (void)subleaf;
    switch ( leaf )
    {
    case 0:
        return (struct cpuid_leaf){ 7, 0x756e6547, 0x6c65746e, 0x49656e69 };
    case 1:
        return (struct cpuid_leaf){ 0x000906ea, 0, 0x04000001, 0x07800001 };
    case 0x80000000:
        return (struct cpuid_leaf){ 0x80000008, 0, 0, 0 };
    case 0x80000001:
        return (struct cpuid_leaf){ 0, 0, 1, 0x20000800 };
    case 0x80000008:
        return (struct cpuid_leaf){ 0x3027, 0, 0, 0 };
    default:
        return (struct cpuid_leaf){ 0 };
    }
}

long domain_create(domid_t id, const struct xen_domctl_createdomain *config, bool privileged,
                   struct domain **out)
{
    expect(!privileged);
    made_from = *config;
    if ( create_result )
        return create_result;
    made = *out = fake_domain(id, false, 0);
    made->vcpus = realloc(made->vcpus, 4 * sizeof(*made->vcpus));
    memset(made->vcpus, 0, 4 * sizeof(*made->vcpus));
    made->max_vcpus = config->max_vcpus;
    made->options = config->flags;
    made->pause_count = 1;
    return 0;
}

struct vcpu *domain_vcpu_create(struct domain *d, u32 id)
{
    struct vcpu *v = calloc(1, sizeof(*v));

    v->domain = d;
    v->id = id;
    v->down = true;
    return d->vcpus[id] = v;
}

long domain_kill(struct domain *d)
{
    d->life = kill_result ? DOMAIN_DYING : DOMAIN_DEAD;
    return kill_result;
}

void domain_pause(struct domain *d)
{
    d->pause_count++;
    pauses++;
}

void domain_unpause(struct domain *d)
{
    require(d->pause_count > 0);
    d->pause_count--;
    unpauses++;
}

void domain_resume(struct domain *d)
{
    (void)d;
    resumes++;
}

static struct vcpu_guest_context context;
static long context_result;

long vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
    expect(v->domain->pause_count > 0);
    context = *c;
    return context_result;
}

void vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c)
{
    (void)v;
    *c = context;
}

void sched_pause(struct vcpu *v)
{
    v->sched.pause_count++;
}

void sched_unpause(struct vcpu *v)
{
    v->sched.pause_count--;
}

u64 sched_vcpu_ns(const struct vcpu *v)
{
    return 100 + v->id;
}

void sched_set_affinity(struct vcpu *v, const cpumask_t *hard, const cpumask_t *soft)
{
    if ( hard )
        v->sched.hard_affinity = *hard;
    if ( soft )
        v->sched.soft_affinity = *soft;
}

u64 trace_read(enum counter c)
{
    return trace_counters[0][c];
}

const char *trace_summary(enum counter c)
{
    return c == 1 ? "the second" : "another";
}

void trace_reset(void)
{
    trace_counters[0][1] = 0;
}

/* Of control/cpus.c, which has a test of its own. */
static u32 cpu_asked;
static long cpu_result;

long sysctl_cpu_hotplug(struct xen_sysctl_cpu_hotplug *arg)
{
    cpu_asked = arg->cpu;
    return cpu_result;
}

long platform_cpu_online(struct xenpf_cpu_ol *arg)
{
    cpu_asked = arg->cpuid;
    return cpu_result;
}

long platform_cpu_offline(struct xenpf_cpu_ol *arg)
{
    cpu_asked = arg->cpuid;
    return cpu_result;
}

static bool by_efi;

bool efi_present(void)
{
    return by_efi;
}

long efi_info(u32 index, union xenpf_efi_info *info)
{
    info->version = index + 1;
    return by_efi ? 0 : -ENOSYS;
}

long efi_runtime_call(struct xenpf_efi_runtime_call *call)
{
    call->status = call->function + 1;
    return by_efi ? 0 : -ENOSYS;
}

u64 sched_idle_ns(u32 cpu)
{
    return 7000 + cpu;
}

long sched_domain_get(struct domain *d, u16 *weight, u16 *cap)
{
    *weight = d->sched.weight;
    *cap = d->sched.cap;
    return 0;
}

long sched_domain_set(struct domain *d, u16 weight, u16 cap)
{
    d->sched.weight = weight;
    d->sched.cap = cap;
    return weight ? 0 : -EINVAL;
}

ns_t time_now(void)
{
    return 12345;
}

void time_set_wall_offset(struct domain *d, s64 seconds)
{
    d->time.wall_offset = seconds;
}

static u64 wall_seconds;

void time_set_wallclock(u64 secs, u32 nsecs, ns_t system_time)
{
    wall_seconds = secs;
    (void)nsecs, (void)system_time;
}

static const char ring[] = "the log of the hypervisor";
static bool ring_cleared;

size_t console_ring_read(char *to, size_t len, u32 *index, bool incremental, bool clear)
{
    u32 from = incremental ? *index : 0;
    size_t left = from < sizeof(ring) - 1 ? sizeof(ring) - 1 - from : 0;

    if ( len > left )
        len = left;
    if ( len > 10 )
        len = 10; /* a ring gives what it can at once */
    memcpy(to, ring + from, len);
    *index = from + (u32)len;
    ring_cleared |= clear;
    return len;
}

static char keys_seen[8];

void console_debug_key(char key)
{
    keys_seen[strlen(keys_seen)] = key;
}

static jmp_buf off;

void machine_power_off(u16 pm1a, u16 pm1b)
{
    longjmp(off, pm1a + pm1b);
}

unsigned long clear_guest(gva_t to, unsigned long len)
{
    if ( to.n < PAGE_SIZE || to.n + len > fake_guest_limit || to.n + len < to.n )
        return len;
    memset((void *)to.n, 0, len);
    return 0;
}

unsigned int mm_address_bits(void)
{
    return 25;
}

u64 mm_free_pages(void)
{
    return 300;
}

u64 mm_total_pages(void)
{
    return 1000;
}

void builder_hypercall_page(void *page)
{
    memset(page, 0xcc, PAGE_SIZE);
}

static u64 given_first, given_last;
static int given;

bool access_resource(const struct domain *d, enum access_resource kind, u64 first, u64 last)
{
    (void)kind;
    return d == dom0 && !(first <= 0x70 && last >= 0x70);
}

long access_permit(struct domain *d, enum access_resource kind, u64 first, u64 last)
{
    (void)d, (void)kind;
    given_first = first;
    given_last = last;
    given++;
    return 0;
}

long access_deny(struct domain *d, enum access_resource kind, u64 first, u64 last)
{
    (void)d, (void)kind, (void)first, (void)last;
    given--;
    return 0;
}

/* --- set up --- */

static void start(void)
{
    fake_machine();
    fake_cpu_join(0);
    dom0 = fake_domain(0, true, 2);
    domu = fake_domain(5, false, 2);
    cpuid_init();
    require(!cpuid_policy_default(dom0) && !cpuid_policy_default(domu));
}

static struct xen_domctl dop;

static struct xen_domctl *domctl_for(u32 cmd, domid_t id)
{
    memset(&dop, 0, sizeof(dop));
    dop.cmd = cmd;
    dop.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    dop.domain = id;
    return &dop;
}

static long run_domctl(void)
{
    u32 refs = domu->refs + dom0->refs;
    long rc = control_domctl((unsigned long)&dop);

    expect_eq(domu->refs + dom0->refs, refs); /* whatever happened, no reference is left */
    return rc;
}

static struct xen_sysctl sop;

static struct xen_sysctl *sysctl_for(u32 cmd)
{
    memset(&sop, 0, sizeof(sop));
    sop.cmd = cmd;
    sop.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return &sop;
}

static long run_sysctl(void)
{
    return control_sysctl((unsigned long)&sop);
}

/* --- the envelope --- */

TEST(versions_and_numbers)
{
    start();
    domctl_for(XEN_DOMCTL_pausedomain, 5)->interface_version = 0x14;
    expect_eq(run_domctl(), -EACCES);
    domctl_for(XEN_DOMCTL_pausedomain, 77);
    expect_eq(run_domctl(), -ESRCH);
    domctl_for(99999, 5);
    expect_eq(run_domctl(), -ENOSYS);
    domctl_for(XEN_DOMCTL_pausedomain, DOMID_IO);
    expect_eq(run_domctl(), -ESRCH);
    expect_eq(control_domctl(8), -EFAULT);
    expect_eq(control_sysctl(8), -EFAULT);
    sysctl_for(XEN_SYSCTL_physinfo)->interface_version = 1;
    expect_eq(run_sysctl(), -EACCES);
    sysctl_for(XEN_SYSCTL_livepatch_op);
    expect_eq(run_sysctl(), -ENOSYS);
}

/* --- life --- */

static struct xen_domctl *create_for(domid_t id)
{
    struct xen_domctl *op = domctl_for(XEN_DOMCTL_createdomain, id);

    op->u.createdomain.max_vcpus = 2;
    op->u.createdomain.max_grant_frames = -1;
    op->u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(1);
    return op;
}

TEST(creation_chooses_a_number_that_is_free)
{
    domid_t first;

    start();
    create_for(0);
    expect_eq(run_domctl(), 0);
    first = dop.domain;
    expect(made->id == first && first > 0 && first != 5);

    create_for(DOMID_FIRST_RESERVED); /* out of range: chosen too */
    expect_eq(run_domctl(), 0);
    expect(dop.domain != first && dop.domain != 5 && dop.domain != 0);

    create_for(5);
    expect_eq(run_domctl(), -EEXIST);
    create_for(42);
    expect_eq(run_domctl(), 0);
    expect_eq(dop.domain, 42);
    expect_eq(made_from.max_grant_frames, -1);
}

TEST(creation_refuses_what_is_not_pv)
{
    start();
    create_for(0)->u.createdomain.flags = XEN_DOMCTL_CDF_hvm;
    expect_eq(run_domctl(), -EINVAL);
    create_for(0)->u.createdomain.flags = XEN_DOMCTL_CDF_iommu;
    expect_eq(run_domctl(), -EINVAL);
    create_for(0)->u.createdomain.arch.emulation_flags = XEN_X86_EMU_LAPIC;
    expect_eq(run_domctl(), -EINVAL);
    create_for(0)->u.createdomain.grant_opts = 0;
    expect_eq(run_domctl(), -EINVAL);
    create_for(0)->u.createdomain.grant_opts = 3;
    expect_eq(run_domctl(), -EINVAL);
    create_for(0)->u.createdomain.cpupool_id = 1;
    expect_eq(run_domctl(), -EINVAL);
    create_for(0)->u.createdomain.flags = XEN_DOMCTL_CDF_xs_domain;
    expect_eq(run_domctl(), 0);
    create_result = -ENOMEM;
    create_for(0);
    expect_eq(run_domctl(), -ENOMEM);
}

TEST(vcpus_as_many_as_were_said)
{
    start();
    create_for(7);
    expect_eq(run_domctl(), 0);
    domctl_for(XEN_DOMCTL_max_vcpus, 7)->u.max_vcpus.max = 3;
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_max_vcpus, 7)->u.max_vcpus.max = 2;
    expect_eq(run_domctl(), 0);
    expect(made->vcpus[0] && made->vcpus[1]);
    expect_eq(run_domctl(), 0); /* again: they are there */
}

TEST(pauses_are_counted)
{
    start();
    domctl_for(XEN_DOMCTL_unpausedomain, 5);
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_pausedomain, 5);
    expect_eq(run_domctl(), 0);
    expect_eq(run_domctl(), 0);
    expect_eq(domu->pause_count, 2);
    domctl_for(XEN_DOMCTL_unpausedomain, 5);
    expect_eq(run_domctl(), 0);
    expect_eq(run_domctl(), 0);
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_pausedomain, 0);
    expect_eq(run_domctl(), -EINVAL);

    domu->pause_count = 255;
    domctl_for(XEN_DOMCTL_pausedomain, 5);
    expect_eq(run_domctl(), -EBUSY);
}

/* A toolstack's unpause must not set a domain running that is being taken apart. */
TEST(the_dying_stay_paused)
{
    static const u32 refused[] = { XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain,
                                   XEN_DOMCTL_resumedomain, XEN_DOMCTL_setvcpucontext };

    start();
    domu->life = DOMAIN_DYING;
    domu->pause_count = 1;
    for ( unsigned int i = 0; i < 4; i++ )
    {
        domctl_for(refused[i], 5)->u.vcpucontext.ctxt.p = &context;
        expect_eq(run_domctl(), -EINVAL);
    }
    expect_eq(domu->pause_count, 1);
}

TEST(destruction_is_continued)
{
    start();
    domctl_for(XEN_DOMCTL_destroydomain, 0);
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_destroydomain, 5);
    kill_result = -ERESTART;
    expect_eq(run_domctl(), -ERESTART);
    expect(fake_continuation.set && fake_continuation.nr == __HYPERVISOR_domctl);
    expect_eq(fake_continuation.arg[0], (unsigned long)&dop);
    kill_result = 0;
    expect_eq(run_domctl(), 0);
    expect_eq(domu->life, DOMAIN_DEAD);
}

TEST(info_of_the_next_domain)
{
    struct xen_domctl_getdomaininfo *info = &dop.u.getdomaininfo;

    start();
    domu->memory.tot_pages = 11;
    domu->memory.max_pages = 22;
    domu->vcpus[1]->down = true;
    domu->vcpus[0]->sched.blocked = true;
    domctl_for(XEN_DOMCTL_getdomaininfo, 1);
    expect_eq(run_domctl(), 0);
    expect_eq(dop.domain, 5);
    expect(info->domain == 5 && info->tot_pages == 11 && info->max_pages == 22);
    expect(info->nr_online_vcpus == 1 && info->max_vcpu_id == 1 && info->cpu_time == 201);
    expect_eq(info->flags, XEN_DOMINF_blocked | (0xffu << 16));

    domctl_for(XEN_DOMCTL_getdomaininfo, 6);
    expect_eq(run_domctl(), -ESRCH);

    domu->shut_down = true;
    domu->shutdown_reason = SHUTDOWN_crash;
    domu->pause_count = 1;
    domu->vcpus[0]->sched.blocked = false;
    domu->vcpus[0]->sched.running = true;
    domu->life = DOMAIN_DYING; /* not told before it is dead */
    domctl_for(XEN_DOMCTL_getdomaininfo, 5);
    expect_eq(run_domctl(), 0);
    expect_eq(info->flags, XEN_DOMINF_shutdown | (SHUTDOWN_crash << 16) | XEN_DOMINF_paused |
                               XEN_DOMINF_running);
    domu->life = DOMAIN_DEAD;
    expect_eq(run_domctl(), 0);
    expect(info->flags & XEN_DOMINF_dying);
}

TEST(limits_and_names)
{
    start();
    domctl_for(XEN_DOMCTL_max_mem, 5)->u.max_mem.max_memkb = 4097;
    expect_eq(run_domctl(), 0);
    expect_eq(domu->memory.max_pages, 1024);
    domctl_for(XEN_DOMCTL_setdomainhandle, 5)->u.setdomainhandle.handle[15] = 9;
    expect_eq(run_domctl(), 0);
    expect_eq(domu->handle[15], 9);
    domctl_for(XEN_DOMCTL_settimeoffset, 5)->u.settimeoffset.time_offset_seconds = -3600;
    expect_eq(run_domctl(), 0);
    expect_eq(domu->time.wall_offset, -3600);
}

TEST(tsc)
{
    start();
    domctl_for(XEN_DOMCTL_settscinfo, 5)->u.tsc_info.tsc_mode = 2;
    expect_eq(run_domctl(), 0);
    domctl_for(XEN_DOMCTL_gettscinfo, 5);
    expect_eq(run_domctl(), 0);
    expect(dop.u.tsc_info.tsc_mode == 2 && dop.u.tsc_info.gtsc_khz == 1000000);
    domctl_for(XEN_DOMCTL_settscinfo, 5)->u.tsc_info.tsc_mode = 3;
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_gettscinfo, 0);
    expect_eq(run_domctl(), -EINVAL);
}

/* --- vcpus --- */

TEST(contexts)
{
    static struct vcpu_guest_context c = { .flags = 77 }, got;

    start();
    domctl_for(XEN_DOMCTL_setvcpucontext, 5)->u.vcpucontext.ctxt.p = &c;
    expect_eq(run_domctl(), 0);
    expect(context.flags == 77 && domu->pause_count == 0);
    context_result = -EOPNOTSUPP;
    expect_eq(run_domctl(), -EOPNOTSUPP);
    context_result = -ERESTART;
    expect_eq(run_domctl(), -ERESTART);
    dop.u.vcpucontext.vcpu = 2;
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_setvcpucontext, 5);
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_setvcpucontext, 5)->u.vcpucontext.ctxt.p = (void *)8;
    expect_eq(run_domctl(), -EFAULT);

    domctl_for(XEN_DOMCTL_getvcpucontext, 5)->u.vcpucontext.ctxt.p = &got;
    expect_eq(run_domctl(), -ENODATA);
    domu->vcpus[0]->initialised = true;
    expect_eq(run_domctl(), 0);
    expect(got.flags == 77 && domu->vcpus[0]->sched.pause_count == 0);
    dop.u.vcpucontext.ctxt.p = (void *)8;
    expect_eq(run_domctl(), -EFAULT);
}

/* It is in motion; its selectors, bases and FPU registers are in the processor. */
TEST(ones_own_context)
{
    static struct vcpu_guest_context got;

    start();
    fake_run(domu->vcpus[0]);
    domu->vcpus[0]->initialised = true;
    domctl_for(XEN_DOMCTL_getvcpucontext, 5)->u.vcpucontext.ctxt.p = &got;
    domu->privileged = true;
    expect_eq(run_domctl(), -EINVAL);
}

TEST(vcpu_info)
{
    start();
    domu->vcpus[1]->sched.blocked = true;
    domctl_for(XEN_DOMCTL_getvcpuinfo, 5)->u.getvcpuinfo.vcpu = 1;
    expect_eq(run_domctl(), 0);
    expect(dop.u.getvcpuinfo.online && dop.u.getvcpuinfo.blocked && !dop.u.getvcpuinfo.running);
    expect_eq(dop.u.getvcpuinfo.cpu_time, 101);
    dop.u.getvcpuinfo.vcpu = 9;
    expect_eq(run_domctl(), -EINVAL);
    free(domu->vcpus[1]);
    domu->vcpus[1] = NULL;
    dop.u.getvcpuinfo.vcpu = 1;
    expect_eq(run_domctl(), -ESRCH);
}

/* As measured on Debian's Xen: the map is filled with zeros up to its own last byte, and not beyond. */
TEST(affinities)
{
    const cpumask_t all = ~0UL;
    u8 map[16];

    start();
    sched_set_affinity(domu->vcpus[0], &all, &all);
    memset(map, 0xaa, sizeof(map));
    domctl_for(XEN_DOMCTL_getvcpuaffinity, 5);
    dop.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
    dop.u.vcpuaffinity.cpumap_hard.nr_bits = 100;
    dop.u.vcpuaffinity.cpumap_hard.bitmap.p = map;
    expect_eq(run_domctl(), 0);
    expect(map[0] == 0xf && map[1] == 0 && map[12] == 0 && map[13] == 0xaa);

    map[0] = 0xf1;
    dop.cmd = XEN_DOMCTL_setvcpuaffinity;
    dop.u.vcpuaffinity.cpumap_hard.nr_bits = 7;
    expect_eq(run_domctl(), 0);
    expect_eq(map[0], 1); /* as it took effect */
    map[0] = 2;           /* not where it runs */
    expect_eq(run_domctl(), 0);
    map[0] = 0x40; /* no such CPU */
    expect_eq(run_domctl(), -EINVAL);
    dop.u.vcpuaffinity.cpumap_hard.nr_bits = 0;
    expect_eq(run_domctl(), -EINVAL);
    dop.u.vcpuaffinity.flags = 0;
    expect_eq(run_domctl(), -EINVAL);

    domctl_for(XEN_DOMCTL_setnodeaffinity, 5)->u.nodeaffinity.nodemap.nr_bits = 8;
    dop.u.nodeaffinity.nodemap.bitmap.p = map;
    map[0] = 2;
    expect_eq(run_domctl(), -EINVAL);
    map[0] = 3;
    expect_eq(run_domctl(), 0);
}

TEST(scheduling)
{
    start();
    domctl_for(XEN_DOMCTL_scheduler_op, 5)->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    dop.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    dop.u.scheduler_op.u.credit2.weight = 512;
    dop.u.scheduler_op.u.credit2.cap = 50;
    expect_eq(run_domctl(), 0);
    dop.u.scheduler_op.u.credit2.weight = 0;
    dop.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    expect_eq(run_domctl(), 0);
    expect(dop.u.scheduler_op.u.credit2.weight == 512 && dop.u.scheduler_op.u.credit2.cap == 50);
    dop.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getvcpuinfo;
    expect_eq(run_domctl(), -EINVAL);
    dop.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT;
    expect_eq(run_domctl(), -EINVAL);
}

/* --- the machine of a domain --- */

TEST(frame_kinds)
{
    u64 array[4];
    mfn_t table;

    start();
    table = fake_frame(domu);
    mfn_to_frame(table)->state |=
        FRAME_PINNED | FRAME_TYPE_ONE | FRAME_VALIDATED | (u64)FRAME_L4 << FRAME_TYPE_SHIFT;
    array[0] = fake_frame(domu).n;
    array[1] = table.n;
    array[2] = fake_frame(dom0).n;
    array[3] = ~0UL;
    domctl_for(XEN_DOMCTL_getpageframeinfo3, 5)->u.getpageframeinfo3.num = 4;
    dop.u.getpageframeinfo3.array.p = (xen_pfn_t *)array;
    expect_eq(run_domctl(), 0);
    expect_eq(array[0], XEN_DOMCTL_PFINFO_NOTAB);
    expect_eq(array[1], XEN_DOMCTL_PFINFO_L4TAB | XEN_DOMCTL_PFINFO_LPINTAB);
    expect_eq(array[2], XEN_DOMCTL_PFINFO_XTAB);
    expect_eq(array[3], XEN_DOMCTL_PFINFO_XTAB);
    expect_eq(fake_refs(table), 1);
    dop.u.getpageframeinfo3.num = 1025;
    expect_eq(run_domctl(), -E2BIG);
}

TEST(hypercall_page)
{
    mfn_t mfn;

    start();
    mfn = fake_frame(domu);
    domctl_for(XEN_DOMCTL_hypercall_init, 5)->u.hypercall_init.gmfn = mfn.n;
    expect_eq(run_domctl(), 0);
    expect(fake_words(mfn)[511] == 0xccccccccccccccccUL && fake_refs(mfn) == 1 &&
           fake_count(mfn) == 0);
    dop.u.hypercall_init.gmfn = fake_frame(dom0).n;
    expect_eq(run_domctl(), -EACCES);
    dop.u.hypercall_init.gmfn = ~0UL;
    expect_eq(run_domctl(), -EACCES);
}

TEST(devices_are_given_by_those_who_have_them)
{
    start();
    domctl_for(XEN_DOMCTL_ioport_permission, 5);
    dop.u.ioport_permission.first_port = 0x3f8;
    dop.u.ioport_permission.nr_ports = 8;
    dop.u.ioport_permission.allow_access = 1;
    expect_eq(run_domctl(), 0);
    expect(given == 1 && given_first == 0x3f8 && given_last == 0x3ff);
    dop.u.ioport_permission.allow_access = 0;
    expect_eq(run_domctl(), 0);
    expect_eq(given, 0);
    dop.u.ioport_permission.first_port = 0x6f; /* reaches the RTC, which isn't dom0's */
    expect_eq(run_domctl(), -EPERM);

    domctl_for(XEN_DOMCTL_iomem_permission, 5);
    dop.u.iomem_permission.first_mfn = 0xf0000;
    expect_eq(run_domctl(), -EINVAL); /* none */
    dop.u.iomem_permission.nr_mfns = ~0UL;
    expect_eq(run_domctl(), -EINVAL); /* wraps */
}

TEST(policies)
{
    static xen_cpuid_leaf_t leaves[CPUID_MAX_LEAVES];
    static xen_msr_entry_t msrs[CPUID_MAX_MSRS];
    u32 nr;

    start();
    domctl_for(XEN_DOMCTL_get_cpu_policy, 5)->u.cpu_policy.nr_leaves = 1;
    dop.u.cpu_policy.nr_msrs = CPUID_MAX_MSRS;
    dop.u.cpu_policy.leaves.p = leaves;
    dop.u.cpu_policy.msrs.p = msrs;
    expect_eq(run_domctl(), -ENOBUFS);
    nr = dop.u.cpu_policy.nr_leaves; /* how many it takes */
    expect(nr > 8 && nr <= CPUID_MAX_LEAVES && !leaves[0].d);
    expect_eq(run_domctl(), 0);
    expect_eq(dop.u.cpu_policy.nr_leaves, nr);

    dop.cmd = XEN_DOMCTL_set_cpu_policy;
    expect_eq(run_domctl(), 0);
    expect(dop.u.cpu_policy.err_leaf == ~0u && domu->pause_count == 0);
    leaves[3].leaf = 0x1234;
    expect_eq(run_domctl(), -ERANGE);
    expect_eq(dop.u.cpu_policy.err_leaf, 0x1234);
    dop.u.cpu_policy.nr_leaves = 100000;
    expect_eq(run_domctl(), -E2BIG);
    dop.domain = 0;
    expect_eq(run_domctl(), -EINVAL);
}

TEST(widths)
{
    start();
    domctl_for(XEN_DOMCTL_set_address_size, 5)->u.address_size.size = 64;
    expect_eq(run_domctl(), 0);
    dop.u.address_size.size = 16;
    expect_eq(run_domctl(), -EINVAL);
    domctl_for(XEN_DOMCTL_get_address_size, 5);
    expect_eq(run_domctl(), 0);
    expect_eq(dop.u.address_size.size, 64);
    domctl_for(XEN_DOMCTL_shadow_op, 5);
    expect_eq(run_domctl(), 0);
    dop.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_CLEAN;
    expect_eq(run_domctl(), -EINVAL);
}

/* --- sysctl --- */

TEST(physinfo)
{
    start();
    domu->memory.claimed = 40;
    sysctl_for(XEN_SYSCTL_physinfo);
    memset(&sop.u, 0xaa, sizeof(sop.u));
    expect_eq(run_sysctl(), 0);
    expect(sop.u.physinfo.nr_cpus == FAKE_CPUS && sop.u.physinfo.max_cpu_id == FAKE_CPUS - 1);
    expect(sop.u.physinfo.total_pages == 1000 && sop.u.physinfo.free_pages == 300);
    expect_eq(sop.u.physinfo.outstanding_pages, 40);
    expect_eq(sop.u.physinfo.capabilities & (XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_hvm),
              XEN_SYSCTL_PHYSCAP_pv);
    expect_eq(sop.u.physinfo.pad, 0);
}

TEST(lists_of_domains)
{
    static struct xen_domctl_getdomaininfo infos[4];

    start();
    sysctl_for(XEN_SYSCTL_getdomaininfolist)->u.getdomaininfolist.max_domains = 4;
    sop.u.getdomaininfolist.buffer.p = infos;
    expect_eq(run_sysctl(), 0);
    expect_eq(sop.u.getdomaininfolist.num_domains, 2);
    expect(infos[0].domain == 0 && infos[1].domain == 5);
    sop.u.getdomaininfolist.first_domain = 1;
    sop.u.getdomaininfolist.max_domains = 1;
    expect_eq(run_sysctl(), 0);
    expect(sop.u.getdomaininfolist.num_domains == 1 && infos[0].domain == 5);
    expect(dom0->refs == 1 && domu->refs == 1);
    sop.u.getdomaininfolist.buffer.p = (void *)8;
    expect_eq(run_sysctl(), -EFAULT);
    expect(dom0->refs == 1 && domu->refs == 1);
}

TEST(processors)
{
    struct xen_sysctl_cpuinfo idle[8] = {};
    struct xen_sysctl_cputopo topology[8] = {};

    start();
    sysctl_for(XEN_SYSCTL_getcpuinfo)->u.getcpuinfo.max_cpus = 8;
    sop.u.getcpuinfo.info.p = idle;
    expect_eq(run_sysctl(), 0);
    expect(sop.u.getcpuinfo.nr_cpus == FAKE_CPUS && idle[3].idletime == 7003 && !idle[4].idletime);

    sysctl_for(XEN_SYSCTL_cputopoinfo);
    expect_eq(run_sysctl(), 0);
    expect_eq(sop.u.cputopoinfo.num_cpus, FAKE_CPUS);
    sop.u.cputopoinfo.num_cpus = 2;
    sop.u.cputopoinfo.cputopo.p = topology;
    expect_eq(run_sysctl(), 0);
    expect(sop.u.cputopoinfo.num_cpus == FAKE_CPUS && topology[1].core == 1 &&
           topology[2].core == 0);

    sysctl_for(XEN_SYSCTL_numainfo);
    expect_eq(run_sysctl(), 0);
    expect_eq(sop.u.numainfo.num_nodes, 1);
}

TEST(pools_and_schedulers)
{
    u8 map = 0;

    start();
    sysctl_for(XEN_SYSCTL_cpupool_op)->u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
    sop.u.cpupool_op.cpumap.nr_bits = 8;
    sop.u.cpupool_op.cpumap.bitmap.p = &map;
    expect_eq(run_sysctl(), 0);
    expect(map == 0xf && sop.u.cpupool_op.n_dom == 2 &&
           sop.u.cpupool_op.sched_id == XEN_SCHEDULER_CREDIT2);
    sop.u.cpupool_op.cpupool_id = 1;
    expect_eq(run_sysctl(), -ENOENT);
    sop.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_CREATE;
    expect_eq(run_sysctl(), -EOPNOTSUPP);
    sysctl_for(XEN_SYSCTL_sched_id);
    expect_eq(run_sysctl(), 0);
    expect_eq(sop.u.sched_id.sched_id, XEN_SCHEDULER_CREDIT2);
}

TEST(featuresets)
{
    u32 words[CPUID_FEATURESET_WORDS] = {};

    start();
    sysctl_for(XEN_SYSCTL_get_cpu_featureset)->u.cpu_featureset.index =
        XEN_SYSCTL_cpu_featureset_pv;
    expect_eq(run_sysctl(), 0);
    expect_eq(sop.u.cpu_featureset.nr_features, CPUID_FEATURESET_WORDS);
    sop.u.cpu_featureset.features.p = words;
    expect_eq(run_sysctl(), 0);
    expect(words[0] & 1);
    words[1] = 0;
    sop.u.cpu_featureset.nr_features = 1;
    expect_eq(run_sysctl(), -ENOBUFS);
    expect_eq(words[1], 0);
    sop.u.cpu_featureset.index = XEN_SYSCTL_cpu_featureset_hvm;
    expect_eq(run_sysctl(), -EOPNOTSUPP);
    sop.u.cpu_featureset.index = 6;
    expect_eq(run_sysctl(), -EINVAL);

    sysctl_for(XEN_SYSCTL_get_cpu_policy)->u.cpu_policy.index = XEN_SYSCTL_cpu_policy_host;
    expect_eq(run_sysctl(), 0);
    expect(sop.u.cpu_policy.nr_leaves == CPUID_MAX_LEAVES &&
           sop.u.cpu_policy.nr_msrs == CPUID_MAX_MSRS);
    sop.u.cpu_policy.index = XEN_SYSCTL_cpu_policy_hvm_max;
    expect_eq(run_sysctl(), -EOPNOTSUPP);
    sop.u.cpu_policy.index = 6;
    expect_eq(run_sysctl(), -EINVAL);
}

TEST(the_log)
{
    char text[64] = {};

    start();
    sysctl_for(XEN_SYSCTL_readconsole)->u.readconsole.count = sizeof(text);
    sop.u.readconsole.buffer.p = text;
    expect_eq(run_sysctl(), 0);
    expect_str(text, ring);
    expect(sop.u.readconsole.count == sizeof(ring) - 1 && !ring_cleared);

    memset(text, 0, sizeof(text));
    sop.u.readconsole.incremental = 1;
    sop.u.readconsole.index = 4;
    sop.u.readconsole.count = 3;
    sop.u.readconsole.clear = 1;
    expect_eq(run_sysctl(), 0);
    expect_str(text, "log");
    expect(sop.u.readconsole.index == 7 && ring_cleared);
}

TEST(keys_and_counters)
{
    struct xen_sysctl_perfc_desc descs[NR_COUNTERS] = {};
    xen_sysctl_perfc_val_t values[NR_COUNTERS] = {};

    start();
    sysctl_for(XEN_SYSCTL_debug_keys)->u.debug_keys.nr_keys = 2;
    sop.u.debug_keys.keys.p = "hm";
    expect_eq(run_sysctl(), 0);
    expect_str(keys_seen, "hm");
    sop.u.debug_keys.nr_keys = 65;
    expect_eq(run_sysctl(), -E2BIG);

    trace_counters[0][1] = 5;
    sysctl_for(XEN_SYSCTL_perfc_op)->u.perfc_op.cmd = XEN_SYSCTL_PERFCOP_query;
    sop.u.perfc_op.desc.p = descs;
    sop.u.perfc_op.val.p = values;
    expect_eq(run_sysctl(), 0);
    expect(sop.u.perfc_op.nr_counters == NR_COUNTERS && values[1] == 5 && descs[1].nr_vals == 1 &&
           descs[0].name[0]);
    sop.u.perfc_op.cmd = XEN_SYSCTL_PERFCOP_reset;
    expect_eq(run_sysctl(), 0);
    expect_eq(trace_counters[0][1], 0);
    sop.u.perfc_op.cmd = 9;
    expect_eq(run_sysctl(), -EINVAL);
}

/* --- platform_op, mca --- */

static struct xen_platform_op pop = { .interface_version = XENPF_INTERFACE_VERSION };

static long run_platform(u32 cmd)
{
    pop.cmd = cmd;
    return control_platform_op((unsigned long)&pop);
}

TEST(platform)
{
    int values;

    start();
    pop.u.pcpu_info.xen_cpuid = 1;
    expect_eq(run_platform(XENPF_get_cpuinfo), 0);
    expect(pop.u.pcpu_info.max_present == 4 && pop.u.pcpu_info.flags == XEN_PCPU_FLAGS_ONLINE);
    expect(pop.u.pcpu_info.apic_id == 2 && pop.u.pcpu_info.acpi_id == 2);
    pop.u.pcpu_info.xen_cpuid = 4; /* present, but not up */
    expect_eq(run_platform(XENPF_get_cpuinfo), 0);
    expect_eq(pop.u.pcpu_info.flags, 0);
    pop.u.pcpu_info.xen_cpuid = 1000;
    expect_eq(run_platform(XENPF_get_cpuinfo), 0);
    expect_eq(pop.u.pcpu_info.flags, XEN_PCPU_FLAGS_INVALID);

    memset(&pop.u, 0, sizeof(pop.u));
    pop.u.settime64.secs = 1700000000;
    expect_eq(run_platform(XENPF_settime64), 0);
    expect_eq(wall_seconds, 1700000000);
    pop.u.settime64.mbz = 1;
    expect_eq(run_platform(XENPF_settime64), -EINVAL);

    memset(&pop.u, 0, sizeof(pop.u));
    pop.u.enter_acpi_sleep.sleep_state = 3;
    expect_eq(run_platform(XENPF_enter_acpi_sleep), -EOPNOTSUPP);
    pop.u.enter_acpi_sleep.sleep_state = 5;
    pop.u.enter_acpi_sleep.val_a = 20;
    pop.u.enter_acpi_sleep.val_b = 3;
    values = setjmp(off);
    if ( !values )
        run_platform(XENPF_enter_acpi_sleep);
    expect_eq(values, 23);

    expect_eq(run_platform(XENPF_add_memtype), -ENOSYS);
    pop.interface_version = 7;
    expect_eq(run_platform(XENPF_get_cpuinfo), -EACCES);
}

static long ask_firmware(u32 type, u32 index)
{
    memset(&pop.u, 0, sizeof(pop.u));
    pop.u.firmware_info.type = type;
    pop.u.firmware_info.index = index;
    return run_platform(XENPF_firmware_info);
}

TEST(firmware)
{
    start();
    *(u8 *)maddr_to_virt(to_maddr(0x417)) = 0x20;
    expect_eq(ask_firmware(XEN_FW_KBD_SHIFT_FLAGS, 0), 0);
    expect_eq(pop.u.firmware_info.u.kbd_shift_flags, 0x20);
    expect_eq(ask_firmware(XEN_FW_KBD_SHIFT_FLAGS, 1), -ESRCH);
    expect_eq(ask_firmware(XEN_FW_DISK_INFO, 0), -ESRCH);
    expect_eq(ask_firmware(XEN_FW_DISK_MBR_SIGNATURE, 0), -ESRCH);
    expect_eq(ask_firmware(XEN_FW_VBEDDC_INFO, 0), -ESRCH);
    expect_eq(ask_firmware(6, 0), -EINVAL);
    expect_eq(ask_firmware(XEN_FW_EFI_INFO, 0), -ENOSYS);

    by_efi = true;
    expect_eq(ask_firmware(XEN_FW_KBD_SHIFT_FLAGS, 0), 0);
    expect_eq(pop.u.firmware_info.u.kbd_shift_flags, 0);
    expect_eq(ask_firmware(XEN_FW_EFI_INFO, 3), 0);
    expect_eq(pop.u.firmware_info.u.efi_info.version, 4);
    memset(&pop.u, 0, sizeof(pop.u));
    pop.u.efi_runtime_call.function = 5;
    expect_eq(run_platform(XENPF_efi_runtime_call), 0);
    expect_eq(pop.u.efi_runtime_call.status, 6);
}

TEST(idle_times)
{
    u64 times[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    u8 map = 0x35;

    start();
    pop.u.getidletime.cpumap_bitmap.p = &map;
    pop.u.getidletime.cpumap_nr_cpus = 8;
    pop.u.getidletime.idletime.p = times;
    expect_eq(run_platform(XENPF_getidletime), 0);
    expect_eq(map, 5);
    expect(times[0] == 7000 && times[1] == 1 && times[2] == 7002 && times[4] == 0 &&
           times[5] == 0 && times[6] == 1);
}

TEST(machine_checks)
{
    static struct mcinfo_logical_cpu cpus[2];
    struct xen_mc mc = { .cmd = XEN_MC_physcpuinfo,
                         .interface_version = XEN_MCA_INTERFACE_VERSION };

    start();
    expect_eq(control_mca((unsigned long)&mc), 0);
    expect_eq(mc.u.mc_physcpuinfo.ncpus, FAKE_CPUS);
    mc.u.mc_physcpuinfo.ncpus = 2;
    mc.u.mc_physcpuinfo.info.p = cpus;
    expect_eq(control_mca((unsigned long)&mc), 0);
    expect(mc.u.mc_physcpuinfo.ncpus == 2 && cpus[1].mc_apicid == 2 &&
           !memcmp(cpus[0].mc_vendorid, "GenuineIntel", 12));
    expect_eq(cpus[0].mc_model, 0x9e);
    mc.cmd = XEN_MC_fetch;
    expect_eq(control_mca((unsigned long)&mc), -ENOSYS);
    mc.interface_version = 0;
    expect_eq(control_mca((unsigned long)&mc), -EACCES);
}

/* --- xen_version --- */

static char buffer[2048];

static long version(unsigned long op)
{
    memset(buffer, 0xaa, sizeof(buffer));
    return control_xen_version(op, (unsigned long)buffer);
}

/* Everything from the end of the text to the end of the buffer is zero, and nothing after it is written. */
static bool filled(size_t size)
{
    size_t i = strnlen(buffer, size);

    for ( ; i < size; i++ )
        if ( buffer[i] )
            return false;
    return (u8)buffer[size] == 0xaa;
}

TEST(version_texts)
{
    start();
    expect_eq(control_xen_version(XENVER_version, 0), (4 << 16) | 17);
    expect_eq(control_xen_version(XENVER_pagesize, 0), 4096);
    expect_eq(control_xen_version(XENVER_pagesize, 1), -EINVAL);
    expect_eq(version(XENVER_extraversion), 0);
    expect(filled(sizeof(xen_extraversion_t)));
    expect_eq(version(XENVER_changeset), 0);
    expect(filled(sizeof(xen_changeset_info_t)));
    expect_eq(version(XENVER_capabilities), 0);
    expect(filled(sizeof(xen_capabilities_info_t)) &&
           strstr(buffer, "xen-3.0-x86_64 xen-3.0-x86_32p"));
    expect_eq(version(XENVER_compile_info), 0);
    expect((u8)buffer[sizeof(struct xen_compile_info)] == 0xaa);
    expect_eq(version(XENVER_commandline), 0);
    expect(filled(sizeof(xen_commandline_t)) && strstr(buffer, "dom0_mem=512M"));
    expect_eq(version(XENVER_build_id), -ENOSYS);
    expect_eq(version(11), -ENOSYS);
    expect_eq(control_xen_version(XENVER_capabilities, 8), -EFAULT);

    fake_run(domu->vcpus[0]);
    expect_eq(version(XENVER_commandline), 0);
    expect(filled(sizeof(xen_commandline_t)));
    expect_str(buffer, "<denied>");
}

/* The words that Linux 6.1 gets from Debian's Xen 4.17, with and without being dom0. */
TEST(version_features)
{
    struct xen_feature_info info = { 0 };

    start();
    expect_eq(control_xen_version(XENVER_get_features, (unsigned long)&info), 0);
    expect_eq(info.submap, 0x228f0);
    fake_run(domu->vcpus[0]);
    expect_eq(control_xen_version(XENVER_get_features, (unsigned long)&info), 0);
    expect_eq(info.submap, 0x220f0);
    info.submap_idx = 1;
    expect_eq(control_xen_version(XENVER_get_features, (unsigned long)&info), -EINVAL);
}

HOST_TEST_MAIN
