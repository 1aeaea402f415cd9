/*
 * Event channels on several CPUs at once, under ThreadSanitizer: three threads bind, send, close and reset while a
 * fourth is the guest that consumes. No event of a port that stays open is lost, and the books are even at the end.
 *
 * LINK: hypervisor/event/[a-z]*.c
 * LINK: hypervisor/sched/core.c hypervisor/sched/affinity.c hypervisor/sched/balance.c hypervisor/sched/fair.c
 * LINK: hypervisor/sched/cap.c hypervisor/sched/ops.c hypervisor/mm/frame.c tests/host/fake/machine*.c
 * LINK: tests/host/fake/rooms.c
 * FLAGS: -fsanitize=thread
 */
#include "tests/host/fake/rooms.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "cpu/percpu.h"
#include "event/port.h"
#include "lib/bitmap.h"
#include "sched/sched.h"

long irq_pirq_bound(struct domain *d, u32 pirq, bool share)
{
    (void)d, (void)pirq, (void)share;
    return 0;
}

void irq_pirq_unbound(struct domain *d, u32 pirq)
{
    (void)d, (void)pirq;
}

void irq_pirq_unmasked(struct domain *d, u32 pirq)
{
    (void)d, (void)pirq;
}

#define ROUNDS  2000
#define SENDERS 3

static struct domain *a, *b;
static u32 steady[SENDERS];         /* b's ports that stay open, joined to ... */
static u32 steady_peer[SENDERS];    /* ... these of a */
static unsigned long sent[SENDERS]; /* by the thread that owns the port */
static unsigned long seen; /* bit a steady port: the consumer has found it since it was last sent */
static bool finished;

static long op(struct domain *d, unsigned int cmd, void *arg)
{
    host_cpu->current = d->vcpus[host_cpu->cpu];
    return event_channel_op(cmd, (unsigned long)arg);
}

static long send(struct domain *d, u32 port)
{
    struct evtchn_send arg = { port };

    return op(d, EVTCHNOP_send, &arg);
}

static u32 pair(struct domain *from, struct domain *to, u32 *peer)
{
    struct evtchn_alloc_unbound open = { .dom = DOMID_SELF, .remote_dom = to->id };
    struct evtchn_bind_interdomain bind = { .remote_dom = from->id };

    if ( op(from, EVTCHNOP_alloc_unbound, &open) )
        return 0;
    bind.remote_port = *peer = open.port;
    return op(to, EVTCHNOP_bind_interdomain, &bind) ? 0 : bind.local_port;
}

static void close_port(struct domain *d, u32 port)
{
    struct evtchn_close arg = { port };

    op(d, EVTCHNOP_close, &arg);
}

/* Pairs come and go between the two domains, opened and closed by either; wild ports are closed and sent to. */
static void disturb(unsigned int seed)
{
    u32 of_a, of_b;

    if ( seed & 1 )
        of_b = pair(a, b, &of_a);
    else
        of_a = pair(b, a, &of_b);
    if ( of_a && of_b )
    {
        send(b, of_b);
        send(a, of_a);
        close_port(seed & 2 ? a : b, seed & 2 ? of_a : of_b);
        close_port(seed & 2 ? b : a, seed & 2 ? of_b : of_a);
    }
    of_a = pair(a, a, &of_b);
    if ( of_a )
    {
        send(a, of_a);
        close_port(a, seed & 4 ? of_a : of_b);
        send(a, of_b);
        close_port(a, seed & 4 ? of_b : of_a);
    }
    close_port(a, 20 + seed % 32);
    send(b, 20 + seed % 32);
    send(a, 20 + seed % 32);
    event_send_timer(a->vcpus[0]);
    event_send_pirq(a, 3);
}

/* Send the steady port, and wait until the guest has found it. */
static void send_and_wait(unsigned int i)
{
    atomic_fetch_and(&seen, ~(1UL << i));
    require(send(b, steady[i]) == 0);
    sent[i]++;
    while ( !(atomic_load(&seen) & (1UL << i)) )
        cpu_relax();
}

