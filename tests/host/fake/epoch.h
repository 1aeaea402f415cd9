/*
 * An epoch of the whole hypervisor (fake/whole.h): two domains with two vcpus each, dom0 and a guest of 64 or 32 bits,
 * begin, make hypercalls by programs (fake/calls.h), and die.
 *
 * Held true: the frames that a call touched have the counts that the page tables tell, at the end of each call, and all
 * frames every 1,000 (pv/pagetable/audit_running.c); a call comes to an end; the memory and the references of domains
 * are back at the start when they are gone.
 */
#ifndef TESTS_HOST_FAKE_EPOCH_H
#define TESTS_HOST_FAKE_EPOCH_H

#include "lib/types.h"
#include "tests/programs/program.h"

/* Once in a process. */
void epoch_init(void);

/* Issue @calls calls, from @seed on: the same each time. By @choices, if not NULL: fewer, where these end before. */
void epoch_run(u64 seed, struct program_choices *choices, unsigned long calls);

#endif
