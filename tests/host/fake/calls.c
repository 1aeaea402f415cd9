#include "tests/host/fake/calls.h"

#include <sanitizer/common_interface_defs.h>
#include <signal.h>

#include "grant/table.h"
#include "mm/frame.h"
#include "tests/programs/report.h"

static struct program programs[2];
static struct guest *guests[2];

static struct program *last;
static struct program_call last_call;
static unsigned int last_command;
static struct program_counts counts;

_Static_assert(PROGRAM_FRAMES == GUEST_FRAMES && PROGRAM_TABLES == GUEST_TABLES &&
                   PROGRAM_LOOSE == GUEST_LOOSE,
               "the same guests");

/* The peer's frames, the hypervisor's, any, and what lies behind the last one. */
static void find_strangers(struct program_world *world, const struct guest *peer)
{
    unsigned int n = 0;

    while ( n < PROGRAM_FRAMES / 2 )
        world->stranger[n] = peer->frame[n].n, n++;
    for ( ; n < PROGRAM_STRANGERS - 4; n++ )
        world->stranger[n] = WHOLE_FIRST + host_test_random() % (WHOLE_FRAMES - WHOLE_FIRST);
    for ( ; n < PROGRAM_STRANGERS; n++ )
        world->stranger[n] = WHOLE_FRAMES + n % 4;
    world->nr_strangers = n;
}

void calls_begin(unsigned int which, u64 seed, struct program_choices *choices, struct guest *g,
                 struct guest *peer)
{
    struct program_world *world = &programs[which].world;

    guests[which] = g;
    *world = (struct program_world){
        .window = GUEST_VA,
        .arena = g->arena,
        .arena_size = GUEST_ARENA,
        .self = g->d->id,
        .other = peer->d->id,
        .pv32 = g->d->pv32,
        .privileged = g->d->privileged,
        .root = g->frame[0].n,
        .entry = { GUEST_VA, GUEST_VA, GUEST_VA, GUEST_VA },
    };
    for ( unsigned int i = 0; i < PROGRAM_FRAMES; i++ )
        world->frame[i] = g->frame[i].n;
    find_strangers(world, peer);
    if ( g->d->shared_info )
        world->stranger[0] = virt_to_mfn(g->d->shared_info).n;
    program_begin(&programs[which], seed * 2 + which);
    programs[which].choices = choices;
}

unsigned int calls_last(void)
{
    return last_call.nr;
}

void calls_next(unsigned int which)
{
    struct grant_table *table = guests[which]->d->grant.table;

    last = &programs[which];
    last->world.grant = table && table->nr_frames ? table->shared[0] : NULL;
    program_next(last, &last_call);
    last_command = program_command(last, &last_call);
    guest_set_call(last_call.nr, last_call.args);
}

void calls_answered(long rc)
{
    program_count(&counts, last, &last_call, last_command, rc);
}

void calls_report(void)
{
    program_report(&counts);
}

/* --- the end of the process --- */

static void (*say_at_death)(void);

static void on_abort(int number)
{
    say_at_death();
    signal(number, SIG_DFL);
    raise(number);
}

void calls_on_death(void (*say)(void))
{
    say_at_death = say;
    signal(SIGABRT, on_abort);
    __sanitizer_set_death_callback(say);
    atexit(say);
    signal(SIGALRM, on_abort);
    signal(SIGXCPU, on_abort);
}
