/*
 * How long can one call keep the processor from noticing what happens meanwhile?
 *
 * As dom0 we ask for everything that may take long, as much of it as one call can hold, while our timer fires again
 * and again. Two see how long something may have to wait. The hypervisor tells how late the latest of the timer's
 * interrupts was served (sysctl perfc_op): each line that we print is `RL-LATENCY NAME nanoseconds`, and with QEMU's
 * -icount a nanosecond is an instruction. And a plugin of QEMU's follows every instruction, between the marks that we
 * set (tests/qemu/count/waits.c): so it finds the longest wait, whatever the timer happened to hit.
 */
#include <kit/kit.h>

#define TICK      (20 * NS_PER_US)
#define L1_TABLES 400
#define ENTRIES   10240 /* of a batch */
#define PAGES     4096  /* of ours, to give away and copy to */

static char counters[512][sizeof(((struct xen_sysctl_perfc_desc *)0)->name) + 4];

static void must(long rc, const char *what)
{
    if ( rc < 0 )
        panic("%s: %ld", what, rc);
}

static void must_be(long got, long wanted, const char *what)
{
    if ( got != wanted )
        panic("%s: %ld, not %ld", what, got, wanted);
}

/* --- The hypervisor's counter --- */

static long perfc(unsigned int cmd, void *desc, void *values)
{
    static struct xen_sysctl op;

    op.cmd = XEN_SYSCTL_perfc_op;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op.u.perfc_op.cmd = cmd;
    set_xen_guest_handle(op.u.perfc_op.desc, (xen_sysctl_perfc_desc_t *)desc);
    set_xen_guest_handle(op.u.perfc_op.val, (xen_sysctl_perfc_val_t *)values);
    must(hypercall(sysctl, &op), "perfc_op");
    return op.u.perfc_op.nr_counters;
}

static bool begins_with(const char *text, const char *word)
{
    return !memcmp(text, word, strlen(word));
}

static unsigned int timer_late(void)
{
    static xen_sysctl_perfc_val_t values[16384];
    long n = perfc(XEN_SYSCTL_PERFCOP_query, counters, values);

    for ( long i = 0; i < n; i++ )
        if ( begins_with(counters[i], "ns that a timer") )
            return values[i];
    panic("no counter of late timers");
}

/* --- The timer --- */

static void timer(evtchn_port_t port, void *data)
{
    hypercall(set_timer_op, time_now() + TICK);
}

static void measure(const char *name, void (*run)(void))
{
    perfc(XEN_SYSCTL_PERFCOP_reset, NULL, NULL);
    hypercall(set_timer_op, time_now() + TICK);
    mark_begin();
    run();
    mark_end();
    printf("RL-LATENCY %s %u\n", name, timer_late());
}

/* --- Page tables --- */

static pte_t *root, *l1[L1_TABLES];
static struct mmu_update updates[ENTRIES];
static multicall_entry_t calls[ENTRIES];
static struct mmuext_op ops[ENTRIES];
static char *data; /* PAGES of them */

static pte_t pte_table(const void *table)
{
    return pte_make(virt_to_mfn(table), PTE_TABLE);
}

/* Four levels of tables, all of whose L1s are full. */
static void build_tree(void)
{
    pte_t *l3 = page_alloc(), *l2 = page_alloc();

    root = page_alloc();
    for ( unsigned int i = 0; i < L1_TABLES; i++ )
    {
        l1[i] = page_alloc();
        for ( unsigned int j = 0; j < TABLE_ENTRIES; j++ )
            l1[i][j] = pte_make(virt_to_mfn(data + (i * TABLE_ENTRIES + j) % PAGES * PAGE_SIZE),
                                PTE_USER_RW);
        must(page_protect(l1[i], PTE_KERNEL_RO), "protect");
        l2[i] = pte_table(l1[i]);
    }
    l3[0] = pte_table(l2);
    root[0] = pte_table(l3);
    must(page_protect(l2, PTE_KERNEL_RO), "protect");
    must(page_protect(l3, PTE_KERNEL_RO), "protect");
    must(page_protect(root, PTE_KERNEL_RO), "protect");
}

static void pin(void)
{
    must(table_pin(root, 4), "pin");
}

static void unpin(void)
{
    must(table_unpin(root), "unpin");
}

static void mmu_updates(void)
{
    for ( unsigned int i = 0; i < ENTRIES; i++ )
    {
        updates[i].ptr = virt_to_machine(&l1[i % L1_TABLES][i % TABLE_ENTRIES]);
        updates[i].val = i % 3 ? pte_make(virt_to_mfn(data), PTE_USER_RW) : 0;
    }
    must(hypercall(mmu_update, updates, ENTRIES, NULL, DOMID_SELF), "mmu_update");
}

/* Each of @count entries gives @result. */
static void multicall(unsigned int count, long result, const char *what)
{
    must(hypercall(multicall, calls, count), "multicall");
    for ( unsigned int i = 0; i < count; i++ )
        must_be((long)calls[i].result, result, what);
}

