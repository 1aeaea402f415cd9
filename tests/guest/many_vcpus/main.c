/*
 * As many vcpus as a domain can have, or as many as we were given, all at work at once.
 *
 * From vcpu 32 up there is no vcpu_info until one is registered, and no start without. Then all hand a token round,
 * each to the next by an event, and sleep until it comes again; on its way the clock never runs backward. Each sleeps
 * until a timer of its own wakes it. A flush for the last one alone reaches its processor. In the end they go down, and
 * come up again.
 */
#include <hypercall/limits.h>

#define TEAM_MAX DOMAIN_MAX_VCPUS
#include "team.h"

#define ROUNDS        4
#define NAP           (5 * NS_PER_MS)
#define BITS_PER_LONG (8 * sizeof(ulong))

static evtchn_port_t wake_ups[TEAM_MAX], timers[TEAM_MAX];

static void nothing(evtchn_port_t port, void *data)
{
}

/* --- The token --- */

static unsigned int turn;
static uint64_t turned_at;

static void hand_on(unsigned int me)
{
    for ( unsigned int round = 0; round < ROUNDS; round++ )
    {
        unsigned int mine = round * team.size + me;
        uint64_t now;

        event_wait_until(__atomic_load_n(&turn, __ATOMIC_SEQ_CST) == mine);
        now = time_now();
        team_wrong(now < turned_at);
        turned_at = now;
        __atomic_store_n(&turn, mine + 1, __ATOMIC_SEQ_CST);
        team_wrong(event_send(wake_ups[(me + 1) % team.size]));
    }
}

/* --- A flush --- */

static volatile ulong *view, *old_page, *new_page;
static volatile bool looking, flushed;

/* Of the last vcpu's processor alone. */
static void flush_last(void)
{
    static ulong mask[TEAM_MAX / BITS_PER_LONG];
    unsigned int last = team.size - 1;
    struct mmuext_op op = { .cmd = MMUEXT_TLB_FLUSH_MULTI };

    mask[last / BITS_PER_LONG] = 1UL << last % BITS_PER_LONG;
    set_xen_guest_handle(op.arg2.vcpumask, (void *)mask);
    team_wrong(hypercall(update_va_mapping, view,
                         pte_make(virt_to_mfn((void *)new_page), PTE_KERNEL_RO), UVMF_NONE));
    team_wrong(hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF));
    flushed = true;
}

static void look(void)
{
    looking = true;
    while ( !flushed )
        (void)*view; /* so that its translation is at hand */
    team_wrong(*view != *new_page);
}

/* --- All of it --- */

static void work(unsigned int me)
{
    uint64_t wake_up;

    events_enable();
    hand_on(me);
    wake_up = time_now() + NAP;
    event_wait_until(time_passed(wake_up));
    if ( me == team.size - 1 )
        look();
    events_disable();
    if ( me != 0 )
        return;
    while ( !looking )
        team_relax();
    flush_last();
}

static unsigned int here;

/* Up until all are. */
static void come_and_go(unsigned int me)
{
    team_wrong(this_vcpu()->id != me);
    if ( __atomic_add_fetch(&here, 1, __ATOMIC_SEQ_CST) != team.size )
        event_wait_until(__atomic_load_n(&here, __ATOMIC_SEQ_CST) == team.size);
    else
        for ( unsigned int i = 0; i < team.size; i++ )
            team_wrong(event_send(wake_ups[i]));
}

static void prepare(void)
{
    view = (ulong *)table_window();
    old_page = page_alloc();
    new_page = page_alloc();
    *new_page = 1;
    looking = flushed = false;
    turn = here = 0;
    turned_at = 0;
    need(table_map((ulong)view, virt_to_mfn((void *)old_page), PTE_KERNEL_RO));
    time_alarm_init();
    for ( unsigned int i = 0; i < team.size; i++ )
    {
        wake_ups[i] = (evtchn_port_t)need(event_bind_ipi(i));
        event_handle(wake_ups[i], nothing, NULL);
        if ( i == 0 )
            continue;
        timers[i] = (evtchn_port_t)need(event_bind_virq(VIRQ_TIMER, i));
        event_handle(timers[i], nothing, NULL);
    }
}

static void clear_up(void)
{
    for ( unsigned int i = 0; i < team.size; i++ )
    {
        need(event_close(wake_ups[i]));
        if ( i )
            need(event_close(timers[i]));
    }
    need(table_unmap((ulong)view));
    page_free((void *)old_page);
    page_free((void *)new_page);
}

void test_main(void)
{
    team_count();
    printf("%u vcpus\n", team.size);
    if ( team.size > XEN_LEGACY_MAX_VCPUS )
        expect_eq(hypercall(vcpu_op, VCPUOP_initialise, team.size - 1, NULL), -EINVAL,
                  "before it has a vcpu_info");
    prepare();
    team_run(work);
    events_enable();
    expect_eq(team.wrong, 0, "at work");
    expect_eq(turn, ROUNDS * team.size, "the token's turns");
    team_run(come_and_go);
    expect_eq(team.wrong, 0, "when all are up again");
    clear_up();
}
