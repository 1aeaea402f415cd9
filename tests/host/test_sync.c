/*
 * Making TSCs agree: two threads are the CPUs, one with a TSC that is off, or that can't be set.
 *
 */
#include "tests/host/host.h"

#include <pthread.h>

#include "cpu/asm.h"

static __thread u64 off; /* how far this CPU's TSC is ahead of the host's */
static bool settable;
static unsigned int writes;

static u64 fake_rdtsc(void)
{
    return rdtsc() + off;
}

static void fake_wrmsr(u32 msr, u64 value)
{
    expect_eq(msr, 0x10);
    writes++;
    if ( settable )
        off = value - rdtsc();
}

/* The source itself, over these. */
#define rdtsc fake_rdtsc
#define wrmsr fake_wrmsr
#include "hypervisor/time/sync.c"

static bool stop;

static void *boot_cpu(void *arg)
{
    (void)arg;
    while ( !atomic_load(&stop) )
        time_sync_serve();
    return NULL;
}

static bool sync_from(u64 ahead, bool can_set)
{
    pthread_t thread;
    bool agree;

    off = ahead;
    settable = can_set;
    writes = 0;
    atomic_store(&stop, false);
    require(!pthread_create(&thread, NULL, boot_cpu, NULL));
    agree = time_sync();
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    return agree;
}

#define FAR 1000000000000UL /* minutes: no round takes so long */

TEST(agreeing_tscs_are_left_alone)
{
    expect(sync_from(0, true));
    expect_eq(writes, 0);
}

TEST(one_that_is_off_is_set)
{
    expect(sync_from(FAR, true));
    expect(writes >= 1);
    expect(off < FAR / 1000 || -off < FAR / 1000);
    expect(sync_from(-FAR, true));
    expect(off < FAR / 1000 || -off < FAR / 1000);
}

TEST(one_that_cannot_be_set_is_told)
{
    expect(!sync_from(FAR, false));
    expect(!sync_from(-FAR, false));
    expect_eq(writes, TRIES);
}

HOST_TEST_MAIN
