/* Inside time/: what it keeps of a CPU, in percpu.time. */
#ifndef TIME_CPU_H
#define TIME_CPU_H

#include "smp/lock.h"
#include "time/time.h"

/* A pair of TSC and system time that guests on this CPU count from. */
struct clock_base {
    u64 tsc;
    u64 ns;
};

struct time_cpu {
    struct lock lock;      /* LOCK_TIMER: guards the next three, and the timers in the heap */
    struct timer *first;   /* heap.h */
    ns_t armed;            /* when the hardware fires; TIME_NEVER: it doesn't */
    struct timer *running; /* whose handler is being called */

    struct timer refresh; /* moves the base on once a second while vcpus run; the CPU's own */
    struct clock_base base;
};

void guest_clock_init_cpu(struct time_cpu *cpu);

#endif
