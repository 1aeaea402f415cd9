/*
 * The whole hypervisor: the input is a program of hypercalls by two domains with two vcpus each. What is held true,
 * tests/host/fake/epoch.h tells. The first byte chooses the guest's width and how often calls are preempted; the rest
 * are the program's choices: which call, about what. tests/host/test_programs.c does the same by chance alone.
 *
 * LINK: PROGRAMS tests/fuzz/fuzz.c
 */
#include "tests/fuzz/fuzz.h"
#include "tests/host/fake/epoch.h"

#define CALLS 2000

void fuzz_one(const uint8_t *data, size_t size)
{
    static bool begun;
    struct fuzz_choices choices = { data, data + size };
    struct program_choices rest;
    uint64_t seed = fuzz_byte(&choices);

    if ( !begun )
        epoch_init();
    begun = true;
    rest = (struct program_choices){ choices.at, choices.end };
    epoch_run(seed, &rest, CALLS);
}

/* What chance would choose. */
void fuzz_seeds(void)
{
    uint8_t seed[4096];

    for ( unsigned int i = 0; i < 12; i++ )
    {
        seed[0] = (uint8_t)i;
        for ( unsigned int byte = 1; byte < sizeof(seed); byte++ )
            seed[byte] = (uint8_t)host_test_random();
        fuzz_seed(seed, sizeof(seed));
    }
}

FUZZ_TARGET(20)
