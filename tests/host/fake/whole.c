#define _GNU_SOURCE /* REG_RIP */
#include "tests/host/fake/whole.h"
#include "tests/host/fake/cpuid.h"
#include "tests/host/fake/slots.h"

#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ucontext.h>

#include "boot/boot_info.h"
#include "console/console.h"
#include "control/control.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/extable.h"
#include "cpu/fpu.h"
#include "cpu/gdt.h"
#include "cpu/stub.h"
#include "efi/efi.h"
#include "event/event.h"
#include "irq/ioapic.h"
#include "irq/irq.h"
#include "irq/pci.h"
#include "lib/atomic.h"
#include "mm/alloc.h"
#include "mm/heap.h"
#include "mm/internal.h"
#include "mm/tlb.h"
#include "pv/bounce/bounce.h"
#include "pv/bounce/internal.h"
#include "pv/emulate/cpuid.h"
#include "sched/sched.h"
#include "smp/softirq.h"
#include "time/clock.h"
#include "trace/trace.h"

/* --- memory --- */

u8 *host_ram;
struct frame *frame_table;
u64 frame_limit = WHOLE_FRAMES;
maddr_t map_idle_root = { 0x1000 };
u64 m2p_compat_frames;
static u64 m2p[WHOLE_FRAMES];

bool mfn_valid(mfn_t mfn)
{
    return mfn.n < frame_limit && READ_ONCE(frame_table[mfn.n].owner) != FRAME_NO_RAM;
}

void m2p_set(mfn_t mfn, pfn_t pfn)
{
    m2p[mfn.n] = pfn.n;
}

pfn_t m2p_get(mfn_t mfn)
{
    return to_pfn(m2p[mfn.n]);
}

mfn_t whole_m2p_missing = INVALID_MFN, whole_m2p_hole;

mfn_t m2p_chunk(u64 index)
{
    (void)index;
    return INVALID_MFN;
}

bool m2p_lacks(mfn_t mfn)
{
    return mfn_eq(mfn, whole_m2p_missing);
}

mfn_t m2p_hole(void)
{
    return whole_m2p_hole;
}

mfn_t m2p_compat_chunk(u64 index)
{
    (void)index;
    return INVALID_MFN;
}

long m2p_compat_create(void)
{
    return 0;
}

long map_page(u64 va, mfn_t mfn, u64 flags)
{
    (void)va, (void)mfn, (void)flags;
    return 0;
}

void *map_device(maddr_t maddr, u64 len)
{
    (void)maddr, (void)len;
    return NULL;
}

/* Windows of vcpus: the descriptors that a CPU would see there are never looked at. */
static struct window {
    u64 ptes[VCPU_MAP_PAGES];
    bool used;
} windows[64];
static u8 window_memory[VCPU_MAP_SIZE];

u64 map_vcpu_window(u64 **ptes)
{
    for ( unsigned int i = 0; i < ARRAY_SIZE(windows); i++ )
        if ( !windows[i].used )
        {
            windows[i] = (struct window){ .used = true };
            *ptes = windows[i].ptes;
            return (u64)window_memory + i; /* which one: nobody else looks */
        }
    return 0;
}

void unmap_vcpu_window(u64 va)
{
    windows[va - (u64)window_memory].used = false;
}

