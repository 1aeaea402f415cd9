/*
 * Counters: one row of counters.def each, cheap enough to stay on. Each CPU has its own; who reads them adds them up,
 * or takes the largest.
 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include "cpu/percpu.h"
#include "lib/types.h"

#define COUNTER(name, kind, summary) COUNTER_##name,
enum counter {
#include "trace/counters.def"
    NR_COUNTERS
};
#undef COUNTER

_Static_assert(NR_COUNTERS <= PERCPU_COUNTERS, "struct percpu has room for all counters");

static inline void count(enum counter c)
{
    this_cpu()->counters[c]++;
}

/* A value for a counter of kind MOST. */
static inline void count_most(enum counter c, u64 value)
{
    u64 *most = &this_cpu()->counters[c];

    if ( value > *most )
        *most = value;
}

/* Of all CPUs; another's may count on meanwhile. */
u64 trace_read(enum counter c);
const char *trace_summary(enum counter c);
void trace_reset(void);

#endif
