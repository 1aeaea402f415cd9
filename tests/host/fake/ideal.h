/* What each of the actors of fake/actors.h should get of the CPUs, if all are hogs. */
#ifndef TESTS_HOST_FAKE_IDEAL_H
#define TESTS_HOST_FAKE_IDEAL_H

#include "tests/host/fake/actors.h"

/*
 * Max-min fair: all rise together, by weight, until they have a CPU each or all of the CPUs that they may use are full;
 * the rest rises on. So nobody could get more but by taking it from one who has less per weight.
 */
void ideal_find(void);

/* ... and what that gave: the part of a CPU that is @a's. */
double ideal_of(const struct actor *a);

#endif
