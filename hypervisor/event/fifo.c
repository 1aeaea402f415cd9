/*
 * The FIFO event ABI (public/event_channel.h; a guest switches to it by EVTCHNOP_init_control).
 *
 * A port has an event word in an array that the guest gives page by page. Each vcpu has a queue a priority: a chain of
 * event words from the head in the vcpu's control block, each word's LINK naming the next port. We append, the guest
 * takes from the front by clearing LINKED; both change a word by compare-exchange. We remember the port that we
 * appended last, the tail: if its word is still LINKED then so is its queue and the next port goes behind it; if not,
 * the guest has emptied the queue and the next port becomes the head.
 *
 * A port is in at most one queue, since only one that is not LINKED is appended. It may be the remembered tail of a
 * queue that it has left; before it goes into another one that tail is forgotten, else the next port would be chained
 * to a word of the wrong queue.
 *
 * fifo_lock guards all of this against ourselves; the guest may write anything into its words at any time, and then
 * misses events.
 */
#include "event/port.h"

#include "mm/frame.h"
#include "mm/heap.h"
#include "mm/map.h"
#include "lib/bitmap.h"
#include "smp/smp.h"

#define PENDING (1u << EVTCHN_FIFO_PENDING)
#define MASKED  (1u << EVTCHN_FIFO_MASKED)
#define LINKED  (1u << EVTCHN_FIFO_LINKED)

#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))
#define ARRAY_PAGES    (EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE)

/* An honest guest changes a word a few times while we append to it, never this often. */
#define LINK_TRIES 32

struct event_fifo {
    u32 nr_pages;
    event_word_t *pages[ARRAY_PAGES];
};

struct event_queues {
    struct evtchn_fifo_control_block *control;
    u32 tail[EVTCHN_FIFO_MAX_QUEUES];
};

/* The word of port @number; NULL while its page is not there. */
static event_word_t *event_word(const struct event_fifo *fifo, u32 number)
{
    u32 page = number / WORDS_PER_PAGE;

    return page < fifo->nr_pages ? &fifo->pages[page][number % WORDS_PER_PAGE] : NULL;
}

/* Chain @next behind the port whose word this is. False: it is in no queue any more. */
static bool link_behind(event_word_t *word, u32 next)
{
    event_word_t old = READ_ONCE(*word);

    for ( int tries = 0; (old & LINKED) && tries < LINK_TRIES; tries++ )
        if ( atomic_cmpxchg(word, &old, (old & ~(u32)EVTCHN_FIFO_LINK_MASK) | next) )
            return true;
    return false;
}

static void forget_tail(struct domain *d, const struct event_port *port)
{
    struct vcpu *v = domain_vcpu(d, port->linked_vcpu);
    struct event_queues *queues = v ? v->event.queues : NULL;

    if ( queues && queues->tail[port->linked_priority] == port->number )
        queues->tail[port->linked_priority] = 0;
}

/* Append @port, which is pending, unmasked and in no queue. A vcpu without a control block loses it. */
static void append(struct domain *d, struct event_port *port, event_word_t *word)
{
    struct event_fifo *fifo = d->event.fifo;
    u8 vcpu = READ_ONCE(port->vcpu);
    u8 priority = READ_ONCE(port->priority);
    struct vcpu *v = domain_vcpu(d, vcpu);
    struct event_queues *queues = v ? v->event.queues : NULL;
    u32 tail;

    if ( !queues )
        return;
    GUARD_STEP(fifo_forgets_tail, forget_tail(d, port));
    port->linked_vcpu = vcpu;
    port->linked_priority = priority;
    atomic_fetch_or(word, LINKED);

    tail = queues->tail[priority];
    queues->tail[priority] = port->number;
    if ( tail && link_behind(event_word(fifo, tail), port->number) )
        return;
    WRITE_ONCE(queues->control->head[priority], port->number);
    if ( !(atomic_fetch_or(&queues->control->ready, 1u << priority) & (1u << priority)) )
        event_mark_upcall(v);
}