static void multicall_of_mappings(void)
{
    for ( unsigned int i = 0; i < ENTRIES; i++ )
        calls[i] =
            (multicall_entry_t){ .op = __HYPERVISOR_update_va_mapping,
                                 .args = { (ulong)data, pte_make(virt_to_mfn(data), PTE_USER_RW),
                                           i % 2 ? UVMF_INVLPG : UVMF_TLB_FLUSH } };
    multicall(ENTRIES, 0, "update_va_mapping");
}

static void table_call(unsigned int i, unsigned int cmd, const void *table)
{
    ops[i] = (struct mmuext_op){ .cmd = cmd, .arg1.mfn = virt_to_mfn(table) };
    calls[i] = (multicall_entry_t){ .op = __HYPERVISOR_mmuext_op,
                                    .args = { (ulong)&ops[i], 1, 0, DOMID_SELF } };
}

/* All that the tree has: its L1s one by one, then the root, three times. */
static void multicall_of_pins(void)
{
    unsigned int n = 0;

    for ( unsigned int i = 0; i < L1_TABLES; i++ )
        table_call(n++, MMUEXT_PIN_L1_TABLE, l1[i]);
    for ( unsigned int i = 0; i < L1_TABLES; i++ )
        table_call(n++, MMUEXT_UNPIN_TABLE, l1[i]);
    for ( unsigned int i = 0; i < 3; i++ )
    {
        table_call(n++, MMUEXT_PIN_L4_TABLE, root);
        table_call(n++, MMUEXT_UNPIN_TABLE, root);
    }
    multicall(n, 0, "a pin, or an unpin");
}

static void clear_pages(void)
{
    for ( unsigned int i = 0; i < ENTRIES; i++ )
        ops[i] = (struct mmuext_op){ .cmd = MMUEXT_CLEAR_PAGE,
                                     .arg1.mfn = virt_to_mfn(data + i % PAGES * PAGE_SIZE) };
    must(hypercall(mmuext_op, ops, ENTRIES, NULL, DOMID_SELF), "clear");
}

/* --- Memory --- */

static xen_pfn_t frames[PAGES];

static long reserve(unsigned int cmd, ulong count, unsigned int order, domid_t id)
{
    struct xen_memory_reservation r = { .nr_extents = count, .extent_order = order, .domid = id };

    set_xen_guest_handle(r.extent_start, frames);
    return hypercall(memory_op, cmd, &r);
}

/* Half of our data goes and comes back elsewhere: into fresh mappings. */
static void give_back(void)
{
    for ( ulong i = 0; i < PAGES / 2; i++ )
    {
        frames[i] = virt_to_mfn(data + (PAGES / 2 + i) * PAGE_SIZE);
        must(table_unmap((ulong)data + (PAGES / 2 + i) * PAGE_SIZE), "unmap");
    }
    must(reserve(XENMEM_decrease_reservation, PAGES / 2, 0, DOMID_SELF) - PAGES / 2,
         "decrease_reservation");
}

static void take(void)
{
    for ( ulong i = 0; i < PAGES / 2; i++ )
        frames[i] = virt_to_pfn(data + (PAGES / 2 + i) * PAGE_SIZE);
    must(reserve(XENMEM_populate_physmap, PAGES / 2, 0, DOMID_SELF) - PAGES / 2,
         "populate_physmap");
    for ( ulong i = 0; i < PAGES / 2; i++ )
    {
        p2m()[virt_to_pfn(data + (PAGES / 2 + i) * PAGE_SIZE)] = frames[i];
        must(table_map((ulong)data + (PAGES / 2 + i) * PAGE_SIZE, frames[i], PTE_KERNEL_RW), "map");
    }
}

/* --- Grants and events --- */

static struct gnttab_copy copies[ENTRIES];

/* Of our first page to all others, again and again, until there are ENTRIES. */
static void prepare_copies(int fill)
{
    memset(data, fill, PAGE_SIZE);
    for ( unsigned int i = 0; i < ENTRIES; i++ )
        copies[i] = (struct gnttab_copy){
            .source = { { virt_to_mfn(data) }, DOMID_SELF, 0 },
            .dest = { { virt_to_mfn(data + (1 + i % (PAGES - 1)) * PAGE_SIZE) }, DOMID_SELF, 0 },
            .len = PAGE_SIZE,
            .status = 1
        };
}

static void check_copies(void)
{
    for ( unsigned int i = 0; i < ENTRIES; i++ )
        must_be(copies[i].status, GNTST_okay, "the status of a copy");
    for ( unsigned int i = 1; i < PAGES; i++ )
        must_be(memcmp(data, data + i * PAGE_SIZE, PAGE_SIZE), 0, "what was copied");
}

static void grant_copies(void)
{
    must_be(hypercall(grant_table_op, GNTTABOP_copy, copies, ENTRIES), 0, "copy");
}

