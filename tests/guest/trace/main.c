/*
 * Trace buffers (sysctl tbuf_op, public/trace.h): dom0 chooses their size, once, and which events of which CPUs are
 * recorded; maps what tells where they are, read-only, and the buffers, which it may write to, since it says there how
 * far it has read. Then it finds in them what it has just done.
 *
 * Records never go round the end of a buffer, what finds no room is counted and told of, and a reader who says that he
 * has read what he can't have gets nothing more, and harms nobody.
 */
#include "test.h"

#define PAGES     2
#define DATA_SIZE (PAGES * (uint32_t)PAGE_SIZE - (uint32_t)sizeof(struct t_buf))

static volatile struct t_buf *buffer; /* the only CPU's */
static struct xen_sysctl op;

static long tbuf(uint32_t cmd)
{
    op.cmd = XEN_SYSCTL_tbuf_op;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op.u.tbuf_op.cmd = cmd;
    return hypercall(sysctl, &op);
}

static long set_size(uint32_t pages)
{
    op.u.tbuf_op.size = pages;
    return tbuf(XEN_SYSCTL_TBUFOP_set_size);
}

static long choose(uint32_t events)
{
    op.u.tbuf_op.evt_mask = events;
    return tbuf(XEN_SYSCTL_TBUFOP_set_evt_mask);
}

static long choose_cpus(uint8_t bits, uint32_t nr_bits)
{
    static uint8_t map[8];

    memset(map, 0, sizeof(map));
    map[0] = bits;
    set_xen_guest_handle(op.u.tbuf_op.cpu_mask.bitmap, map);
    op.u.tbuf_op.cpu_mask.nr_bits = nr_bits;
    return tbuf(XEN_SYSCTL_TBUFOP_set_cpu_mask);
}

/* --- Mapping --- */

static long map_shown(ulong at, ulong mfn, uint64_t flags)
{
    if ( !table_make(at, 1) )
        error("no tables");
    return hypercall(update_va_mapping_otherdomain, at, pte_make(mfn, flags), UVMF_INVLPG,
                     DOMID_XEN);
}

static void map_buffers(void)
{
    ulong info_at = table_window(), at;
    const struct t_info *info = (const struct t_info *)info_at;
    const uint32_t *words = (const uint32_t *)info_at;

    need(tbuf(XEN_SYSCTL_TBUFOP_get_info));
    expect(op.u.tbuf_op.size > 0 && op.u.tbuf_op.size % PAGE_SIZE == 0, "t_info is of whole pages");
    expect_eq(map_shown(info_at, op.u.tbuf_op.buffer_mfn, PTE_KERNEL_RW), -EBUSY,
              "t_info is read-only");
    need(map_shown(info_at, op.u.tbuf_op.buffer_mfn, PTE_KERNEL_RO));
    expect_eq(info->tbuf_size, PAGES, "pages of a buffer, as t_info tells");

    words += info->mfn_offset[0];
    at = table_window();
    for ( unsigned int i = 0; i < PAGES; i++ )
        need(map_shown(at + i * PAGE_SIZE, words[i], PTE_KERNEL_RW));
    buffer = (volatile struct t_buf *)at;
}

/* --- Reading --- */

struct record {
    uint32_t event, nr, words[TRACE_EXTRA_MAX];
    bool tsc;
};

static uint32_t position(uint32_t offset)
{
    return offset < DATA_SIZE ? offset : offset - DATA_SIZE;
}

static uint32_t unread(void)
{
    uint32_t prod = buffer->prod, cons = buffer->cons;

    return prod >= cons ? prod - cons : prod + 2 * DATA_SIZE - cons;
}

/* The next record, which is read with that. False: there is none. */
static bool next(struct record *r)
{
    const volatile uint32_t *at =
        (const volatile uint32_t *)((ulong)(buffer + 1) + position(buffer->cons));
    uint32_t size, after;

    if ( !unread() )
        return false;
    r->event = TRC_HD_TO_EVENT(at[0]);
    r->nr = TRC_HD_EXTRA(at[0]);
    r->tsc = TRC_HD_INCLUDES_CYCLE_COUNT(at[0]);
    for ( unsigned int i = 0; i < r->nr; i++ )
        r->words[i] = at[(r->tsc ? 3 : 1) + i];

    size = 4 * (1 + (r->tsc ? 2 : 0) + r->nr);
    expect(position(buffer->cons) + size <= DATA_SIZE, "no record goes round the end");
    after = buffer->cons + size;
    buffer->cons = after < 2 * DATA_SIZE ? after : after - 2 * DATA_SIZE;
    return true;
}