/* Under fifo_lock. */
static bool raise_locked(struct domain *d, struct event_port *port)
{
    event_word_t *word = event_word(d->event.fifo, port->number);
    event_word_t old;

    if ( !word )
    {
        bool news = !port->deferred;

        port->deferred = true;
        return news;
    }
    port->deferred = false;
    old = atomic_fetch_or(word, PENDING);
    if ( !(old & (MASKED | LINKED)) )
        append(d, port, word);
    return !(old & PENDING);
}

bool event_fifo_raise(struct domain *d, struct event_port *port)
{
    bool news = false;

    lock_acquire(&d->event.fifo_lock);
    if ( d->event.fifo ) /* else a reset got in between: the event is lost */
        news = raise_locked(d, port);
    lock_release(&d->event.fifo_lock);
    return news;
}

/* Take fifo_lock and find the word of @port, NULL if it has none (yet, or any more). */
static event_word_t *lock_word(struct domain *d, const struct event_port *port)
{
    lock_acquire(&d->event.fifo_lock);
    return d->event.fifo ? event_word(d->event.fifo, port->number) : NULL;
}

static void unlock_word(struct domain *d)
{
    lock_release(&d->event.fifo_lock);
}

void event_fifo_unmask(struct domain *d, struct event_port *port)
{
    event_word_t *word = lock_word(d, port), old;

    if ( word )
    {
        old = atomic_fetch_and(word, ~MASKED);
        if ( (old & PENDING) && !(old & LINKED) )
            append(d, port, word);
    }
    unlock_word(d);
}

bool event_fifo_pending(struct domain *d, struct event_port *port)
{
    event_word_t *word = lock_word(d, port);
    bool pending = word ? READ_ONCE(*word) & PENDING : port->deferred;

    unlock_word(d);
    return pending;
}

/* The word may stay linked: the guest takes it out when it comes by, and sees that nothing is pending. */
void event_fifo_clear(struct domain *d, struct event_port *port)
{
    event_word_t *word = lock_word(d, port);

    if ( word )
        atomic_fetch_and(word, ~PENDING);
    port->deferred = false;
    unlock_word(d);
}

/* A frame of the guest that we write from now on, by our address; NULL: not a frame of @d that may be written. */
static void *map_guest_frame(struct domain *d, u64 gfn)
{
    mfn_t mfn = to_mfn(gfn);

    if ( !mfn_valid(mfn) || frame_get_and_type(mfn_to_frame(mfn), d->id, FRAME_WRITABLE) )
        return NULL;
    return mfn_to_virt(mfn);
}

static void unmap_guest_frame(void *va)
{
    frame_put_and_type(mfn_to_frame(virt_to_mfn(va)));
}

/*
 * What was pending in the 2-level bitmap is so in the array as soon as that is there. Who still saw the old ABI has
 * set his bit when all CPUs have looked up once.
 */
static void take_over_pending(struct domain *d)
{
    GUARD_STEP(fifo_waits_for_senders, smp_synchronize());
    lock_acquire(&d->event.fifo_lock);
    for ( u32 n = 1; n < d->event.nr_ports && n < event_2level_ports(d); n++ )
        if ( test_bit(n, (unsigned long *)d->shared_info->evtchn_pending) )
            event_port(d, n)->deferred = true;
    lock_release(&d->event.fifo_lock);
}

/* Under the event lock: install the queues of @v, and on the first call those of the domain. 0, -EINVAL, -ENOMEM. */
static long install_queues(struct vcpu *v, struct event_queues *queues)
{
    struct domain *d = v->domain;
    struct event_fifo *fifo = d->event.fifo;
    bool first = !fifo;

    if ( v->event.queues )
        return -EINVAL;
    if ( first )
        fifo = heap_new(struct event_fifo);
    if ( !fifo )
        return -ENOMEM;

    lock_acquire(&d->event.fifo_lock);
    v->event.queues = queues;
    WRITE_ONCE(d->event.fifo, fifo);
    WRITE_ONCE(d->event.two_level, 0);
    event_ports_changed(d);
    lock_release(&d->event.fifo_lock);
    if ( first )
        take_over_pending(d);
    return 0;
}

/*
 * EVTCHNOP_init_control. -ENOENT no such vcpu; -EINVAL a bad offset or frame, or the vcpu has a control block;
 * -ENOMEM. The first success puts the whole domain on the FIFO ABI.
 */
