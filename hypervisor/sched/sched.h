/*
 * The scheduler: which vcpu runs. The core (core.c) keeps the vcpus' states and switches between them; a policy
 * (policy.h) chooses.
 *
 * A vcpu is runnable unless something stops it: see sched_runnable(). Each CPU has a run queue, whose lock
 * (LOCK_SCHED) guards the states of the vcpus that belong to it. A vcpu that is to leave its CPU does so at the next
 * exit to the guest, never in the middle of an operation: what stops it sets WORK_RESCHEDULE, and the exit path calls
 * sched_run().
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "domain/domain.h"
#include "lib/atomic.h"

/*
 * Once a CPU, before its first vcpu: make its run queue and its idle vcpu, which becomes current. There must be a
 * domain_idle. -ENOMEM.
 */
long sched_init_cpu(void);

/*
 * End @v's SCHEDOP_block or poll, if it is in one, and look again whether it may run: it is queued, and preempts the
 * vcpu on its CPU if it deserves it. Also after something that sched_runnable() looks at has changed. Takes
 * LOCK_SCHED; may be called from timers and interrupts.
 */
void sched_wake(struct vcpu *v);

/*
 * The same without ending a block: @v's domain was unpaused, paused or shut down, @v went up or down. A vcpu that may
 * not run any more leaves its CPU at its next exit.
 */
void sched_update(struct vcpu *v);

/* An upcall has become pending for @v: wake it, or make it look if it runs on another CPU. */
void sched_event_arrived(struct vcpu *v);

/*
 * Block current until an event (or a timer): SCHEDOP_block. It stops at the next exit; not at all if an event is
 * pending.
 */
void sched_block(void);

/*
 * The CPUs that @v may run on (hard), and those where it would rather (soft); NULL: as before. A vcpu that runs
 * elsewhere leaves at its next exit. -EBUSY, and nothing changes, while its affinity is overridden. Takes LOCK_SCHED.
 */
long sched_set_affinity(struct vcpu *v, const cpumask_t *hard, const cpumask_t *soft);

/*
 * SCHEDOP_pin_override: @v may run on @cpu alone, whatever was set; a negative one ends that. -EINVAL no vcpu may run
 * on @cpu, or there is no override to end; -EBUSY there is one already. Takes LOCK_SCHED.
 */
#define SCHED_NO_OVERRIDE (-1)
long sched_override_affinity(struct vcpu *v, s32 cpu);

/* Let others run first, if there are any. */
void sched_let_others(void);

/* Counted pauses of one vcpu; sched_pause returns when it is off its CPU (its state is saved); nosync doesn't wait. */
void sched_pause(struct vcpu *v);
void sched_pause_nosync(struct vcpu *v);
void sched_unpause(struct vcpu *v);

/*
 * Nothing stops @v: it has a context, is up, not blocked, nor is it or its domain paused, shut down or over its cap.
 */
bool sched_runnable(const struct vcpu *v);

/*
 * Is @v's state on the CPU that v->processor names, or on its way there or away? It becomes true before its root is
 * loaded, false after another one was. The CPU need not run it: it may idle, and keep the state of one that blocked.
 */
static inline bool sched_on_cpu(const struct vcpu *v)
{
    return __atomic_load_n(&v->sched.running, __ATOMIC_ACQUIRE);
}

/* Does @v use its CPU? */
static inline bool sched_runs(const struct vcpu *v)
{
    return READ_ONCE(v->runstate.info.state) == RUNSTATE_running;
}

/*
 * At exit to a guest, WORK_RESCHEDULE: choose the next vcpu and switch to it, which may be the idle vcpu. Also the
 * idle loop's way out. Clears WORK_RESCHEDULE, and percpu.resume. No lock may be held.
 */
void sched_run(void);

/*
 * percpu.resume without WORK_RESCHEDULE, in the idle loop: go on with the vcpu that lingered here. Clears it. No lock
 * may be held.
 */
void sched_resume(void);

