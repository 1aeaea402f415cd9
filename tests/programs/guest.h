/*
 * What a guest of the kit has for programs to be about: see struct program_world.
 */
#ifndef TESTS_PROGRAMS_GUEST_H
#define TESTS_PROGRAMS_GUEST_H

#include "tests/programs/program.h"

/*
 * Fill in a world of our own, in which @other is the other domain: frames, tables that map them and that our root
 * leads to, an arena, handlers. Once. Afterwards the frames are the programs' alone, and events are off: they
 * would be too.
 */
void guest_world(struct program_world *world, domid_t self, domid_t other);

/*
 * The same, as at the beginning: all that programs can have changed of vcpus, ports, grants and frames is undone
 * where it can be. A frame that can't be had back is replaced. As guest_world() leaves no others, @world has the
 * same strangers.
 */
void guest_world_again(struct program_world *world);

/* Frame @mfn is not to be had back then. */
void guest_world_drop(const struct program_world *world, uint64_t mfn);

/* Make the call. */
long guest_call(const struct program_call *call);

#endif