static void forget_all(void)
{
    buffer->cons = buffer->prod;
}

/* What is recorded of @events while @act runs. */
static void record(uint32_t events, void (*act)(void))
{
    forget_all();
    need(choose(events));
    need(tbuf(XEN_SYSCTL_TBUFOP_enable));
    act();
    need(tbuf(XEN_SYSCTL_TBUFOP_disable));
}

/* The first record of @event whose first word is @first under @mask. */
static bool find(struct record *r, uint32_t event, uint32_t mask, uint32_t first)
{
    while ( next(r) )
        if ( r->event == event && (r->words[0] & mask) == first )
            return true;
    return false;
}

/* --- What is in them --- */

/* Argument @i of a recorded call, if it is there: two bits of the first word tell, and how wide it is. */
static bool argument(const struct record *r, unsigned int i, uint64_t *value)
{
    unsigned int at = 1;

    for ( unsigned int a = 0; a <= i; a++ )
    {
        unsigned int width = r->words[0] >> (20 + 2 * a) & 3;

        *value = width == 2 ? r->words[at] | (uint64_t)r->words[at + 1] << 32 : r->words[at];
        if ( a == i )
            return width != 0;
        at += width;
    }
    return false;
}

#define NOBODY 0x1234 /* a vcpu that we don't have */

/* On which some have a short way for iret stumble, while it records. */
static long call_of_all_ones(void)
{
#ifdef __x86_64__
    long rc = -1;

    asm volatile("syscall" : "+a"(rc) : : "rcx", "r11", "memory");
    return rc;
#else
    return -ENOSYS;
#endif
}

static void act_calls(void)
{
    struct multicall_entry calls[] = {
        { .op = __HYPERVISOR_vcpu_op, .args = { VCPUOP_is_up, NOBODY } }, { .op = 9999 }
    };

    (void)hypercall(vcpu_op, VCPUOP_is_up, NOBODY, NULL);
    (void)kit_syscall(9999, 0, 0, 0, 0, 0);
    expect_eq(call_of_all_ones(), -ENOSYS, "the highest number there is");
    need(hypercall(multicall, calls, 2));
}

static void calls_are_recorded(void)
{
    struct record r;
    uint64_t value;

    record(TRC_PV, act_calls);
    expect(find(&r, TRC_PV_HYPERCALL_V2, 0xfffff, __HYPERVISOR_vcpu_op), "a hypercall");
    expect(r.tsc, "with its time");
    expect(argument(&r, 0, &value) && value == VCPUOP_is_up, "its first argument");
    expect(argument(&r, 1, &value) && value == NOBODY, "its second one");
    expect(find(&r, TRC_PV_HYPERCALL_V2, 0xfffff, __HYPERVISOR_multicall), "a multicall");
    expect(find(&r, TRC_PV_HYPERCALL_SUBCALL, 0xfffff, __HYPERVISOR_vcpu_op), "a call in it");
    expect(argument(&r, 1, &value) && value == NOBODY, "its second argument");
    expect(find(&r, TRC_PV_HYPERCALL_V2, 0xfffff, __HYPERVISOR_sysctl), "the one that ends it");
    expect(!next(&r), "then it has ended");
}

static void act_faults(void)
{
    expect_fault(fault_of((void)*(volatile char *)table_window()), TRAP_PF, 0, "nothing is there");
    expect_fault(fault_of(asm volatile("ud2")), TRAP_UD, 0, "that is no instruction");
}

static void faults_are_recorded(void)
{
    uint32_t event = TRC_PV_PAGE_FAULT | (sizeof(long) == 8 ? TRC_64_FLAG : 0);
    struct record r;

    record(TRC_PV, act_faults);
    expect(find(&r, event, 0, 0), "a page fault");
    expect_eq(r.nr, sizeof(long) == 8 ? 5 : 3, "where it was, of what address, the error");
    expect(find(&r, event - TRC_PV_PAGE_FAULT + TRC_PV_TRAP, 0, 0), "an exception");
    expect_eq(r.words[r.nr - 1], TRAP_UD | 0xffffU << 16, "which has no error code");
}

#ifdef __x86_64__
#define EVENT_64     TRC_64_FLAG
#define ADDRESS_OF_1 "lea 1f(%%rip), %1;"
#else
#define EVENT_64     0
#define ADDRESS_OF_1 "mov $1f, %1;"
#endif

