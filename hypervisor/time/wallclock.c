/* The time of day, as domains find it in shared_info: what it was at system time 0. */
#include "time/clock.h"

#include "domain/domain.h"
#include "lib/atomic.h"

static struct lock lock = LOCK_INIT(LOCK_TIMER);
static u64 epoch_ns; /* nanoseconds from 1970 to system time 0 */

void wallclock_init(void)
{
    u64 seconds = rtc_read();

    epoch_ns = seconds * NS_PER_S - (u64)time_now();
}

u64 time_wallclock_at_boot(void)
{
    return epoch_ns / NS_PER_S;
}

/* What shared_info has of it in one place, wherever that is; the upper half of the seconds is apart. */
struct wallclock {
    u32 version, sec, nsec;
};

/* The version is odd while the rest changes: the guest reads again. */
static void write_wallclock(struct wallclock *clock, u32 *sec_hi, u64 seconds, u32 ns)
{
    u32 version = READ_ONCE(clock->version) | 1;

    WRITE_ONCE(clock->version, version);
    wmb();
    WRITE_ONCE(clock->sec, (u32)seconds);
    WRITE_ONCE(*sec_hi, (u32)(seconds >> 32));
    WRITE_ONCE(clock->nsec, ns);
    wmb();
    WRITE_ONCE(clock->version, version + 1);
}

void time_update_wallclock(struct domain *d)
{
    struct compat_shared_info *narrow = (void *)d->shared_info;
    u64 seconds;

    if ( !d->shared_info )
        return;
    lock_acquire(&lock);
    seconds = epoch_ns / NS_PER_S + (u64)d->time.wall_offset;
    if ( d->pv32 )
        write_wallclock((struct wallclock *)&narrow->wc_version, &narrow->arch.wc_sec_hi, seconds,
                        (u32)(epoch_ns % NS_PER_S));
    else
        write_wallclock((struct wallclock *)&d->shared_info->wc_version, &d->shared_info->wc_sec_hi,
                        seconds, (u32)(epoch_ns % NS_PER_S));
    lock_release(&lock);
}

void time_set_wallclock(u64 secs, u32 nsecs, ns_t system_time)
{
    struct domain *d;
    u32 next = 0;

    lock_acquire(&lock);
    epoch_ns = secs * NS_PER_S + nsecs - (u64)system_time;
    lock_release(&lock);

    while ( next < DOMID_FIRST_RESERVED && (d = domain_first_at_or_above((domid_t)next)) != NULL )
    {
        next = d->id + 1u;
        time_update_wallclock(d);
        domain_put(d);
    }
}

void time_set_wall_offset(struct domain *d, s64 seconds)
{
    d->time.wall_offset = seconds;
    time_update_wallclock(d);
}
