/*
 * A domain under a debugger (XEN_DOMCTL_setdebugging): its kernel does not get the exception of a breakpoint or a
 * single step. The domain is paused instead, which VIRQ_DEBUGGER tells dom0; unpaused, it goes on where it stopped. Its
 * processes' exceptions stay its kernel's to handle.
 *
 * The domain is ours: a page of code, and one for what it has to tell.
 */
#include "control.h"

enum { L4, L3, L2, L1, CODE, DATA, PAGES };

#define CODE_AT  0x400000UL
#define DATA_AT  (CODE_AT + PAGE_SIZE)
#define STACK_AT (CODE_AT + 2 * PAGE_SIZE)

#define STEPS           5 /* that the code takes under TF: the first is behind NOP, CPUID is emulated */
#define DR6_SINGLE_STEP 0x4000UL

/* What it tells. */
#define PASSED  1
#define HANDLED 2

/*
 * What runs in it: says that it got past what was to stop it, or its handler that it was called; then blocks. It
 * lies in its own domain's page CODE_AT. This function is only there to fill in numbers.
 */
static void __attribute__((used)) code(void)
{
    asm volatile(".pushsection .rodata\n"
                 ".balign 4096\n"
                 "debugging_code:\n"
                 "debugging_int3:\n"
                 "    int3\n"
                 "debugging_past_int3:\n"
                 "    movl %[passed], %c[data]\n"
                 "    jmp debugging_end\n"
                 "debugging_step:\n"
                 "    pushfq; orl $0x100, (%%rsp); popfq\n"
                 "    nop\n"
                 "debugging_stepped:\n"
                 "    ud2; .ascii \"xen\"; cpuid\n"
                 "    pushfq; andl $~0x100, (%%rsp); popfq\n"
                 "    movl %[passed], %c[data]\n"
                 "    jmp debugging_end\n"
                 "debugging_handler:\n"
                 "    movl %[handled], %c[data]\n"
                 "debugging_end:\n"
                 "    movl %[sched_op], %%eax\n"
                 "    movl %[block], %%edi\n"
                 "    xorl %%esi, %%esi\n"
                 "    syscall\n"
                 "    jmp debugging_end\n"
                 ".balign 4096\n"
                 ".popsection"
                 :
                 : [data] "i"(DATA_AT), [passed] "i"(PASSED), [handled] "i"(HANDLED),
                   [sched_op] "i"(__HYPERVISOR_sched_op), [block] "i"(SCHEDOP_block));
}

extern const char debugging_code[], debugging_int3[], debugging_past_int3[], debugging_step[],
    debugging_stepped[], debugging_handler[];

static ulong address(const char *label)
{
    return CODE_AT + (ulong)(label - debugging_code);
}

static struct xen_domctl op;
static domid_t child;
static ulong frames[PAGES];
static volatile uint32_t *told;
static volatile unsigned int stops;

static long domctl(unsigned int cmd, domid_t id)
{
    return control_domctl(&op, cmd, id);
}

static long set_debugging(domid_t id, uint8_t enable)
{
    op.u.setdebugging.enable = enable;
    return domctl(XEN_DOMCTL_setdebugging, id);
}

static uint32_t flags(void)
{
    need(domctl(XEN_DOMCTL_getdomaininfo, child));
    return op.u.getdomaininfo.flags;
}

/* --- Making it --- */

static void create(void)
{
    memset(&op, 0, sizeof(op));
    op.u.createdomain.max_vcpus = 1;
    op.u.createdomain.max_evtchn_port = 1023;
    op.u.createdomain.max_grant_frames = 4;
    op.u.createdomain.max_maptrack_frames = 4;
    op.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(1);
    need(domctl(XEN_DOMCTL_createdomain, 0));
    child = (domid_t)op.domain;
    op.u.max_vcpus.max = 1;
    need(domctl(XEN_DOMCTL_max_vcpus, child));
    op.u.max_mem.max_memkb = 4 * PAGES;
    need(domctl(XEN_DOMCTL_max_mem, child));
}

static void populate(void)
{
    struct xen_memory_reservation r = { .nr_extents = PAGES, .domid = child };

    for ( unsigned int i = 0; i < PAGES; i++ )
        frames[i] = i;
    set_xen_guest_handle(r.extent_start, frames);
    if ( hypercall(memory_op, XENMEM_populate_physmap, &r) != PAGES )
        error("no memory for a domain");
}

static void *map(ulong mfn)
{
    ulong at = table_window();
    struct mmu_update update = { .ptr = virt_to_machine(table_make(at, 1)),
                                 .val = pte_make(mfn, PTE_KERNEL_RW) };

    need(hypercall(mmu_update, &update, 1, NULL, child));
    return (void *)at;
}

static void unmap(const void *page)
{
    need(hypercall(update_va_mapping, (ulong)page, 0, UVMF_INVLPG | UVMF_ALL));
}

static void link(unsigned int table, unsigned int index, unsigned int to)
{
    pte_t *entries = map(frames[table]);

    entries[index] = pte_make(frames[to], PTE_TABLE);
    unmap(entries);
}

static void fill(void)
{
    void *code = map(frames[CODE]);

    memcpy(code, debugging_code, PAGE_SIZE);
    unmap(code);
    link(L4, (unsigned int)table_index(CODE_AT, 4), L3);
    link(L3, (unsigned int)table_index(CODE_AT, 3), L2);
    link(L2, (unsigned int)table_index(CODE_AT, 2), L1);
    link(L1, (unsigned int)table_index(CODE_AT, 1), CODE);
    link(L1, (unsigned int)table_index(DATA_AT, 1), DATA);
    told = map(frames[DATA]);
}

