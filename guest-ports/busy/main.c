/*
 * busy: sleeps until second `start=` of 1970's clock, then works through `work=` million instructions, and sleeps for
 * good. So any number of domains can work at the same time. tests/bench/system measures what that costs beside as
 * many processes of one Linux: tests/bench/busy.c.
 */
#include <kit/kit.h>

#include "tests/bench/busy.h"

#define FOR_GOOD (1000000 * NS_PER_S)

void guest_main(void)
{
    uint64_t start = arg_number("start", 0), now = time_wall();

    if ( now < start )
        time_wait_until(time_now() + (start - now) * NS_PER_S);
    busy(arg_number("work", 0));
    time_wait_until(time_now() + FOR_GOOD);
}
