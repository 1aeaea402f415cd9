#include "smp/softirq.h"
#include "lib/atomic.h"
#include "smp/internal.h"

/*
 * Only its own CPU touches a queue, and interrupts are off but in windows, where handlers may
 * queue: so one exchange each.
 */
void softirq_queue(struct softirq_job *job)
{
    struct smp_cpu *cpu = smp_this();

    if ( atomic_xchg(&job->queued, 1) )
        return;
    job->next = cpu->jobs;
    cpu->jobs = job;
    percpu_raise(this_cpu(), WORK_SOFT);
}

void softirq_run(void)
{
    struct smp_cpu *cpu = smp_this();
    struct softirq_job *job = cpu->jobs, *next;

    cpu->jobs = NULL;
    for ( ; job; job = next )
    {
        next = job->next;
        atomic_store(&job->queued, 0);
        job->run(job);
    }
}
