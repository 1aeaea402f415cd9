/* A domain's TSC: see tsc.c. ABI.md S3, domctl 59 and 60; xen-tscmode(7). */
#ifndef TIME_TSC_H
#define TIME_TSC_H

#include "time/time.h"

enum tsc_mode { TSC_DEFAULT, TSC_ALWAYS_EMULATE, TSC_NEVER_EMULATE };

/* What a toolstack says of a domain's TSC. */
struct tsc_choice {
    u32 mode;       /* enum tsc_mode */
    u32 khz;        /* its pace; 0: the machine's */
    u32 lives;      /* how many the domain has had before, by save and restore */
    u64 elapsed_ns; /* how long it has run: an emulated one goes on from there */
};

/*
 * Choose @d's TSC. -EINVAL no such mode, or nothing runs at that pace. @d is paused. CR4.TSD, which lets RDTSC trap,
 * is pv/emulate's to set afterwards.
 */
long tsc_set(struct domain *d, const struct tsc_choice *choice);

/* What RDTSC tells @d now. */
u64 tsc_read(const struct domain *d);

/* How long @d's TSC has run. */
u64 tsc_elapsed_ns(const struct domain *d);

/*
 * Say in @info, whose system_time is filled in, what an emulated TSC is then, and its pace. A time from before the TSC
 * began becomes that of its beginning: it would lie below zero, and the TSC never reach it. Its clocks agree to some
 * nanoseconds: too little to promise that they are one (XEN_PVCLOCK_TSC_STABLE_BIT).
 */
void tsc_emulate_time_info(const struct domain *d, struct vcpu_time_info *info);

#endif
