/*
 * FIFO event channels: queues in the guest's memory, sixteen priorities, ports without a narrow limit.
 *
 * The hypervisor links a pending, unmasked event word to its queue and raises the queue's ready bit. Setting it up
 * moves over what was pending. An event beyond the mapped array is not lost: it is linked once the array reaches it.
 */
#include "test.h"

#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))

static event_word_t *words;
static volatile struct evtchn_fifo_control_block *control;

static long init_control(ulong gfn, uint32_t offset, uint32_t vcpu)
{
    struct evtchn_init_control op = { .control_gfn = gfn, .offset = offset, .vcpu = vcpu };
    long rc = hypercall(event_channel_op, EVTCHNOP_init_control, &op);

    if ( !rc )
        expect_eq(op.link_bits, EVTCHN_FIFO_LINK_BITS, "link_bits");
    return rc;
}

static long expand_array(ulong gfn)
{
    struct evtchn_expand_array op = { .array_gfn = gfn };

    return hypercall(event_channel_op, EVTCHNOP_expand_array, &op);
}

static long set_priority(evtchn_port_t port, uint32_t priority)
{
    struct evtchn_set_priority op = { .port = port, .priority = priority };

    return hypercall(event_channel_op, EVTCHNOP_set_priority, &op);
}

static bool word_has(evtchn_port_t port, unsigned int bit)
{
    return *(volatile event_word_t *)&words[port] >> bit & 1;
}

static void set_up(evtchn_port_t pending)
{
    char *control_page = page_alloc();

    expect_eq(set_priority(pending, 1), -ENOSYS, "priorities before FIFO");
    expect_eq(init_control(~0UL >> 12, 0, 0), -EINVAL, "a control block that is no RAM");
    expect_eq(init_control(virt_to_mfn(control_page), 4, 0), -EINVAL, "a misaligned control block");
    expect_eq(init_control(virt_to_mfn(control_page), 4096 - 8, 0), -EINVAL,
              "one that crosses its page");
    expect_eq(init_control(virt_to_mfn(control_page), 0, 99), -ENOENT,
              "of a vcpu that is not there");
    expect_eq(init_control(virt_to_mfn(control_page), 64, 0), 0, "set it up");
    control = (void *)(control_page + 64);
    expect_eq(init_control(virt_to_mfn(control_page), 64, 0), -EINVAL, "once only");

    words = page_alloc();
    expect_eq(expand_array(~0UL >> 12), -EINVAL, "an array page that is no RAM");
    expect_eq(expand_array(virt_to_mfn(words)), 0, "an array page");
    expect(word_has(pending, EVTCHN_FIFO_PENDING), "what was pending still is");
}

static void delivery(evtchn_port_t port)
{
    volatile struct vcpu_info *info = this_vcpu()->info;
    struct evtchn_unmask unmask = { .port = port };
    uint32_t queue = 1u << EVTCHN_FIFO_PRIORITY_DEFAULT;

    words[port] = 1u << EVTCHN_FIFO_MASKED;
    control->ready = 0;
    info->evtchn_upcall_pending = 0;
    expect_eq(event_send(port), 0, "send, masked");
    expect(word_has(port, EVTCHN_FIFO_PENDING) && !word_has(port, EVTCHN_FIFO_LINKED),
           "pending, not linked");
    expect_eq(info->evtchn_upcall_pending, 0, "no upcall");

    __atomic_fetch_and(&words[port], ~(1u << EVTCHN_FIFO_MASKED), __ATOMIC_SEQ_CST);
    expect_eq(hypercall(event_channel_op, EVTCHNOP_unmask, &unmask), 0, "unmask");
    expect(word_has(port, EVTCHN_FIFO_LINKED), "linked now");
    expect_eq(control->ready & queue, queue, "its queue is ready");
    expect_eq(control->head[EVTCHN_FIFO_PRIORITY_DEFAULT], port, "and begins with it");
    expect_eq(info->evtchn_upcall_pending, 1, "an upcall is due");
}

/* Takes the only event of a queue, as a guest does. */
static void take(evtchn_port_t port)
{
    words[port] = 0;
    control->ready = 0;
    this_vcpu()->info->evtchn_upcall_pending = 0;
}

static void order(evtchn_port_t first, evtchn_port_t second)
{
    expect_eq(event_send(first), 0, "send the first");
    expect_eq(event_send(second), 0, "send the second");
    expect_eq(control->head[EVTCHN_FIFO_PRIORITY_DEFAULT], first,
              "the queue begins with the first");
    expect_eq(words[first] & EVTCHN_FIFO_LINK_MASK, second, "which leads to the second");
    expect_eq(words[second] & EVTCHN_FIFO_LINK_MASK, 0, "which is the last");
    take(first);
    take(second);

    expect_eq(set_priority(second, 16), -EINVAL, "a priority that can't be");
    expect_eq(set_priority(1u << 31, 1), -EINVAL, "that of an absurd port");
    expect_eq(set_priority(second + 1, EVTCHN_FIFO_PRIORITY_MAX), -EACCES, "of a closed port");
    expect_eq(set_priority(second, EVTCHN_FIFO_PRIORITY_MAX), 0, "the highest priority");
    expect_eq(event_send(second), 0, "send it");
    expect_eq(control->ready & 1, 1, "its queue is ready");
    expect_eq(control->head[EVTCHN_FIFO_PRIORITY_MAX], second, "and begins with it");
    take(second);
}

static void many_ports(void)
{
    evtchn_port_t port = 0;
    ulong more = virt_to_mfn(page_alloc());

    for ( unsigned int i = 0; i < 1100; i++ )
        port = (evtchn_port_t)need(event_alloc_unbound(DOMID_SELF, DOMID_SELF));
    expect(port > 1024, "more ports than one array page has");
    port = (evtchn_port_t)need(event_bind_ipi(0));
    expect_eq(event_send(port), 0, "an event beyond the array");
    expect_eq(expand_array(virt_to_mfn(page_alloc())), 0, "a second array page");
    expect_eq(control->ready, 1u << EVTCHN_FIFO_PRIORITY_DEFAULT, "it was remembered");
    expect_eq(control->head[EVTCHN_FIFO_PRIORITY_DEFAULT], port, "and is linked");
    for ( unsigned int pages = 2; pages < EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE; pages++ )
        need(expand_array(more));
    expect_eq(expand_array(more), -ENOSPC, "a page for more ports than can be");
}

void test_main(void)
{
    evtchn_port_t first, second;

    events_disable();
    first = (evtchn_port_t)need(event_bind_ipi(0));
    second = (evtchn_port_t)need(event_bind_ipi(0));
    need(event_send(first));
    set_up(first);
    take(first);
    delivery(first);
    take(first);
    order(first, second);
    many_ports();
}
