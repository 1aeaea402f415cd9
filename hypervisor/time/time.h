/*
 * Time: system time in nanoseconds since boot, timers, guests' clocks.
 *
 * One clock for all: the TSC, scaled by the multiplication that guests are told to use too (scale.h). It is
 * calibrated once and never adjusted, so a guest that reads its clock and then names a deadline means the same
 * instant as we do.
 */
#ifndef TIME_TIME_H
#define TIME_TIME_H

#include <hypercall/abi.h>
#include "lib/types.h"
#include "time/pit.h"
#include "time/scale.h"

typedef s64 ns_t;

#define TIME_NEVER ((ns_t)(~0UL >> 1))

/* System time now, on this CPU; monotonic. 0 before time_init(). */
ns_t time_now(void);

/* Spin for at least @us microseconds: bring-up only. After time_init(). */
void time_delay_us(u32 us);

/*
 * Once a CPU, after lapic_init_cpu(): give it its timer heap and start its local APIC timer; the first call
 * calibrates the TSC against HPET, PM timer or PIT, and reads the RTC.
 */
void time_init(void);

/*
 * On a new CPU, before its time_init(): make its TSC agree with the boot CPU's, which meanwhile calls time_sync_serve()
 * over and over. False if it won't: then the CPU must run no guests.
 */
bool time_sync(void);
void time_sync_serve(void);

extern u64 time_tsc_khz;

/*
 * A timer belongs to one CPU at a time, whose heap it is in while active. The handler runs on that CPU at the next
 * exit to a guest, or from its idle loop, with no lock held; it may arm the timer again. Zeroed memory is not a
 * timer: timer_init.
 */
struct timer {
    ns_t expires;
    void (*handler)(void *arg);
    void *arg;
    struct timer *child, *next, *previous; /* heap.h */
    u32 cpu;
    bool active;
};

void timer_init(struct timer *timer, void (*handler)(void *arg), void *arg, u32 cpu);

/* (Re)arm; a time in the past fires at the next exit. 0. Takes LOCK_TIMER, as the rest of them. */
long timer_set(struct timer *timer, ns_t expires);

/*
 * Disarm. The handler may be about to run, or running, on another CPU: timer_kill() waits until that is over. 0, as
 * operations end in it.
 */
long timer_stop(struct timer *timer);
void timer_kill(struct timer *timer);

/* Make @cpu the one that the timer belongs to, mostly as it is already; an active one stays armed. */
void timer_move_between(struct timer *timer, u32 cpu);
static inline void timer_move(struct timer *timer, u32 cpu)
{
    if ( timer->cpu != cpu )
        timer_move_between(timer, cpu);
}

static inline bool timer_active(const struct timer *timer)
{
    return timer->active;
}

/* @cpu goes offline: its timers become @to's. */
void time_leave(u32 cpu, u32 to);

/* Run due timers of this CPU and re-arm the hardware: WORK_TIMER. With no lock held. */
void time_run_timers(void);

/* Per-vcpu and per-domain state: see struct domain and struct vcpu. */
struct vcpu_time {
    struct timer singleshot; /* VCPUOP_set_singleshot_timer and set_timer_op */
    struct timer periodic;
    struct timer poll; /* SCHEDOP_poll's timeout: sched/ */
    ns_t period;       /* 0: stopped */
    ns_t period_asked; /* of the next one, 0 none: atomic, any vcpu may ask */
    ns_t
        next_tick; /* of the periodic timer, while it isn't armed because the vcpu is off its CPU */
    u64 user_area; /* VCPUOP_register_vcpu_time_memory_area: guest address, 0 none */
    u64 tsc_stamp; /* of what was last written into the guest's vcpu_time_info */
    u64 user_stamp; /* ... and into the user area */
};

/* tsc.h */
struct domain_tsc {
    u32 mode, incarnation;
    u32 khz;
    bool emulated;
    u64 offset; /* what an emulated one is at system time 0 */
    u64 begun;  /* ... and since when it is one, in system time */
    struct scale from_ns, to_ns;
};

struct domain_time {
    s64 wall_offset; /* seconds added to the machine's wall clock */
    struct domain_tsc tsc;
    struct pit pit; /* for domains that drive devices */
};

struct vcpu;
struct domain;

/* Hooks of domain/rooms.def. The periodic timer of a new vcpu ticks at 100 Hz, as the ABI has it. */
long time_domain_create(struct domain *d);
long time_vcpu_create(struct vcpu *v);
void time_vcpu_destroy(struct vcpu *v);

/*
 * @v runs on this CPU from now on, its page tables are loaded: bring its clock up to date, its timers here, and the
 * periodic tick that it missed. The user area is written if it can be; an old clock is still a right one, it only
 * makes the guest multiply larger numbers.
 */
void time_update_vcpu(struct vcpu *v);

/* @v's vcpu_info is another one now, its contents moved or zero: write the time into it. */
void time_vcpu_info_moved(struct vcpu *v);

/*
 * VCPUOP_register_vcpu_time_memory_area: keep a second copy of @v's vcpu_time_info at @area, in guest memory. 0;
 * -EFAULT the area reaches into the hypervisor.
 */
long time_register_area(struct vcpu *v, gva_t area);

/*
 * The vcpu's timers, which raise VIRQ_TIMER. (The poll timer is sched/'s to set up and use; it moves with the vcpu
 * too.)
 *  - single shot: VCPUOP_set_singleshot_timer for current, absolute. -ETIME: past, and @flags say to tell.
 *  - periodic: any vcpu's. -EINVAL: a period below a millisecond or beyond all reason. It ticks while the vcpu runs.
 */
long time_set_singleshot(struct vcpu *v, u64 ns, u32 flags);
long time_stop_singleshot(struct vcpu *v); /* 0 */
long time_set_periodic(struct vcpu *v, u64 period);
void time_stop_periodic(struct vcpu *v);

/* HYPERVISOR_set_timer_op: current's single-shot timer; 0 stops it, a time in the past fires at once. */
long time_set_timer_op(unsigned long ns);
long compat_set_timer_op(unsigned long low, unsigned long high); /* for 32-bit guests */

/* Write the domain's wall clock into its shared_info; all domains' after platform_op settime. */
void time_update_wallclock(struct domain *d);

/*
 * The time of day was @secs, @nsecs since the epoch when system time was @system_time: XENPF_settime. Tells all
 * domains.
 */
void time_set_wallclock(u64 secs, u32 nsecs, ns_t system_time);

/* XEN_DOMCTL_settimeoffset: @d's wall clock is @seconds off the machine's. */
void time_set_wall_offset(struct domain *d, s64 seconds);

u64 time_wallclock_at_boot(void); /* seconds since the epoch at system time 0 */

#endif
