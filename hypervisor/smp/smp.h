/*
 * Processors: bring-up, per-CPU areas, IPIs, deferred work.
 */
#ifndef SMP_SMP_H
#define SMP_SMP_H

#include "cpu/percpu.h"
#include "lib/types.h"

typedef u64 cpumask_t; /* NR_CPUS bits */

extern cpumask_t
    smp_online; /* up; CPUs beyond the first are parked until the scheduler spreads over them */
extern u32 smp_present; /* number of CPUs that ACPI lists */

/* The per-CPU data of @cpu; NULL before it is up. */
struct percpu *smp_percpu(u32 cpu);

/* The boot CPU is number 0 and up: before anything else of smp/, after cpu_init_boot. */
void smp_init_boot(void);

/* Start every CPU that irq_acpi found; they park in HLT. Called once on the boot CPU. */
void smp_start_others(void);

/* Set @work in @cpu's exit_work and interrupt it if it isn't this one. */
void smp_kick(u32 cpu, u32 work);

/*
 * Ask the CPUs of @mask, not this one, to flush @va (TLB_FLUSH_ALL: everything); returns when all
 * have. For mm/tlb.c.
 */
void smp_flush_others(cpumask_t mask, u64 va);

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
