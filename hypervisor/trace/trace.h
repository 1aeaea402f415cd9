/* Counters: one row of counters.def each, cheap enough to stay on. */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include "lib/types.h"

#define COUNTER(name, summary) COUNTER_##name,
enum counter {
#include "trace/counters.def"
    NR_COUNTERS
};
#undef COUNTER

extern u64 trace_counters[NR_COUNTERS];

static inline void count(enum counter c)
{
    trace_counters[c]++;
}

#endif
