#include "tests/host/fake/event.h"

#include "event/event.h"
#include "lib/bitmap.h"
#include "sched/sched.h"

/* --- irq/, as far as it is asked --- */

u32 pirqs_bound, pirqs_unmasked;

long irq_pirq_bound(struct domain *d, u32 pirq, bool share)
{
    (void)share;
    if ( !d->privileged )
        return -EPERM;
    if ( pirq >= 16 )
        return -EINVAL;
    pirqs_bound |= 1u << pirq;
    return 0;
}

void irq_pirq_unbound(struct domain *d, u32 pirq)
{
    expect(!lock_held(&d->event.lock));
    pirqs_bound &= ~(1u << pirq);
}

void irq_pirq_unmasked(struct domain *d, u32 pirq)
{
    (void)d;
    pirqs_unmasked |= 1u << pirq;
}

/* --- The guest's side --- */

struct domain *dom0, *domu;

void set_up(void)
{
    fake_machine();
    require(sched_init_cpu() == 0);
    dom0 = fake_guest(0, true, 2);
    domu = fake_guest(1, false, 2);
    fake_run(dom0->vcpus[0]);
}

long alloc_unbound(struct domain *d, domid_t remote)
{
    return BIND(d, alloc_unbound, port, .dom = DOMID_SELF, .remote_dom = remote);
}

long bind_interdomain(struct domain *d, domid_t remote, u32 port)
{
    return BIND(d, bind_interdomain, local_port, .remote_dom = remote, .remote_port = port);
}

long send_event(struct domain *d, u32 port)
{
    return OP(d, send, .port = port);
}

long close_port(struct domain *d, u32 port)
{
    return OP(d, close, .port = port);
}

struct evtchn_status status(struct domain *d, u32 port)
{
    struct evtchn_status arg = { .dom = DOMID_SELF, .port = port };

    fake_run(d->vcpus[0]);
    expect_eq(event_channel_op(EVTCHNOP_status, (unsigned long)&arg), 0);
    return arg;
}

bool bit(struct domain *d, u32 port)
{
    return test_bit(port, (unsigned long *)d->shared_info->evtchn_pending);
}

void mask(struct domain *d, u32 port)
{
    set_bit(port, (unsigned long *)d->shared_info->evtchn_mask);
}

/* Take one event from vcpu @v as an upcall handler does, lowest port first; 0: there is none. */
u32 consume_two_level(struct vcpu *v)
{
    struct shared_info *s = v->domain->shared_info;
    unsigned long *selector = (unsigned long *)&v->cpu.info->evtchn_pending_sel;
    unsigned long word;

    v->cpu.info->evtchn_upcall_pending = 0;
    for_each_set_bit(word, selector, 64)
    {
        unsigned long ready = s->evtchn_pending[word] & ~s->evtchn_mask[word];

        if ( !(ready & (ready - 1)) )
            clear_bit(word, selector);
        if ( ready )
        {
            s->evtchn_pending[word] &= ~(ready & -ready);
            v->cpu.info->evtchn_upcall_pending = *selector != 0;
            return (u32)(word * 64) + ffs64(ready) - 1;
        }
    }
    return 0;
}

/* --- FIFO, as a guest has it --- */

event_word_t *word_of(struct fifo_guest *g, u32 port)
{
    return (event_word_t *)mfn_to_virt(g->array[port / 1024]) + port % 1024;
}

struct evtchn_fifo_control_block *control_of(struct fifo_guest *g, u32 vcpu)
{
    return mfn_to_virt(g->control[vcpu]) + 8 * vcpu;
}

void fifo_start(struct fifo_guest *g, struct domain *d)
{
    memset(g, 0, sizeof(*g));
    g->d = d;
    for ( u32 i = 0; i < 2; i++ )
    {
        g->control[i] = fake_frame(d);
        g->array[i] = fake_frame(d);
        memset(mfn_to_virt(g->control[i]), 0, PAGE_SIZE);
        memset(mfn_to_virt(g->array[i]), 0, PAGE_SIZE);
        require(BIND(d, init_control, link_bits, .control_gfn = g->control[i].n, .offset = 8 * i,
                     .vcpu = i) == 17);
    }
}

void fifo_expand(struct fifo_guest *g, u32 page)
{
    require(OP(g->d, expand_array, .array_gfn = g->array[page].n) == 0);
}

/* The protocol of a guest's handler: take the first port of the highest queue that is ready. 0: there is none. */
u32 consume_fifo(struct fifo_guest *g, u32 vcpu)
{
    struct evtchn_fifo_control_block *control = control_of(g, vcpu);

    g->d->vcpus[vcpu]->cpu.info->evtchn_upcall_pending = 0;
    for ( u32 q = 0; q < EVTCHN_FIFO_MAX_QUEUES; q++ )
        while ( control->ready & (1u << q) )
        {
            u32 port = g->head[vcpu][q] ? g->head[vcpu][q] : control->head[q];
            event_word_t *word = word_of(g, port), old = *word;

            require(port);
            require(old & (1u << EVTCHN_FIFO_LINKED));
            *word = old & ~(1u << EVTCHN_FIFO_LINKED | EVTCHN_FIFO_LINK_MASK);
            g->head[vcpu][q] = old & EVTCHN_FIFO_LINK_MASK;
            if ( !g->head[vcpu][q] )
                control->ready &= ~(1u << q);
            if ( (old & (1u << EVTCHN_FIFO_PENDING)) && !(old & (1u << EVTCHN_FIFO_MASKED)) )
            {
                *word &= ~(1u << EVTCHN_FIFO_PENDING);
                return port;
            }
        }
    return 0;
}
