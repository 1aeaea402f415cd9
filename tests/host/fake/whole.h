/*
 * The whole hypervisor as a process: all rooms but cpu, smp and what drives hardware, over one CPU, RAM as an array, a
 * clock that the test moves. A test file links it by "LINK: WHOLE".
 *
 * Guests' addresses are the process's own; a fault is answered by the exception table, as on the machine.
 */
#ifndef TESTS_HOST_FAKE_WHOLE_H
#define TESTS_HOST_FAKE_WHOLE_H

#include "tests/host/host.h"

#include <setjmp.h>

#include "domain/domain.h"
#include "mm/map.h"
#include "pv/pagetable/pagetable.h"

#define WHOLE_FRAMES 16384UL /* 64 MiB */
#define WHOLE_FIRST  256     /* below it there is no RAM */

/* Once in a process. */
void whole_init(void);

/* Let @ns pass; timers run at the next way out. */
void whole_pass(s64 ns);

/* The way out to a guest: rare work is done, and perhaps another vcpu is current, or the idle one. */
void whole_leave(void);

/* The frame of the guest that runs. */
struct regs *whole_regs(void);

/* preempt_pending() says true at each so manieth look; 0: never. */
extern unsigned long whole_preempt_every;

/*
 * Allocations of pages, of domains' frames and of blocks of the heap are counted; the one of this number fails, and no
 * other. 0: none.
 */
extern unsigned long whole_fail_at, whole_allocations;

/* The one frame that m2p_lacks, INVALID_MFN: none; and m2p_hole's. */
extern mfn_t whole_m2p_missing, whole_m2p_hole;

/* Where the machine's end jumps to, once whole_off_set. */
extern jmp_buf whole_off;
extern bool whole_off_set;

#endif
