/*
 * The parts of a program: values, and the arguments that are made of them. All are about the program that
 * program_next() has been called for.
 */
#ifndef TESTS_PROGRAMS_INTERNAL_H
#define TESTS_PROGRAMS_INTERNAL_H

#include "tests/programs/program.h"

#include <string.h>

#define PROGRAM_SLOT 1024U /* no argument is larger */

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct made {
    uint64_t args[5];
};

extern const struct program_world *world;

/* --- values.c: values by kind, most of them good ones --- */

unsigned int pick(unsigned int n); /* below n */
bool chance(unsigned int one_in);
unsigned int next_slot(void);  /* counts */
unsigned int next_grant(void); /* likewise */

uint64_t some_number(void);
uint64_t some_mfn(void);
uint64_t some_loose_mfn(void);
uint64_t some_pte(void);
uint64_t some_va(void);
domid_t some_domid(void);
uint32_t some_port(void);
uint32_t some_ref(void);
uint64_t some_word(void); /* any of these */

/*
 * The address of a handler for @entry; or of none, which is refused where the world is to be spared.
 */
uint64_t some_handler(enum program_entry entry);

/*
 * A pointer into the arena, where there is room for @size bytes; or to where there is nothing, or the hypervisor.
 */
uint64_t some_pointer(size_t size);

/* Is there room for @size bytes at @at? */
bool in_arena(uint64_t at, size_t size);

/* Fill the arena from @at on with values; NULL where that is not in the arena. */
void *fill(uint64_t at, size_t size);

/* A list of @n frames' numbers. */
uint64_t some_list(unsigned int n);

/*
 * An argument of an operation: a structure in the arena, of which what isn't named is 0. Its address.
 */
#define ARGUMENT(type, ...)                                                                        \
    ({                                                                                             \
        uint64_t at_ = some_pointer(sizeof(type));                                                 \
        type *p_ = fill(at_, sizeof(type));                                                        \
        if ( p_ )                                                                                  \
        {                                                                                          \
            type value_ = { __VA_ARGS__ };                                                         \
            memset(p_, 0, sizeof(type)); /* what no member has as well */                          \
            *p_ = value_;                                                                          \
        }                                                                                          \
        at_;                                                                                       \
    })

/* --- memory.c, vcpu.c, control.c: the arguments of a hypercall --- */

struct made make_mmu_update(void);
struct made make_mmuext(void);
struct made make_va_mapping(void);
struct made make_grant(void);
struct made make_memory(void);

struct made make_event(void);
struct made make_sched(void);
struct made make_vcpu(void);
struct made make_trap_table(void);
struct made make_callbacks(void);
struct made make_callback_op(void);
struct made make_debugreg(void);
struct made make_console(void);
struct made make_nmi(void);
struct made make_assist(void);
struct made make_version(void);
struct made make_device(void);
struct made make_mca(void);
struct made make_admin(unsigned int nr);

#endif
