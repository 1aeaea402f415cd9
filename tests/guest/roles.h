/*
 * A test for several domains at once. A file `roles` beside its main.c names what they are to each other, in one
 * line:
 *     attacker victim
 * guest-ports/dom0 makes a domain for each, all at the same time; its command line has `role=NAME`. Each ends with a
 * verdict of its own.
 *
 * They tell each other numbers by their consoles, through dom0: a way that does not depend on what is being tested.
 * dom0 also tells of each one's end.
 */
#ifndef ROLES_H
#define ROLES_H

#include "test.h"

struct role {
    const char *name;
    void (*play)(void);
};

/* Plays our role, one of the @count that there are. */
void roles_play(const struct role *roles, unsigned int count);
#define ROLES_PLAY(roles) roles_play(roles, sizeof(roles) / sizeof((roles)[0]))

/* Tells all others. */
void tell(ulong value);

/* Waits for the next number that another tells. ERROR when one ends instead. */
ulong hear(void);

/* Waits until another one is destroyed, or until nothing is left of it; ERROR when there is a number instead. */
void hear_dead(void);
void hear_gone(void);

/* Waits until nothing is left of @count others. */
void hear_ends(unsigned int count);

/* Is there something to hear? Does not block, and works with events disabled. */
bool heard(void);

/* Is there nothing to hear for @ns? */
bool hear_nothing(uint64_t ns);

/* Two domains tell each other who they are. The other's number. */
domid_t meet(void);

#endif