/*
 * Declared here, defined in pv/. vcpu_switch: save @prev's, which the CPU has, and load @next's state; @next becomes
 * current. vcpu_linger: @idle becomes current in the stead of @v, whose state stays; vcpu_resume: @v is current again.
 */
void vcpu_switch(struct vcpu *prev, struct vcpu *next);
void vcpu_linger(struct vcpu *v, struct vcpu *idle);
void vcpu_resume(struct vcpu *v);

/* Sleep until an interrupt comes, and take it: irq_at_rest(). What comes before the HLT ends it, too. cpu/entry.S. */
void irq_wait(void);

/* What the idle vcpu does, on a fresh stack: from exit_to_idle in cpu/entry.S. Leaves through exit_to_guest. */
void sched_idle_loop(void) __attribute__((noreturn));

long sched_op(unsigned long cmd, unsigned long arg);
long sched_op_compat(unsigned long cmd, unsigned long arg);
long compat_sched_op(unsigned long cmd, unsigned long arg);

/*
 * @cpu shall run no vcpus, or again, as one of a pool. sched_leave: false while it still runs one, ask again.
 * sched_may_leave: 0; -EBUSY domains would be left without any CPU, -ENODEV it is in another pool than the first. No
 * domain may be destroyed meanwhile: LOCK_DOMCTL is held.
 */
long sched_may_leave(u32 cpu);
bool sched_leave(u32 cpu);
void sched_join(u32 cpu, u32 pool);

/*
 * Pools of CPUs (pool.c). LOCK_DOMCTL is held. -ENOENT: there is no such pool.
 *
 * create: *@id as wanted, or SCHED_NO_POOL for any; -EEXIST, -ENOSPC there are too many. destroy: -EBUSY CPUs or
 * domains are in it, or it is the first. add, remove: SCHED_ANY_CPU stands for any, -EINVAL no CPU can be that one;
 * add: -ENODEV it is in a pool, or not online; remove: -EADDRNOTAVAIL it isn't in that one, -EBUSY domains need it,
 * -EINVAL it is CPU 0, which stays. move: -ENOENT also to a pool without CPUs; the vcpus' affinities are forgotten.
 */
#define SCHED_POOLS   64
#define SCHED_NO_POOL (~0U)
#define SCHED_ANY_CPU (~0U)
long sched_pool_create(u32 *id);
long sched_pool_destroy(u32 id);
long sched_pool_add(u32 id, u32 cpu);
long sched_pool_remove(u32 id, u32 cpu);
long sched_pool_move(struct domain *d, u32 id);

bool sched_pool_exists(u32 id);
bool sched_pool_has_cpus(u32 id); /* ... and has CPUs: domains can be in it */

/* The first pool from @id on; SCHED_NO_POOL: there is none. */
u32 sched_pool_at_or_above(u32 id);

/* CPUs and number of domains of a pool that exists; the CPUs that are in none. */
cpumask_t sched_pool_cpus(u32 id);
u32 sched_pool_domains(u32 id);
cpumask_t sched_pool_none(void);

/* So many us a vcpu of a pool that exists keeps its CPU from others. -EINVAL out of the ABI's bounds. */
u32 sched_pool_rate_limit(u32 id);
long sched_pool_limit_rate(u32 id, u32 us);

/*
 * Weight and cap: domctl scheduler_op (credit2's layout). set: a weight of 0 leaves it as it is; -EINVAL a cap above
 * what all of the domain's vcpus could use.
 */
long sched_domain_get(struct domain *d, u16 *weight, u16 *cap);
long sched_domain_set(struct domain *d, u16 weight, u16 cap);

/* ns that a CPU has spent idle: sysctl getcpuinfo. */
u64 sched_idle_ns(u32 cpu);
/* ns that @v has run. */
u64 sched_vcpu_ns(const struct vcpu *v);

/* Lifecycle: domain/rooms.def. */
long sched_domain_create(struct domain *d);
long sched_domain_relinquish(struct domain *d);
void sched_domain_destroy(struct domain *d);
long sched_vcpu_create(struct vcpu *v);
void sched_vcpu_destroy(struct vcpu *v);

#endif
