/*
 * Hypercalls at random, by the ABI's tables: valid ones and hostile ones.
 */
#ifndef TESTS_HOST_FAKE_CALLS_H
#define TESTS_HOST_FAKE_CALLS_H

#include "tests/host/fake/guests.h"

/* Put the next call of current, a vcpu of @g, into its registers; @peer is the other. */
void calls_next(struct guest *g, struct guest *peer);

/* It was answered. */
void calls_answered(long rc);

/* Number of the last hypercall chosen. */
unsigned int calls_last(void);

/* Print what each row answered: how often it was called, accepted and refused. */
void calls_report(void);

/* Call @say when the process ends otherwise than by a return. */
void calls_on_death(void (*say)(void));

#endif
