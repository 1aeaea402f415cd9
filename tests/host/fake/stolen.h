/* What fake/stolen.c lets a test say and see. */
#ifndef TESTS_HOST_FAKE_STOLEN_H
#define TESTS_HOST_FAKE_STOLEN_H

#include "tests/host/fake/machine.h"

/* Nobody may have a frame more. */
extern bool fake_takers_full;

/* If set, called when somebody is about to get a frame. */
extern void (*fake_on_give)(void);

/* Stolen frames that nobody got. */
extern unsigned int fake_stolen_freed;

#endif
