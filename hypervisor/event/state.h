/* event/'s part of a domain and a vcpu. */
#ifndef EVENT_STATE_H
#define EVENT_STATE_H

#include "lib/types.h"
#include "smp/lock.h"

struct event_port;

struct domain_event {
    struct lock lock;
    struct event_port **buckets; /* ports by groups; see event/core.c */
    u32 nr_ports;                /* ports that exist, a multiple of a group */
    u32 max_port;                /* highest that may be allocated (domctl) */
    void *fifo;                  /* FIFO ABI state, NULL while 2-level */
};

struct vcpu_event {
    u32 virq_port[24];           /* local port of each VIRQ, 0 none */
    u32 poll_port;               /* SCHEDOP_poll: the one port, 0 none, ~0 several */
    bool polling;
    void *fifo;                  /* control block and queues */
};

#endif
