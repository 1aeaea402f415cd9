/*
 * A CPU's stack area and its per-CPU data.
 *
 * Each CPU has one area of STACK_AREA_SIZE bytes, aligned to its size, so that masking rsp finds
 * the per-CPU data from any of its stacks; %gs is the guest's. From the bottom, each stack above an
 * unmapped guard page:
 *
 *     0 guard, 1 #DF   2 guard, 3 NMI   4 guard, 5 #MC   6 guard, 7 #DB   8 guard, 9-14 main
 *     15 struct percpu
 *
 * The frame of a guest that was interrupted ends exactly where struct percpu begins: TSS.rsp0
 * points there.
 *
 * The hypervisor runs with interrupts disabled. They are taken while a guest runs, in the idle
 * loop, and in the short windows that preempt_pending() opens; so no lock ever needs to disable
 * them.
 */
#ifndef CPU_PERCPU_H
#define CPU_PERCPU_H

#include "cpu/regs.h"
#include "lib/types.h"

#define STACK_AREA_PAGES       16
#define STACK_AREA_SIZE        (STACK_AREA_PAGES * PAGE_SIZE)
#define STACK_PERCPU_PAGE      15
#define STACK_MAIN_BOTTOM_PAGE 9
#define STACK_DF_PAGE          1
#define STACK_NMI_PAGE         3
#define STACK_MC_PAGE          5
#define STACK_DB_PAGE          7

#define NR_CPUS         64
#define PERCPU_COUNTERS 16 /* that there is room for: trace/trace.h */

struct vcpu;

struct tss {
    u32 reserved0;
    u64 rsp0, rsp1, rsp2;
    u64 reserved1;
    u64 ist[7];
    u64 reserved2;
    u16 reserved3;
    u16 iomap;
} __attribute__((packed));

/* Rare work, tested once before every return to a guest: bits of percpu.exit_work. */
#define WORK_RESCHEDULE 0x01u /* the scheduler wants to choose again */
#define WORK_TIMER      0x02u /* timers are due */
#define WORK_VCPU       0x04u /* current has something for the exit path: vcpu.work */
#define WORK_SOFT       0x08u /* deferred work was queued: smp/softirq.h */
#define WORK_FRAME      0x10u /* iret, in C: the frame isn't that of the hypercall that came in */
#define WORK_INFO       0x40u /* current's vcpu_info isn't where a hypercall's way out expects it */

struct percpu {
    struct vcpu *current; /* never NULL once the CPU is up: the idle vcpu when nothing runs */
    u32 exit_work;        /* WORK_*, set atomically, by other CPUs too */
    u32 cpu;              /* 0 .. NR_CPUS-1 */
    u32 apic_id;
    u32 acpi_id;
    u64 cr3;      /* the value loaded */
    u64 gdt_base; /* linear address that GDTR holds */
    struct tss tss;
    u64 counters[PERCPU_COUNTERS]; /* trace/'s */
    /* hypercall_table, at a distance from the frame that entry.S knows: see there */
    const void *hypercalls[HYPERCALL_TABLE + 1];
    void *time;                          /* time/'s own, per CPU */
    void *sched;                         /* sched/'s own, per CPU */
    void *smp;                           /* smp/'s own, per CPU */
    mfn_t gdt_mfn;                       /* the first of this CPU's reserved GDT pages: cpu/gdt.h */
    u64 gdt_idle_base;                   /* where gdt_load_idle points GDTR */
    u64 xcr0;                            /* the value loaded */
    u32 tsc_aux;                         /* likewise */
    u64 fs_base, gs_base, gs_base_other; /* the CPU's, as the vcpu that left last left them */
    const void
        *fpu_waiting; /* what current's first use of the FPU is to load, or NULL: cpu/fpu.h */
    bool resume;      /* the scheduler has chosen the vcpu that lingers here: its CPU's own */
    u32 tlb_time;     /* the flush clock at this CPU's last full flush: mm/tlb.c */
    u32 tlb_holder;   /* whose translations this CPU's TLB may hold: mm/tlb.c */
    u32 lock_depth;   /* debug builds: locks held, and their levels: smp/lock.c */
    u8 lock_levels[16];
    u64 lock_sites[16]; /* where they were taken */
};

#ifdef HOST_TEST

/* A thread is a CPU; what precedes *host_cpu is its guest's frame. */
extern __thread struct percpu *host_cpu;

static inline struct percpu *this_cpu(void)
{
    return host_cpu;
}

#else

static inline struct percpu *this_cpu(void)
{
    u64 rsp;

    __asm__("mov %%rsp, %0" : "=r"(rsp));
    return (struct percpu *)((rsp & ~(STACK_AREA_SIZE - 1)) + STACK_PERCPU_PAGE * PAGE_SIZE);
}

#endif

/*
 * The frame of the guest that this CPU interrupted. Valid whenever current is not the idle vcpu; but a hypercall's
 * lacks what SYSCALL implies (rcx, r11, error, vector, cs, ss) until its slow way out: cpu/entry.inc.
 */
static inline struct regs *percpu_guest_regs(void)
{
    return (struct regs *)this_cpu() - 1;
}

static inline struct vcpu *current_vcpu(void)
{
    return this_cpu()->current;
}

static inline void percpu_raise(struct percpu *cpu, u32 work)
{
    __atomic_fetch_or(&cpu->exit_work, work, __ATOMIC_RELAXED);
}

#endif
