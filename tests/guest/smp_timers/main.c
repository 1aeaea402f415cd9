/*
 * Sleeps that a vcpu's own timer ends, whatever others do to it then.
 *
 * All vcpus but the first one set their timers a random while ahead and block, over and over. The first one sends them
 * events, takes them down and up again, and asks what they do: it finds them at any moment of falling asleep, waking
 * and coming back to a processor. No sleep lasts for ever.
 */
#include "team.h"

#define SLEEPS  300 /* of each; the argument `sleeps=` for more */
#define LONGEST (200 * NS_PER_US)

static unsigned int sleeps;

static struct sleeper {
    evtchn_port_t timer, event;
    unsigned int done;
} sleepers[TEAM_MAX];

static void nothing(evtchn_port_t port, void *data)
{
    (void)port, (void)data;
}

static bool sleeps_on(unsigned int i)
{
    return __atomic_load_n(&sleepers[i].done, __ATOMIC_SEQ_CST) < sleeps;
}

static void sleep_and_sleep(unsigned int me)
{
    uint64_t random = me;

    events_disable();
    while ( sleeps_on(me) )
    {
        uint64_t deadline = time_now() + team_random(&random) % LONGEST;

        event_wait_until(time_passed(deadline));
        __atomic_fetch_add(&sleepers[me].done, 1, __ATOMIC_SEQ_CST);
    }
}

static void look(unsigned int i)
{
    struct vcpu_runstate_info r;

    team_wrong(hypercall(vcpu_op, VCPUOP_get_runstate_info, i, &r));
    team_wrong((unsigned int)r.state > RUNSTATE_offline);
}

static void meddle(unsigned int i, uint32_t how)
{
    switch ( how % 4 )
    {
    case 0:
        team_wrong(event_send(sleepers[i].event));
        break;
    case 1:
        team_wrong(hypercall(vcpu_op, VCPUOP_down, i, NULL));
        look(i);
        team_wrong(hypercall(vcpu_op, VCPUOP_up, i, NULL));
        break;
    default:
        look(i);
    }
}

/* False: one of them sleeps on. */
static bool meddle_and_meddle(void)
{
    uint64_t random = 1, end = time_now() + PATIENCE;

    for ( unsigned int i = 1; i < team.size; )
    {
        meddle(1 + team_random(&random) % (team.size - 1), team_random(&random));
        team_relax();
        if ( time_now() > end )
            return false;
        while ( i < team.size && !sleeps_on(i) )
            i++;
    }
    return true;
}

/* They meet before any of them goes down for good: until then it is the first one who takes them down. */
static void work(unsigned int me)
{
    if ( me )
        sleep_and_sleep(me);
    else if ( !meddle_and_meddle() )
    {
        team_wrong(true);
        for ( unsigned int i = 1; i < team.size; i++ )
        {
            printf("vcpu %u: %u sleeps\n", i, sleepers[i].done);
            hypercall(vcpu_op, VCPUOP_down, i, NULL);
        }
        return;
    }
    team_meet();
}

void test_main(void)
{
    sleeps = (unsigned int)arg_number("sleeps", SLEEPS);
    team_count();
    for ( unsigned int i = 1; i < team.size; i++ )
    {
        sleepers[i] =
            (struct sleeper){ .timer = (evtchn_port_t)need(event_bind_virq(VIRQ_TIMER, i)),
                              .event = (evtchn_port_t)need(event_bind_ipi(i)) };
        event_handle(sleepers[i].timer, nothing, NULL);
        event_handle(sleepers[i].event, nothing, NULL);
    }
    team_run(work);
    expect_eq(team.wrong, 0, "sleeping, and meddling with it");
    for ( unsigned int i = 1; i < team.size; i++ )
    {
        need(event_close(sleepers[i].timer));
        need(event_close(sleepers[i].event));
    }
}