long event_fifo_init_control(struct vcpu *current, struct evtchn_init_control *arg)
{
    struct domain *d = current->domain;
    struct vcpu *v = domain_vcpu(d, arg->vcpu);
    struct event_queues *queues;
    void *page;
    long rc;

    if ( !v )
        return -ENOENT;
    if ( GUARD(fifo_control_in_page, arg->offset > PAGE_SIZE - sizeof(*queues->control)) ||
         arg->offset % 8 )
        return -EINVAL;
    queues = heap_new(struct event_queues);
    if ( !queues )
        return -ENOMEM;
    page = map_guest_frame(d, arg->control_gfn);
    queues->control = page ? page + arg->offset : NULL;

    lock_acquire(&d->event.lock);
    rc = page ? install_queues(v, queues) : -EINVAL;
    lock_release(&d->event.lock);

    if ( rc )
    {
        if ( page )
            unmap_guest_frame(page);
        heap_free(queues);
        return rc;
    }
    arg->link_bits = EVTCHN_FIFO_LINK_BITS;
    return 0;
}

/* Events that came before their words did. */
static void raise_deferred(struct domain *d, u32 first)
{
    for ( u32 n = first; n < first + WORDS_PER_PAGE && n < d->event.nr_ports; n++ )
        if ( event_port(d, n)->deferred )
            raise_locked(d, event_port(d, n));
}

/* EVTCHNOP_expand_array. -EOPNOTSUPP without a control block, -ENOSPC the array is full, -EINVAL a bad frame. */
long event_fifo_expand_array(struct vcpu *current, struct evtchn_expand_array *arg)
{
    struct domain *d = current->domain;
    void *page = map_guest_frame(d, arg->array_gfn);
    struct event_fifo *fifo;
    long rc = 0;

    lock_acquire(&d->event.lock);
    lock_acquire(&d->event.fifo_lock);
    fifo = d->event.fifo;
    if ( !fifo )
        rc = -EOPNOTSUPP;
    else if ( fifo->nr_pages == ARRAY_PAGES )
        rc = -ENOSPC;
    else if ( !page )
        rc = -EINVAL;
    else
    {
        fifo->pages[fifo->nr_pages++] = page;
        raise_deferred(d, (fifo->nr_pages - 1) * WORDS_PER_PAGE);
    }
    lock_release(&d->event.fifo_lock);
    lock_release(&d->event.lock);

    if ( rc && page )
        unmap_guest_frame(page);
    return rc;
}

/* EVTCHNOP_set_priority. -ENOSYS with the 2-level ABI, -EINVAL no such port or priority, -EACCES it is closed. */
long event_fifo_set_priority(struct vcpu *current, struct evtchn_set_priority *arg)
{
    struct event_port *port = event_port(current->domain, arg->port);

    if ( !port )
        return -EINVAL;
    if ( !READ_ONCE(current->domain->event.fifo) )
        return -ENOSYS;
    if ( arg->priority > EVTCHN_FIFO_PRIORITY_MIN )
        return -EINVAL;
    if ( READ_ONCE(port->state) == EVENT_FREE )
        return -EACCES;
    WRITE_ONCE(port->priority, arg->priority);
    return 0;
}

static void free_queues(struct vcpu *v)
{
    struct event_queues *queues = v->event.queues;

    if ( !queues )
        return;
    unmap_guest_frame((void *)((u64)queues->control & PAGE_MASK));
    heap_free(queues);
    v->event.queues = NULL;
}

void event_fifo_destroy(struct domain *d)
{
    struct event_fifo *fifo;
    struct vcpu *v;

    lock_acquire(&d->event.fifo_lock);
    fifo = d->event.fifo;
    WRITE_ONCE(d->event.fifo, NULL); /* from now on nobody looks at the queues */
    WRITE_ONCE(d->event.two_level,
               GUARD(fifo_ports_forgotten, true) ? event_2level_ports(d) : d->event.nr_ports);
    event_ports_changed(d);
    lock_release(&d->event.fifo_lock);
    if ( !fifo )
        return;

    for_each_vcpu(d, v)
        free_queues(v);
    for ( u32 i = 0; i < fifo->nr_pages; i++ )
        unmap_guest_frame(fifo->pages[i]);
    heap_free(fifo);
}
