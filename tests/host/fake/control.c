#include "tests/host/fake/control.h"
#include "tests/host/fake/cpuid.h"

#include "access/access.h"
#include "boot/domain/builder.h"
#include "console/console.h"
#include "control/control.h"
#include "cpu/cpu.h"
#include "cpu/fpu.h"
#include "cpu/asm.h"
#include "efi/efi.h"
#include "irq/irq.h"
#include "mm/alloc.h"
#include "mm/heap.h"
#include "pv/compat/compat.h"
#include "pv/emulate/cpuid.h"
#include "pv/emulate/emulate.h"
#include "sched/policy.h"
#include "time/clock.h"
#include "trace/buffer.h"
#include "trace/trace.h"

/* --- rooms that are played --- */

u64 fpu_features = 7;
u32 fpu_area_size = 832;
struct cpu_features cpu_features = { .rdtscp = true };
u64 time_tsc_khz = 1000000;
struct clock time_clock;
char control_cmdline[1024] = "dom0_mem=512M loglvl=all";
struct irq_acpi_facts irq_acpi = { .nr_cpus = 5,
                                   .apic_ids = { 0, 2, 4, 6, 8 },
                                   .acpi_ids = { 1, 2, 3, 4, 5 } };

struct domain *dom0, *domu, *made;
struct xen_domctl_createdomain made_from;
long create_result, kill_result;
static u32 pauses, unpauses, resumes;

void *heap_alloc(size_t size)
{
    return calloc(1, size);
}

void heap_free(void *p)
{
    free(p);
}

u32 fake_cpus = FAKE_CPUS;

struct percpu *smp_percpu(u32 cpu)
{
    return cpu < fake_cpus ? host_cpu : NULL;
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

struct vcpu *nmi_for;

void vcpu_raise_nmi(struct vcpu *v)
{
    nmi_for = v;
}

struct vcpu_guest_context context;
long context_result;

long vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
    expect(v->domain->pause_count > 0);
    context = *c;
    return context_result;
}

u32 resets;

long vcpu_reset(struct vcpu *v)
{
    expect(v->domain->pause_count > 0);
    resets++;
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

long sched_set_affinity(struct vcpu *v, const cpumask_t *hard, const cpumask_t *soft)
{
    if ( v->sched.overridden )
        return -EBUSY;
    if ( hard )
        v->sched.hard_affinity = *hard;
    if ( soft )
        v->sched.soft_affinity = *soft;
    return 0;
}

long sched_override_affinity(struct vcpu *v, s32 cpu)
{
    expect_eq(cpu, SCHED_NO_OVERRIDE);
    v->sched.overridden = false;
    return 0;
}

/* hypervisor/sched/pool.c is linked: of what it asks the scheduler for, the masks alone. */
cpumask_t sched_cpus;
struct sched_pool sched_pools[SCHED_POOLS] = { { .exists = true } };

void sched_join(u32 cpu, u32 pool)
{
    sched_pools[pool].cpus |= balance_bit(cpu);
    sched_cpus |= balance_bit(cpu);
}

bool sched_leave(u32 cpu)
{
    for ( u32 id = 0; id < SCHED_POOLS; id++ )
        sched_pools[id].cpus &= ~balance_bit(cpu);
    sched_cpus &= ~balance_bit(cpu);
    return true;
}

void sched_forget_affinity(struct vcpu *v)
{
    v->sched.hard_affinity = v->sched.soft_affinity = ~0UL;
}

u64 trace_read(enum counter c)
{
    return this_cpu()->counters[c];
}

const char *trace_summary(enum counter c)
{
    return c == 1 ? "the second" : "another";
}

void trace_reset(void)
{
    this_cpu()->counters[1] = 0;
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

bool by_efi;

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
    return 0;
}

void emulate_choose_cr4(struct vcpu *v, u64 value)
{
    v->pv.cr4_loaded = value | v->domain->time.tsc.emulated;
}

ns_t time_now(void)
{
    return 12345;
}

void time_set_wall_offset(struct domain *d, s64 seconds)
{
    d->time.wall_offset = seconds;
}

u64 wall_seconds;

void time_set_wallclock(u64 secs, u32 nsecs, ns_t system_time)
{
    wall_seconds = secs;
    (void)nsecs, (void)system_time;
}

const char ring[] = "the log of the hypervisor";
bool ring_cleared;

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

char keys_seen[8];

void console_debug_key(char key)
{
    keys_seen[strlen(keys_seen)] = key;
}

jmp_buf off;

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

/* Trace buffers are never made here: tests/guest/trace has them. */
void mm_share_with_domain(void *va, struct domain *d)
{
    (void)va, (void)d;
}

void mm_show_to_tools(void *va, u32 pages)
{
    (void)va, (void)pages;
}

void event_send_global_virq(u32 virq)
{
    (void)virq;
}

long event_set_virq_handler(struct domain *d, u32 virq)
{
    expect(d == domu);
    return virq == VIRQ_CON_RING ? 0 : -EINVAL;
}

void trace_set_buffer(u32 cpu, struct t_buf *buffer, u32 size)
{
    (void)cpu, (void)buffer, (void)size;
}

void trace_choose_events(u32 events)
{
    trace_events = events;
}

u32 trace_chosen_events(void)
{
    return trace_events;
}

void trace_choose_cpus(u64 cpus)
{
    (void)cpus;
}

void trace_switch(bool on)
{
    (void)on;
}

u64 mm_free_pages(void)
{
    return 300;
}

u64 mm_total_pages(void)
{
    return 1000;
}

void builder_hypercall_page(void *page, bool is64)
{
    (void)is64;
    memset(page, 0xcc, PAGE_SIZE);
}

u64 given_first, given_last;
int given;

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

void control_start(void)
{
    fake_machine();
    fake_cpu_join(0);
    dom0 = fake_domain(0, true, 2);
    domu = fake_domain(5, false, 2);
    sched_cpus = sched_pools[0].cpus = smp_online;
    cpuid_init();
    require(!cpuid_policy_default(dom0) && !cpuid_policy_default(domu));
}

struct xen_domctl dop;

struct xen_domctl *domctl_for(u32 cmd, domid_t id)
{
    memset(&dop, 0, sizeof(dop));
    dop.cmd = cmd;
    dop.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    dop.domain = id;
    return &dop;
}

long run_domctl(void)
{
    u32 refs = domu->refs + dom0->refs;
    long rc = control_domctl((unsigned long)&dop);

    expect_eq(domu->refs + dom0->refs, refs); /* whatever happened, no reference is left */
    return rc;
}

struct xen_sysctl sop;

struct xen_sysctl *sysctl_for(u32 cmd)
{
    memset(&sop, 0, sizeof(sop));
    sop.cmd = cmd;
    sop.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return &sop;
}

long run_sysctl(void)
{
    return control_sysctl((unsigned long)&sop);
}

long pv_domain_set_pv32(struct domain *d)
{
    if ( !d->pv32 && d->memory.tot_pages )
        return -EACCES;
    d->pv32 = true;
    return 0;
}