static void memory_init(void)
{
    const size_t size = WHOLE_FRAMES * PAGE_SIZE;

    host_ram = mmap(NULL, size + 2 * PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(host_ram != MAP_FAILED);
    host_ram += PAGE_SIZE;
    mprotect(host_ram, size, PROT_READ | PROT_WRITE);
    map_fill_l4((u64 *)(host_ram + map_idle_root.n));
    frame_table = calloc(WHOLE_FRAMES, sizeof(*frame_table));
    for ( u64 i = 0; i < WHOLE_FRAMES; i++ )
        frame_table[i].owner = i < WHOLE_FIRST ? FRAME_NO_RAM : DOMID_NOBODY;
    buddy_give_range(WHOLE_FIRST, WHOLE_FRAMES);
    frames_set_total(WHOLE_FRAMES - WHOLE_FIRST);
}

/*
 * --- memory that runs out: the linker leads calls of these functions from other files here
 */

unsigned long whole_fail_at, whole_allocations;

static bool fails(void)
{
    return ++whole_allocations == whole_fail_at;
}

void *__real_mm_alloc(unsigned int order);
void *__real_mm_alloc_below(unsigned int order, unsigned int max_bits);
mfn_t __real_mm_alloc_domain(struct domain *d, unsigned int order, unsigned int max_bits,
                             pfn_t pfn);
mfn_t __real_mm_alloc_domain_page(struct domain *d, pfn_t pfn);
void *__real_heap_alloc(size_t size);
void *__wrap_mm_alloc(unsigned int order);
void *__wrap_mm_alloc_below(unsigned int order, unsigned int max_bits);
mfn_t __wrap_mm_alloc_domain(struct domain *d, unsigned int order, unsigned int max_bits,
                             pfn_t pfn);
mfn_t __wrap_mm_alloc_domain_page(struct domain *d, pfn_t pfn);
void *__wrap_heap_alloc(size_t size);

void *__wrap_mm_alloc(unsigned int order)
{
    return fails() ? NULL : __real_mm_alloc(order);
}

void *__wrap_mm_alloc_below(unsigned int order, unsigned int max_bits)
{
    return fails() ? NULL : __real_mm_alloc_below(order, max_bits);
}

mfn_t __wrap_mm_alloc_domain(struct domain *d, unsigned int order, unsigned int max_bits, pfn_t pfn)
{
    return fails() ? INVALID_MFN : __real_mm_alloc_domain(d, order, max_bits, pfn);
}

mfn_t __wrap_mm_alloc_domain_page(struct domain *d, pfn_t pfn)
{
    return fails() ? INVALID_MFN : __real_mm_alloc_domain_page(d, pfn);
}

void *__wrap_heap_alloc(size_t size)
{
    return fails() ? NULL : __real_heap_alloc(size);
}

/* --- TLBs: there are none, but the flush clock ticks --- */

static u32 clock_now = 1;

u32 tlb_clock(void)
{
    return clock_now;
}

void tlb_load_root(maddr_t root)
{
    clock_now++;
    host_cpu->cr3 = root.n;
}

void tlb_switch_root(maddr_t root, domid_t id)
{
    (void)id;
    tlb_load_root(root);
}

void tlb_maps_strangers(domid_t id)
{
    (void)id;
}

void tlb_maps_own_frames(domid_t id)
{
    (void)id;
}

void tlb_flush_local(void)
{
    clock_now++;
}

void tlb_flush_page_local(u64 va)
{
    (void)va;
}

void tlb_flush_mask(cpumask_t mask, u64 va)
{
    (void)mask, (void)va;
    clock_now++;
}

void tlb_flush_caches(void)
{
}

void tlb_flush_cached_page(const void *page)
{
    (void)page;
}

void tlb_flush_stamped(const struct frame *frame)
{
    (void)frame;
}

void tlb_stamp(struct frame *frame)
{
    frame->tlb_stamp = clock_now;
}

/* --- the CPU --- */

static struct {
    struct regs regs;
    struct percpu cpu;
} cpu0;

__thread struct percpu *host_cpu;
cpumask_t smp_online = 1;
u32 smp_present = 1;
struct cpu_features cpu_features = { .rdtscp = true, .physical_bits = 39, .virtual_bits = 48 };
u64 fpu_features = 7;
u32 fpu_area_size = 832;
u64 cpu_cr4;

struct percpu *smp_percpu(u32 cpu)
{
    return cpu ? NULL : &cpu0.cpu;
}

void smp_kick(u32 cpu, u32 work)
{
    (void)cpu;
    percpu_raise(&cpu0.cpu, work);
}

void smp_poll(void)
{
}

void smp_synchronize(void)
{
}

void smp_set_online(struct percpu *cpu)
{
    (void)cpu;
}

void smp_set_offline(u32 cpu)
{
    (void)cpu;
}

void smp_watch_cpu(u32 cpu, bool on)
{
    (void)cpu, (void)on;
}

void smp_stop_others(void)
{
}

const struct regs *smp_stopped_at(u32 cpu)
{
    (void)cpu;
    return NULL;
}

bool smp_nmi(const struct regs *regs)
{
    (void)regs;
    return false;
}

unsigned long whole_preempt_every;

bool preempt_pending(void)
{
    static unsigned long looks;

    return whole_preempt_every && ++looks % whole_preempt_every == 0;
}

static struct softirq_job *jobs;

void softirq_queue(struct softirq_job *job)
{
    if ( atomic_xchg(&job->queued, 1) )
        return;
    job->next = jobs;
    jobs = job;
    percpu_raise(host_cpu, WORK_SOFT);
}

void softirq_run(void)
{
    struct softirq_job *job = jobs, *next;

    for ( jobs = NULL; job; job = next )
    {
        next = job->next;
        job->queued = 0;
        job->run(job);
    }
}

void fpu_save(void *area)
{
    (void)area;
}

void fpu_restore(const void *area)
{
    (void)area;
}

void fpu_use(u64 xcr0)
{
    (void)xcr0;
}

void fpu_set_ts(bool ts)
{
    (void)ts;
}

void fpu_set_xcr0(u64 value)
{
    (void)value;
}

void gdt_load(u64 base)
{
    (void)base;
}

void gdt_load_idle(void)
{
}

void gdt_load_ldt(u64 base, u32 entries)
{
    (void)base, (void)entries;
}

/* A way out: nobody goes it here. */
const u8 exit_iretq[1];

static jmp_buf idle;

void stub_guest_regs(struct regs *copy)
{
    *copy = *percpu_guest_regs();
}

void exit_to_idle(void)
{
    longjmp(idle, 1);
}

void exit_to_guest(void)
{
    longjmp(idle, 1);
}

/* ---- in place of pv/bounce/switch.c: of a vcpu's state, only what hypercalls look at */

void vcpu_linger(struct vcpu *v, struct vcpu *idle_vcpu)
{
    runstate_update_guest(v);
    host_cpu->current = idle_vcpu;
}

void vcpu_resume(struct vcpu *v)
{
    host_cpu->current = v;
    time_update_vcpu(v);
    runstate_update_guest(v);
}

void vcpu_switch(struct vcpu *prev, struct vcpu *next)
{
    if ( prev->domain != domain_idle )
    {
        runstate_update_guest(prev);
        prev->cpu.regs = cpu0.regs;
    }
    host_cpu->current = next;
    next->processor = 0;
    if ( next->domain != domain_idle )
    {
        next->domain->dirty_cpus |= 1;
        cpu0.regs = next->cpu.regs;
        vcpu_resume(next);
    }
    if ( prev->domain != next->domain && prev->domain != domain_idle )
        prev->domain->dirty_cpus &= ~1UL;
}

bool switch_load_selectors(const struct vcpu_cpu *c)
{
    (void)c;
    return true;
}

bool native_load_segments(struct vcpu_cpu *c)
{
    (void)c;
    return true;
}

/* In place of pv/bounce/bounce.c: nothing is delivered, and nobody returns from it. */
long bounce_iret(void)
{
    return 0;
}

void bounce_syscall(struct vcpu *v, struct regs *regs)
{
    (void)v, (void)regs;
}

void native_exception(struct vcpu *v, struct regs *regs, unsigned int vector, u32 error)
{
    (void)v, (void)regs, (void)vector, (void)error;
}

void native_page_fault(struct vcpu *v, struct regs *regs, u32 error, u64 cr2)
{
    (void)v, (void)regs, (void)error, (void)cr2;
}

void native_interrupt(struct vcpu *v, struct regs *regs, unsigned int vector)
{
    (void)v, (void)regs, (void)vector;
}

void native_event(struct vcpu *v, struct regs *regs)
{
    (void)v, (void)regs;
}

void native_failsafe(struct vcpu *v, struct regs *regs)
{
    (void)v, (void)regs;
}

void native_syscall_compat(struct vcpu *v, struct regs *regs)
{
    (void)v, (void)regs;
}

void native_sysenter(struct vcpu *v, struct regs *regs)
{
    (void)v, (void)regs;
}

/*
 * What a process may not execute is carried out for it: as if the CPU's registers were somewhere else, and never read.
 * The length of the instruction at @code, 0: it isn't one of these.
 */
static unsigned int privileged(const u8 *code, greg_t *gregs)
{
    if ( code[0] == 0xfa || code[0] == 0xfb ) /* cli, sti */
        return 1;
    if ( code[0] == 0x0f && (code[1] == 0x31 || (code[1] == 0x01 && code[2] == 0xf9)) )
    {
        gregs[REG_RAX] = (u32)time_now(); /* rdtsc, rdtscp: the fake clock, so that runs repeat */
        gregs[REG_RDX] = time_now() >> 32;
        return code[1] == 0x31 ? 2 : 3;
    }
    if ( code[0] == 0x0f && code[1] == 0x32 ) /* rdmsr */
    {
        gregs[REG_RAX] = gregs[REG_RDX] = 0;
        return 2;
    }
    if ( code[0] == 0x0f && (code[1] == 0x30 || code[1] == 0x06 || code[1] == 0x09) )
        return 2;
    if ( code[0] == 0x0f && code[1] == 0x01 && (code[2] == 0xf8 || code[2] >> 3 == 7) )
        return 3; /* swapgs; invlpg (reg) */
    if ( code[0] == 0x0f && code[1] >= 0x20 && code[1] <= 0x23 )
        return 3; /* mov to and from CRs and DRs */
    if ( code[0] == 0x41 && code[1] == 0x0f )
        return 1 + privileged(code + 1, gregs);
    return 0;
}

static struct sigaction sanitizers;

static void on_fault(int number, siginfo_t *info, void *context)
{
    greg_t *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;
    u64 to = extable_find((u64)gregs[REG_RIP]);
    unsigned int length;

    if ( to )
    {
        gregs[REG_RIP] = (greg_t)to;
        return;
    }
    length = privileged((const u8 *)gregs[REG_RIP], gregs);
    gregs[REG_RIP] += length;
    if ( !length ) /* a fault indeed: the sanitizer reports it */
        sanitizers.sa_sigaction(number, info, context);
}

static void cpu_init(void)
{
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

    extern u8 extable_start[], extable_end[];
    u8 *table = (u8 *)((u64)extable_start & PAGE_MASK);

    host_cpu = &cpu0.cpu;
    mprotect(table, (size_t)(extable_end - table),
             PROT_READ | PROT_WRITE); /* it is sorted in place */
    extable_init();
    sigaction(SIGSEGV, &action, &sanitizers);
    sigaction(SIGBUS, &action, NULL);
    prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
}

/* --- time --- */

struct clock time_clock;
u64 time_tsc_khz = 1000000;
static s64 now = NS_PER_S;

ns_t time_now(void)
{
    return now;
}

void clock_calibrate(void)
{
    time_clock.tsc_base = 1;
    time_clock.tsc_to_ns = scale_make(NS_PER_S, NS_PER_S);
    time_clock.to_ns = scale_factor(time_clock.tsc_to_ns);
    time_clock.tsc_per_ns = time_clock.lapic_per_ns = 1UL << 32;
}

u64 rtc_read(void)
{
    return 1700000000;
}

/* --- interrupts --- */

struct irq_acpi_facts irq_acpi = { .nr_cpus = 1 };

void irq_at_rest(u32 vector)
{
    (void)vector;
}

void irq_wait(void)
{
}

const void *acpi_map(u64 maddr, size_t len)
{
    (void)maddr, (void)len;
    return NULL;
}

bool lapic_timer_use_deadline(void)
{
    return false;
}

void lapic_timer_set(u32 count)
{
    (void)count;
}

void lapic_timer_set_deadline(u64 tsc)
{
    (void)tsc;
}

void lapic_eoi(void)
{
}

#define GSIS 24

u32 ioapic_nr_gsis(void)
{
    return GSIS;
}

bool ioapic_has(u32 gsi)
{
    return gsi < GSIS;
}

u32 ioapic_isa_gsi(u8 irq)
{
    return irq;
}

void ioapic_default_mode(u32 gsi, bool *level, bool *active_low)
{
    *level = *active_low = gsi >= 16;
}

void ioapic_route(u32 gsi, u8 vector, u32 apic_id, bool level, bool active_low)
{
    (void)gsi, (void)vector, (void)apic_id, (void)level, (void)active_low;
}

void ioapic_mask(u32 gsi, bool masked)
{
    (void)gsi, (void)masked;
}

/* No device answers. */
u32 pci_read(pci_bdf_t bdf, unsigned int reg, unsigned int bytes)
{
    (void)bdf, (void)reg;
    return bytes == 4 ? ~0u : (1u << 8 * bytes) - 1;
}

void pci_write(pci_bdf_t bdf, unsigned int reg, unsigned int bytes, u32 value)
{
    (void)bdf, (void)reg, (void)bytes, (void)value;
}

/* --- the end of the machine --- */

jmp_buf whole_off;
bool whole_off_set;

static void __attribute__((noreturn)) off(const char *how)
{
    if ( !whole_off_set || host_cpu->lock_depth )
        fail_now("the machine was to %s", how);
    longjmp(whole_off, 1);
}

void machine_reboot(void)
{
    off("reboot");
}

void machine_halt(void)
{
    off("halt");
}

void machine_power_off(u16 pm1a, u16 pm1b)
{
    (void)pm1a, (void)pm1b;
    off("power off");
}

void machine_soft_off(void)
{
    off("go soft off");
}

void panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    __sanitizer_print_stack_trace();
    abort();
}

