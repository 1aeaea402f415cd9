/*
 * From one to another: vcpus of a domain and domains that wake each other, and domains that come and go. All
 * are on one processor, so that each wakes the other and blocks: two switches a round.
 *
 * Two domains that wake each other are two of us, with `role=leader` and `role=follower` on their command
 * lines, made by guest-ports/dom0. They tell each other who they are through it.
 */
#include "bench.h"

extern char bench_upcall[], bench_upcall_second[];
extern volatile ulong bench_events, bench_events_second;

/* Sends on @port, then blocks until *events, which an upcall counts, has changed. */
static void wake_and_wait(evtchn_port_t port, volatile ulong *events)
{
    struct evtchn_send send = { port };
    volatile uint8_t *mask = &this_vcpu()->info->evtchn_upcall_mask;
    ulong before;

    *mask = 1;
    before = *events;
    hypercall(event_channel_op, EVTCHNOP_send, &send);
    while ( *events == before )
    {
        hypercall(sched_op, SCHEDOP_block, NULL); /* which unmasks: the upcall comes */
        *mask = 1;
    }
    *mask = 0;
}

static void take_upcalls(const void *upcall)
{
    check(hypercall(set_callbacks, upcall, kit_entry_failsafe, kit_entry_syscall));
}

/* --- Two vcpus --- */

static evtchn_port_t to_first, to_second;

/* Each event that it gets it answers with one. */
static void second(void *arg)
{
    (void)arg;
    take_upcalls(bench_upcall_second);
    for ( ;; )
        wake_and_wait(to_first, &bench_events_second);
}

static void prepare_vcpus(void)
{
    ulong before = bench_events;

    take_upcalls(bench_upcall);
    if ( to_first )
        return;
    to_first = (evtchn_port_t)check(event_bind_ipi(0));
    to_second = (evtchn_port_t)check(event_bind_ipi(1));
    event_unmask(to_first);
    event_unmask(to_second);
    check(vcpu_start(1, second, NULL));
    while ( bench_events == before ) /* its first: it is there */
        hypercall(sched_op, SCHEDOP_yield, NULL);
}

static void vcpus(long count)
{
    REPEAT(count, wake_and_wait(to_second, &bench_events));
}

/* --- Two domains --- */

static evtchn_port_t to_other;

static void tell(ulong value)
{
    printf("RL-TELL %lu\n", value);
}

/* A line of console input, as a number. */
static ulong hear(void)
{
    char line[32], c;
    unsigned int size = 0;

    for ( ;; )
    {
        if ( console_read(&c, 1) != 1 )
            time_wait_until(time_now() + NS_PER_MS);
        else if ( c == '\n' )
            break;
        else if ( size + 1 < sizeof(line) )
            line[size++] = c;
    }
    line[size] = '\0';
    return parse_number(line);
}

static domid_t meet(void)
{
    tell(own_domid());
    return (domid_t)hear();
}

static void listen_to_other(void)
{
    take_upcalls(bench_upcall);
    event_unmask(to_other);
}

/* The other's first event says that it has joined us. */
static void prepare_domains(void)
{
    ulong before = bench_events;

    if ( to_other )
    {
        listen_to_other();
        return;
    }
    to_other = (evtchn_port_t)check(event_alloc_unbound(DOMID_SELF, meet()));
    listen_to_other();
    tell(to_other);
    while ( bench_events == before )
        time_spin(NS_PER_MS);
}

static void domains(long count)
{
    REPEAT(count, wake_and_wait(to_other, &bench_events));
}

void bench_follow(void)
{
    domid_t leader = meet();

    to_other = (evtchn_port_t)check(event_bind_interdomain(leader, (evtchn_port_t)hear()));
    listen_to_other();
    for ( ;; ) /* until dom0 destroys us */
        wake_and_wait(to_other, &bench_events);
}

const struct bench bench_pairs[] = {
    { "domain_ping_pong", .prepare = prepare_domains, .run = domains, .per = 2 },
    { 0 },
};

/* --- Domains that come and go --- */

#define PAGES 256

static long domctl(struct xen_domctl *op, unsigned int command)
{
    op->cmd = command;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return hypercall(domctl, op);
}

static void give_pages(domid_t domain)
{
    static xen_pfn_t frames[PAGES];
    struct xen_memory_reservation r = { .nr_extents = PAGES, .domid = domain };

    for ( unsigned int i = 0; i < PAGES; i++ )
        frames[i] = i;
    set_xen_guest_handle(r.extent_start, frames);
    if ( hypercall(memory_op, XENMEM_populate_physmap, &r) != PAGES )
        panic("no %u pages for a domain", PAGES);
}

/* A domain of a vcpu and a MiB, which never runs: made, destroyed, gone. In instructions. */
static long create_destroy(void)
{
    static struct xen_domctl op;
    uint64_t start = rdtsc();
    domid_t domain;

    memset(&op, 0, sizeof(op));
    op.u.createdomain = (struct xen_domctl_createdomain){
        .max_vcpus = 1,
        .max_evtchn_port = ~0U >> 1,
        .max_grant_frames = -1,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(2),
    };
    check(domctl(&op, XEN_DOMCTL_createdomain));
    domain = (domid_t)op.domain;
    op.u.max_vcpus.max = 1;
    check(domctl(&op, XEN_DOMCTL_max_vcpus));
    op.u.max_mem.max_memkb = PAGES * 4;
    check(domctl(&op, XEN_DOMCTL_max_mem));
    give_pages(domain);
    check(domctl(&op, XEN_DOMCTL_destroydomain));
    do
    {
        hypercall(sched_op, SCHEDOP_yield, NULL); /* what is put off is done then */
        op.domain = domain;
    } while ( !domctl(&op, XEN_DOMCTL_getdomaininfo) && op.domain == domain );
    return (long)(rdtsc() - start);
}

static void create_destroys(long count)
{
    REPEAT(count, create_destroy());
}

const struct bench bench_switches[] = {
    { "vcpu_ping_pong", .prepare = prepare_vcpus, .run = vcpus, .per = 2 },
    { "domain_create_destroy", .run = create_destroys, .measure = create_destroy, .tries = 20,
      .dom0 = true },
    { 0 },
};
