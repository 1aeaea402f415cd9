/*
 * The whole hypervisor, given programs of hypercalls (tests/programs) by two domains: fake/epoch.h tells what they are,
 * and what is held true. tests/fuzz/fuzz_programs.c does the same by inputs that reach new code.
 *
 *   CALLS=n SEED=n REPORT=1 build/host/test_programs
 *
 * issues n calls from seed n on, and prints what each row answered. A failure prints how to have it again.
 *
 * LINK: PROGRAMS
 */
#include "tests/host/fake/calls.h"
#include "tests/host/fake/epoch.h"

#define EPOCH 2000 /* calls between the domains' beginning and their end */

static unsigned long number(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);

    return text ? strtoul(text, NULL, 0) : otherwise;
}

/* Of a failing epoch, how to have it again: by itself, since each begins anew. */
static u64 current_seed; /* 0: none runs */

static void say_seed(void)
{
    if ( current_seed )
        fprintf(stderr, "to see it again: CALLS=%u SEED=%lu build/host/test_programs\n", EPOCH,
                current_seed);
}

TEST(hypercalls_by_two_domains)
{
    unsigned long calls = number("CALLS", 40000);
    u64 seed = number("SEED", 1);

    epoch_init();
    calls_on_death(say_seed);
    for ( unsigned long epoch = 0; epoch * EPOCH < calls; epoch++, seed++ )
    {
        current_seed = seed;
        epoch_run(seed, NULL, EPOCH);
    }
    current_seed = 0;
    if ( getenv("REPORT") )
        calls_report();
}

HOST_TEST_MAIN