void crash_report(const struct regs *regs, const char *what)
{
    (void)regs;
    panic("%s", what);
}

void crash_print_registers(const struct regs *regs)
{
    (void)regs;
}

/* --- no firmware --- */

bool efi_present(void)
{
    return false;
}

long efi_info(u32 index, union xenpf_efi_info *info)
{
    (void)index, (void)info;
    return -ENOSYS;
}

long efi_runtime_call(struct xenpf_efi_runtime_call *call)
{
    (void)call;
    return -ENOSYS;
}

/* --- all of it --- */

void whole_init(void)
{
    static struct boot_info boot = { .cmdline = "host" };

    cpu_init();
    memory_init();
    control_init(&boot);
    time_init();
    domain_init();
    require(sched_init_cpu() == 0);
    host_cpu->current = domain_idle->vcpus[0];
    pagetable_audit_start();
}

void whole_pass(s64 ns)
{
    now += ns;
    percpu_raise(host_cpu, WORK_TIMER);
}

void whole_leave(void)
{
    struct vcpu *v;

    if ( setjmp(idle) )
        return;
    /* Guests' handlers take no upcalls here. */
    v = host_cpu->current;
    if ( v->domain != domain_idle )
        v->cpu.info->evtchn_upcall_mask = 1;
    exit_work();
}

struct regs *whole_regs(void)
{
    return &cpu0.regs;
}
