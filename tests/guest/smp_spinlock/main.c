/*
 * A lock whose waiters sleep, as Linux's spinlocks do on more vcpus than there are processors: no kick is lost.
 *
 * Who waits spins a little, then polls a port of his own that is bound to himself and masked, without a timeout. Who
 * lets go sends to the port of whoever comes next, an IPI that nobody ever handles: it only ends the poll. The kick
 * may come before the poll, when the port is pending already; or not be needed any more, and then it is found at the
 * next wait and dropped. Meanwhile the lock may have come: so the waiter looks at the lock between each two of these
 * steps. A kick that is lost, wherever it comes, leaves a waiter asleep for ever.
 *
 * Debian's Xen fails this under QEMU: now and then a waiter that was woken stays runnable, though a processor is idle,
 * for as long as nothing else happens.
 */
#include "team.h"

#define ROUNDS 1500 /* of each vcpu */
#define SPINS  64
#define NOBODY (~0U)

static struct {
    unsigned int next, serving; /* tickets */
} lock;

static struct member {
    evtchn_port_t port;
    unsigned int ticket; /* that it waits for, asleep or about to be; NOBODY: none */
    unsigned int rounds, polls, kicks_found;
} members[TEAM_MAX];

static unsigned long shared[2]; /* what the lock protects: both count the rounds */
static unsigned int inside;
static bool given_up;

static unsigned int load(const unsigned int *word)
{
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

/* --- One wait --- */

static void poll(struct member *m, uint64_t timeout)
{
    struct sched_poll op = { .nr_ports = 1, .timeout = timeout };

    set_xen_guest_handle(op.ports, &m->port);
    m->polls++;
    team_wrong(hypercall(sched_op, SCHEDOP_poll, &op));
}

/* vcpu 0 gives up some time: it watches over the others. */
static void sleep(struct member *m, unsigned int me)
{
    uint64_t end = time_now() + PATIENCE;

    if ( event_pending(m->port) )
    {
        m->kicks_found++;
        event_clear(m->port);
        return;
    }
    if ( load(&lock.serving) == m->ticket )
        return;
    poll(m, me == 0 ? end : 0);
    if ( me == 0 && time_now() >= end )
        __atomic_store_n(&given_up, true, __ATOMIC_SEQ_CST);
}

static bool has_come(unsigned int ticket)
{
    return load(&lock.serving) == ticket || __atomic_load_n(&given_up, __ATOMIC_SEQ_CST);
}

/* Every other vcpu lets others run while it spins. */
static bool spin(unsigned int ticket, unsigned int me)
{
    for ( unsigned int i = 0; i < SPINS; i++ )
    {
        if ( has_come(ticket) )
            return true;
        if ( (me & 1) && i == SPINS / 2 )
            team_wrong(hypercall(sched_op, SCHEDOP_yield, NULL));
        asm volatile("pause");
    }
    return false;
}

static void acquire(struct member *m, unsigned int me)
{
    unsigned int ticket = __atomic_fetch_add(&lock.next, 1, __ATOMIC_SEQ_CST);

    while ( !spin(ticket, me) )
    {
        __atomic_store_n(&m->ticket, ticket, __ATOMIC_SEQ_CST);
        sleep(m, me);
    }
    __atomic_store_n(&m->ticket, NOBODY, __ATOMIC_SEQ_CST);
}

static void release(unsigned int me)
{
    unsigned int next = __atomic_add_fetch(&lock.serving, 1, __ATOMIC_SEQ_CST);

    for ( unsigned int i = 0; i < team.size; i++ )
        if ( i != me && load(&members[i].ticket) == next )
            team_wrong(event_send(members[i].port));
}

/* --- Work --- */

static void do_protected(uint64_t *random)
{
    unsigned long was = shared[0];

    team_wrong(__atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST) != 0);
    for ( unsigned int spins = team_random(random) % 128; spins; spins-- )
        asm volatile("pause");
    if ( team_random(random) % 16 == 0 ) /* asleep, or without a processor, with the lock in hand */
        hypercall(sched_op, SCHEDOP_yield, NULL);
    shared[0] = was + 1;
    team_wrong(++shared[1] != was + 1);
    __atomic_fetch_sub(&inside, 1, __ATOMIC_SEQ_CST);
}

