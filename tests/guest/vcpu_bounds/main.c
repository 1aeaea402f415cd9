/*
 * A vcpu that isn't there is refused wherever a call names one, by its number or in a set: numbers just beyond the
 * last, beyond what any domain can have, and beyond what a smaller integer would hold. Bits of a set that mean no
 * vcpu are passed over; a set that can't be read is refused.
 */
#include "test.h"

static const uint32_t numbers[] = {
    0, 128, 4096, 0x10000, 0x80000000, 0xffffffff
}; /* first: see below */
static uint32_t nr_vcpus;

/* The n-th number that no vcpu of ours has. */
static uint32_t number(unsigned int n)
{
    return n ? numbers[n] : nr_vcpus;
}

static void try_vcpu_op(uint32_t vcpu)
{
    static const unsigned int all[] = { VCPUOP_initialise,
                                        VCPUOP_up,
                                        VCPUOP_down,
                                        VCPUOP_is_up,
                                        VCPUOP_get_runstate_info,
                                        VCPUOP_register_runstate_memory_area,
                                        VCPUOP_set_periodic_timer,
                                        VCPUOP_stop_periodic_timer,
                                        VCPUOP_set_singleshot_timer,
                                        VCPUOP_stop_singleshot_timer,
                                        VCPUOP_register_vcpu_info,
                                        VCPUOP_send_nmi,
                                        VCPUOP_register_vcpu_time_memory_area };
    static char argument[8192]; /* as large as any */

    for ( unsigned int i = 0; i < sizeof(all) / sizeof(*all); i++ )
        if ( hypercall(vcpu_op, all[i], vcpu, argument) != -ENOENT )
            failure("vcpu_op %u finds vcpu %x", all[i], vcpu);
}

static void try_events(uint32_t vcpu)
{
    struct evtchn_bind_virq virq = { .virq = VIRQ_TIMER, .vcpu = vcpu };
    struct evtchn_bind_ipi ipi = { .vcpu = vcpu };
    struct evtchn_bind_vcpu move = { .vcpu = vcpu };
    evtchn_port_t port = (evtchn_port_t)need(event_alloc_unbound(DOMID_SELF, DOMID_SELF));

    move.port = port;
    expect_eq(hypercall(event_channel_op, EVTCHNOP_bind_virq, &virq), -ENOENT, "bind_virq");
    expect_eq(hypercall(event_channel_op, EVTCHNOP_bind_ipi, &ipi), -ENOENT, "bind_ipi");
    expect_eq(hypercall(event_channel_op, EVTCHNOP_bind_vcpu, &move), -ENOENT, "bind_vcpu");
    need(event_close(port));
}

/* --- Sets --- */

static long flush_multi(unsigned int command, const void *set)
{
    struct mmuext_op op = { .cmd = command, .arg1.linear_addr = KIT_VIRT_BASE };

    set_xen_guest_handle(op.arg2.vcpumask, set);
    return hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF);
}

static long flush_by_update(ulong va, pte_t pte, ulong how, const void *set)
{
    return hypercall(update_va_mapping, va, pte, how | (ulong)set);
}

static void try_set(const void *set, long multi, long update)
{
    void *page = page_alloc();
    pte_t pte = pte_make(virt_to_mfn(page), PTE_KERNEL_RW);

    expect_eq(flush_multi(MMUEXT_TLB_FLUSH_MULTI, set), multi, "TLB_FLUSH_MULTI");
    expect_eq(flush_multi(MMUEXT_INVLPG_MULTI, set), multi, "INVLPG_MULTI");
    expect_eq(flush_by_update((ulong)page, pte, UVMF_TLB_FLUSH, set), update,
              "update_va_mapping with a flush of all");
    expect_eq(flush_by_update((ulong)page, pte, UVMF_INVLPG, set), update,
              "update_va_mapping with a flush of its page");
    page_free(page);
}

static void sets(void)
{
    static uint64_t all[2] __attribute__((aligned(16))) = { ~0UL, ~0UL };
    char *end = (char *)pages_alloc_aligned(2) + PAGE_SIZE;
    void *hole = end;

    try_set(all, 0, 0);

    /* The last that a page holds: what is behind it isn't read. */
    need(table_unmap((ulong)hole));
    memset(end - 8, 0xff, 8);
    try_set(end - 8, 0, 0);
    try_set(hole, -EINVAL, -EFAULT);
    need(table_map((ulong)hole, virt_to_mfn(hole), PTE_KERNEL_RW));

    try_set((void *)0x10, -EINVAL, -EFAULT);
#ifdef __x86_64__ /* a 32-bit guest may read what begins there: its M2P */
    try_set((void *)HYPERVISOR_VIRT_START, -EINVAL, -EFAULT);
#endif
}

void test_main(void)
{
    nr_vcpus = 0;
    while ( hypercall(vcpu_op, VCPUOP_is_up, nr_vcpus, NULL) >= 0 )
        nr_vcpus++;
    for ( unsigned int i = 0; i < sizeof(numbers) / sizeof(*numbers); i++ )
    {
        try_vcpu_op(number(i));
        try_events(number(i));
    }
    sets();
}
