/*
 * A domain that computes for ever, with its events masked, gets its share of the processor and no more.
 *
 * An honest domain computes beside it. Of two that weigh the same each should get half; we ask for a third, and,
 * when the hog has four vcpus, for a tenth. Time that the machine itself was not given may fall on either, so we
 * look at several short stretches, and the best must do: without shares there is no good one.
 */
#include "roles.h"

#define STRETCH  (100 * NS_PER_MS)
#define ATTEMPTS 30
#define VCPUS    4

/* --- The hog --- */

static volatile bool stop;

static void spin(void *arg)
{
    while ( !stop )
        asm volatile("pause");
}

static void hog(void)
{
    hear();
    events_disable();
    while ( !heard() )
        asm volatile("pause");
    events_enable();
    hear();

    for ( unsigned int vcpu = 1; vcpu < VCPUS; vcpu++ )
        need(vcpu_start(vcpu, spin, NULL));
    events_disable();
    while ( !heard() )
        asm volatile("pause");
    events_enable();
    stop = true;
    hear();
}

/* --- The honest one --- */

static uint64_t run_time(void)
{
    static struct vcpu_runstate_info state;

    need(hypercall(vcpu_op, VCPUOP_get_runstate_info, 0, &state));
    return state.time[RUNSTATE_running];
}

/* Does at least one of @parts of some stretch belong to us? */
static bool get_share(unsigned int parts)
{
    for ( unsigned int i = 0; i < ATTEMPTS; i++ )
    {
        uint64_t start = time_now(), run_start = run_time();

        time_spin(STRETCH);
        if ( (run_time() - run_start) * parts >= time_now() - start )
            return true;
    }
    return false;
}

static void compute(void)
{
    tell(0);
    time_spin(STRETCH); /* the hog has begun by now */
    expect(get_share(3), "a third of the processor beside one vcpu that hogs it");
    tell(0);
    time_spin(STRETCH);
    expect(get_share(10), "a tenth beside four");
    tell(0);
}

void test_main(void)
{
    static const struct role roles[] = { { "hog", hog }, { "honest", compute } };

    ROLES_PLAY(roles);
}
