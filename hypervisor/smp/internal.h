/* Between smp/'s files: what it keeps of a CPU, in percpu.smp. */
#ifndef SMP_INTERNAL_H
#define SMP_INTERNAL_H

#include "smp/smp.h"
#include "smp/softirq.h"

struct smp_cpu {
    struct softirq_job *jobs;
    /*
     * A flush that another CPU asks for: it sets va, then asked; we flush and clear asked. One asks
     * at a time.
     */
    u64 flush_va;
    u32 flush_asked; /* atomic */
};

extern struct smp_cpu smp_cpus[NR_CPUS];

/* The CPU is up: others may interrupt it. */
void smp_set_online(struct percpu *cpu);

static inline struct smp_cpu *smp_this(void)
{
    return &smp_cpus[this_cpu()->cpu];
}

#endif
