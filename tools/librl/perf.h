/*
 * What the hypervisor counts, and how long its hypercalls and traps take (sysctl perfc_op, debug keys l and L).
 */
#ifndef LIBRL_PERF_H
#define LIBRL_PERF_H

#include "handle.h"
#include "lib/histogram.h"

/* What one kind of hypercall or trap took, in ns; strings and bins are struct rl_perf's. */
struct rl_latency {
    const char *what; /* "hypercall" or "trap" */
    const char *name;
    const u32 *bins; /* HISTOGRAM_BINS */
    u64 calls;
    u32 longest;
    u64 total;
};

struct rl_counter {
    const char *name;
    u32 value;
};

struct rl_perf {
    bool measured; /* latencies are, now */
    unsigned int nr_counters, nr_latencies;
    struct rl_counter *counters;
    struct rl_latency *latencies;
    void *memory; /* what they lie in */
};

/* All that there is; rl_perf_free gives it back. A negative errno, told. */
int rl_perf_get(struct rl *rl, struct rl_perf *perf);
void rl_perf_free(struct rl_perf *perf);

/* Set all to 0. Measure latencies from now on, or no longer. A negative errno, told. */
int rl_perf_reset(struct rl *rl);
int rl_perf_measure(struct rl *rl, bool on);

#endif
