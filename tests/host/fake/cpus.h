/*
 * Several CPUs for the scheduler's tests, without the rest of the hypervisor: a clock, timers, interrupts between CPUs,
 * and domains of nothing but vcpus.
 *
 * One thread plays all CPUs: fake_step() lets the next thing happen that is due, a timer's end or the arrival of an
 * interrupt, on its CPU, which then leaves the hypervisor. What happens in a step takes no time. A test with threads
 * has each call fake_cpus_be() and fake_cpus_leave() itself; the clock is then whatever the test makes of it.
 */
#ifndef TESTS_HOST_FAKE_CPUS_H
#define TESTS_HOST_FAKE_CPUS_H

#include "tests/host/host.h"

#include "domain/domain.h"
#include "sched/policy.h"

#define FAKE_CPUS_MAX 8

/* A machine of @n CPUs, all idle, with nothing due. What was before is forgotten, not freed: free domains first. */
void fake_cpus(u32 n);

/* This thread plays @cpu from now on. */
void fake_cpus_be(u32 cpu);

/* The CPU's way out of the hypervisor: do the exit work. */
void fake_cpus_leave(void);

/* @cpu has left the machine, or comes back: CPU 0 has its timers, and nothing may be sent to it. */
void fake_cpus_offline(u32 cpu, bool offline);

struct vcpu *fake_cpus_current(u32 cpu);
bool fake_cpus_switching(u32 cpu); /* it is in vcpu_switch() */

extern s64 fake_now; /* atomic */

/* Let happen what is due next, if that is not after @until: false: it is, fake_now is @until. */
bool fake_step(s64 until);

/* How long an interrupt from CPU to CPU takes; given the chance, a timer's may be as late. */
extern s64 (*fake_ipi_delay)(void);

/* What smp_synchronize() waits for. NULL: nothing. */
extern void (*fake_synchronize)(void);

/* Called in the middle of each switch, when @prev is no longer current and not yet off its CPU. */
extern void (*fake_switching)(struct vcpu *prev, struct vcpu *next);

extern u64 fake_kicks; /* interrupts sent from CPU to CPU: atomic */

/* A live domain with @vcpus vcpus, all blocked; and its end. Its vcpus must not be on any CPU then. */
struct domain *fake_cpus_domain(domid_t id, u32 vcpus);
void fake_cpus_domain_free(struct domain *d);

#endif
