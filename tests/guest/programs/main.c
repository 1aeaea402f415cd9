/*
 * Two domains make hypercalls at random, valid ones and hostile ones, about themselves and each other:
 * tests/programs tells which. Whatever they do, each of them is still there at its end, and so is the machine;
 * when both are gone, dom0 finds all frames again.
 *
 * The command line may say `seed=N`, which programs they are, and `calls=N`, how long each is; with `report` each
 * tells what the rows of the ABI answered to it, with `tell` each of its calls.
 */
#include "roles.h"

#include <tests/programs/guest.h>
#include <tests/programs/report.h>

#define CALLS 4000

static struct program program;
static struct program_counts counts;
static bool tells;
static unsigned int me;

static void make_call(void)
{
    struct program_call call;
    unsigned int command;
    long rc;

    program_next(&program, &call);
    command = program_command(&program, &call);
    if ( tells )
        printf("%u calls %u.%u (%lx, %lx, %lx, %lx, %lx)\n", me, call.nr, command, call.args[0],
               call.args[1], call.args[2], call.args[3], call.args[4]);
    rc = guest_call(&call);
    if ( tells )
        printf("%u has %ld\n", me, rc);
    program_count(&counts, &program, &call, command, rc);
}

static void play(unsigned int which)
{
    domid_t other = meet();

    me = which;
    guest_world(&program.world, own_domid(), other);
    tells = arg_flag("tell");
    program_begin(&program, arg_number("seed", 1) * 2 + which);
    for ( ulong i = arg_number("calls", CALLS); i; i-- )
        make_call();
    if ( arg_flag("report") )
        program_report(&counts);
}

static void one(void)
{
    play(0);
}

static void two(void)
{
    play(1);
}

void test_main(void)
{
    static const struct role roles[] = { { "one", one }, { "two", two } };

    ROLES_PLAY(roles);
    success();
}
