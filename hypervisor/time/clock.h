/* Inside time/: the calibrated clock, and the references that it is calibrated against. */
#ifndef TIME_CLOCK_H
#define TIME_CLOCK_H

#include "cpu/asm.h"
#include "time/scale.h"
#include "time/time.h"

/* Written once, by the boot CPU's time_init(). */
struct clock {
    u64 tsc_base;           /* TSC at system time 0 */
    struct scale tsc_to_ns; /* what guests are told */
    struct factor to_ns;    /* the same */
    u64 tsc_per_ns;         /* 32 bits of it behind the point, rounded up */
    u64 lapic_per_ns;       /* likewise, ticks of the local APIC timer */
};

extern struct clock time_clock;

/* System time at @tsc. */
static inline ns_t clock_at(u64 tsc)
{
    return (ns_t)factor_apply(&time_clock.to_ns, tsc - time_clock.tsc_base);
}

/* time_now() in line. */
static inline ns_t clock_read(void)
{
#ifdef HOST_TEST
    return time_now();
#else
    return clock_at(rdtsc());
#endif
}

/* Find out how fast TSC and local APIC timer run; fills time_clock and time_tsc_khz. Takes 0.02 to 0.05 s. */
void clock_calibrate(void);

/*
 * A counter of known frequency. A NULL name: not there.
 */
struct reference {
    const char *name;
    u64 (*read)(void);
    u64 hz;
    u64 mask;      /* where it wraps */
    u32 window_ms; /* how long to watch it for an error well below 100 parts in a million */
};

void reference_hpet(struct reference *reference);
void reference_pm_timer(struct reference *reference);
void reference_pit(struct reference *reference);

/* The RTC's time as seconds since the epoch. Waits 2 ms at most, for an update to end. */
u64 rtc_read(void);

/* wallclock.c: read the RTC; once, after calibration. */
void wallclock_init(void);

#endif
