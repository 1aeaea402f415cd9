/* The ports of a domain: making them, finding a free one, and their end with the domain. port.h tells the locking. */
#include "event/port.h"

#include "mm/alloc.h"
#include "mm/heap.h"

#define GROUP_ORDER 1 /* frames of a group of ports */

_Static_assert(EVENT_GROUP * sizeof(struct event_port) == PAGE_SIZE << GROUP_ORDER,
               "a group fills its frames");
_Static_assert(EVTCHN_FIFO_NR_CHANNELS / EVENT_GROUP * sizeof(struct event_port *) <= PAGE_SIZE,
               "the list of groups is a block of the heap");

/* Room for all groups that may ever be needed: so the list never moves, and its readers need no lock. */
static struct event_port **groups_alloc(const struct domain *d)
{
    u32 ports = EVTCHN_FIFO_NR_CHANNELS;

    if ( d->event.max_port && d->event.max_port < ports )
        ports = d->event.max_port + 1;
    return heap_new_array(struct event_port *, DIV_ROUND_UP(ports, EVENT_GROUP));
}

/* A bit of the selector stands for a word of pending bits, of the guest's width as the selector itself. */
static u8 selector_bit(const struct domain *d, u32 number)
{
    if ( d->pv32 )
        return (u8)(8 * offsetof(struct compat_vcpu_info, evtchn_pending_sel) + number / 32);
    return (u8)(8 * offsetof(struct vcpu_info, evtchn_pending_sel) + number / 64);
}

void event_ports_changed(struct domain *d)
{
    u32 near = min(d->event.nr_ports, (u32)EVENT_GROUP);

    near = min(near, d->event.two_level);
    if ( d->event.max_port && d->event.max_port < near )
        near = d->event.max_port + 1;
    atomic_store(&d->event.near_ports, near);
}

void event_set_width(struct domain *d)
{
    lock_acquire(&d->event.lock);
    d->event.mask = d->pv32 ? ((struct compat_shared_info *)d->shared_info)->evtchn_mask
                            : (void *)d->shared_info->evtchn_mask;
    d->event.two_level = event_2level_ports(d);
    event_ports_changed(d);
    for ( u32 n = 0; n < d->event.nr_ports; n++ )
        event_port_at(d, n)->selector = selector_bit(d, n);
    lock_release(&d->event.lock);
}

/* More ports, behind those that exist. 0, -ENOMEM. */
static long group_add(struct domain *d)
{
    u32 first = d->event.nr_ports;
    struct event_port *group;

    if ( !d->event.groups )
        d->event.groups = groups_alloc(d);
    group = d->event.groups ? mm_alloc(GROUP_ORDER) : NULL;
    if ( !group )
        return -ENOMEM;
    for ( u32 i = 0; i < EVENT_GROUP; i++ )
    {
        group[i].domain = d;
        group[i].number = first + i;
        group[i].selector = selector_bit(d, first + i);
    }
    d->event.groups[first / EVENT_GROUP] = group;
    if ( !first )
        d->event.near = group;
    atomic_store(&d->event.nr_ports, first + EVENT_GROUP);
    event_ports_changed(d);
    return 0;
}

/* Is port @n more than @d may have, by its ABI or by what it was created with? */
static bool beyond_limit(const struct domain *d, u32 n)
{
    if ( d->event.max_port && n > d->event.max_port )
        return true;
    return n >= (d->event.fifo ? EVTCHN_FIFO_NR_CHANNELS : event_2level_ports(d));
}

struct event_port *event_port_search(struct domain *d)
{
    u32 n = d->event.lowest_free;

    if ( GUARD(dying_opens_no_port, READ_ONCE(d->life) != DOMAIN_ALIVE) )
        return NULL;
    while ( event_port_exists(d, &n) && event_port_at(d, n)->state != EVENT_FREE )
        n++;
    d->event.lowest_free = n;

    if ( GUARD(port_limit, beyond_limit(d, n)) )
        return NULL;
    if ( !event_port_exists(d, &n) && group_add(d) )
        return NULL;
    return event_port_renew(event_port_at(d, n));
}

long event_port_refusal(const struct domain *d)
{
    if ( READ_ONCE(d->life) != DOMAIN_ALIVE )
        return -EINVAL;
    return beyond_limit(d, d->event.lowest_free) ? -ENOSPC : -ENOMEM;
}

/* --- Lifecycle --- */

long event_domain_create(struct domain *d)
{
    lock_init(&d->event.lock, LOCK_EVENT);
    lock_init(&d->event.fifo_lock, LOCK_EVENT_QUEUE);
    d->event.lowest_free = 1;
    event_set_width(d);
    return 0;
}

void event_domain_destroy(struct domain *d)
{
    for ( u32 i = 0; i < d->event.nr_ports / EVENT_GROUP; i++ )
        mm_free(d->event.groups[i], GROUP_ORDER);
    heap_free(d->event.groups);
    heap_free(d->event.pirq_port);
}

long event_vcpu_create(struct vcpu *v)
{
    (void)v;
    return 0;
}

void event_vcpu_destroy(struct vcpu *v)
{
    (void)v;
}
