/*
 * Do two CPUs' TSCs agree? All that time/ tells, and what guests read for themselves, counts on it.
 *
 * A new CPU asks the boot CPU for its TSC many times over. The answer was read somewhere between the asking and its
 * arrival, so the quickest round tells most: if the difference is within what that round took, no two CPUs can find
 * out by any message that their clocks differ. Else the new one's TSC is set, and looked at again.
 */
#include "time/clock.h"

#include "cpu/asm.h"
#include "lib/atomic.h"

#define ROUNDS  64
#define QUICK   1024 /* TSC ticks: a round that took no longer is as good as they get */
#define TRIES   4
#define NOTHING 0UL
#define ASKED   1UL

#define MSR_TSC 0x10u

/* NOTHING, ASKED, or the boot CPU's TSC. */
static u64 letter;

struct difference {
    s64 ahead;  /* of the boot CPU's TSC before ours */
    u64 unsure; /* ... give or take */
};

/* The processor may read its TSC before what precedes that in the program; here that must not be. */
static u64 tsc_after(void)
{
    __asm__ volatile("lfence" ::: "memory");
    return rdtsc();
}

void time_sync_serve(void)
{
    if ( atomic_load(&letter) == ASKED )
        atomic_store(&letter, tsc_after());
}

static struct difference ask(void)
{
    u64 before = tsc_after(), after, there;

    atomic_store(&letter, ASKED);
    while ( (there = atomic_load(&letter)) == ASKED )
        cpu_relax();
    after = tsc_after();
    atomic_store(&letter, NOTHING);
    return (struct difference){ (s64)(there - before - (after - before) / 2),
                                (after - before + 1) / 2 };
}

static struct difference ask_often(void)
{
    struct difference best = ask();

    for ( unsigned int i = 1; i < ROUNDS && best.unsure > QUICK; i++ )
    {
        struct difference next = ask();

        if ( next.unsure < best.unsure )
            best = next;
    }
    return best;
}

static bool agree(struct difference d)
{
    return (u64)(d.ahead < 0 ? -d.ahead : d.ahead) <= d.unsure;
}

bool time_sync(void)
{
    for ( unsigned int i = 0; i < TRIES; i++ )
    {
        struct difference d = ask_often();

        if ( agree(d) )
            return true;
        wrmsr(MSR_TSC, rdtsc() + (u64)d.ahead);
    }
    return agree(ask_often());
}
