/*
 * What event/, sched/ and grant/ need beside fake/machine.h: a heap, a clock that the test moves, timers, one CPU that
 * may have work, and domains whose rooms are furnished.
 *
 * A room that isn't linked to a test is simply not there: its hooks are weak here.
 */
#ifndef TESTS_HOST_FAKE_ROOMS_H
#define TESTS_HOST_FAKE_ROOMS_H

#include "tests/host/fake/machine.h"

#include "time/time.h"

/* As fake_domain(), with shared_info, unmasked vcpus that have a context, and the hooks of the linked rooms run. */
struct domain *fake_guest(domid_t id, bool privileged, u32 vcpus);

/* Kill it as domain_kill() would; true when nothing was left to be done (preemption makes it false). */
bool fake_guest_relinquish(struct domain *d);

/* Free what fake_guest made; the domain must not be used by anybody. */
void fake_guest_destroy(struct domain *d);

extern s64 fake_now;

/* What another CPU does while somebody reads the clock, once. */
extern void (*fake_meanwhile)(void);

/* Let time pass, up to @until, running the timers that are due in their order. */
void fake_advance(s64 until);

/* When the next timer is due; INT64_MAX: never. */
s64 fake_next_timer(void);

/* What was done to a domain or a CPU. */
extern struct domain *fake_shut_down;
extern u8 fake_shutdown_reason;
extern unsigned long fake_switches;

/* Blocks of heap and of mm_alloc in use. */
extern long fake_heap_blocks;

/* Somebody has mapped what the hypervisor shares. */
extern bool fake_shared_mapped;

#endif
