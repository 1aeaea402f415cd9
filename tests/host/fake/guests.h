/*
 * Guests of fake/whole.h: domains with memory, page tables and two vcpus that run, and their hypercalls.
 */
#ifndef TESTS_HOST_FAKE_GUESTS_H
#define TESTS_HOST_FAKE_GUESTS_H

#include "tests/host/fake/whole.h"

#define GUEST_FRAMES 48
#define GUEST_VCPUS  2
#define GUEST_VA     0x20000000UL /* where its tables map the others, the tables themselves read-only */
#define GUEST_TABLES 5 /* frames 0 to 4: root, L3 (top L2 of a 32-bit guest), L2, L1, a spare one */
#define GUEST_LOOSE  8 /* the last frames, which nothing maps */

/* Memory that its pointers may point to, at an address that both widths can name. */
#define GUEST_ARENA 0x10000UL

struct guest {
    struct domain *d;
    mfn_t frame[GUEST_FRAMES];
    u8 *arena;
};

/*
 * Domain @id, which runs. Not an expectation: 0 or -errno, with nothing left behind. guest_end kills it, in as many
 * steps as it takes; whether it is gone depends on who holds it.
 */
long guest_begin(struct guest *g, domid_t id, bool privileged, bool pv32);
void guest_end(struct guest *g);

/* Current issues hypercall @nr, until it is done; in between others may run. */
long guest_call(unsigned int nr, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5);

/*
 * One step of current's: what its registers say; false when the call is to be issued again. guest_set_call puts a call
 * into the registers.
 */
void guest_set_call(unsigned int nr, const u64 *args);
bool guest_step(long *rc);
bool guest_must_go_on(void); /* current was left in the middle of a call */

/* Make @v current, whatever the scheduler says. */
void guest_run(struct vcpu *v);

#endif
