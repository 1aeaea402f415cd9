/*
 * How long hypercalls and traps take: a histogram of nanoseconds for each kind, on each CPU.
 *
 * While nothing is measured, that costs nothing: hypercalls come by where they are recorded, too
 * (trace/buffer.h), and traps by a word of their vcpu (cpu/mode.h).
 */
#ifndef TRACE_LATENCY_H
#define TRACE_LATENCY_H

#include "cpu/regs.h"
#include "lib/histogram.h"
#include "lib/types.h"

/* Kinds: hypercalls by their number; behind them exceptions by their vector, and int 0x80. */
#define NR_LATENCIES (HYPERCALL_TABLE + 33)
#define LATENCY_TRAP(vector)                                                                       \
    ((vector) < 32      ? HYPERCALL_TABLE + (vector)                                               \
     : (vector) == 0x80 ? NR_LATENCIES - 1                                                         \
                        : NR_LATENCIES)

struct latency {
    u64 total;   /* ns */
    u32 longest; /* ns */
    u32 calls;   /* 0: all is */
    u32 bins[HISTOGRAM_BINS];
};

extern bool latency_on;

/*
 * Measure from now on, on the CPUs that are up; the first time that takes 64 KiB for each. False:
 * there is no memory. Or no longer; what was measured stays.
 */
bool latency_begin(void);
void latency_end(void);

/* Debug keys l and L: the same, for all vcpus' traps as well. Defined by pv/bounce. */
void latency_key_begin(void);
void latency_key_end(void);

/* @kind took that long; NR_LATENCIES is none. */
void latency_note(unsigned int kind, s64 ns);

/* The sum of all CPUs, which may count on meanwhile. */
void latency_read(unsigned int kind, struct latency *sum);
void latency_reset(void);

/* Each kind that has a name calls @row, until one is not 0, which is returned. */
long latency_each(long (*row)(void *context, const char *what, const char *name, unsigned int kind),
                  void *context);

#endif
