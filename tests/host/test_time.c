/*
 * time/'s pure parts: the heap of timers, the scaling of counters, the RTC's calendar.
 *
 * LINK: hypervisor/time/heap.c
 */
#include "tests/host/host.h"

#include <time.h>

#include "time/heap.h"
#include "time/rtc.h"
#include "time/scale.h"

/* Walk the heap: children expire no earlier than their parent, every back link fits; returns the number of timers. */
static unsigned int check_heap(const struct timer *timer, const struct timer *previous,
                               const struct timer *parent)
{
    unsigned int n = 0;

    for ( ; timer; previous = timer, timer = timer->next )
    {
        expect(timer->previous == previous);
        expect(!parent || timer->expires >= parent->expires);
        n += 1 + check_heap(timer->child, timer, timer);
    }
    return n;
}

static const struct timer *earliest(const struct timer *timers, unsigned int n)
{
    const struct timer *found = NULL;

    for ( unsigned int i = 0; i < n; i++ )
        if ( timers[i].active && (!found || timers[i].expires < found->expires) )
            found = &timers[i];
    return found;
}

/* Random arming and stopping against a plain search of all timers. */
TEST(heap_against_a_search)
{
    enum { N = 50 };
    static struct timer timers[N];
    struct timer *first = NULL;
    unsigned int active = 0;

    for ( int step = 0; step < 20000; step++ )
    {
        struct timer *timer = &timers[host_test_random() % N];

        if ( timer->active )
            first = heap_remove(first, timer);
        else
        {
            timer->expires = (ns_t)(host_test_random() % 1000);
            first = heap_insert(first, timer);
        }
        timer->active = !timer->active;
        active += timer->active ? 1 : -1;

        expect_eq(check_heap(first, NULL, NULL), active);
        expect(!first == !active);
        if ( first )
            expect_eq(first->expires, earliest(timers, N)->expires);
    }
}

/* Taking the first again and again sorts, whatever came in; the heap ends empty. */
TEST(heap_sorts)
{
    enum { N = 5000 };
    static struct timer timers[N];
    struct timer *first = NULL;
    ns_t last = -1;

    for ( unsigned int i = 0; i < N; i++ )
    {
        timers[i].expires = (ns_t)(host_test_random() % 3000);
        first = heap_insert(first, &timers[i]);
    }
    for ( unsigned int i = 0; i < N; i++ )
    {
        require(first);
        expect(first->expires >= last);
        last = first->expires;
        first = heap_remove(first, first);
    }
    expect(!first);
}

static uint64_t exact(uint64_t delta, uint64_t from, uint64_t to)
{
    return (uint64_t)((unsigned __int128)delta * to / from);
}

/* Frequencies from a slow PIT to a TSC of the far future: the factor's error is below one in 2^31. */
TEST(scale_is_accurate)
{
    static const uint64_t hz[] = { 1193182,    3579545,    24000000,   100000000,
                                   999999999,  1000000000, 1000000001, 2112003000,
                                   4294967295, 4294967296, 8000000000, 19200000 };

    for ( size_t i = 0; i < sizeof(hz) / sizeof(hz[0]); i++ )
    {
        struct scale scale = scale_make(hz[i], NS_PER_S);

        expect(scale.mul >> 31);
        for ( int step = 0; step < 1000; step++ )
        {
            uint64_t delta = host_test_random() >> (8 + host_test_random() % 50);
            uint64_t want = exact(delta, hz[i], NS_PER_S), got = scale_apply(scale, delta);
            uint64_t slack = want / (1UL << 31) + 2 + NS_PER_S / hz[i];

            if ( scale.shift > 0 && delta >> (64 - scale.shift) ) /* centuries */
                continue;
            expect(got <= want + 1 && got + slack >= want);
        }
    }
}

/* The product has 96 bits, of which the upper 64 count: whatever the factors are, none is lost. */
TEST(scale_of_the_extremes)
{
    static const uint64_t deltas[] = {
        0, 1, 1UL << 31, UINT32_MAX, 1UL << 32, 1UL << 63, UINT64_MAX
    };
    static const uint32_t muls[] = { 0, 1, 1u << 31, UINT32_MAX };

    for ( size_t i = 0; i < sizeof(deltas) / sizeof(deltas[0]); i++ )
        for ( size_t n = 0; n < sizeof(muls) / sizeof(muls[0]); n++ )
            for ( s8 shift = -63; shift < 64; shift++ )
            {
                uint64_t delta = shift < 0 ? deltas[i] >> -shift : deltas[i] << shift;
                unsigned __int128 product = (unsigned __int128)delta * muls[n];

                expect_eq(scale_apply((struct scale){ muls[n], shift }, deltas[i]),
                          (uint64_t)(product >> 32));
            }
}

