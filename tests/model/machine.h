/*
 * A machine for models of the frame protocol: two CPUs with TLBs, a few frames of RAM, two domains.
 * All of it is static data, so that the explorer can put it back; what it does is what hardware may
 * do at any time.
 *
 * The TLB is modelled as the processor may use it, at its worst: what a CPU has walked to, it
 * remembers until it flushes, and so it does the tables that it passed on the way.
 */
#ifndef TESTS_MODEL_MACHINE_H
#define TESTS_MODEL_MACHINE_H

#include "tests/model/explore.h"

#include "domain/domain.h"
#include "mm/frame.h"
#include "mm/map.h"

#define MODEL_CPUS   2
#define MODEL_FIRST  4  /* frames below are no RAM */
#define MODEL_FRAMES 32 /* at most */

#define DOMAIN_A 1
#define DOMAIN_B 2

/* The actors: CPU n in domain's program, its interrupts, and hardware that does things by itself. */
#define ACTOR_INTERRUPTS MODEL_CPUS
#define ACTOR_HARDWARE   (2 * MODEL_CPUS)

extern struct domain *domain_a, *domain_b;

/* RAM of @nr_frames, all of them nobody's; CPUs that idle; domain A with two vcpus, domain B with one for CPU 1. */
void machine_set_up(u64 nr_frames);

/* CPU @cpu runs @v from now on, on @v's root if it has one. For set-up. */
void machine_run(unsigned int cpu, struct vcpu *v);

/* A zeroed frame of @d's. For set-up: there is one. */
mfn_t machine_frame(struct domain *d);

u64 *machine_words(mfn_t mfn);

/* For struct model. */
bool machine_may_run(unsigned int actor);
void machine_resumed(unsigned int actor);
void machine_interrupts(void); /* the body of CPU n's interrupt actor */
const char *machine_wrong(void);
bool machine_always(const volatile void *at);
void machine_ignores(struct model *m,
                     u64 nr_frames); /* fill in what it may ignore, with so much RAM */
const char *machine_name(const volatile void *at, char *buffer, size_t size);

/* ---- guests */

/* The guest runs for a moment, and takes interrupts. Between any two hypercalls. */
void guest_runs(void);

/* The guest writes @value to word @index of the page at @va, if the TLB or the page tables let it. One step. */
void guest_writes(u64 va, unsigned int index, u64 value);

/* A CPU walks to @va and remembers what it finds, as it may at any time. True: there is something. */
bool machine_walk(unsigned int cpu, u64 va);

/* An interrupt for CPU @cpu is pending until its guest runs again. */
void machine_interrupt(unsigned int cpu);

/* Hypercalls, with all that is continued. */
long guest_mmu_update(u64 ptr, u64 val, domid_t from);
long guest_mmuext(unsigned int cmd, mfn_t mfn);
long guest_page_op(unsigned int cmd, mfn_t mfn, mfn_t from, const struct domain *of);
long guest_va_mapping(u64 va, u64 pte, unsigned long flags);
void guest_copies(mfn_t to, mfn_t from);

#endif
