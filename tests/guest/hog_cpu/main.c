/*
 * A domain that computes for ever, with its events masked, gets its share of the processor and no more.
 *
 * An honest domain computes beside it. Of two that weigh the same each should get half; we ask for a third, and, when
 * the hog has four vcpus, for a tenth. Time that the machine itself was not given may fall on either, so we look at
 * several short stretches, and one has to do: without shares there is none.
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

static void hog_until_told(void)
{
    tell(0);
    events_disable();
    while ( !heard() )
        asm volatile("pause");
    events_enable();
    hear();
}

static void hog(void)
{
    hog_until_told();
    for ( unsigned int vcpu = 1; vcpu < VCPUS; vcpu++ )
        need(vcpu_start(vcpu, spin, NULL));
    hog_until_told();
    stop = true;
}

/* --- The honest one --- */

static uint64_t run_time(void)
{
    static struct vcpu_runstate_info state;

    need(hypercall(vcpu_op, VCPUOP_get_runstate_info, 0, &state));
    return state.time[RUNSTATE_running];
}

/* The percentage of the processor that we get while we compute. */
static uint64_t share(void)
{
    uint64_t start = time_now(), run_start = run_time();

    time_spin(STRETCH);
    return (run_time() - run_start) * 100 / (time_now() - start);
}

static void expect_share(uint64_t least, uint64_t most, const char *text)
{
    uint64_t best = 0, worst = 100;

    for ( unsigned int i = 0; i < ATTEMPTS && (best < least || worst > most); i++ )
    {
        uint64_t ours = share();

        best = ours > best ? ours : best;
        worst = ours < worst ? ours : worst;
    }
    expect(best >= least && worst <= most, text);
}

static void compute(void)
{
    hear();
    expect_share(33, 67, "about half of the processor beside one vcpu that hogs it");
    tell(0);
    hear();
    expect_share(10, 67, "a tenth at least beside four");
    tell(0);
}

void test_main(void)
{
    static const struct role roles[] = { { "hog", hog }, { "honest", compute } };

    ROLES_PLAY(roles);
}
