/*
 * Time never goes back, on whichever vcpu one asks and whichever processor that runs on.
 *
 * All vcpus read their clocks as fast as they can. Each looks up the latest time that any of them has read, reads its
 * own clock after that, and must find a time that isn't before. XEN_PVCLOCK_TSC_STABLE_BIT promises this, so that
 * guests may read their clocks without a lock around them.
 */
#include "team.h"

#define READINGS 100000

static volatile uint64_t latest, backward;

static uint64_t time_after(void)
{
    asm volatile("lfence" : : : "memory"); /* the processor reads its TSC early otherwise */
    return time_now();
}

static void note(uint64_t now)
{
    uint64_t last = latest;

    while ( now > last && !__atomic_compare_exchange_n(&latest, &last, now, false, __ATOMIC_SEQ_CST,
                                                       __ATOMIC_SEQ_CST) )
        ;
}

static void watch(unsigned int me)
{
    team_meet();
    for ( unsigned int i = 0; i < READINGS; i++ )
    {
        uint64_t before = __atomic_load_n(&latest, __ATOMIC_SEQ_CST), now = time_after();

        if ( now < before )
        {
            team_wrong(true);
            backward = before - now;
        }
        note(now);
    }
}

void test_main(void)
{
    bool stable = true;

    latest = backward = 0;
    for ( unsigned int i = 0; i < team_count(); i++ )
        stable &= !!(shared_info.vcpu_info[i].time.flags & XEN_PVCLOCK_TSC_STABLE_BIT) ||
                  !shared_info.vcpu_info[i].time.tsc_to_system_mul; /* it hasn't run yet */
    if ( !stable )
        skip("the clocks of vcpus aren't said to agree");
    team_run(watch);
    if ( team.wrong )
        failure("time went back %u times, by %lu ns", team.wrong, backward);
}
