#include <kit/kit.h>

#define BITS_PER_WORD (8 * sizeof(xen_ulong_t))
#define MAX_PORTS     4096 /* of 64-bit guests; 32-bit ones have fewer */

static struct {
    event_handler_t call;
    void *data;
} handlers[MAX_PORTS];

/* The vcpu that a port is bound to. Only that one looks after it: another would run the handler behind its back. */
static uint16_t vcpu_of[MAX_PORTS];

static inline bool test_bit(const xen_ulong_t *words, unsigned int bit)
{
    return *(volatile const xen_ulong_t *)&words[bit / BITS_PER_WORD] >> bit % BITS_PER_WORD & 1;
}

static inline void set_bit(xen_ulong_t *words, unsigned int bit)
{
    __atomic_fetch_or(&words[bit / BITS_PER_WORD], 1UL << bit % BITS_PER_WORD, __ATOMIC_SEQ_CST);
}

static inline void clear_bit(xen_ulong_t *words, unsigned int bit)
{
    __atomic_fetch_and(&words[bit / BITS_PER_WORD], ~(1UL << bit % BITS_PER_WORD),
                       __ATOMIC_SEQ_CST);
}

void event_mask(evtchn_port_t port)
{
    set_bit(shared_info.evtchn_mask, port);
}

void event_unmask(evtchn_port_t port)
{
    struct evtchn_unmask unmask = { .port = port };

    hypercall(event_channel_op, EVTCHNOP_unmask, &unmask);
}

bool event_pending(evtchn_port_t port)
{
    return test_bit(shared_info.evtchn_pending, port);
}

void event_clear(evtchn_port_t port)
{
    clear_bit(shared_info.evtchn_pending, port);
}

bool events_disable(void)
{
    volatile uint8_t *mask = &this_vcpu()->info->evtchn_upcall_mask;
    bool enabled = !*mask;

    *mask = 1;
    asm volatile("" : : : "memory");
    return enabled;
}

void events_enable(void)
{
    struct vcpu_info *info = this_vcpu()->info;

    asm volatile("" : : : "memory");
    *(volatile uint8_t *)&info->evtchn_upcall_mask = 0;
    asm volatile("" : : : "memory");
    if ( *(volatile uint8_t *)&info->evtchn_upcall_pending )
        hypercall(xen_version, XENVER_version, NULL); /* any hypercall delivers */
}

void event_block(void)
{
    hypercall(sched_op, SCHEDOP_block,
              NULL); /* unmasks, so that what is pending already ends it at once */
    events_disable();
}

/* The first of this word's ports that are pending, unmasked, and this vcpu's; false: none is. */
static bool find_ready(unsigned int word, evtchn_port_t *port)
{
    xen_ulong_t ready = *(volatile xen_ulong_t *)&shared_info.evtchn_pending[word] &
                        ~*(volatile xen_ulong_t *)&shared_info.evtchn_mask[word];

    for ( ; ready; ready &= ready - 1 )
    {
        *port = word * BITS_PER_WORD + (unsigned int)__builtin_ctzl(ready);
        if ( vcpu_of[*port] == this_vcpu()->id )
            return true;
    }
    return false;
}

static void dispatch_word(unsigned int word)
{
    evtchn_port_t port;

    while ( find_ready(word, &port) )
    {
        event_clear(port);
        if ( handlers[port].call )
            handlers[port].call(port, handlers[port].data);
        else
            event_mask(port);
    }
}

void event_dispatch(void)
{
    struct vcpu_info *info = this_vcpu()->info;

    while ( __atomic_exchange_n(&info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST) )
    {
        xen_ulong_t words = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);

        for ( ; words; words &= words - 1 )
            dispatch_word((unsigned int)__builtin_ctzl(words));
    }
}

void event_handle(evtchn_port_t port, event_handler_t handler, void *data)
{
    handlers[port].data = data;
    handlers[port].call = handler;
    event_unmask(port);
}

long event_close(evtchn_port_t port)
{
    struct evtchn_close close = { .port = port };

    event_mask(port);
    handlers[port].call = NULL;
    return hypercall(event_channel_op, EVTCHNOP_close, &close);
}

/* Makes a call that gives *@port to @vcpu. The port, or its error. */
static long bind(int op, void *arg, const evtchn_port_t *port, unsigned int vcpu)
{
    long rc = hypercall(event_channel_op, op, arg);

    if ( rc )
        return rc;
    vcpu_of[*port] = (uint16_t)vcpu;
    return (long)*port;
}

long event_bind_virq(unsigned int virq, unsigned int vcpu)
{
    struct evtchn_bind_virq arg = { .virq = virq, .vcpu = vcpu };

    return bind(EVTCHNOP_bind_virq, &arg, &arg.port, vcpu);
}

long event_bind_ipi(unsigned int vcpu)
{
    struct evtchn_bind_ipi arg = { .vcpu = vcpu };

    return bind(EVTCHNOP_bind_ipi, &arg, &arg.port, vcpu);
}

long event_bind_vcpu(evtchn_port_t port, unsigned int vcpu)
{
    struct evtchn_bind_vcpu arg = { .port = port, .vcpu = vcpu };
    long rc = bind(EVTCHNOP_bind_vcpu, &arg, &arg.port, vcpu);

    return rc < 0 ? rc : 0;
}

long event_alloc_unbound(domid_t domain, domid_t remote)
{
    struct evtchn_alloc_unbound arg = { .dom = domain, .remote_dom = remote };

    return bind(EVTCHNOP_alloc_unbound, &arg, &arg.port, 0);
}

long event_bind_interdomain(domid_t remote, evtchn_port_t remote_port)
{
    struct evtchn_bind_interdomain arg = { .remote_dom = remote, .remote_port = remote_port };

    return bind(EVTCHNOP_bind_interdomain, &arg, &arg.local_port, 0);
}

long event_send(evtchn_port_t port)
{
    struct evtchn_send send = { .port = port };

    return hypercall(event_channel_op, EVTCHNOP_send, &send);
}

domid_t own_domid(void)
{
    static domid_t own = DOMID_INVALID;
    struct evtchn_status status = { .dom = DOMID_SELF };

    if ( own != DOMID_INVALID )
        return own;
    status.port = (evtchn_port_t)check(event_alloc_unbound(DOMID_SELF, DOMID_SELF));
    check(hypercall(event_channel_op, EVTCHNOP_status, &status));
    check(event_close(status.port));
    return own = status.u.unbound.dom;
}

void event_init(void)
{
    memset(shared_info.evtchn_mask, 0xff, sizeof(shared_info.evtchn_mask));
}