static void *sender(void *arg)
{
    unsigned int i = (unsigned int)(unsigned long)arg;

    fake_cpu_join(i + 1);
    for ( unsigned int round = 0; round < ROUNDS; round++ )
    {
        if ( round % 8 == 0 )
            send_and_wait(i);
        disturb(round * 7 + i * 13);
    }
    return NULL;
}

static void found(u32 port)
{
    for ( unsigned int i = 0; i < SENDERS; i++ )
        if ( port == steady_peer[i] )
            atomic_fetch_or(&seen, 1UL << i);
}

/* The guest's upcall handler: it may miss nothing, though everything comes in between. */
static void consume(struct vcpu *v)
{
    struct shared_info *s = v->domain->shared_info;
    unsigned long words, bits;

    if ( !atomic_xchg(&v->cpu.info->evtchn_upcall_pending, 0) )
        return;
    words = atomic_xchg(&v->cpu.info->evtchn_pending_sel, 0);
    for ( unsigned long word; words; words &= words - 1 )
    {
        word = ffs64(words) - 1;
        bits = atomic_xchg(&s->evtchn_pending[word], 0);
        for ( ; bits; bits &= bits - 1 )
            found((u32)(word * 64) + ffs64(bits) - 1);
    }
}

static void *consumer(void *arg)
{
    (void)arg;
    fake_cpu_join(0);
    while ( !atomic_load(&finished) )
        for ( u32 i = 0; i < 4; i++ )
            consume(a->vcpus[i]);
    return NULL;
}

static void check_bindings(struct domain *d, struct domain *other)
{
    u32 pairs = 0;

    for ( u32 n = 0; n < d->event.nr_ports; n++ )
    {
        struct event_port *port = event_port(d, n);

        require(port->state != EVENT_CHANGING);
        if ( port->state != EVENT_INTERDOMAIN )
            continue;
        require(port->peer->peer == port);
        pairs += port->peer->domain == other;
    }
    require(other->refs == 1 + pairs);
}

TEST(nothing_is_lost)
{
    struct evtchn_bind_virq virq = { .virq = VIRQ_TIMER };
    struct evtchn_bind_pirq pirq = { .pirq = 3 };
    pthread_t threads[SENDERS], guest;

    fake_machine();
    require(sched_init_cpu() == 0);
    a = fake_guest(0, true, 4);
    b = fake_guest(1, false, 4);
    require(op(a, EVTCHNOP_bind_virq, &virq) == 0);
    require(op(a, EVTCHNOP_bind_pirq, &pirq) == 0);
    for ( unsigned int i = 0; i < SENDERS; i++ )
        steady[i] = pair(a, b, &steady_peer[i]);

    pthread_create(&guest, NULL, consumer, NULL);
    for ( unsigned long i = 0; i < SENDERS; i++ )
        pthread_create(&threads[i], NULL, sender, (void *)i);
    for ( unsigned int i = 0; i < SENDERS; i++ )
        pthread_join(threads[i], NULL);
    atomic_store(&finished, true);
    pthread_join(guest, NULL);

    for ( unsigned int i = 0; i < SENDERS; i++ )
        expect_eq(sent[i], ROUNDS / 8);
    check_bindings(a, b);
    check_bindings(b, a);
}

/* --- Two at one pair --- */

/* Pairs between two meetings: so many that the two come to the same one at the same time, even on a busy machine. */
#define PAIRS    100
#define MEETINGS 200

static u32 arrived, members = 2, ends_of_a[PAIRS], ends_of_b[PAIRS];

static void start_pairs(void)
{
    fake_machine();
    require(sched_init_cpu() == 0);
    a = fake_guest(0, true, 4);
    b = fake_guest(1, false, 4);
}

/* All have come here as often. */
static void meet(void)
{
    u32 all = (atomic_add_return(&arrived, 1) + members - 1) / members * members;

    for ( u32 spins = 1; atomic_load(&arrived) < all; spins++ )
        if ( spins % 1000 == 0 )
            sched_yield();
}

static void run_members(u32 n, void *(*body)(void *))
{
    pthread_t threads[FAKE_CPUS];

    members = n;
    for ( unsigned long i = 0; i < n; i++ )
        pthread_create(&threads[i], NULL, body, (void *)i);
    for ( unsigned long i = 0; i < n; i++ )
        pthread_join(threads[i], NULL);
}

