/*
 * The scheduler: which vcpu runs. A policy lives behind struct sched_policy; the core keeps the vcpu's states.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "domain/domain.h"

void sched_init_cpu(void);                 /* once a CPU, before its first vcpu */

/* Make @v runnable if nothing else stops it (paused, down, shut down). Preempts the CPU if @v deserves it. */
void sched_wake(struct vcpu *v);

/* Block current until an event (or a timer): SCHEDOP_block. It stops at the next exit. */
void sched_block(void);
void sched_yield(void);

/* Counted pauses of one vcpu; sched_pause returns when it is off its CPU (its state is saved); nosync doesn't wait. */
void sched_pause(struct vcpu *v);
void sched_pause_nosync(struct vcpu *v);
void sched_unpause(struct vcpu *v);

bool sched_runnable(const struct vcpu *v);

/* At exit to a guest, WORK_RESCHEDULE: choose the next vcpu and switch to it. Also the idle loop's way out. */
void sched_run(void);

/* Declared here, defined in pv/: save @prev's and load @next's state into the CPU. */
void vcpu_switch(struct vcpu *prev, struct vcpu *next);

long sched_op(unsigned long cmd, unsigned long arg);

/* Weight and cap: domctl scheduler_op (credit2's layout). */
long sched_domain_get(struct domain *d, u16 *weight, u16 *cap);
long sched_domain_set(struct domain *d, u16 weight, u16 cap);

/* ns that a CPU has spent idle: sysctl getcpuinfo. */
u64 sched_idle_ns(u32 cpu);
/* ns that @v has run. */
u64 sched_vcpu_ns(const struct vcpu *v);

#endif
