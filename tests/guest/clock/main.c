/*
 * The clock page: system time goes on, never back, at the pace that it says; wall-clock time is of this century.
 */
#include "test.h"

void test_main(void)
{
    uint64_t last = time_now(), start = last, update;
    const volatile struct vcpu_time_info *t = &this_vcpu()->info->time;

    for ( unsigned int i = 0; i < 100000; i++ )
    {
        uint64_t now = time_now();

        if ( now < last )
            failure("it went back by %lu ns", (ulong)(last - now));
        last = now;
    }
    expect(last > start, "it goes on");
    expect_eq(t->version & 1, 0, "no update is in progress while we look");
    expect(t->tsc_to_system_mul >= 0x80000000, "the multiplier uses its bits");
    update = t->tsc_timestamp;
    expect(rdtsc() >= update, "the TSC is past the last update");
    expect(time_wall() > 946684800, "after 2000");
    expect(time_wall() < 4102444800, "before 2100");
}
