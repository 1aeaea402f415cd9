/*
 * Exhaustive exploration of a concurrent program that is made of the hypervisor's own functions.
 *
 * Its actors are coroutines: CPUs, their interrupts, what the hardware does by itself. An actor
 * stops before each access that atomic.h announces, and where it chooses; then any of them may go
 * on. The explorer tries all orders and choices, depth first. The state is all of this program's
 * static data and the actors' stacks, which it puts back to try another way; a state that was seen
 * before, as told by a hash of 64 bits, is not gone into again.
 *
 * Two things are found wrong: what the model's own check says of a state, and a state from which no
 * way leads to an end, that is one in which all spin for ever.
 *
 * An access at which nobody else can be in between is no step: what only one CPU ever accesses, and
 * what nobody writes. That is found out on the way: when it turns out not to be so, the exploration
 * begins anew. But what the model's check looks at is always a step.
 */
#ifndef TESTS_MODEL_EXPLORE_H
#define TESTS_MODEL_EXPLORE_H

#include "tests/model/atomic.h"

#include <stddef.h>

#define MODEL_ACTORS  6
#define MODEL_IGNORED 2

struct model {
    void (*set_up)(void);
    unsigned int actors;
    void (*body[MODEL_ACTORS])(void);
    unsigned int
        cpu[MODEL_ACTORS]; /* actors of one CPU are never in the middle of something both */

    bool (*may_run)(unsigned int actor); /* NULL: they always may */
    void (*resumed)(unsigned int actor); /* it is about to go on: make its CPU this one */
    const char *(*wrong)(void);          /* what is wrong with this state; NULL: nothing */
    const char *(*wrong_at_end)(void);   /* ... when all actors have ended; may change it */
    const char *(*name)(const volatile void *at, char *buffer, size_t size); /* for the trace */

    bool (*always)(
        const volatile void *at); /* accesses there are always steps: wrong() looks at it */
    struct {
        const void *from;
        size_t size;
    } ignored[MODEL_IGNORED]; /* static data that makes no difference to anybody */
};

struct model_result {
    unsigned long states, steps, ends, longest;
    bool complete; /* all of it was seen */
    bool wrong;
    char message[256]; /* what is */
};

/* Explore all of @m. With @trace a way to what is wrong is printed. */
struct model_result model_explore(const struct model *m, bool trace);

/* ---- for actors */

/* One of 0 to n - 1, each of which is tried. @names of them are for the trace. */
unsigned int model_choose(unsigned int n, const char *const *names);

/* A place where others may come in between, and where may_run() may hold this actor. */
void model_pause(const char *what);

/* An actor may stop here for good, or go on if may_run() lets it: it doesn't keep the end from coming. */
void model_rest(const char *what);

/* Is actor @n where model_pause() or model_rest() said @what; has it ended? */
bool model_is_at(unsigned int actor, const char *what);
bool model_has_ended(unsigned int actor);

/* The code itself found something wrong: a broken assertion. */
void model_fails(const char *why) __attribute__((noreturn));

#endif