static ulong behind_privileged, behind_cpuid, store_at;
static pte_t *entry;

static void act_emulated(void)
{
    ulong value, at;

    asm volatile(ADDRESS_OF_1 "mov %%cr0, %0; 1:" : "=r"(value), "=&r"(behind_privileged));
    asm volatile(ADDRESS_OF_1 XEN_CPUID "; 1:"
                 : "=a"(value), "=&S"(at)
                 : "a"(0)
                 : "ebx", "ecx", "edx");
    behind_cpuid = at;
    asm volatile(ADDRESS_OF_1 "1: mov %2, %0"
                 : "+m"(*(volatile ulong *)entry), "=&r"(store_at)
                 : "r"(0UL));
}

/* A store by its own address, what the kernel alone may do by that of the next instruction. */
static void emulation_is_recorded(void)
{
    struct record r;

    entry = table_make(table_window(), 1);
    need(hypercall(vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables));
    record(TRC_PV, act_emulated);
    need(hypercall(vm_assist, VMASST_CMD_disable, VMASST_TYPE_writable_pagetables));
    expect(find(&r, TRC_PV_EMULATE_PRIVOP | EVENT_64, ~0U, (uint32_t)behind_privileged),
           "a privileged instruction");
    expect_eq(r.nr, sizeof(long) / 4, "as wide as an address");
    expect(find(&r, TRC_PV_FORCED_INVALID_OP | EVENT_64, ~0U, (uint32_t)behind_cpuid),
           "forced CPUID");
    expect(
        find(&r, KIT_PV32 ? TRC_PV_PTWR_EMULATION_PAE : TRC_PV_PTWR_EMULATION | TRC_64_FLAG, 0, 0),
        "a store to a table");
    expect_eq(r.words[2], (uint32_t)(ulong)entry, "where to");
    expect_eq(r.words[KIT_PV32 ? 3 : 4], (uint32_t)store_at, "where from");
}

static uint64_t time_blocked(void)
{
    struct vcpu_runstate_info info;

    need(hypercall(vcpu_op, VCPUOP_get_runstate_info, 0, &info));
    return info.time[RUNSTATE_blocked];
}

/* Blocks for a moment: a longer one, if that has passed before we come to it. */
static void act_sleep(void)
{
    uint64_t before = time_blocked();

    for ( uint64_t ns = NS_PER_S / 1000; time_blocked() == before; ns *= 2 )
    {
        struct sched_poll poll = { .timeout = time_now() + ns };

        need(hypercall(sched_op, SCHEDOP_poll, &poll));
    }
}

static void states_are_recorded(void)
{
    struct record r;

    record(TRC_SCHED_MIN, act_sleep);
    expect(
        find(&r, TRC_SCHED_RUNSTATE_CHANGE | RUNSTATE_running << 8 | RUNSTATE_blocked << 4, ~0U, 0),
        "vcpu 0 of domain 0 goes to sleep");
    expect(find(&r, TRC_SCHED_RUNSTATE_CHANGE | RUNSTATE_blocked << 8 | RUNSTATE_runnable << 4, ~0U,
                0),
           "and wakes up");
    expect(find(&r, TRC_SCHED_RUNSTATE_CHANGE | RUNSTATE_runnable << 8 | RUNSTATE_running << 4, ~0U,
                0),
           "and runs");
}

/* --- What is not --- */

static void only_what_was_chosen(void)
{
    struct record r;

    record(TRC_SCHED, act_calls);
    expect(!find(&r, TRC_PV_HYPERCALL_V2, 0, 0), "another class");
    record(TRC_PV_SUBCALL, act_calls);
    expect(!find(&r, TRC_PV_HYPERCALL_V2, 0, 0), "another subclass");
    record(0, act_calls);
    expect(!next(&r), "nothing");

    need(choose_cpus(0, 8));
    record(TRC_PV, act_calls);
    expect(!next(&r), "no CPU");
    need(choose_cpus(1, 0));
    record(TRC_PV, act_calls);
    expect(!next(&r), "a map of no CPUs");
    need(choose_cpus(1, 8));
    record(TRC_PV, act_calls);
    expect(next(&r), "this CPU");
    forget_all();
    act_calls();
    expect(!next(&r), "switched off");
}

/* --- Round and round, and full --- */

static void act_many(void)
{
    for ( unsigned int i = 0; i < 100; i++ )
        (void)hypercall(vcpu_op, VCPUOP_is_up, NOBODY + i, NULL);
}