static void run_both(void *(*body)(void *))
{
    start_pairs();
    run_members(2, body);
    check_bindings(a, b);
    check_bindings(b, a);
}

static void *close_an_end(void *arg)
{
    unsigned long me = (unsigned long)arg;

    fake_cpu_join((u32)me);
    for ( u32 round = 0; round < MEETINGS; round++ )
    {
        for ( u32 i = 0; !me && i < PAIRS; i++ )
            ends_of_b[i] = pair(a, b, &ends_of_a[i]);
        meet();
        for ( u32 i = 0; i < PAIRS; i++ )
            close_port(me ? a : b, me ? ends_of_a[i] : ends_of_b[i]);
        meet();
        for ( u32 i = 0; !me && i < PAIRS; i++ )
            if ( event_port(a, ends_of_a[i])->state != EVENT_FREE ||
                 event_port(b, ends_of_b[i])->state != EVENT_FREE )
                fail_now("an end is still open");
        meet();
    }
    return NULL;
}

/* XSA-343: whoever comes second finds no pair any more, but an end that is open to the first one's domain. */
TEST(both_ends_are_closed_at_once)
{
    run_both(close_an_end);
}

static void *send_or_close(void *arg)
{
    unsigned long me = (unsigned long)arg;

    fake_cpu_join((u32)me);
    if ( !me )
        ends_of_b[0] = pair(a, b, &ends_of_a[0]);
    for ( u32 round = 0; round < MEETINGS; round++ )
    {
        meet();
        for ( u32 i = 0; i < PAIRS; i++ )
            if ( me )
                require(send(b, ends_of_b[0]) == 0); /* the peer's end is no error */
            else
            {
                struct evtchn_bind_interdomain bind = { .remote_dom = b->id,
                                                        .remote_port = ends_of_b[0] };

                close_port(a, ends_of_a[0]);
                require(op(a, EVTCHNOP_bind_interdomain, &bind) == 0);
                ends_of_a[0] = bind.local_port;
            }
    }
    return NULL;
}

/* Likewise: what was joined when the sender looked may be nothing when it has the lock. */
TEST(an_end_is_closed_while_the_other_sends)
{
    run_both(send_or_close);
}

/* --- A guest goes over to the FIFO ABI --- */

static u32 closing;

static void *close_it(void *arg)
{
    (void)arg;
    fake_cpu_join(1);
    close_port(a, closing);
    return NULL;
}

static void *go_over(void *arg)
{
    struct evtchn_init_control fifo = { .control_gfn = ((mfn_t *)arg)->n };

    fake_cpu_join(0);
    require(op(a, EVTCHNOP_init_control, &fifo) == 0);
    return NULL;
}

/*
 * What was pending in the bitmap, and is in the array now, goes with a port that is closed meanwhile: who opens it next
 * was sent nothing. The closer looks before, and has the lock after.
 */
TEST(a_port_is_closed_while_its_bit_moves)
{
    pthread_t threads[2];
    mfn_t control;
    u32 peer;

    start_pairs();
    control = fake_frame(a);
    closing = pair(a, a, &peer);
    expect_eq(event_port_pending(a, closing), 1);
    lock_acquire(&a->event.fifo_lock);
    pthread_create(&threads[0], NULL, go_over, &control);
    while ( !lock_held(&a->event.lock) )
        sched_yield();
    pthread_create(&threads[1], NULL, close_it, NULL);
    usleep(20000);
    lock_release(&a->event.fifo_lock);
    for ( int i = 0; i < 2; i++ )
        pthread_join(threads[i], NULL);
    expect_eq(event_port(a, closing)->state, EVENT_FREE);
    expect_eq(event_port_pending(a, closing), 0);
}

static u32 sending;

static void *send_it(void *arg)
{
    (void)arg;
    fake_cpu_join(2);
    require(send(b, sending) == 0);
    return NULL;
}

/*
 * A sender who waits for the other domain's queues, and a close of that end: until the event is there the pair stays,
 * and with it the other domain.
 */
