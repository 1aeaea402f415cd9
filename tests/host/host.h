/*
 * The harness of the host tests. A test file tests/host/test_NAME.c is one program, built with the sanitizers, that
 * lists its cases with TEST and ends with HOST_TEST_MAIN:
 *
 *     TEST(parses_suffixes)
 *     {
 *         expect_eq(kib("4K"), 4096);
 *     }
 *     HOST_TEST_MAIN
 *
 * hypervisor/lib is linked to it, without its folders; what else it needs, its head comment says ("LINK: a.c b.c",
 * paths from the top), and what further compiler flags ("FLAGS: -fsanitize=thread" replaces the default sanitizers).
 *
 * Each case runs in a process of its own, so that a crash or a sanitizer's complaint fails that case alone.
 * The result is one line a case, "HOST-TEST NAME.case PASS", FAIL or "SKIP reason", and the exit code.
 * Arguments choose cases by name; with -s they run in this process, for a debugger.
 */
#ifndef TESTS_HOST_HOST_H
#define TESTS_HOST_HOST_H

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct host_test {
    const char *name;
    void (*run)(void);
    struct host_test *next;
};

/* Called before main by what TEST makes; cases run in the order of the file. */
void host_test_add(struct host_test *test);

int host_test_main(const char *file, int argc, char **argv);

#define TEST(case_name)                                                                            \
    static void case_name(void);                                                                   \
    static struct host_test case_name##_test = { #case_name, case_name, NULL };                    \
    static void __attribute__((constructor)) case_name##_add(void)                                 \
    {                                                                                              \
        host_test_add(&case_name##_test);                                                          \
    }                                                                                              \
    static void case_name(void)

#define HOST_TEST_MAIN                                                                             \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return host_test_main(__FILE__, argc, argv);                                               \
    }

/* Note a failure and go on with the case; fail_now ends it. */
void host_test_fail(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void host_test_end(void) __attribute__((noreturn));

/* End the case without a verdict: something is not there to test with. */
void host_test_skip(const char *reason) __attribute__((noreturn));

#define fail(...)     host_test_fail(__FILE__, __LINE__, __VA_ARGS__)
#define fail_now(...) (fail(__VA_ARGS__), host_test_end())

/* expect_* goes on after a failure, require ends the case. */
#define expect(cond)                                                                               \
    do                                                                                             \
        if ( !(cond) )                                                                             \
            fail("expected: %s", #cond);                                                           \
    while ( 0 )

#define require(cond)                                                                              \
    do                                                                                             \
        if ( !(cond) )                                                                             \
            fail_now("required: %s", #cond);                                                       \
    while ( 0 )

#define expect_eq(got, want)                                                                       \
    do                                                                                             \
    {                                                                                              \
        long long got_ = (long long)(got), want_ = (long long)(want);                              \
        if ( got_ != want_ )                                                                       \
            fail("%s is %lld (0x%llx), not %s = %lld (0x%llx)", #got, got_, got_, #want, want_,    \
                 want_);                                                                           \
    } while ( 0 )

#define expect_str(got, want)                                                                      \
    do                                                                                             \
    {                                                                                              \
        const char *got_ = (got), *want_ = (want);                                                 \
        if ( strcmp(got_, want_) )                                                                 \
            fail("%s is \"%s\", not \"%s\"", #got, got_, want_);                                   \
    } while ( 0 )

/* Numbers that are the same from run to run; host_test_seed starts them afresh. */
void host_test_seed(uint64_t seed);
uint64_t host_test_random(void);

/* A whole file in memory from malloc; NULL if it cannot be read. Close by free(). */
void *host_test_read_file(const char *path, size_t *size);

#endif
