/*
 * VCPUOP_register_vcpu_info while events arrive: none is lost on the way from the old place to the new.
 *
 * Each other vcpu in its turn gets events from all the rest, one after the other, and moves its vcpu_info meanwhile.
 */
#include "team.h"

#define SENDS   400
#define MOVE_AT 200

static evtchn_port_t ports[TEAM_MAX][TEAM_MAX]; /* to, from */
static volatile unsigned int seen[TEAM_MAX];    /* of the target, by sender */
static struct vcpu_info *places;

static void got(evtchn_port_t port, void *data)
{
    seen[(ulong)data]++;
}

static void move(unsigned int me)
{
    struct vcpu_register_vcpu_info arg = { .mfn = virt_to_mfn(places),
                                           .offset = me * sizeof(*places) };
    struct vcpu_info *old = this_vcpu()->info;

    events_disable();
    team_wrong(hypercall(vcpu_op, VCPUOP_register_vcpu_info, me, &arg));
    this_vcpu()->info = &places[me];
    team_wrong(!places[me].evtchn_upcall_mask);
    old->evtchn_upcall_mask = 1;
    events_enable();
}

static unsigned int total(void)
{
    unsigned int sum = 0;

    for ( unsigned int i = 0; i < team.size; i++ )
        sum += seen[i];
    return sum;
}

static void receive(unsigned int me)
{
    bool moved = false;

    events_enable();
    while ( total() < SENDS * (team.size - 1) )
    {
        if ( !moved && total() >= MOVE_AT )
        {
            move(me);
            moved = true;
        }
        team_relax();
    }
    events_disable();
}

static void send(unsigned int me, unsigned int to)
{
    for ( unsigned int i = 1; i <= SENDS; i++ )
    {
        team_wrong(event_send(ports[to][me]));
        while ( seen[me] != i )
            team_relax();
    }
}

static void work(unsigned int me)
{
    for ( unsigned int target = 1; target < team.size; target++ )
    {
        if ( me == target )
            for ( unsigned int i = 0; i < team.size; i++ )
                seen[i] = 0;
        team_meet();
        me == target ? receive(me) : send(me, target);
        team_meet();
    }
}

void test_main(void)
{
    places = page_alloc();
    team_count();
    for ( unsigned int to = 1; to < team.size; to++ )
        for ( unsigned int from = 0; from < team.size; from++ )
        {
            ports[to][from] = (evtchn_port_t)need(event_bind_ipi(to));
            event_handle(ports[to][from], got, (void *)(ulong)from);
        }
    team_run(work);
    expect_eq(team.wrong, 0, "sending, and moving");
}