TEST(whom_one_sends_to_stays)
{
    struct evtchn_init_control fifo = { 0 };
    pthread_t threads[2];

    start_pairs();
    fifo.control_gfn = fake_frame(a).n;
    require(op(a, EVTCHNOP_init_control, &fifo) == 0);
    sending = pair(a, b, &closing);
    lock_acquire(&a->event.fifo_lock);
    pthread_create(&threads[0], NULL, send_it, NULL);
    for ( int i = 0; i < 1000 && !lock_held(&b->event.lock); i++ )
        usleep(1000);
    pthread_create(&threads[1], NULL, close_it, NULL);
    usleep(20000);
    expect_eq(READ_ONCE(event_port(b, sending)->state), EVENT_INTERDOMAIN);
    lock_release(&a->event.fifo_lock);
    for ( int i = 0; i < 2; i++ )
        pthread_join(threads[i], NULL);
    expect_eq(event_port(b, sending)->state, EVENT_UNBOUND);
}

/* --- All of a domain's ports at once --- */

static bool reset(struct domain *d)
{
    struct evtchn_reset arg = { .dom = DOMID_SELF };

    return op(d, EVTCHNOP_reset, &arg) == 0;
}

static bool no_port_open(const struct domain *d)
{
    for ( u32 n = 0; n < d->event.nr_ports; n++ )
        if ( event_port(d, n)->state != EVENT_FREE )
            return false;
    return true;
}

/* What the guest does to a port without asking, and then asks for. */
static bool mask_and_unmask(struct domain *d, u32 port)
{
    struct evtchn_unmask unmask = { port };
    struct evtchn_status status = { .dom = DOMID_SELF, .port = port };

    atomic_fetch_or(&d->shared_info->evtchn_mask[port / 64], 1UL << port % 64);
    consume(d->vcpus[host_cpu->cpu]);
    return op(d, EVTCHNOP_unmask, &unmask) == 0 && op(d, EVTCHNOP_status, &status) == 0;
}

/* Ports of every kind, which nobody but a reset closes. */
static void open_all_kinds(struct domain *d, unsigned int round)
{
    struct evtchn_bind_virq virq = { .virq = VIRQ_TIMER, .vcpu = round % 4 };
    struct evtchn_bind_ipi ipi = { .vcpu = round % 4 };
    struct evtchn_bind_pirq pirq = { .pirq = round % 8 };
    struct evtchn_bind_vcpu move = { .vcpu = (round + 1) % 4 };

    op(d, EVTCHNOP_bind_virq, &virq);
    op(d, EVTCHNOP_bind_pirq, &pirq);
    if ( !op(d, EVTCHNOP_bind_ipi, &ipi) )
    {
        move.port = ipi.port;
        op(d, EVTCHNOP_bind_vcpu, &move);
        send(d, ipi.port);
    }
    event_send_timer(d->vcpus[round % 4]);
    event_send_pirq(d, round % 8);
}

static void *reset_or_use(void *arg)
{
    unsigned int me = (unsigned int)(unsigned long)arg;
    u32 of_a, of_b;

    fake_cpu_join(me);
    meet();
    for ( unsigned int round = 0; round < ROUNDS; round++ )
        switch ( me )
        {
        case 0:
            require(reset(round % 8 ? a : b));
            break;
        case 1:
            open_all_kinds(a, round);
            break;
        case 2:
            require(mask_and_unmask(a, round % 64));
            break;
        default:
            of_b = pair(a, b, &of_a);
            if ( of_b )
            {
                send(b, of_b);
                send(a, of_a);
                close_port(b, of_b);
            }
        }
    return NULL;
}

/* XSA-343: ports of all kinds are opened, sent to, masked and unmasked while both domains are reset. */
TEST(resets_among_all_else)
{
    struct evtchn_alloc_unbound open = { .dom = DOMID_SELF };

    start_pairs();
    for ( u32 i = 0; i < 64; i++ ) /* so that there are ports to be unmasked */
        require(op(a, EVTCHNOP_alloc_unbound, &open) == 0);
    run_members(4, reset_or_use);
    check_bindings(a, b);
    check_bindings(b, a);
    expect(reset(a) && reset(b));
    expect(no_port_open(a) && no_port_open(b));
    expect(a->refs == 1 && b->refs == 1);
}

