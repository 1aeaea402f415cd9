/*
 * Guests that use event channels, by both ABIs, and irq/ as far as it is asked.
 */
#ifndef TESTS_HOST_FAKE_EVENT_H
#define TESTS_HOST_FAKE_EVENT_H

#include "tests/host/fake/rooms.h"

#include "event/event.h"

extern struct domain *dom0, *domu;
extern u32 pirqs_bound, pirqs_unmasked; /* a bit each */

/* Operation @op of @d's first vcpu. */
#define OP(d, op, ...)                                                                             \
    ({                                                                                             \
        struct evtchn_##op arg_ = { __VA_ARGS__ };                                                 \
        fake_run((d)->vcpus[0]);                                                                   \
        event_channel_op(EVTCHNOP_##op, (unsigned long)&arg_);                                     \
    })

/* The same, returning the port in @field, or the error. */
#define BIND(d, op, field, ...)                                                                    \
    ({                                                                                             \
        struct evtchn_##op arg_ = { __VA_ARGS__ };                                                 \
        long rc_;                                                                                  \
        fake_run((d)->vcpus[0]);                                                                   \
        rc_ = event_channel_op(EVTCHNOP_##op, (unsigned long)&arg_);                               \
        rc_ ? rc_ : (long)arg_.field;                                                              \
    })

struct fifo_guest {
    struct domain *d;
    mfn_t control[2], array[2];
    u32 head[2][EVTCHN_FIFO_MAX_QUEUES];
};

/* Two domains of two vcpus, dom0 current. */
void set_up(void);

/* Operations of @d: the new port, or the error. */
long alloc_unbound(struct domain *d, domid_t remote);
long bind_interdomain(struct domain *d, domid_t remote, u32 port);

/* ... 0, or the error. */
long send_event(struct domain *d, u32 port);
long close_port(struct domain *d, u32 port);

/* What a port is bound to. */
struct evtchn_status status(struct domain *d, u32 port);

/* The 2-level ABI as the guest sees it. */
bool bit(struct domain *d, u32 port);
void mask(struct domain *d, u32 port);

/* Take one event from vcpu @v as an upcall handler does, lowest port first; 0: there is none. */
u32 consume_two_level(struct vcpu *v);

/* The FIFO ABI as a guest has it. */
event_word_t *word_of(struct fifo_guest *g, u32 port);
struct evtchn_fifo_control_block *control_of(struct fifo_guest *g, u32 vcpu);
void fifo_start(struct fifo_guest *g, struct domain *d);
void fifo_expand(struct fifo_guest *g, u32 page);

/* The same for FIFO, highest priority first. */
u32 consume_fifo(struct fifo_guest *g, u32 vcpu);

#endif