/* Each round is less than the buffer, and all rounds are much more. */
static void goes_round(void)
{
    struct record r;
    uint64_t value;

    for ( unsigned int round = 0; round < 10; round++ )
    {
        record(TRC_PV, act_many);
        for ( unsigned int i = 0; i < 100; i++ )
        {
            if ( !find(&r, TRC_PV_HYPERCALL_V2, 0xfffff, __HYPERVISOR_vcpu_op) ||
                 !argument(&r, 1, &value) || value != NOBODY + i )
                failure("round %u: call %u is missing", round, i);
        }
    }
}

static void act_too_many(void)
{
    for ( unsigned int i = 0; i < 10; i++ )
        act_many();
}

static unsigned int kept, lost;

/* What there is no room for is lost; there is room again when somebody has read. */
static void act_lose(void)
{
    struct record r;

    act_too_many();
    expect(unread() <= DATA_SIZE && unread() > DATA_SIZE - 100, "a full buffer");
    while ( next(&r) )
    {
        if ( r.event == TRC_PV_HYPERCALL_V2 && (r.words[0] & 0xfffff) == __HYPERVISOR_vcpu_op )
            kept++;
        if ( r.event == TRC_LOST_RECORDS ) /* a short one, where a call found no room */
            lost += r.words[0];
    }
    act_calls();
}

static void tells_of_what_was_lost(void)
{
    struct record r;

    record(TRC_PV, act_lose);
    expect(kept > 100 && kept < 1000, "the first ones were kept");
    expect(find(&r, TRC_LOST_RECORDS, 0, 0) && r.nr == 4, "the next record tells of the others");
    lost += r.words[0];
    expect(lost >= 1000 - kept && lost < 1010 - kept, "how many were lost");
    expect(find(&r, TRC_PV_HYPERCALL_V2, 0xfffff, __HYPERVISOR_vcpu_op), "then it goes on");
}

static void act_lie(void)
{
    static const uint32_t lies[] = { 2 * DATA_SIZE, 2 * DATA_SIZE + 8, ~0U, 0x80000000U };

    buffer->prod = 0x7fffffff; /* that is for others to say */
    act_calls();
    expect(buffer->prod < 2 * DATA_SIZE, "how far it is written");
    for ( unsigned int i = 0; i < sizeof(lies) / sizeof(lies[0]); i++ )
    {
        uint32_t before = buffer->prod;

        buffer->cons = lies[i];
        act_too_many();
        expect_eq(buffer->prod, before, "no room for anything");
    }
    buffer->cons = position(buffer->prod + 8);
    act_too_many();
}

static void lies_harm_nobody(void)
{
    struct record r;

    record(TRC_PV, act_lie);
    record(TRC_PV, act_calls);
    expect(find(&r, TRC_PV_HYPERCALL_V2, 0xfffff, __HYPERVISOR_vcpu_op), "it goes on");
}

/* --- The operation --- */

static void size_is_chosen_once(void)
{
    expect_eq(tbuf(XEN_SYSCTL_TBUFOP_enable), -EINVAL, "without buffers");
    expect_eq(set_size(0), -EINVAL, "buffers of nothing");
    need(set_size(PAGES));
    expect_eq(set_size(PAGES), -EBUSY, "the same again");
    expect_eq(set_size(PAGES + 1), -EINVAL, "another one");
    expect_eq(tbuf(99), -EINVAL, "an unknown command");
    set_xen_guest_handle(op.u.tbuf_op.cpu_mask.bitmap, (uint8_t *)0x10);
    op.u.tbuf_op.cpu_mask.nr_bits = 8;
    expect_eq(tbuf(XEN_SYSCTL_TBUFOP_set_cpu_mask), -EFAULT, "a map that isn't there");
}

void test_main(void)
{
    if ( !is_dom0() )
    {
        expect_eq(set_size(PAGES), -EPERM, "for dom0 alone");
        success();
    }
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op.cmd = XEN_SYSCTL_physinfo;
    need(hypercall(sysctl, &op));
    if ( op.u.physinfo.nr_cpus != 1 )
        skip("which CPU we are on is known where there is one alone");

    size_is_chosen_once();
    map_buffers();
    calls_are_recorded();
    faults_are_recorded();
    emulation_is_recorded();
    states_are_recorded();
    only_what_was_chosen();
    goes_round();
    tells_of_what_was_lost();
    lies_harm_nobody();
    success();
}
