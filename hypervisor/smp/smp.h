/*
 * Processors: bring-up, per-CPU areas, IPIs, deferred work.
 */
#ifndef SMP_SMP_H
#define SMP_SMP_H

#include "cpu/percpu.h"
#include "lib/types.h"

typedef u64 cpumask_t; /* NR_CPUS bits */

extern cpumask_t smp_online; /* CPUs that are up */
extern u32 smp_present;      /* number of CPUs that ACPI lists */

/* The per-CPU data of @cpu; NULL before it is up. */
struct percpu *smp_percpu(u32 cpu);

/* Is it up, and not taken away? Any number. */
static inline bool smp_is_online(u32 cpu)
{
    return cpu < NR_CPUS && (__atomic_load_n(&smp_online, __ATOMIC_RELAXED) & (cpumask_t)1 << cpu);
}

/* The CPU is up: others may interrupt it. Or it shall be left alone from now on. */
void smp_set_online(struct percpu *cpu);
void smp_set_offline(u32 cpu);

/* The boot CPU is number 0 and up: before anything else of smp/, after cpu_init_boot. */
void smp_init_boot(void);

/* Start every CPU that irq_acpi found. Called once on the boot CPU. */
void smp_start_others(void);

/* Set @work in @cpu's exit_work and interrupt it if it isn't this one. */
void smp_kick(u32 cpu, u32 work);

/*
 * Ask the CPUs of @mask, not this one, to flush @va (or TLB_FLUSH_*); returns when all
 * have. For mm/tlb.c.
 */
void smp_flush_others(cpumask_t mask, u64 va);

/*
 * Stop all other CPUs for good, wherever they are: for crashes. Returns when they stand, or have had their time. Then
 * smp_stopped_at tells where one was caught: NULL if it wasn't.
 */
void smp_stop_others(void);
const struct regs *smp_stopped_at(u32 cpu);

/* An NMI has come while the CPU was at @regs: false if no CPU of ours sent it. Doesn't return if it says to stop. */
bool smp_nmi(const struct regs *regs);

/*
 * Let the CPUs, once all are up, watch each other: one that neither ran its timers nor its idle loop for so many
 * seconds is reported, with where it hangs, and the machine ends in a crash.
 */
void smp_watch(u32 seconds);

/* One that goes offline is watched no more, nor watches. */
void smp_watch_cpu(u32 cpu, bool on);

/*
 * Returns when every other CPU has looked up from what it was doing: out of its guest, in a window or a spin-wait. So
 * what it had found before in a place where we have since put something else, it has done with, unless it holds it by
 * other means. Locks may be held.
 */
void smp_synchronize(void);

/* Serve what other CPUs ask: while this one spins, and at VECTOR_TLB. */
void smp_poll(void);

/*
 * True if the current operation should stop and resume later: an interrupt was taken, exit work is
 * set or, for a vcpu, an event is deliverable. Opens a short interrupt window. Called at the
 * boundaries of long operations, with no lock held that an interrupt handler takes (LOCK_IRQ and
 * below may not be held).
 */
bool preempt_pending(void);

#endif
