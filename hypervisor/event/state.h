/* event/'s part of a domain and a vcpu. */
#ifndef EVENT_STATE_H
#define EVENT_STATE_H

#include "lib/types.h"
#include "smp/lock.h"

struct event_port;
struct event_fifo;
struct event_queues;

/* Ports are made in groups of this many: event/port.h. */
#define EVENT_GROUP 256

/* PIRQs that a domain may bind. */
#define EVENT_MAX_PIRQS 1024

struct domain_event {
    struct lock lock;           /* LOCK_EVENT: what ports are bound to */
    struct event_port **groups; /* EVENT_GROUP ports each, which stay where they are */
    struct event_port *near;    /* the first group */
    u32 near_ports;             /* ports below it are there, are bits, and may be opened */
    u32 nr_ports;               /* ports that exist, a multiple of EVENT_GROUP; grows only */
    u32 two_level;           /* ports below it are bits in shared_info; 0: the FIFO ABI is in use */
    u32 lowest_free;         /* no port below it is free */
    u32 max_port;            /* highest that may be allocated (createdomain); 0: as the ABI */
    u32 reset_cursor;        /* reset: all ports below it were closed */
    u32 relinquish_cursor;   /* teardown: all ports below it are closed */
    u32 *pirq_port;          /* port of each PIRQ, 0 none; NULL until the first is bound */
    u32 suspend_port;        /* raised when the domain suspends; 0 none */
    void *mask;              /* evtchn_mask, in shared_info, where the domain's width has it */
    u32 pollers;             /* atomic: vcpus in SCHEDOP_poll */
    struct lock fifo_lock;   /* LOCK_EVENT_QUEUE: the FIFO queues of all its vcpus */
    struct event_fifo *fifo; /* NULL: the 2-level ABI is in use */
};

struct vcpu_event {
    struct event_port *virq_port[24]; /* of each VIRQ, NULL none */
    u32 poll_port;                    /* SCHEDOP_poll: the one port, EVENT_POLL_ANY several */
    bool polling;                     /* atomic */
    struct event_queues *queues;      /* FIFO: NULL until EVTCHNOP_init_control */
};

#define EVENT_POLL_ANY (~0u)

#endif
