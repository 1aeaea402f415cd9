/*
 * A multicall takes events between its entries: soon after one that makes an event pending, and then it goes on. Soon
 * is after a few entries that do little, and after each that does much. All entries are done once, whatever comes
 * between.
 */
#include "test.h"

#define SHORT  1000
#define SOON   16 /* entries */
#define LONG   4
#define EXTENT 9 /* 2 MiB, cleared for us: as much as thousands of short calls */

static multicall_entry_t calls[SHORT];
static unsigned int nr_calls;
static volatile unsigned int handled, done;

/* How many entries were done when the event came. */
static void arrived(evtchn_port_t port, void *data)
{
    unsigned int n = 0;

    while ( n < nr_calls && calls[n].result != ~0UL )
        n++;
    done = n;
    handled++;
}

static void run(unsigned int count, evtchn_port_t port)
{
    static struct evtchn_send send;

    send.port = port;
    calls[0] = (multicall_entry_t){ .op = __HYPERVISOR_event_channel_op,
                                    .args = { EVTCHNOP_send, (ulong)&send } };
    for ( unsigned int i = 0; i < count; i++ )
        calls[i].result = ~0UL;
    nr_calls = count;
    handled = 0;
    expect_eq(hypercall(multicall, calls, count), 0, "the multicall");
    expect_eq(handled, 1, "the event has come, once");
}

static void among_short_ones(evtchn_port_t port)
{
    for ( unsigned int i = 1; i < SHORT; i++ )
        calls[i] =
            (multicall_entry_t){ .op = __HYPERVISOR_xen_version, .args = { XENVER_pagesize } };
    run(SHORT, port);
    expect(done >= 1 && done <= SOON, "it came after few entries");
    for ( unsigned int i = 1; i < SHORT; i++ )
        if ( calls[i].result != 4096 )
            failure("entry %u: %lx", i, (ulong)calls[i].result);
}

static xen_pfn_t frames[LONG];
static struct xen_memory_reservation extents[LONG];

/* Each entry takes, or gives back, 2 MiB. */
static void reserve(unsigned int cmd)
{
    for ( unsigned int i = 1; i < LONG; i++ )
    {
        extents[i] = (struct xen_memory_reservation){ .nr_extents = 1,
                                                      .extent_order = EXTENT,
                                                      .domid = DOMID_SELF };
        set_xen_guest_handle(extents[i].extent_start, &frames[i]);
        calls[i] = (multicall_entry_t){ .op = __HYPERVISOR_memory_op,
                                        .args = { cmd, (ulong)&extents[i] } };
    }
}

static void among_long_ones(evtchn_port_t port)
{
    reserve(XENMEM_increase_reservation);
    run(LONG, port);
    for ( unsigned int i = 1; i < LONG; i++ )
        if ( calls[i].result != 1 )
            skip("no room for 2 MiB by entry %u", i);
    expect(done >= 1 && done <= 2, "it came after one of those that take long");

    reserve(XENMEM_decrease_reservation);
    run(LONG, port);
    for ( unsigned int i = 1; i < LONG; i++ )
        expect_eq(calls[i].result, 1, "2 MiB given back");
    expect(done >= 1 && done <= 2, "it came after one that gives back");
}

/*
 * An entry that stops half-way, since an event has come, says so in the list. Here it can't: the second entry, which
 * takes several steps, lies where nobody can write.
 */
static void stopped_in_vain(evtchn_port_t port)
{
    static struct gnttab_copy copies[4];
    struct evtchn_send send = { .port = port };
    char *second = (char *)pages_alloc_aligned(2) + PAGE_SIZE;
    multicall_entry_t *list = (multicall_entry_t *)second - 1;

    list[0] = (multicall_entry_t){ .op = __HYPERVISOR_event_channel_op,
                                   .args = { EVTCHNOP_send, (ulong)&send } };
    list[1] = (multicall_entry_t){ .op = __HYPERVISOR_grant_table_op,
                                   .args = { GNTTABOP_copy, (ulong)copies, 4 } };
    need(page_protect(second, PTE_KERNEL_RO));
    expect_eq(hypercall(multicall, list, 2), -EFAULT, "no place to say where it stopped");
    expect_eq(list[0].result, 0, "the first was done");
    need(page_protect(second, PTE_KERNEL_RW));
}

void test_main(void)
{
    evtchn_port_t port = event_bind_ipi(0);

    event_handle(port, arrived, NULL);
    stopped_in_vain(port);
    among_short_ones(port);
    among_long_ones(port);
    need(event_close(port));
}
