/*
 * The clock: how fast the TSC runs, found out once.
 *
 * TSC and local APIC timer are watched over one short window of a reference counter. Reading a reference takes up
 * to a microsecond, at an unknown point of which it is sampled: each end of the window is read several times and
 * the quickest reading counts.
 */
#include "time/clock.h"

#include "console/console.h"
#include "irq/lapic.h"
#include "lib/bits.h"

#define READINGS    8
#define LAPIC_START 0xffffffffu
#define MHZ         1000000UL

struct clock time_clock;
u64 time_tsc_khz;

/* One moment, in all counters. */
struct sample {
    u64 tsc;
    u64 reference;
    u64 lapic;
    u64 uncertainty; /* TSC ticks that reading the reference took */
};

static struct sample take_sample(const struct reference *reference)
{
    struct sample best = { .uncertainty = ~0UL };

    for ( int i = 0; i < READINGS; i++ )
    {
        u64 before = rdtsc();
        u64 value = reference->read();
        u64 after = rdtsc();

        if ( after - before < best.uncertainty )
            best = (struct sample){ before + (after - before) / 2, value,
                                    LAPIC_START - lapic_timer_current(), after - before };
    }
    return best;
}

/* False if the counter stands still: 2^32 TSC ticks are a second. */
static bool wait_window(const struct reference *reference, const struct sample *start, u64 ticks)
{
    while ( ((reference->read() - start->reference) & reference->mask) < ticks )
    {
        if ( (rdtsc() - start->tsc) >> 32 )
            return false;
        cpu_relax();
    }
    return true;
}

/*
 * Most oscillators are made for a whole number of MHz. If there is one within the error of measurement, it is the
 * better estimate.
 */
static u64 round_frequency(u64 hz, u64 error)
{
    u64 whole = (hz + MHZ / 2) / MHZ * MHZ;
    u64 distance = whole > hz ? whole - hz : hz - whole;

    return whole && distance <= error ? whole : hz;
}

static void set_clock(const struct reference *reference, const struct sample *start,
                      const struct sample *end)
{
    u64 ticks = (end->reference - start->reference) & reference->mask;
    u64 tsc_ticks = end->tsc - start->tsc;
    u64 tsc = scale_mul_div(tsc_ticks, reference->hz, ticks);
    u64 lapic = scale_mul_div(end->lapic - start->lapic, reference->hz, ticks);
    /* Half of each reading, and one tick of the reference. */
    u64 unsure = (start->uncertainty + end->uncertainty) / 2 + tsc / reference->hz;

    tsc = round_frequency(tsc, scale_mul_div(tsc, unsure, tsc_ticks));
    lapic = round_frequency(lapic, scale_mul_div(lapic, unsure, tsc_ticks));
    time_clock.tsc_to_ns = scale_coarse(scale_make(tsc, NS_PER_S));
    time_clock.to_ns = scale_factor(time_clock.tsc_to_ns);
    time_clock.tsc_per_ns = scale_mul_div(tsc, 1UL << 32, NS_PER_S) + 1;
    time_clock.lapic_per_ns = scale_mul_div(lapic, 1UL << 32, NS_PER_S) + 1;
    time_tsc_khz = tsc / 1000;
    log_info("TSC %lu.%03lu MHz, local APIC timer %lu.%03lu MHz, by %s", tsc / MHZ,
             tsc % MHZ / 1000, lapic / MHZ, lapic % MHZ / 1000, reference->name);
}

static bool calibrate_by(const struct reference *reference)
{
    struct sample start, end;

    if ( !reference->name )
        return false;
    lapic_timer_set(LAPIC_START);
    start = take_sample(reference);
    if ( !wait_window(reference, &start, reference->hz * reference->window_ms / 1000) )
    {
        log_warning("%s stands still", reference->name);
        return false;
    }
    end = take_sample(reference);
    lapic_timer_set(0);
    set_clock(reference, &start, &end);
    return true;
}

void clock_calibrate(void)
{
    static void (*const find[])(struct reference *) = { reference_hpet, reference_pm_timer,
                                                        reference_pit };
    bool done = false;

    for ( unsigned int i = 0; i < ARRAY_SIZE(find) && !done; i++ )
    {
        struct reference reference = { .name = NULL };

        find[i](&reference);
        done = calibrate_by(&reference);
    }
    if ( !done )
        panic("no working clock to calibrate the TSC by");
}

ns_t time_now(void)
{
    return clock_read();
}

void time_delay_us(u32 us)
{
    ns_t end = time_now() + (ns_t)(us * NS_PER_US);

    while ( time_now() < end )
        cpu_relax();
}
