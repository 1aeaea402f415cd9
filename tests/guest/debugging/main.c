/*
 * A domain under a debugger (XEN_DOMCTL_setdebugging): its kernel does not get the exception of a breakpoint or a
 * single step. The domain is paused instead, which VIRQ_DEBUGGER tells dom0; unpaused, it goes on where it stopped. Its
 * processes' exceptions stay its kernel's to handle.
 *
 * The domain is ours: a page of code, and one for what it has to tell.
 */
#include "child.h"

#define STEPS           5 /* that the code takes under TF: the first is behind NOP, CPUID is emulated */
#define DR6_SINGLE_STEP 0x4000UL

/* What it tells. */
#define PASSED  1
#define HANDLED 2

/*
 * What runs in it: says that it got past what was to stop it, or its handler that it was called; then blocks. It
 * lies in its own domain's page CHILD_CODE_AT. This function is only there to fill in numbers.
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
                 : [data] "i"(CHILD_DATA_AT), [passed] "i"(PASSED), [handled] "i"(HANDLED),
                   [sched_op] "i"(__HYPERVISOR_sched_op), [block] "i"(SCHEDOP_block));
}

extern const char debugging_code[], debugging_int3[], debugging_past_int3[], debugging_step[],
    debugging_stepped[], debugging_handler[];

static ulong address(const char *label)
{
    return CHILD_CODE_AT + (ulong)(label - debugging_code);
}

static volatile unsigned int stops;

static long set_debugging(domid_t id, uint8_t enable)
{
    child.op.u.setdebugging.enable = enable;
    return control_domctl(&child.op, XEN_DOMCTL_setdebugging, id);
}

static uint32_t flags(void)
{
    need(child_domctl(XEN_DOMCTL_getdomaininfo));
    return child.op.u.getdomaininfo.flags;
}

static void make(const char *begin, bool kernel)
{
    child_make(debugging_code);
    child_begin(address(begin), kernel);
    for ( uint8_t vector = TRAP_DB; vector <= TRAP_BP; vector++ )
        child.context.trap_ctxt[vector] =
            (struct trap_info){ vector, 3, FLAT_RING3_CS64, address(debugging_handler) };
    need(child_vcpu(XEN_DOMCTL_setvcpucontext));
}

/* --- Watching it --- */

static void stopped(evtchn_port_t port, void *data)
{
    stops++;
}

static void expect_word(uint32_t word, const char *text)
{
    uint64_t end = time_now() + PATIENCE;

    while ( *child.data != word && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    expect_eq(*child.data, word, text);
}

static void expect_stop(unsigned int n, const char *text)
{
    uint64_t end = time_now() + PATIENCE;

    while ( stops < n && !*child.data && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    expect_eq(stops, n, text);
    expect(flags() & XEN_DOMINF_paused, "it is paused");
    expect_eq(*child.data, 0, "it has not gone on, nor seen an exception");
}

static void expect_rip(const char *label, const char *text)
{
    need(child_vcpu(XEN_DOMCTL_getvcpucontext));
    expect_eq(child.context.user_regs.rip, address(label), text);
}

static void unpause(void)
{
    expect_eq(child_domctl(XEN_DOMCTL_unpausedomain), 0, "unpaused");
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
    expect_eq(set_debugging(child.id, 1), 0, "debug it");
    expect(flags() & XEN_DOMINF_debugged, "it is debugged");
    expect_eq(set_debugging(child.id, 2), 0, "any number says so");
    expect(flags() & XEN_DOMINF_debugged, "it still is");
    expect_eq(set_debugging(child.id, 0), 0, "leave it alone");
    expect(!(flags() & XEN_DOMINF_debugged), "it is debugged no more");
    unpause();
    expect_word(HANDLED, "its kernel's breakpoint is its own");
    child_destroy();
}

static void process(void)
{
    make(debugging_int3, false);
    need(set_debugging(child.id, 1));
    unpause();
    expect_word(HANDLED, "a process's breakpoint is its kernel's");
    expect_eq(stops, 0, "nobody else was told");
    child_destroy();
}

/* Debian's Xen is built without what stops a domain: the breakpoint is lost. */
static void skip_if_lost(void)
{
    uint64_t end = time_now() + PATIENCE;

    while ( !stops && !*child.data && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    if ( !stops && *child.data == PASSED )
    {
        child_destroy();
        skip("a breakpoint of a debugged domain is lost here");
    }
}

static void breakpoint(void)
{
    make(debugging_int3, true);
    need(set_debugging(child.id, 1));
    unpause();
    skip_if_lost();
    expect_stop(1, "at the breakpoint");
    expect_rip(debugging_past_int3, "rip is behind INT3");
    unpause();
    expect_word(PASSED, "it goes on there");
    child_destroy();
}

static void steps(void)
{
    make(debugging_step, true);
    need(set_debugging(child.id, 1));
    for ( unsigned int i = 0; i < STEPS; i++ )
    {
        unpause();
        expect_stop(2 + i, "behind an instruction");
        if ( i == 0 )
            expect_rip(debugging_stepped, "the first one under TF");
        expect(child.context.debugreg[6] & DR6_SINGLE_STEP, "DR6 tells the reason");
    }
    unpause();
    expect_word(PASSED, "it goes on there");
    child_destroy();
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
