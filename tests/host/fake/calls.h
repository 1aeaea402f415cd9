/*
 * The calls of tests/programs, made by the guests of fake/guests.h.
 */
#ifndef TESTS_HOST_FAKE_CALLS_H
#define TESTS_HOST_FAKE_CALLS_H

#include "tests/host/fake/guests.h"
#include "tests/programs/program.h"

/* Begin @seed's program of @g, whose peer is @peer; by @choices while they last, if it isn't NULL. */
void calls_begin(unsigned int which, u64 seed, struct program_choices *choices, struct guest *g,
                 struct guest *peer);

/* Put the next call of the program @which, 0 or 1, into current's registers. */
void calls_next(unsigned int which);

/* It was answered. */
void calls_answered(long rc);

/* Number of the last hypercall chosen. */
unsigned int calls_last(void);

/* Print what each row answered. */
void calls_report(void);

/* Call @say when the process ends otherwise than by a return. */
void calls_on_death(void (*say)(void));

#endif