static void multicall_of_copies(void)
{
    for ( unsigned int i = 0; i < ENTRIES; i++ )
        calls[i] = (multicall_entry_t){ .op = __HYPERVISOR_grant_table_op,
                                        .args = { GNTTABOP_copy, (ulong)&copies[i], 1 } };
    multicall(ENTRIES, 0, "copy");
}

static void many_ports(void)
{
    for ( unsigned int i = 0; i < 3000; i++ )
        must(event_alloc_unbound(DOMID_SELF, DOMID_SELF), "alloc_unbound");
}

static void console(void)
{
    static char text[16384];

    memset(text, '.', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\n';
    must(hypercall(console_io, CONSOLEIO_write, sizeof(text), text), "write");
}

/* --- Another domain --- */

static struct xen_domctl op;
static domid_t other;

static long domctl(unsigned int command)
{
    op.cmd = command;
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op.domain = other;
    return hypercall(domctl, &op);
}

static void create(void)
{
    memset(&op, 0, sizeof(op));
    op.u.createdomain.max_vcpus = 128;
    op.u.createdomain.max_evtchn_port = ~0U >> 1;
    op.u.createdomain.max_grant_frames = 64;
    op.u.createdomain.max_maptrack_frames = 1024;
    op.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(1);
    must(domctl(XEN_DOMCTL_createdomain), "createdomain");
    other = (domid_t)op.domain;
    op.u.max_vcpus.max = 128;
    must(domctl(XEN_DOMCTL_max_vcpus), "max_vcpus");
    op.u.max_mem.max_memkb = ~0UL >> 2;
    must(domctl(XEN_DOMCTL_max_mem), "max_mem");
}

static void populate_gigabyte(void)
{
    for ( ulong i = 0; i < 512; i++ )
        frames[i] = i << 9;
    must(reserve(XENMEM_populate_physmap, 512, 9, other) - 512, "populate_physmap of 1 GiB");
}

/* In extents of 2 MiB, and what is left in pages: all that the machine has, but for some. */
static void populate(void)
{
    long got, all = 512;

    do
    {
        for ( ulong i = 0; i < 64; i++ )
            frames[i] = i << 9;
        got = reserve(XENMEM_populate_physmap, 64, 9, other);
        all += got;
    } while ( got == 64 );
    if ( all < 2048 )
        panic("the other domain has but %ld MiB: give the machine more than 4 GiB", all * 2);
    for ( ulong i = 0; i < PAGES; i++ )
        frames[i] = i;
    must(reserve(XENMEM_populate_physmap, PAGES / 4, 0, other), "populate_physmap");
}

#define GIB_EXTENTS 512 /* of 2 MiB */

/* A GiB again, an extent an entry. */
static void multicall_of_extents(void)
{
    static struct xen_memory_reservation extents[GIB_EXTENTS];

    for ( ulong i = 0; i < GIB_EXTENTS; i++ )
    {
        extents[i] =
            (struct xen_memory_reservation){ .nr_extents = 1, .extent_order = 9, .domid = other };
        frames[i] = i << 9;
        set_xen_guest_handle(extents[i].extent_start, &frames[i]);
        calls[i] = (multicall_entry_t){ .op = __HYPERVISOR_memory_op,
                                        .args = { XENMEM_populate_physmap, (ulong)&extents[i] } };
    }
    multicall(GIB_EXTENTS, 1, "populate_physmap of 2 MiB");
}

static void destroy(void)
{
    must(domctl(XEN_DOMCTL_destroydomain), "destroydomain");
}

static void multicall_of_destroy(void)
{
    op.cmd = XEN_DOMCTL_destroydomain;
    calls[0] = (multicall_entry_t){ .op = __HYPERVISOR_domctl, .args = { (ulong)&op } };
    multicall(1, 0, "destroydomain");
}

void guest_main(void)
{
    evtchn_port_t port;

    data = pages_alloc_aligned(PAGES);
    time_alarm_init();
    port = time_alarm_port();
    event_handle(port, timer, NULL);

    build_tree();
    measure("pin", pin);
    measure("unpin", unpin);
    measure("pin-again", pin);
    measure("mmu_update", mmu_updates);
    measure("unpin-again", unpin);
    measure("multicall", multicall_of_mappings);
    measure("multicall_pins", multicall_of_pins);
    measure("clear_page", clear_pages);
    measure("decrease_reservation", give_back);
    measure("populate_physmap", take);
    prepare_copies(0x5a);
    measure("grant_copy", grant_copies);
    check_copies();
    prepare_copies(0xa5);
    measure("multicall_copies", multicall_of_copies);
    check_copies();
    measure("alloc_unbound", many_ports);
    measure("console_write", console);
    measure("createdomain", create);
    measure("populate_gigabyte", populate_gigabyte);
    measure("populate_rest", populate);
    measure("destroydomain", destroy);
    create(); /* what comes now has been used */
    measure("populate_used", populate_gigabyte);
    measure("multicall_populate", multicall_of_extents);
    measure("multicall_destroy", multicall_of_destroy);
    printf("RL-LATENCY end\n");
}
