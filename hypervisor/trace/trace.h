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

#define TRACE_ROW 16 /* whole cache lines: a CPU's counters are not in another's way */
_Static_assert(NR_COUNTERS <= TRACE_ROW, "a CPU's row holds all counters");

extern u64 trace_counters[NR_CPUS][TRACE_ROW];

static inline void count(enum counter c)
{
    trace_counters[this_cpu()->cpu][c]++;
}

/* A value for a counter of kind MOST. */
static inline void count_most(enum counter c, u64 value)
{
    u64 *most = &trace_counters[this_cpu()->cpu][c];

    if ( value > *most )
        *most = value;
}

/* Of all CPUs; another's may count on meanwhile. */
u64 trace_read(enum counter c);
const char *trace_summary(enum counter c);
void trace_reset(void);

#endif
