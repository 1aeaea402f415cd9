/*
 * A port is for whom it was left open, and for its domain. Nobody else binds it, signals through it, asks about it or
 * closes it.
 *
 * The victim has one port of each kind: open to dom0, open to the attacker, for itself, for a VIRQ, none at all, and
 * the one of its console, bound to dom0. The attacker gets the one that is meant for it, once.
 */
#include "roles.h"

enum { FOR_DOM0, FOR_ATTACKER, IPI, VIRQ, CLOSED, CONSOLE, PORTS };

static const char *const kinds[PORTS] = {
    "one open to dom0", "ours, bound already", "an IPI",
    "a VIRQ",           "one that is closed",  "its console"
};

/* --- The attacker --- */

static void in_its_name(domid_t victim, evtchn_port_t port)
{
    struct evtchn_status status = { .dom = victim, .port = port };
    struct evtchn_alloc_unbound alloc = { .dom = victim, .remote_dom = DOMID_SELF };
    struct evtchn_reset reset = { .dom = victim };

    expect_eq(hypercall(event_channel_op, EVTCHNOP_status, &status), -EPERM, "ask about a port");
    expect_eq(hypercall(event_channel_op, EVTCHNOP_alloc_unbound, &alloc), -EPERM,
              "open a port for ourselves");
    expect_eq(hypercall(event_channel_op, EVTCHNOP_reset, &reset), -EPERM, "close all ports");
}

static void attack(void)
{
    domid_t victim = meet();
    evtchn_port_t ports[PORTS], port;

    for ( unsigned int i = 0; i < PORTS; i++ )
        ports[i] = (evtchn_port_t)hear();
    port = (evtchn_port_t)need(event_bind_interdomain(victim, ports[FOR_ATTACKER]));
    for ( unsigned int i = 0; i < PORTS; i++ )
        expect_eq(event_bind_interdomain(victim, ports[i]), -EINVAL, kinds[i]);
    expect_eq(event_bind_interdomain(victim, 0), -EINVAL, "port 0");
    expect_eq(event_bind_interdomain(victim, 1u << 30), -EINVAL, "a port that can't be");
    in_its_name(victim, ports[FOR_DOM0]);

    for ( evtchn_port_t any = 1; any < 4096; any++ )
    {
        if ( any != port && any != start_info->console.domU.evtchn && any != time_alarm_port() )
            expect_eq(event_send(any), -EINVAL, "signal through a port that is not ours");
    }
    expect_eq(event_bind_interdomain(DOMID_SELF,
                                     (evtchn_port_t)need(event_alloc_unbound(DOMID_SELF, victim))),
              -EINVAL, "bind what we left open to the victim");
    tell(0);
    hear(); /* the victim looks at its ports, and ours is still bound */
}

/* --- The victim --- */

static struct evtchn_status status_of(evtchn_port_t port)
{
    struct evtchn_status status = { .dom = DOMID_SELF, .port = port };

    need(hypercall(event_channel_op, EVTCHNOP_status, &status));
    return status;
}

static void suffer(void)
{
    domid_t attacker = meet();
    evtchn_port_t ports[PORTS];
    struct evtchn_status before[PORTS], now;

    ports[FOR_DOM0] = (evtchn_port_t)need(event_alloc_unbound(DOMID_SELF, 0));
    ports[FOR_ATTACKER] = (evtchn_port_t)need(event_alloc_unbound(DOMID_SELF, attacker));
    ports[IPI] = (evtchn_port_t)need(event_bind_ipi(0));
    ports[VIRQ] = (evtchn_port_t)need(event_bind_virq(VIRQ_DEBUG, 0));
    ports[CLOSED] = (evtchn_port_t)need(event_alloc_unbound(DOMID_SELF, attacker));
    ports[CONSOLE] = start_info->console.domU.evtchn;
    need(event_close(ports[CLOSED]));
    for ( unsigned int i = 0; i < PORTS; i++ )
    {
        event_clear(ports[i]);
        before[i] = status_of(ports[i]);
    }
    for ( unsigned int i = 0; i < PORTS; i++ )
        tell(ports[i]);

    hear();
    for ( unsigned int i = 0; i < PORTS; i++ )
    {
        now = status_of(ports[i]);
        if ( i == FOR_ATTACKER )
            expect(now.status == EVTCHNSTAT_interdomain && now.u.interdomain.dom == attacker,
                   "this one the attacker could bind");
        else
            expect(now.status == before[i].status && now.u.virq == before[i].u.virq, kinds[i]);
        if ( i != CONSOLE )
            expect(!event_pending(ports[i]), kinds[i]);
    }
    tell(0);
}

void test_main(void)
{
    static const struct role roles[] = { { "attacker", attack }, { "victim", suffer } };

    ROLES_PLAY(roles);
}