static unsigned int rounds_of_all(void)
{
    unsigned int all = 0;

    for ( unsigned int i = 0; i < team.size; i++ )
        all += load(&members[i].rounds);
    return all;
}

/* The others go on until they are done. If they don't, they sleep though the lock is theirs. */
static void watch_over(void)
{
    unsigned int before = 0, all;
    uint64_t end = 0;

    while ( (all = rounds_of_all()) < ROUNDS * team.size && !given_up )
    {
        if ( all != before || !end )
            end = time_now() + PATIENCE;
        before = all;
        if ( time_now() > end )
            given_up = true;
        team_relax();
    }
    if ( given_up )
        for ( unsigned int i = 1; i < team.size; i++ )
            event_send(members[i].port);
}

static void work(unsigned int me)
{
    struct member *m = &members[me];
    uint64_t random = me;

    events_disable();
    team_meet();
    while ( m->rounds < ROUNDS && !__atomic_load_n(&given_up, __ATOMIC_SEQ_CST) )
    {
        acquire(m, me);
        if ( given_up )
            break;
        do_protected(&random);
        release(me);
        __atomic_store_n(&m->rounds, m->rounds + 1, __ATOMIC_SEQ_CST);
    }
    if ( me == 0 )
        watch_over();
}

/* --- All asleep on one port --- */

static unsigned int asleep, woken;

static void sleep_together(unsigned int me)
{
    struct member shared_port = { .port = members[0].port };

    events_disable();
    if ( me )
    {
        __atomic_fetch_add(&asleep, 1, __ATOMIC_SEQ_CST);
        poll(&shared_port, 0);
        __atomic_fetch_add(&woken, 1, __ATOMIC_SEQ_CST);
        return;
    }
    while ( load(&asleep) < team.size - 1 )
        team_relax();
    for ( unsigned int i = 0; i < 100; i++ ) /* most of them have fallen asleep, then */
        hypercall(sched_op, SCHEDOP_yield, NULL);
    team_wrong(event_send(shared_port.port));
}

void test_main(void)
{
    unsigned int polls = 0, kicks_found = 0;

    memset(&lock, 0, sizeof(lock));
    memset(members, 0, sizeof(members));
    shared[0] = shared[1] = inside = asleep = woken = 0;
    given_up = false;
    team_count();
    for ( unsigned int i = 0; i < team.size; i++ )
    {
        members[i].ticket = NOBODY;
        members[i].port = (evtchn_port_t)need(event_bind_ipi(i));
        event_clear(members[i].port);
    }

    team_run(work);
    events_enable();
    for ( unsigned int i = 0; i < team.size; i++ )
    {
        polls += members[i].polls;
        kicks_found += members[i].kicks_found;
    }
    expect(!given_up, "everybody who sleeps is woken when the lock is his");
    expect_eq(team.wrong, 0, "the lock, and its hypercalls");
    expect_eq(shared[0], (ulong)ROUNDS * team.size, "the rounds that were done");
    expect_eq(shared[1], (ulong)ROUNDS * team.size, "and that were done under the lock");
    expect(polls > 0, "somebody slept");
    printf("%u rounds, %u polls, %u times a kick was there already\n", ROUNDS * team.size, polls,
           kicks_found);

    event_clear(members[0].port);
    if ( !given_up )
    {
        team_run(sleep_together);
        events_enable();
        expect_eq(team.wrong, 0, "a poll of somebody else's port");
        expect_eq(woken, team.size - 1, "all that sleep on one port wake");
        expect(event_pending(members[0].port), "and it is pending still");
    }
    for ( unsigned int i = 0; i < team.size; i++ )
        need(event_close(members[i].port));
}
