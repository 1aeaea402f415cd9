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

    u32 nmi_asked;                /* enum nmi_reason of the NMI on its way: atomic */
    const struct regs *caught_at; /* where it was when another CPU stopped it; atomic */

    u32 beats; /* watchdog: how often the CPU has looked up from its work */
    u32 seen;  /* ... and what its neighbour saw of that last */
    u32 missed;
    s64 look_at; /* not before: ns */
};

enum nmi_reason {
    NMI_NONE,
    NMI_STOP, /* for good */
    NMI_HANG, /* the watchdog bites: report */
};

extern struct smp_cpu smp_cpus[NR_CPUS];

void smp_send_nmi(u32 cpu, enum nmi_reason reason);

/* watchdog: this CPU waits for another. Interrupts are off, or nothing could be missed. */
void smp_watch_waiting(void);

static inline struct smp_cpu *smp_this(void)
{
    return &smp_cpus[this_cpu()->cpu];
}

#endif
