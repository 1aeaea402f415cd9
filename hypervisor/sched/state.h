/* sched/'s part of a domain and a vcpu. */
#ifndef SCHED_STATE_H
#define SCHED_STATE_H

#include "lib/list.h"
#include "lib/types.h"

struct domain_sched {
    u16 weight;       /* default 256 */
    u16 cap;          /* percent of a CPU, 0 none */
};

struct vcpu_sched {
    struct list_head queue;   /* linked while runnable and not running */
    s64 virtual_time;         /* weighted ns consumed */
    s64 since;                /* when it was switched in */
    u32 pause_count;          /* atomic: runnable only at 0 */
    bool blocked;             /* SCHEDOP_block or poll */
    bool running;             /* on a CPU now */
    bool queued;
    bool yielded;
};

#endif
