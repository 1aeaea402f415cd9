/*
 * A vcpu that is sent down and up by several others at once, at any moment of its way to or from a processor.
 *
 * However they disagree, in the end the last word counts: up, and it goes on with what it did, nothing of it lost. Its
 * runstate, looked at all the while, never goes back.
 */
#include "team.h"

#define ROUNDS 800

static volatile unsigned long steps;
static volatile bool stop;
static uint64_t total_before[TEAM_MAX];

/* Registers keep the count, too: they are saved and loaded with each turn. */
static void go_on(void)
{
    for ( unsigned long n = 1; !stop; n++ )
    {
        steps = n;
        asm volatile("pause" : "+r"(n));
        team_wrong(steps != n);
    }
}

static void look_at_runstate(unsigned int me)
{
    struct vcpu_runstate_info info;
    uint64_t total = 0;

    team_wrong(hypercall(vcpu_op, VCPUOP_get_runstate_info, 1, &info));
    for ( unsigned int i = 0; i < 4; i++ )
        total += info.time[i];
    team_wrong(total < total_before[me]);
    team_wrong(total > time_now() + NS_PER_MS); /* it is not older than the machine */
    total_before[me] = total;
}

static void disturb(unsigned int me)
{
    uint64_t state = me;

    for ( int round = 0; round < ROUNDS; round++ )
    {
        bool up = team_random(&state) & 1;

        team_wrong(hypercall(vcpu_op, up ? VCPUOP_up : VCPUOP_down, 1, NULL));
        look_at_runstate(me);
        if ( team_random(&state) % 8 == 0 )
            hypercall(sched_op, SCHEDOP_yield, NULL);
    }
}

static void let_it_end(void)
{
    unsigned long before = steps;

    need(hypercall(vcpu_op, VCPUOP_up, 1, NULL));
    while ( steps == before )
        team_relax();
    expect(steps > before, "it goes on where it was");
    stop = true;
}

static unsigned int disturbing; /* they have yet to end; some may yet have to begin */

static void work(unsigned int me)
{
    if ( me == 1 )
    {
        go_on();
        return;
    }
    disturb(me);
    __atomic_fetch_sub(&disturbing, 1, __ATOMIC_SEQ_CST);
    if ( me )
        return;
    while ( __atomic_load_n(&disturbing, __ATOMIC_SEQ_CST) )
        team_relax();
    let_it_end();
}

void test_main(void)
{
    steps = 0;
    stop = false;
    memset(total_before, 0, sizeof(total_before));
    disturbing = team_count() - 1;
    team_run(work);
    expect_eq(team.wrong, 0, "going up and down");
}