/* --- A domain's end --- */

#define DEATHS 100

static struct domain *mortal;
static bool mortal_stands; /* its vcpu is out of what it was doing, as domain_pause() waits for */

/* As domain_kill() does: alive no more, then no vcpu of it runs, then its rooms give back. */
static void kill_mortal(void)
{
    WRITE_ONCE(mortal->life, DOMAIN_DYING);
    while ( !atomic_load(&mortal_stands) )
        cpu_relax();
    while ( !fake_guest_relinquish(mortal) )
        ;
    /* Its memory is used for something else. */
    mortal->vcpus[0]->event.virq_port[VIRQ_CON_RING] = NULL;
}

/* It gets a global VIRQ. */
static void live_again(void)
{
    require(event_set_virq_handler(mortal, VIRQ_CON_RING) == 0);
    mortal_stands = false;
    mortal->life = DOMAIN_ALIVE;
}

static void live(unsigned int round)
{
    struct evtchn_bind_virq virq = { .virq = VIRQ_CON_RING };

    while ( READ_ONCE(mortal->life) == DOMAIN_ALIVE )
    {
        op(mortal, EVTCHNOP_bind_virq, &virq);
        open_all_kinds(mortal, round);
        mask_and_unmask(mortal, round++ % 32);
    }
    atomic_store(&mortal_stands, true);
}

/* Until it is dead, and a little longer. Ports that it has open to us, and such that dom0 opens for it. */
static void use(struct domain *d)
{
    u32 ours, its;

    for ( unsigned int after = 0; after < 10; after += READ_ONCE(mortal->life) != DOMAIN_ALIVE )
    {
        struct evtchn_alloc_unbound open = { .dom = mortal->id, .remote_dom = d->id };
        struct evtchn_bind_interdomain bind = { .remote_dom = mortal->id };

        event_send_global_virq(VIRQ_CON_RING);
        if ( op(a, EVTCHNOP_alloc_unbound, &open) )
            continue;
        bind.remote_port = its = open.port;
        if ( op(d, EVTCHNOP_bind_interdomain, &bind) )
            continue;
        ours = bind.local_port;
        send(d, ours);
        event_send_pirq(mortal, its % 8);
        close_port(d, ours);
    }
}

/* Nobody uses it: it is taken apart, and made anew. */
static void revive(void)
{
    if ( !no_port_open(mortal) || mortal->refs != 1 )
        fail_now("something is left of a dead domain");
    event_domain_destroy(mortal);
    memset(&mortal->event, 0, sizeof(mortal->event));
    memset(mortal->shared_info, 0, PAGE_SIZE);
    for ( u32 i = 0; i < mortal->max_vcpus; i++ )
        memset(&mortal->vcpus[i]->event, 0, sizeof(mortal->vcpus[i]->event));
    require(event_domain_create(mortal) == 0);
    live_again();
}

static void *use_or_die(void *arg)
{
    unsigned int me = (unsigned int)(unsigned long)arg;

    fake_cpu_join(me);
    for ( unsigned int round = 0; round < DEATHS; round++ )
    {
        meet();
        if ( me == 0 )
            kill_mortal();
        else if ( me == 1 )
            live(round);
        else
            use(me == 2 ? a : b);
        meet();
        if ( me == 0 )
            revive();
    }
    return NULL;
}

/*
 * Others open, join, send to and close ports of a domain that dies, and send the VIRQ that it was named for: nothing of
 * it is left, and nobody holds it.
 */
TEST(a_domain_dies_among_its_peers)
{
    start_pairs();
    mortal = fake_guest(2, false, 4);
    live_again();
    run_members(4, use_or_die);
    expect_eq(mortal->refs, 2);
    require(event_set_virq_handler(a, VIRQ_CON_RING) == 0);
    expect_eq(mortal->refs, 1);
    expect(reset(a) && reset(b));
    expect(a->refs == 1 && b->refs == 1);
}

HOST_TEST_MAIN
