/*
 * Guards: conditions and steps each of which keeps away a flaw that others shipped. hypervisor/guards.def has a row for
 * each, with the test that would catch the flaw.
 *
 * In a debug build a guard can be switched off by its name: guard-off=NAME on the hypervisor's command line,
 * GUARD_OFF=NAME in the environment of a host test. Then the flaw is there, and its test must fail: scripts/mutants
 * tries them all. In a release build a guard is what it guards, and nothing more.
 */
#ifndef LIB_GUARD_H
#define LIB_GUARD_H

#include "lib/types.h"

/* Programs that use lib/ are not the hypervisor: they are released as they are. */
#if defined(NDEBUG) || (__STDC_HOSTED__ && !defined(HOST_TEST))

#define GUARD(name, condition) (condition)
#define GUARD_STEP(name, step) step

static inline bool guard_turn_off(const char *name)
{
    (void)name;
    return false;
}

#else

enum guard {
#define GUARDED(name, flaws, test, without) GUARD_##name,
#define DESIGNED(flaws, test, why)
#include "guards.def"
#undef GUARDED
#undef DESIGNED
    GUARD_COUNT,
};

extern bool guard_off[GUARD_COUNT];

#define GUARD_ON(name)         __builtin_expect(!guard_off[GUARD_##name], 1)

/* A condition (a value, an error) that bars the flaw when it is not 0: with the guard off it always is. */
#define GUARD(name, condition) (GUARD_ON(name) ? (condition) : 0)

/* A statement that bars the flaw: not executed with the guard off. */
#define GUARD_STEP(name, step)                                                                     \
    do                                                                                             \
        if ( GUARD_ON(name) )                                                                      \
            step;                                                                                  \
    while ( 0 )

/* False: there is no guard @name, or none can be switched off here. For the boot CPU, before others run. */
bool guard_turn_off(const char *name);

#endif

#endif
