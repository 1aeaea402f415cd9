/*
 * Inside event/: ports are opened, joined, and parted, under the event lock, or both domains' for a pair of two.
 */
#ifndef EVENT_PAIR_H
#define EVENT_PAIR_H

#include "event/port.h"

/* Free @port of @d, which has just been found, is open to domain @remote. Returns its number. */
static inline u32 event_port_open_to(struct domain *d, struct event_port *port, domid_t remote)
{
    WRITE_ONCE(port->open_to, remote);
    return event_port_take(d, port, EVENT_UNBOUND);
}

/* May @d join a port of its own to @port? */
static inline bool event_port_is_open_to(const struct event_port *port, const struct domain *d)
{
    return port->state == EVENT_UNBOUND && !GUARD(port_open_to, port->open_to != d->id);
}

/*
 * Join free @port of @d to @remote, which is open. Their domains, if these are two, hold each other. Returns @port's
 * number.
 */
static inline u32 event_pair_join(struct domain *d, struct event_port *port,
                                  struct event_port *remote)
{
    atomic_store(&port->peer, remote);
    atomic_store(&remote->peer, port);
    event_port_set_state(remote, EVENT_INTERDOMAIN);
    return event_port_take(d, port, EVENT_INTERDOMAIN);
}

/* The other end of @port of @d, which is to be freed, is unbound, and open to @d. */
static inline void event_pair_part(const struct domain *d, const struct event_port *port)
{
    struct event_port *peer = port->peer;

    WRITE_ONCE(peer->peer, NULL);
    WRITE_ONCE(peer->open_to, d->id);
    event_port_set_state(peer, EVENT_UNBOUND);
}

/* May @port of @d be freed, as that concerns nobody else? Then no other port is joined to it any more. */
static inline bool event_port_let_go(const struct domain *d, struct event_port *port)
{
    if ( !port->peer )
        return port->state == EVENT_UNBOUND;
    if ( port->peer->domain != d )
        return false;
    event_pair_part(d, port); /* an IPI's other end is itself */
    return true;
}

#endif
