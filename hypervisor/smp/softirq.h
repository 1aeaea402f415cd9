/*
 * Deferred work: jobs that a CPU runs later, at its next exit to a guest or in its idle loop, with
 * no lock held.
 */
#ifndef SMP_SOFTIRQ_H
#define SMP_SOFTIRQ_H

#include "lib/types.h"

struct softirq_job {
    void (*run)(struct softirq_job *job);
    struct softirq_job *next;
    u32 queued; /* atomic */
};

/*
 * Queue @job on this CPU; nothing if it is queued already. It may be queued again, or freed, from
 * when it begins to run.
 */
void softirq_queue(struct softirq_job *job);

/* Run what is queued here: WORK_SOFT. */
void softirq_run(void);

#endif
