/*
 * Programs of hypercalls at random, by the ABI's tables: valid calls and hostile ones. A seed is a program. This
 * source is the same wherever they run:
 *   - over the whole hypervisor as a process of the host, tests/host/test_programs.c;
 *   - in guests of the kit, tests/guest/programs and tests/guest/differential;
 *   - in a process of dom0's Linux, tests/programs/linux.c.
 * It knows the ABI and nothing of a hypervisor. What the calls are about, a struct program_world says.
 */
#ifndef TESTS_PROGRAMS_PROGRAM_H
#define TESTS_PROGRAMS_PROGRAM_H

#include <hypercall/abi.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRAM_FRAMES    48
#define PROGRAM_TABLES    5 /* of these the first: root, L3 (L2 of 32 bits), L2, L1, a spare one */
#define PROGRAM_LOOSE     8 /* ... and the last: not mapped, ready to be tables or given away */
#define PROGRAM_STRANGERS 64
#define PROGRAM_GRANTS    64

enum program_entry {
    PROGRAM_EVENT,
    PROGRAM_FAILSAFE,
    PROGRAM_SYSCALL,
    PROGRAM_NMI,
    PROGRAM_ENTRIES
};

/* What whoever makes the calls has. */
struct program_world {
    uint64_t frame[PROGRAM_FRAMES];       /* its frames, which may be given away */
    uint64_t stranger[PROGRAM_STRANGERS]; /* frames that are not its own, or no RAM at all */
    unsigned int nr_strangers;
    uint64_t window;   /* where the tables map the others, the tables themselves read-only */
    uint8_t *arena;    /* memory for arguments, which all may write to */
    size_t arena_size; /* a multiple of 8 */
    void *grant;       /* its grant table, once there is one: at least a page */
    domid_t self, other;
    bool pv32, privileged;

    /*
     * For one who runs in the domain that the calls are about, and wants to go on doing so: then memory and
     * handlers of its own are left alone, no vcpu of its own stops, and nothing waits for what may never
     * come.
     */
    bool spare;
    uint64_t spared_from,
        spared_to;           /* addresses of its own memory: nothing in the arena points there */
    uint64_t machine_frames; /* the numbers below may be frames of its own */
    uint64_t root;           /* the page tables that it runs on */
    uint64_t entry[PROGRAM_ENTRIES]; /* good handlers, which need not do anything */
    uint64_t context; /* address of a struct vcpu_guest_context with which a vcpu may start; or 0 */

    /*
     * For a process of such a one, which knows nothing of its kernel's: the frames are the other's, calls are about
     * that one, and what is of the domain itself (its vcpus, handlers, ports, memory, devices) is left alone. So @calls
     * names none that are about nothing else.
     */
    bool process;
    uint32_t first_port; /* ports below are its kernel's */
    uint64_t grants;     /* where it maps grants, PROGRAM_GRANTS pages */

    /* The hypercalls to choose from, with equal chances; NULL: all. */
    const uint8_t *calls;
    unsigned int nr_calls;
    bool only_look; /* of control operations, those that change nothing */
    /* For comparisons: numbers of frames only where a call wants any; no ports 64 to 255; how much was done is told. */
    bool only_named;
};

struct program_call {
    unsigned int nr;
    uint64_t args[5];
};

/* Bytes that choose, for whoever has better ones than chance: see tests/fuzz. */
struct program_choices {
    const uint8_t *at, *end;
};

struct program {
    struct program_world world;
    struct program_choices *choices; /* used up first, if set after program_begin() ... */
    uint64_t state;                  /* ... then its random numbers */
    unsigned int slot, grants;
};

/* Begin program @seed in p->world, which must be filled in, by random numbers alone. */
void program_begin(struct program *p, uint64_t seed);

/* Its next call. Writes what the call needs to the arena. */
void program_next(struct program *p, struct program_call *call);

/* A number below @n, for whoever has a choice of his own. */
unsigned int program_pick(struct program *p, unsigned int n);

/* The sub-operation of a call, if it has any; of an array of operations, the first one's. */
unsigned int program_command(const struct program *p, const struct program_call *call);

#endif
