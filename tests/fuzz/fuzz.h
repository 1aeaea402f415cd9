/*
 * Fuzz targets. tests/fuzz/NAME.c is a program that is built in two ways:
 *
 *   - for libFuzzer, which looks for inputs that reach new code: `make fuzz TARGET=NAME SECONDS=n`;
 *   - as a host test, `make host-test-NAME`, that tries each seed and a fixed number of changed ones, the same each
 *     time.
 *
 * It defines fuzz_one(), which does with the input whatever its user would; fuzz_seeds(), which makes inputs that come
 * far; and ends with FUZZ_TARGET(how many changed ones to try of each). An input is wrong when a sanitizer complains,
 * or an expectation fails.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "tests/host/host.h"

/* @data is a block of its own of exactly @size bytes, so that the sanitizer sees what lies beyond. */
void fuzz_one(const uint8_t *data, size_t size);

void fuzz_seeds(void);

/* For fuzz_seeds: another seed. */
void fuzz_seed(const void *data, size_t size);

/* Try all seeds, and @changed variations of each; or write the seeds to the folder that FUZZ_SEEDS names. */
void fuzz_variations(unsigned int changed);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef FUZZ_COVERAGE
#define FUZZ_TARGET(changed)                                                                       \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                   \
    {                                                                                              \
        fuzz_one(data, size);                                                                      \
        return 0;                                                                                  \
    }
#else
#define FUZZ_TARGET(changed)                                                                       \
    TEST(variations_of_seeds)                                                                      \
    {                                                                                              \
        fuzz_variations(changed);                                                                  \
    }                                                                                              \
    HOST_TEST_MAIN
#endif

/* Input as a sequence of choices, for targets that make something of it: 0 for ever when it has ended. */
struct fuzz_choices {
    const uint8_t *at, *end;
};

static inline uint8_t fuzz_byte(struct fuzz_choices *c)
{
    return c->at < c->end ? *c->at++ : 0;
}

static inline uint32_t fuzz_pick(struct fuzz_choices *c, uint32_t n)
{
    return fuzz_byte(c) % n;
}

static inline uint64_t fuzz_word(struct fuzz_choices *c)
{
    uint64_t word = 0;

    for ( int i = 0; i < 8; i++ )
        word |= (uint64_t)fuzz_byte(c) << 8 * i;
    return word;
}

#endif
