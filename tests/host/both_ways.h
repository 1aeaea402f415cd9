/* Two ways of doing one thing, held against each other at random: what one has changed must be what the other has. */
#ifndef TESTS_HOST_BOTH_WAYS_H
#define TESTS_HOST_BOTH_WAYS_H

#include "tests/host/host.h"

#include <sys/wait.h>
#include <unistd.h>

/* One of 0 to @n - 1. */
static inline unsigned int pick(unsigned int n)
{
    return (unsigned int)(host_test_random() % n);
}

/* A hash of @word behind what @hash is of. */
static inline uint64_t mix(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * 0x9e3779b97f4a7c15UL >> 7 ^ hash << 57;
}

/* What @way says of @arg in a copy of this process, which is forgotten. A failure in there ends the case. */
static inline uint64_t apart(uint64_t (*way)(const void *arg), const void *arg)
{
    uint64_t answer = 0;
    int ends[2], status;
    pid_t pid;

    require(!pipe(ends));
    pid = fork();
    if ( pid == 0 )
    {
        answer = way(arg);
        _exit(write(ends[1], &answer, sizeof(answer)) != sizeof(answer));
    }
    require(waitpid(pid, &status, 0) == pid && !status);
    require(read(ends[0], &answer, sizeof(answer)) == sizeof(answer));
    close(ends[0]);
    close(ends[1]);
    return answer;
}

#endif
