/*
 * Events between vcpus, while other ports come and go.
 *
 * One vcpu sends us events, each after it saw that we have got the one before: every one arrives. Meanwhile the others
 * bind ports, of all kinds, send by them, and close each other's: each port is closed once, and none is left.
 */
#include "team.h"

#define SENDS 1000
#define WILD  16

static evtchn_port_t steady;
static volatile unsigned int seen;
static volatile bool done;
static evtchn_port_t wild[WILD]; /* ports that anybody may close, 0 none */
static unsigned int opened, closed;

static void got(evtchn_port_t port, void *data)
{
    seen++;
}

static void send_all(void)
{
    for ( unsigned int i = 1; i <= SENDS; i++ )
    {
        team_wrong(event_send(steady));
        while ( seen != i )
            team_relax();
    }
}

static long bind(unsigned int how)
{
    switch ( how % 3 )
    {
    case 0:
        return event_bind_ipi(how / 4 % team.size);
    case 1:
        return event_bind_virq(VIRQ_DEBUG, how / 4 % team.size);
    default:
        return event_alloc_unbound(DOMID_SELF, DOMID_SELF);
    }
}

static long close_port(evtchn_port_t port)
{
    struct evtchn_close close = { .port = port };

    return hypercall(event_channel_op, EVTCHNOP_close, &close);
}

/* Put a port into the list, and take out what was there: we alone have it then. */
static void swap(unsigned int slot, evtchn_port_t port)
{
    port = __atomic_exchange_n(&wild[slot], port, __ATOMIC_SEQ_CST);
    if ( !port )
        return;
    event_send(port);
    team_wrong(close_port(port));
    __atomic_fetch_add(&closed, 1, __ATOMIC_SEQ_CST);
}

static void open_and_close(unsigned int me)
{
    uint64_t state = me;

    while ( !done )
    {
        uint32_t random = team_random(&state);
        long port = bind(random);

        team_wrong(port < 0 && port != -EEXIST);
        if ( port > 0 )
        {
            __atomic_fetch_add(&opened, 1, __ATOMIC_SEQ_CST);
            swap(random / 64 % WILD, (evtchn_port_t)port);
        }
        event_send(wild[random / 1024 % WILD] ?: steady + 1); /* somebody may close it just now */
    }
}

static void work(unsigned int me)
{
    if ( me == 0 )
    {
        events_enable();
        event_wait_until(seen == SENDS);
        done = true;
    }
    else if ( me == 1 )
        send_all();
    else
        open_and_close(me);
}

void test_main(void)
{
    seen = opened = closed = 0;
    done = false;
    steady = (evtchn_port_t)need(event_bind_ipi(0));
    event_handle(steady, got, NULL);
    team_run(work);
    for ( unsigned int i = 0; i < WILD; i++ )
        swap(i, 0);
    expect_eq(team.wrong, 0, "operations on ports");
    expect_eq(opened, closed, "each port is closed once");
    expect_eq(event_close(steady), 0, "close the last");
}
