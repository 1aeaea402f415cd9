/*
 * Time: system time in nanoseconds since boot, timers, guests' clocks.
 */
#ifndef TIME_TIME_H
#define TIME_TIME_H

#include <hypercall/abi.h>
#include "lib/types.h"

typedef s64 ns_t;

/* System time now, on this CPU; monotonic. */
ns_t time_now(void);

/* Calibrate the TSC against PIT, HPET or PM timer and start the local APIC timer. Once a CPU. */
void time_init(void);

extern u64 time_tsc_khz;

struct timer {
    ns_t expires;
    void (*handler)(void *arg);
    void *arg;
    u32 heap_index; /* 0: not active */
    u32 cpu;
};

void timer_init(struct timer *timer, void (*handler)(void *arg), void *arg, u32 cpu);
void timer_set(struct timer *timer, ns_t expires); /* (re)arm; a time in the past fires at the next exit */
void timer_stop(struct timer *timer);
static inline bool timer_active(const struct timer *timer)
{
    return timer->heap_index != 0;
}

/* Run due timers of this CPU and re-arm the hardware: WORK_TIMER. */
void time_run_timers(void);

/* Per-vcpu and per-domain state: see struct domain and struct vcpu. */
struct vcpu_time {
    struct timer singleshot;  /* VCPUOP_set_singleshot_timer and set_timer_op */
    struct timer periodic;
    struct timer poll;        /* SCHEDOP_poll's timeout */
    ns_t period;              /* 0: stopped */
    gva_t area_unused;
    u64 user_area;            /* VCPUOP_register_vcpu_time_memory_area: guest address, 0 none */
    u64 tsc_stamp;            /* of what was last written into the guest's vcpu_time_info */
};

struct domain_time {
    s64 wall_offset;          /* seconds added to the machine's wall clock */
    u32 tsc_mode;
    u32 tsc_incarnation;
};

struct vcpu;
struct domain;

void time_vcpu_init(struct vcpu *v);
void time_vcpu_destroy(struct vcpu *v);

/* Write the vcpu's vcpu_time_info (and its user area) if it is out of date: on switch-in and after calibration changes. */
void time_update_vcpu(struct vcpu *v);

/* Write the domain's wall clock into its shared_info; all domains' after platform_op settime. */
void time_update_wallclock(struct domain *d);
void time_set_wallclock(u64 secs, u32 nsecs, ns_t system_time);
u64 time_wallclock_at_boot(void); /* seconds since the epoch at system time 0, from the RTC */

#endif
