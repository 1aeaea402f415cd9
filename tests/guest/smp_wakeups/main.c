/*
 * No wake-up is lost, whatever the sleeper is doing when it comes.
 *
 * One vcpu of each pair goes to sleep over and over: it goes down, blocks, or polls a port. The other wakes it as soon
 * as it may, or a random while later: so the wake-up finds the sleeper still in its hypercall, half off its processor,
 * or gone, and the processor idle or on its way there. Each sleep is ended by the one wake-up that it gets: a sleeper
 * for which that is lost sleeps for ever.
 */
#include "team.h"

#define SLEEPS      300 /* of each sleeper; the argument `sleeps=` for more */
#define LONG_WHILE  3000
#define SLEEP_KINDS 3

enum sleep { DOWN, BLOCK, POLL };

static struct pair {
    evtchn_port_t handled, masked; /* the sleeper's: for BLOCK, for POLL */
    unsigned int begun;            /* sleeps so far, with the one that is about to begin */
    volatile bool taken;           /* an event for BLOCK */
} pairs[TEAM_MAX / 2];

static unsigned int sleeps;

static void take(evtchn_port_t port, void *data)
{
    ((struct pair *)data)->taken = true;
}

static void poll(evtchn_port_t port)
{
    struct sched_poll op = { .nr_ports = 1 };

    set_xen_guest_handle(op.ports, &port);
    do
        team_wrong(hypercall(sched_op, SCHEDOP_poll, &op));
    while ( !event_pending(port) );
    event_clear(port);
}

static void sleep(struct pair *pair, enum sleep how, unsigned int me)
{
    switch ( how )
    {
    case DOWN:
        team_wrong(hypercall(vcpu_op, VCPUOP_down, me, NULL));
        break;
    case BLOCK:
        event_wait_until(pair->taken);
        pair->taken = false;
        break;
    case POLL:
        poll(pair->masked);
    }
}

static void sleep_and_sleep(struct pair *pair, unsigned int me)
{
    events_disable();
    for ( unsigned int n = 0; n < sleeps; n++ )
    {
        __atomic_store_n(&pair->begun, n + 1, __ATOMIC_SEQ_CST);
        sleep(pair, n % SLEEP_KINDS, me);
    }
    __atomic_store_n(&pair->begun, sleeps + 1, __ATOMIC_SEQ_CST);
}

/* The ABI's own order: what isn't down can't be brought up. */
static void wake(const struct pair *pair, enum sleep how, unsigned int sleeper)
{
    if ( how == DOWN )
        team_wrong(hypercall(vcpu_op, VCPUOP_up, sleeper, NULL));
    else
        team_wrong(event_send(how == BLOCK ? pair->handled : pair->masked));
}

static void wait_some(uint64_t *random)
{
    for ( unsigned int spins = team_random(random) % LONG_WHILE; spins; spins-- )
        asm volatile("pause");
}

/* False: it sleeps on. */
static bool wait_for_sleep(const struct pair *pair, unsigned int n)
{
    uint64_t end = time_now() + PATIENCE;

    while ( __atomic_load_n(&pair->begun, __ATOMIC_SEQ_CST) != n )
    {
        if ( time_now() > end )
            return false;
        team_relax();
    }
    return true;
}

/* False: the sleeper sleeps on. */
static bool wake_and_wake(const struct pair *pair, unsigned int sleeper)
{
    uint64_t random = sleeper;

    for ( unsigned int n = 0; n < sleeps; n++ )
    {
        if ( !wait_for_sleep(pair, n + 1) )
            return false;
        while ( n % SLEEP_KINDS == DOWN && team_up(sleeper) )
            team_relax();
        if ( team_random(&random) & 1 )
            wait_some(&random);
        wake(pair, n % SLEEP_KINDS, sleeper);
    }
    return wait_for_sleep(pair, sleeps + 1);
}

/* Of an odd number the last one has nobody to wake. */
static void work(unsigned int me)
{
    struct pair *pair = &pairs[me / 2];

    if ( me & 1 )
        sleep_and_sleep(pair, me);
    else if ( me + 1 < team.size && !wake_and_wake(pair, me + 1) )
    {
        static const char *const kinds[SLEEP_KINDS] = { "down", "block", "poll" };

        printf("vcpu %u sleeps on: %s, sleep %u\n", me + 1, kinds[(pair->begun - 1) % SLEEP_KINDS],
               pair->begun);
        team_wrong(true);
        hypercall(vcpu_op, VCPUOP_down, me + 1, NULL); /* nobody waits for it any more */
    }
}

static void prepare(struct pair *pair, unsigned int sleeper)
{
    *pair = (struct pair){ 0 };
    pair->handled = (evtchn_port_t)need(event_bind_ipi(sleeper));
    pair->masked = (evtchn_port_t)need(event_bind_ipi(sleeper));
    event_handle(pair->handled, take, pair);
    event_clear(pair->masked);
}

void test_main(void)
{
    sleeps = (unsigned int)arg_number("sleeps", SLEEPS);
    team_count();
    for ( unsigned int i = 0; i < team.size / 2; i++ )
        prepare(&pairs[i], 2 * i + 1);
    team_run(work);
    expect_eq(team.wrong, 0, "sleeping, and waking");
    for ( unsigned int i = 0; i < team.size / 2; i++ )
    {
        need(event_close(pairs[i].handled));
        need(event_close(pairs[i].masked));
    }
}
