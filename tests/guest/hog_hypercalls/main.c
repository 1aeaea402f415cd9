/*
 * A domain that keeps the hypervisor busy, with the longest calls there are and the most frequent, does not keep
 * others from running: their timers still come.
 *
 * The hog does one kind of thing after the other, each until the honest domain tells it to go on. That one sleeps
 * for a millisecond at a time, meanwhile, and is woken. The machine itself may be late at times, so of many times
 * the best counts; a call that can't be interrupted would make each late.
 */
#include "roles.h"

#define SLEEPS 12
#define LATE   (40 * NS_PER_MS)

/* --- The hog --- */

#define ENTRIES (1u << 15)
#define TABLES  16

static evtchn_port_t own_port, honest_port;
static pte_t *entry, *l2;
static union {
    struct multicall_entry calls[ENTRIES];
    struct mmu_update updates[ENTRIES];
    struct mmuext_op extended[ENTRIES];
    struct gnttab_copy copies[ENTRIES];
    xen_pfn_t frames[ENTRIES];
} * big;
static xen_pfn_t *frames;

static void ignore(evtchn_port_t port, void *data)
{
    (void)port;
    (void)data;
}

static void multicalls(void)
{
    for ( unsigned int i = 0; i < ENTRIES; i++ )
        big->calls[i] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version };
    expect_eq(hypercall(multicall, big->calls, ENTRIES), 0, "a long multicall");
}

static void updates(void)
{
    uint64_t machine = virt_to_machine(entry);
    pte_t value = pte_make(virt_to_mfn(l2), PTE_USER_RO);

    for ( unsigned int i = 0; i < ENTRIES; i++ )
        big->updates[i] = (struct mmu_update){ machine, i % 2 ? 0 : value };
    expect_eq(hypercall(mmu_update, big->updates, ENTRIES, NULL, DOMID_SELF), 0,
              "many updates at once");
}

static void flushes(void)
{
    for ( unsigned int i = 0; i < ENTRIES; i++ )
        big->extended[i] = (struct mmuext_op){ .cmd = MMUEXT_TLB_FLUSH_ALL };
    expect_eq(hypercall(mmuext_op, big->extended, ENTRIES, NULL, DOMID_SELF), 0, "many flushes");
}

static void copies(void)
{
    ulong mfn = virt_to_mfn(page_alloc());

    for ( unsigned int i = 0; i < ENTRIES; i++ )
        big->copies[i] = (struct gnttab_copy){ .source = { .u.gmfn = mfn, .domid = DOMID_SELF },
                                               .dest = { .u.gmfn = mfn, .domid = DOMID_SELF },
                                               .len = PAGE_SIZE };
    expect_eq(hypercall(grant_table_op, GNTTABOP_copy, big->copies, ENTRIES), 0, "many copies");
}

static void pins(void)
{
    expect_eq(table_pin(l2, 2), 0, "pin a large tree");
    expect_eq(table_unpin(l2), 0, "and unpin it");
}

/* Gives frames back and takes them again. */
static void reservations(void)
{
    struct xen_memory_reservation r = { .nr_extents = 512, .domid = DOMID_SELF };
    ulong first = start_info->nr_pages - 512;

    set_xen_guest_handle(r.extent_start, frames);
    for ( unsigned int i = 0; i < 512; i++ )
        frames[i] = pfn_to_mfn(first + i);
    expect_eq(hypercall(memory_op, XENMEM_decrease_reservation, &r), 512, "give frames back");
    for ( unsigned int i = 0; i < 512; i++ )
        frames[i] = first + i;
    expect_eq(hypercall(memory_op, XENMEM_populate_physmap, &r), 512, "take others");
    for ( unsigned int i = 0; i < 512; i++ )
        p2m()[first + i] = frames[i];
}

static void yields(void)
{
    for ( unsigned int i = 0; i < 1000; i++ )
        hypercall(sched_op, SCHEDOP_yield, NULL);
}

static void own_events(void)
{
    for ( unsigned int i = 0; i < 1000; i++ )
        expect_eq(event_send(own_port), 0, "signal ourselves");
}

static void foreign_events(void)
{
    for ( unsigned int i = 0; i < 1000; i++ )
        expect_eq(event_send(honest_port), 0, "signal the honest one");
}

static void timers(void)
{
    for ( unsigned int i = 0; i < 1000; i++ )
        hypercall(set_timer_op, time_now() + i % 3);
}

static void faults(void)
{
    for ( unsigned int i = 0; i < 1000; i++ )
        expect_fault(fault_of(asm volatile("ud2")), TRAP_UD, 0, "an exception");
}

static const struct {
    const char *name;
    void (*hog)(void);
} kinds[] = {
    { "multicalls", multicalls },
    { "mmu_update", updates },
    { "flushes", flushes },
    { "grant copies", copies },
    { "pins", pins },
    { "reservations", reservations },
    { "yields", yields },
    { "events to itself", own_events },
    { "events to us", foreign_events },
    { "timers", timers },
    { "faults", faults },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void prepare(void)
{
    domid_t honest = meet();

    honest_port = (evtchn_port_t)need(event_bind_interdomain(honest, (evtchn_port_t)hear()));
    own_port = (evtchn_port_t)need(event_bind_ipi(0));
    event_handle(own_port, ignore, NULL);
    time_alarm_init();
    big = pages_alloc_aligned(sizeof(*big) / PAGE_SIZE);
    frames = page_alloc();
    entry = table_make(table_window(), 1);
    l2 = page_alloc();
    for ( unsigned int i = 0; i < TABLES; i++ )
    {
        pte_t *l1 = page_alloc();

        for ( unsigned int j = 0; j < TABLE_ENTRIES; j++ )
            l1[j] = pte_make(virt_to_mfn(frames), PTE_USER_RO);
        need(page_protect(l1, PTE_KERNEL_RO));
        l2[i] = pte_table(l1);
    }
    need(page_protect(l2, PTE_KERNEL_RO));
}

static void hog(void)
{
    prepare();
    for ( unsigned int i = 0; i < KINDS; i++ )
    {
        tell(i);
        do
            kinds[i].hog();
        while ( !heard() );
        hear();
    }
}

/* --- The honest one --- */

static uint64_t lateness(void)
{
    uint64_t deadline = time_now() + NS_PER_MS;

    time_wait_until(deadline);
    return time_now() - deadline;
}

static void sleep_well(void)
{
    domid_t hog_id = meet();
    evtchn_port_t port = (evtchn_port_t)need(event_alloc_unbound(DOMID_SELF, hog_id));

    event_handle(port, ignore, NULL);
    tell(port);
    for ( unsigned int i = 0; i < KINDS; i++ )
    {
        uint64_t best = ~0UL;

        hear();
        for ( unsigned int j = 0; j < SLEEPS; j++ )
        {
            uint64_t late = lateness();

            best = late < best ? late : best;
        }
        expect(best < LATE, kinds[i].name);
        tell(0);
    }
}

void test_main(void)
{
    static const struct role roles[] = { { "hog", hog }, { "honest", sleep_well } };

    ROLES_PLAY(roles);
}