static struct vcpu_guest_context context;

static long vcpu(unsigned int cmd)
{
    op.u.vcpucontext.vcpu = 0;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
    return domctl(cmd, child);
}

static void start(ulong ip, bool kernel)
{
    memset(&context, 0, sizeof(context));
    context.flags = VGCF_online | (kernel ? VGCF_in_kernel : 0);
    context.user_regs.rip = ip;
    context.user_regs.cs = FLAT_RING3_CS64;
    context.user_regs.ss = context.kernel_ss = FLAT_RING3_SS64;
    context.user_regs.rsp = context.kernel_sp = STACK_AT;
    context.ctrlreg[3] = context.ctrlreg[1] = xen_pfn_to_cr3(frames[L4]);
    for ( uint8_t vector = TRAP_DB; vector <= TRAP_BP; vector++ )
        context.trap_ctxt[vector] =
            (struct trap_info){ vector, 3, FLAT_RING3_CS64, address(debugging_handler) };
    need(vcpu(XEN_DOMCTL_setvcpucontext));
}

static void make(const char *begin, bool kernel)
{
    create();
    populate();
    fill();
    start(address(begin), kernel);
}

static void destroy(void)
{
    unmap((void *)told);
    need(domctl(XEN_DOMCTL_destroydomain, child));
}

/* --- Watching it --- */

static void stopped(evtchn_port_t port, void *data)
{
    stops++;
}

static void expect_word(uint32_t word, const char *text)
{
    uint64_t end = time_now() + PATIENCE;

    while ( *told != word && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    expect_eq(*told, word, text);
}

static void expect_stop(unsigned int n, const char *text)
{
    uint64_t end = time_now() + PATIENCE;

    while ( stops < n && !*told && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    expect_eq(stops, n, text);
    expect(flags() & XEN_DOMINF_paused, "it is paused");
    expect_eq(*told, 0, "it has not gone on, nor seen an exception");
}

static void expect_rip(const char *label, const char *text)
{
    need(vcpu(XEN_DOMCTL_getvcpucontext));
    expect_eq(context.user_regs.rip, address(label), text);
}

static void unpause(void)
{
    expect_eq(domctl(XEN_DOMCTL_unpausedomain, child), 0, "unpaused");
}

/* --- The stories --- */

static void refused(void)
{
    expect_eq(set_debugging(0, 1), -EINVAL, "debug oneself");
    expect_eq(set_debugging(999, 1), -ESRCH, "debug nobody");
}

/* Debugged no more, it is as it was. */
static void switched_off(void)
{
    make(debugging_int3, true);
    expect(!(flags() & XEN_DOMINF_debugged), "at first it is not debugged");
    expect_eq(set_debugging(child, 1), 0, "debug it");
    expect(flags() & XEN_DOMINF_debugged, "it is debugged");
    expect_eq(set_debugging(child, 2), 0, "any number says so");
    expect(flags() & XEN_DOMINF_debugged, "it still is");
    expect_eq(set_debugging(child, 0), 0, "leave it alone");
    expect(!(flags() & XEN_DOMINF_debugged), "it is debugged no more");
    unpause();
    expect_word(HANDLED, "its kernel's breakpoint is its own");
    destroy();
}

static void process(void)
{
    make(debugging_int3, false);
    need(set_debugging(child, 1));
    unpause();
    expect_word(HANDLED, "a process's breakpoint is its kernel's");
    expect_eq(stops, 0, "nobody else was told");
    destroy();
}

/* Debian's Xen is built without what stops a domain: the breakpoint is lost. */
static void skip_if_lost(void)
{
    uint64_t end = time_now() + PATIENCE;

    while ( !stops && !*told && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    if ( !stops && *told == PASSED )
    {
        destroy();
        skip("a breakpoint of a debugged domain is lost here");
    }
}

static void breakpoint(void)
{
    make(debugging_int3, true);
    need(set_debugging(child, 1));
    unpause();
    skip_if_lost();
    expect_stop(1, "at the breakpoint");
    expect_rip(debugging_past_int3, "rip is behind INT3");
    unpause();
    expect_word(PASSED, "it goes on there");
    destroy();
}

static void steps(void)
{
    make(debugging_step, true);
    need(set_debugging(child, 1));
    for ( unsigned int i = 0; i < STEPS; i++ )
    {
        unpause();
        expect_stop(2 + i, "behind an instruction");
        if ( i == 0 )
            expect_rip(debugging_stepped, "the first one under TF");
        expect(context.debugreg[6] & DR6_SINGLE_STEP, "DR6 tells the reason");
    }
    unpause();
    expect_word(PASSED, "it goes on there");
    destroy();
}

void test_main(void)
{
    evtchn_port_t port;

    if ( !is_dom0() )
    {
        expect_eq(set_debugging(0, 1), -EPERM, "without the rights of dom0");
        return;
    }
    stops = 0;
    port = (evtchn_port_t)need(event_bind_virq(VIRQ_DEBUGGER, 0));
    event_handle(port, stopped, NULL);
    refused();
    switched_off();
    process();
    breakpoint();
    steps();
    need(event_close(port));
}