/* Ready or not, it is the same scale, up to where the shifted count would not fit. */
TEST(factor_is_the_scale)
{
    for ( int step = 0; step < 100000; step++ )
    {
        struct scale scale = { (u32)host_test_random() | 1u << 31,
                               (s8)((int)(host_test_random() % 96) - 63) };
        struct factor factor = scale_factor(scale);
        int up = scale.shift > 0 ? scale.shift : 0;
        uint64_t delta = host_test_random() >> (up + (int)(host_test_random() % 8));

        expect_eq(factor_apply(&factor, delta), scale_apply(scale, delta));
    }
}

TEST(scale_at_one_gigahertz_is_the_identity)
{
    struct scale scale = scale_make(NS_PER_S, NS_PER_S);

    expect_eq(scale_apply(scale, 0), 0);
    expect_eq(scale_apply(scale, 12345678901234567), 12345678901234567);
}

/* A hundred years of a 5 GHz TSC: nothing wraps, and a later TSC is never an earlier time. */
TEST(scale_is_monotonic_for_a_century)
{
    const uint64_t hz = 5000000000, century = 100UL * 366 * 86400 * hz;
    struct scale scale = scale_make(hz, NS_PER_S);
    uint64_t last = 0;

    for ( uint64_t tsc = 0; tsc < century - hz * 4000000;
          tsc += host_test_random() % (hz * 4000000) )
    {
        uint64_t now = scale_apply(scale, tsc);

        expect(now >= last);
        expect(scale_apply(scale, tsc + 1) >= now);
        last = now;
    }
    expect(last / NS_PER_S > 99UL * 365 * 86400);
}

/* A guest's clock is the hypervisor's, from whichever base on the grid it counts. */
static void run_guest_clock(uint64_t hz)
{
    struct scale exact = scale_make(hz, NS_PER_S), scale = scale_coarse(exact);
    uint64_t grid = scale_grid(scale), tsc = 0, base_tsc = 0, base_ns = 0;

    expect(grid && grid <= hz);
    expect(exact.mul - scale.mul < 16 && exact.shift == scale.shift);

    for ( int step = 0; step < 200000; step++ )
    {
        uint64_t guest;

        tsc += 20 + host_test_random() % 1000000000;
        if ( host_test_random() % 16 == 0 )
        {
            base_tsc = tsc - tsc % grid;
            base_ns = scale_apply(scale, base_tsc);
        }
        guest = base_ns + scale_apply(scale, tsc - base_tsc);
        expect_eq(guest, scale_apply(scale, tsc));
    }
}

TEST(guest_clock_is_the_same_from_every_base)
{
    run_guest_clock(700000001);
    run_guest_clock(NS_PER_S);
    run_guest_clock(2400001000);
    run_guest_clock(6543210987);
}

static uint8_t bcd(int n)
{
    return (uint8_t)(n / 10 * 16 + n % 10);
}

static struct rtc_registers registers_at(time_t t, bool binary, bool hours24)
{
    struct tm tm;
    struct rtc_registers regs = { .binary = binary, .hours24 = hours24 };
    int hour;

    gmtime_r(&t, &tm);
    hour = hours24 ? tm.tm_hour : (tm.tm_hour % 12 ? tm.tm_hour % 12 : 12);
#define PUT(n) (binary ? (uint8_t)(n) : bcd(n))
    regs.second = PUT(tm.tm_sec);
    regs.minute = PUT(tm.tm_min);
    regs.hour = (uint8_t)(PUT(hour) | (!hours24 && tm.tm_hour >= 12 ? 0x80 : 0));
    regs.day = PUT(tm.tm_mday);
    regs.month = PUT(tm.tm_mon + 1);
    regs.year = PUT(tm.tm_year % 100);
    regs.century = PUT(19 + tm.tm_year / 100);
#undef PUT
    return regs;
}

/* Every mode of the chip, days from 1970 to 2199, against the C library. */
TEST(rtc_calendar)
{
    for ( int step = 0; step < 20000; step++ )
    {
        time_t t = (time_t)(host_test_random() % (230UL * 365 * 86400));
        struct rtc_registers regs = registers_at(t, host_test_random() & 1, host_test_random() & 1);

        expect_eq(rtc_seconds(&regs), t);
    }
}

/* Without a century register two digits must do. */
TEST(rtc_without_century)
{
    struct rtc_registers regs = registers_at(1764100800, false, true);

    regs.century = 0;
    expect_eq(rtc_seconds(&regs), 1764100800);
}

/* Garbage must not crash: anything is a time. */
TEST(rtc_garbage)
{
    for ( int step = 0; step < 100000; step++ )
    {
        uint64_t r = host_test_random();
        struct rtc_registers regs = { (uint8_t)r,         (uint8_t)(r >> 8),
                                      (uint8_t)(r >> 16), (uint8_t)(r >> 24),
                                      (uint8_t)(r >> 32), (uint8_t)(r >> 40),
                                      (uint8_t)(r >> 48), r >> 63,
                                      (r >> 62) & 1 };

        rtc_seconds(&regs);
    }
}

HOST_TEST_MAIN
