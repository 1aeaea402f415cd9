/* sched/'s part of a domain and a vcpu. */
#ifndef SCHED_STATE_H
#define SCHED_STATE_H

#include "lib/list.h"
#include "lib/types.h"
#include "time/time.h"

#define SCHED_WATCHDOGS 2

struct domain_sched {
    u16 weight;          /* default 256 */
    u16 cap;             /* percent of a CPU, 0 none */
    u32 pool;            /* atomic */
    s64 budget;          /* ns that it may still run in this period, while capped; atomic */
    struct timer refill; /* the end of the period */
    bool code_latched;   /* SCHEDOP_shutdown_code was called ... */
    u8 code;             /* ... with this */
    bool watchdog_set[SCHED_WATCHDOGS];
    struct timer watchdog[SCHED_WATCHDOGS];
};

/* Under the lock of the run queue of vcpu.processor, unless it says atomic. */
struct vcpu_sched {
    struct list_head queue; /* linked while runnable and not running */
    s64 virtual_time;       /* policy: ns run, divided by weight */
    s64 since;              /* up to when its running time is accounted */
    s64 switched_in;        /* when it came to its CPU */
    u64 ran;                /* ns run so far */
    u32 pause_count;        /* atomic: runnable only at 0 */
    u64 hard_affinity;      /* CPUs that it shall run on; atomic */
    u64 soft_affinity;      /* ... and that it would like best; atomic */
    u64 cpus;               /* ... those that it may: balance_renew(); atomic, never 0 */
    u64 hard_before;        /* hard_affinity as it will be again ... */
    bool overridden;        /* ... when SCHEDOP_pin_override is undone */
    bool blocked;           /* atomic: SCHEDOP_block or poll */
    bool running;           /* a CPU has its state: on it, on its way, or lingering */
    bool queued;
    bool yielded; /* somebody else is to be chosen once; atomic */
    bool woken;   /* policy: queued by a wake-up, not by running out of time */
};

#endif
