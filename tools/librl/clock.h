/* The time that passes, whatever time of day it is. */
#ifndef LIBRL_CLOCK_H
#define LIBRL_CLOCK_H

#include <time.h>

#include "lib/types.h"

static inline s64 clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * (s64)NS_PER_S + now.tv_nsec;
}

#endif
