/*
 * How things are delivered to 32-bit guests, and how they return: frames of ring 1, iret, call gates.
 *
 * The guest's memory is an array, its descriptor tables are ours. What the processor does with the
 * frame is not seen here: tests/guest shows it.
 *
 * LINK: hypervisor/pv/compat/bounce.c hypervisor/pv/compat/iret.c hypervisor/pv/compat/gate.c
 * LINK: hypervisor/pv/compat/callbacks.c hypervisor/pv/segment/lookup.c hypervisor/pv/emulate/decode.c
 * LINK: hypervisor/pv/bounce/callbacks.c
 */
#include "cpu/segments.h"
#include "cpu/uaccess.h"
#include "hypercall/compat/entry.h"
#include "mm/map.h"
#include "pv/bounce/bounce.h"
#include "pv/compat/internal.h"
#include "sched/sched.h"
#include "tests/host/host.h"
#include "trace/trace.h"

/* As on the machine, the guest's frame lies below its CPU's data. */
static struct {
    struct regs regs;
    struct percpu cpu;
} stack;

__thread struct percpu *host_cpu = &stack.cpu;

/* --- the guest's memory: MEMORY bytes from BASE on, writable up to READ_ONLY --- */

#define BASE      0x10000u
#define MEMORY    0x4000u
#define READ_ONLY (BASE + 0x3000)

static u8 memory[MEMORY];

static unsigned long room(gva_t at, unsigned long len, u64 end)
{
    if ( at.n < BASE || at.n >= end )
        return 0;
    return at.n + len > end ? end - at.n : len;
}

unsigned long copy_from_guest(void *to, gva_t from, unsigned long len)
{
    unsigned long there = room(from, len, BASE + MEMORY);

    memcpy(to, memory + from.n - BASE, there);
    return len - there;
}

unsigned long copy_to_guest(gva_t to, const void *from, unsigned long len)
{
    unsigned long there = room(to, len, READ_ONLY);

    memcpy(memory + to.n - BASE, from, there);
    return len - there;
}

static u32 word(u32 at)
{
    u32 value;

    require(!copy_from_guest(&value, to_gva(at), sizeof(value)));
    return value;
}

static void put_words(u32 at, const u32 *words, unsigned int n)
{
    memcpy(memory + at - BASE, words, n * sizeof(*words));
}

/* --- the rest of the hypervisor --- */

#define HANDLER 0x10100u
#define STACK   0x12000u /* of the kernel as it runs */
#define STACK1  0x12800u /* of ring 1 as stack_switch told */
#define STACK3  0x12c00u
#define CODE    0x10000u

static bool crashed;
static u64 cr2;

void domain_crash(struct domain *d, const char *format, ...)
{
    (void)d, (void)format;
    crashed = true;
}

void bounce_set_cr2(struct vcpu *v, u64 value)
{
    (void)v;
    cr2 = value;
}

/* Processes may use all but the kernel's stack. */
bool bounce_user_may(u64 va, unsigned int bytes, bool write)
{
    (void)bytes, (void)write;
    return va < STACK - 0x100 || va >= STACK1;
}

void compat_entered(struct vcpu *v, struct regs *regs)
{
    v->cpu.kernel_mode = compat_is_kernel(regs);
}

bool preempt_pending(void)
{
    return false;
}

long hypercall_continue(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
                        unsigned long a4, unsigned long a5)
{
    (void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
    return nr;
}

void hypercall_long_step(void)
{
}

/* --- a vcpu with handlers, two stacks and descriptors of its own --- */

#define SEGMENT(base, limit, flags)                                                                \
    ((flags) | ((limit)&0xffffUL) | ((limit)&0xf0000UL) << 32 | ((base)&0xffffffUL) << 16 |        \
     ((base) >> 24) << 56)
#define CODE32(ring) (0x00409a0000000000UL | (u64)(ring) << 45)
#define DATA32(ring) (0x0040920000000000UL | (u64)(ring) << 45)
#define PAGES        0x0080000000000000UL
#define FLAT(what)   SEGMENT(0UL, 0xfffffUL, (what) | PAGES)

static u64 window[VCPU_MAP_PAGES * PAGE_SIZE / 8];
static struct vcpu vcpu;
static struct domain domain;
static struct vcpu_info info;

static u64 *reserved(u16 selector)
{
    return &window[selector / 8];
}

static struct regs *start(u16 cs, u16 ss, u32 esp)
{
    memset(memory, 0xcc, sizeof(memory));
    memset(window, 0, sizeof(window));
    vcpu =
        (struct vcpu){ .domain = &domain, .cpu = { .info = &info, .mode = { .kernel_ring = 1 } } };
    domain = (struct domain){ .pv32 = true };
    info = (struct vcpu_info){ 0 };
    *reserved(SEL_RING1_CS) = FLAT(CODE32(1));
    *reserved(SEL_RING1_DS) = FLAT(DATA32(1));
    *reserved(SEL_RING3_CS) = FLAT(CODE32(3));
    *reserved(SEL_RING3_DS) = FLAT(DATA32(3));
    vcpu.pv.window = (u64)window;
    vcpu.cpu.kernel_ss = SEL_RING1_DS;
    vcpu.cpu.kernel_rsp = STACK1;
    for ( unsigned int i = 0; i < 256; i++ )
        vcpu.pv.traps[i] = (struct trap_info){ .cs = SEL_RING1_CS, .address = HANDLER };
    vcpu.pv.event_cs = SEL_RING1_CS;
    vcpu.cpu.event_rip = HANDLER;
    stack.cpu.current = &vcpu;
    stack.regs = (struct regs){ .rip = 0x1234,
                                .cs = cs,
                                .ss = ss,
                                .rsp = esp,
                                .rflags = EFLAGS_IF | EFLAGS_FIXED | EFLAGS_CF };
    crashed = false;
    return &stack.regs;
}

static struct regs *from_kernel(void)
{
    return start(SEL_RING1_CS, SEL_RING1_DS, STACK);
}

static struct regs *from_process(void)
{
    return start(SEL_RING3_CS, SEL_RING3_DS, STACK3);
}

#define FLAGS (EFLAGS_IF | EFLAGS_FIXED | EFLAGS_CF)

/* From ring 1 the frame has three words, and an error code where there is one. */
TEST(a_frame_from_the_kernel)
{
    struct regs *regs = from_kernel();

    info.evtchn_upcall_mask = 1;
    compat_exception(&vcpu, regs, TRAP_GP, 0x18);
    expect_eq(regs->rsp, STACK - 16);
    expect_eq(word(STACK - 16), 0x18);
    expect_eq(word(STACK - 12), 0x1234);
    expect_eq(word(STACK - 8), SEL_RING1_CS | 1 << 16);
    expect_eq(word(STACK - 4), FLAGS & ~EFLAGS_IF);
    expect_eq(word(STACK), 0xcccccccc);
    expect(regs->cs == SEL_RING1_CS && regs->rip == HANDLER && regs->ss == SEL_RING1_DS);

    regs = from_kernel();
    compat_exception(&vcpu, regs, TRAP_UD, 0x18);
    expect_eq(regs->rsp, STACK - 12);
    expect_eq(word(STACK - 12), 0x1234);
}

/* From ring 3 the stack that was left comes after, on the stack of stack_switch. */
TEST(a_frame_from_a_process)
{
    struct regs *regs = from_process();

    vcpu.pv.traps[TRAP_PF].flags = 4;
    compat_page_fault(&vcpu, regs, PF_WRITE, 0xb0001000);
    expect_eq(regs->rsp, STACK1 - 24);
    expect_eq(word(STACK1 - 24), PF_WRITE | PF_USER);
    expect_eq(word(STACK1 - 20), 0x1234);
    expect_eq(word(STACK1 - 16), SEL_RING3_CS);
    expect_eq(word(STACK1 - 12), FLAGS);
    expect_eq(word(STACK1 - 8), STACK3);
    expect_eq(word(STACK1 - 4), SEL_RING3_DS);
    expect(regs->cs == SEL_RING1_CS && regs->ss == SEL_RING1_DS && vcpu.cpu.kernel_mode);
    expect(cr2 == 0xb0001000 && info.evtchn_upcall_mask == 1);

    /* Ring 2 has no stack of its own here. */
    regs = start(SEL_RING3_CS & ~1, SEL_RING3_DS & ~1, STACK3);
    compat_event(&vcpu, regs);
    expect_eq(regs->rsp, STACK1 - 20);
}

/* The failsafe callback tells which selectors were wanted. */
TEST(failsafe)
{
    struct regs *regs = from_process();

    vcpu.pv.failsafe_cs = SEL_RING1_CS;
    vcpu.pv.failsafe_rip = HANDLER + 8;
    vcpu.cpu.ds = 1;
    vcpu.cpu.es = 2;
    vcpu.cpu.fs = 3;
    vcpu.cpu.gs = 4;
    compat_failsafe(&vcpu, regs);
    expect_eq(regs->rip, HANDLER + 8);
    for ( u32 i = 0; i < 4; i++ )
        expect_eq(word((u32)regs->rsp + 4 * i), i + 1);
    expect_eq(word((u32)regs->rsp + 16), 0x1234);
}

/* What is shown of the flags, and what a handler starts with. */
TEST(flags)
{
    struct regs *regs = from_kernel();

    vcpu.cpu.iopl = 3;
    vcpu.cpu.iopl_in_rflags = true;
    regs->rflags |= EFLAGS_TF | EFLAGS_NT | EFLAGS_AC | EFLAGS_RF | EFLAGS_DF;
    compat_exception(&vcpu, regs, TRAP_UD, 0);
    expect_eq(word(STACK - 4),
              FLAGS | EFLAGS_TF | EFLAGS_NT | EFLAGS_AC | EFLAGS_RF | EFLAGS_DF | EFLAGS_IOPL);
    expect_eq(regs->rflags, FLAGS | EFLAGS_DF);
}

/* Stacks and handlers may lie in segments that the guest made: base and limit count. */
TEST(segments_of_its_own)
{
    struct regs *regs = start(SEL_RING1_CS, 0x09, 0x1000);

    window[1] = SEGMENT(BASE + 0x1000UL, 0xfffUL, DATA32(1));
    window[2] = SEGMENT((u64)BASE, 0x100UL, CODE32(1));
    vcpu.pv.traps[TRAP_UD].cs = 0x11;
    vcpu.pv.traps[TRAP_UD].address = 0x100;
    compat_exception(&vcpu, regs, TRAP_UD, 0);
    expect(!crashed && regs->cs == 0x11 && regs->rip == 0x100 && regs->ss == 9);
    expect_eq(regs->rsp, 0xff4);
    expect_eq(word(BASE + 0x1ff4), 0x1234);
}

/* No way to deliver: the end of the domain, and nothing is entered that the processor would refuse. */
TEST(no_way)
{
    static const struct {
        const char *what;
        u16 cs, ss;
        u32 eip, esp;
    } bad[] = {
        { "no handler", SEL_RING1_CS, SEL_RING1_DS, 0, STACK },
        { "no code", SEL_RING1_DS, SEL_RING1_DS, HANDLER, STACK },
        { "code of ring 3", SEL_RING3_CS, SEL_RING1_DS, HANDLER, STACK },
        { "no selector", 0x101, SEL_RING1_DS, HANDLER, STACK },
        { "code beyond its limit", 0x11, SEL_RING1_DS, 0x101, STACK },
        { "a stack that isn't mapped", SEL_RING1_CS, SEL_RING1_DS, HANDLER, BASE },
        { "a read-only stack", SEL_RING1_CS, SEL_RING1_DS, HANDLER, READ_ONLY + 8 },
        { "a stack of ring 3", SEL_RING1_CS, 0x19, HANDLER, STACK },
        { "a stack beyond its limit", SEL_RING1_CS, 0x09, HANDLER, 0x1001 },
        { "a stack that can't be written", SEL_RING1_CS, 0x11, HANDLER, 0x80 },
        { "a stack below 0", SEL_RING1_CS, SEL_RING1_DS, HANDLER, 4 },
    };

    for ( size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++ )
    {
        struct regs *regs = start(SEL_RING1_CS, bad[i].ss, bad[i].esp);

        window[1] = SEGMENT(BASE + 0x1000UL, 0xfffUL, DATA32(1));
        window[2] = SEGMENT((u64)BASE, 0x100UL, CODE32(1));
        window[3] = FLAT(DATA32(3));
        vcpu.pv.traps[TRAP_UD].cs = bad[i].cs;
        vcpu.pv.traps[TRAP_UD].address = bad[i].eip;
        compat_exception(&vcpu, regs, TRAP_UD, 0);
        if ( !crashed )
            fail("%s: delivered", bad[i].what);
        expect_eq(regs->rip, 0x1234);
    }
}

/* SYSCALL's frame says ring 3, whoever it was; without a callback it is no instruction. */
TEST(system_calls)
{
    struct regs *regs = start(SEL_USER_CS32, SEL_USER_DS, STACK3);

    vcpu.pv.syscall32_cs = SEL_RING1_CS;
    vcpu.pv.syscall32_rip = HANDLER + 4;
    compat_syscall(&vcpu, regs);
    expect_eq(regs->rip, HANDLER + 4);
    expect_eq(word((u32)regs->rsp + 4), SEL_RING3_CS);
    expect_eq(word((u32)regs->rsp + 16), SEL_RING3_DS);

    regs = start(SEL_USER_CS32, SEL_USER_DS, STACK3);
    compat_syscall(&vcpu, regs);
    expect(regs->rip == HANDLER && word((u32)regs->rsp) == 0x1232);

    regs = start(3, SEL_USER_DS, 0);
    compat_sysenter(&vcpu, regs);
    expect(regs->rip == HANDLER && word((u32)regs->rsp + 8) == 3);
}

/* --- iret --- */

TEST(iret_within_the_kernel)
{
    struct regs *regs = from_kernel();

    put_words(STACK, (u32[]){ 0xeeee, 0x4321, SEL_RING1_CS | 1 << 16, EFLAGS_IOPL }, 4);
    vcpu.cpu.nmi_masked = 1;
    expect_eq(compat_iret(), 0xeeee);
    expect(regs->rip == 0x4321 && regs->cs == SEL_RING1_CS && regs->rsp == STACK + 16);
    expect(regs->ss == SEL_RING1_DS && info.evtchn_upcall_mask == 1 && !vcpu.cpu.nmi_masked);
    expect_eq(regs->rflags, EFLAGS_IF | EFLAGS_FIXED);
}

TEST(iret_to_a_process)
{
    struct regs *regs = from_kernel();

    info.evtchn_upcall_mask = 1;
    put_words(STACK, (u32[]){ 0, 0x4321, SEL_RING3_CS, EFLAGS_IF, STACK3, SEL_RING3_DS }, 6);
    compat_iret();
    expect(regs->cs == SEL_RING3_CS && regs->ss == SEL_RING3_DS && regs->rsp == STACK3);
    expect(!info.evtchn_upcall_mask && !vcpu.cpu.kernel_mode);
}

/* Ring 0 is never the guest's. */
TEST(iret_raises_selectors)
{
    struct regs *regs = from_kernel();

    put_words(STACK, (u32[]){ 0, 0x4321, SEL_RING1_CS & ~3, EFLAGS_IF }, 4);
    compat_iret();
    expect_eq(regs->cs, SEL_RING1_CS);
}

/* Virtual 8086 mode is not there: #GP, as if its first instruction had raised it. */
TEST(iret_to_virtual_8086_mode)
{
    u32 frame[10] = { 7, 0x4321, 0x1000, EFLAGS_VM | EFLAGS_IF, 0x8000, 0x2000, 1, 2, 3, 4 };
    struct regs *regs = from_kernel();

    put_words(STACK, frame, 10);
    vcpu.pv.traps[TRAP_GP].flags = 4;
    expect_eq(compat_iret(), 7);
    expect(regs->rip == HANDLER && regs->rsp == STACK1 - 40 && info.evtchn_upcall_mask == 1);
    frame[0] = 0;
    for ( u32 i = 0; i < 10; i++ )
        expect_eq(word(STACK1 - 40 + 4 * i), frame[i]);
}

TEST(iret_without_a_frame)
{
    start(SEL_RING1_CS, SEL_RING1_DS, BASE + MEMORY - 8);
    compat_iret();
    expect(crashed);

    start(SEL_RING1_CS, SEL_RING1_DS, BASE + MEMORY - 16);
    put_words(BASE + MEMORY - 16, (u32[]){ 0, 0x4321, SEL_RING3_CS, EFLAGS_IF }, 4);
    compat_iret();
    expect(crashed);
}

/* --- call gates --- */

#define GATE(selector, offset, count, ring)                                                        \
    (((offset)&0xffffUL) | (u64)(selector) << 16 | (u64)(ring) << 16 | (u64)(count) << 32 |        \
     0x8c0000000000UL | ((offset)&0xffff0000UL) << 32)
#define GATE_SELECTOR 0x2b

/* lcall to the gate, or another instruction, at CODE. */
static struct regs *at_far(u16 cs, u16 ss, u32 esp, u8 opcode, u64 gate)
{
    struct regs *regs = start(cs, ss, esp);
    u8 code[] = { opcode, 0xff, 0xff, 0xff, 0xff, GATE_SELECTOR, 0 };

    memcpy(memory + CODE - BASE, code, sizeof(code));
    window[GATE_SELECTOR / 8] = gate;
    regs->rip = CODE;
    regs->vector = TRAP_GP;
    regs->error = GATE_SELECTOR & ~3u;
    return regs;
}

TEST(call_gate_to_the_kernel)
{
    struct regs *regs =
        at_far(SEL_RING3_CS, SEL_RING3_DS, STACK3, 0x9a, GATE(SEL_RING1_CS & ~3, HANDLER, 2, 3));

    put_words(STACK3, (u32[]){ 0x11, 0x22 }, 2);
    require(compat_call_gate(&vcpu, regs));
    expect(regs->cs == SEL_RING1_CS && regs->rip == HANDLER && regs->ss == SEL_RING1_DS);
    expect_eq(regs->rsp, STACK1 - 24);
    expect_eq(word(STACK1 - 24), CODE + 7);
    expect_eq(word(STACK1 - 20), SEL_RING3_CS);
    expect_eq(word(STACK1 - 16), 0x11);
    expect_eq(word(STACK1 - 12), 0x22);
    expect_eq(word(STACK1 - 8), STACK3);
    expect_eq(word(STACK1 - 4), SEL_RING3_DS);
}

TEST(call_gate_within_a_ring)
{
    struct regs *regs =
        at_far(SEL_RING3_CS, SEL_RING3_DS, STACK3, 0x9a, GATE(SEL_RING3_CS & ~3, HANDLER, 2, 3));

    require(compat_call_gate(&vcpu, regs));
    expect(regs->cs == SEL_RING3_CS && regs->rip == HANDLER && regs->rsp == STACK3 - 8);
    expect_eq(word(STACK3 - 8), CODE + 7);

    regs = at_far(SEL_RING3_CS, SEL_RING3_DS, STACK3, 0xea, GATE(SEL_RING3_CS & ~3, HANDLER, 0, 3));
    require(compat_call_gate(&vcpu, regs));
    expect(regs->rip == HANDLER && regs->rsp == STACK3);
}

/* A process has no use of the kernel's memory by our hands: neither for a stack nor for parameters. */
TEST(call_gate_with_a_kernels_stack)
{
    struct regs *regs =
        at_far(SEL_RING3_CS, SEL_RING3_DS, STACK, 0x9a, GATE(SEL_RING3_CS & ~3, HANDLER, 0, 3));

    expect(!compat_call_gate(&vcpu, regs));
    expect_eq(word(STACK - 8), 0xcccccccc);
    regs = at_far(SEL_RING3_CS, SEL_RING3_DS, STACK, 0x9a, GATE(SEL_RING1_CS & ~3, HANDLER, 2, 3));
    expect(!compat_call_gate(&vcpu, regs));
}

/* What the gate does not allow stays the guest's fault. */
TEST(call_gate_refused)
{
    static const struct {
        const char *what;
        u8 opcode;
        u64 gate;
    } bad[] = {
        { "the kernel's own gate", 0x9a, GATE(SEL_RING1_CS & ~3, HANDLER, 0, 1) },
        { "a jump into the kernel", 0xea, GATE(SEL_RING1_CS & ~3, HANDLER, 0, 3) },
        { "data", 0x9a, GATE(SEL_RING1_DS & ~3, HANDLER, 0, 3) },
        { "the hypervisor's code", 0x9a, GATE(SEL_HV_CODE, HANDLER, 0, 3) },
        { "not present", 0x9a, GATE(SEL_RING1_CS & ~3, HANDLER, 0, 3) & ~(1UL << 47) },
        { "a segment", 0x9a, FLAT(CODE32(3)) },
        { "another instruction", 0x90, GATE(SEL_RING1_CS & ~3, HANDLER, 0, 3) },
    };

    for ( size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++ )
    {
        struct regs *regs = at_far(SEL_RING3_CS, SEL_RING3_DS, STACK3, bad[i].opcode, bad[i].gate);

        *reserved(SEL_HV_CODE) = 0x00af9b000000ffffUL;
        if ( compat_call_gate(&vcpu, regs) || regs->rip != CODE )
            fail("%s: entered", bad[i].what);
    }
}

/* --- registering --- */

TEST(handlers_are_far_ones)
{
    static const struct compat_trap_info table[] = { { 3, 3, 0x60, 0x1000 },
                                                     { 14, 4, 0x63, 0x2000 },
                                                     { 0 } };
    static const struct compat_callback_register reg = { CALLBACKTYPE_event, 0, 0x68, 0x3000 };

    from_kernel();
    memcpy(memory, table, sizeof(table));
    expect_eq(compat_set_trap_table(BASE), 0);
    expect(vcpu.pv.traps[3].cs == 0x61 && vcpu.pv.traps[3].address == 0x1000);
    expect(vcpu.pv.traps[14].cs == 0x63 && vcpu.pv.traps[14].flags == 4);
    expect_eq(compat_set_trap_table(BASE + MEMORY), -EFAULT);

    memcpy(memory, &reg, sizeof(reg));
    expect_eq(compat_callback_op(CALLBACKOP_register, BASE), 0);
    expect(vcpu.pv.event_cs == 0x69 && vcpu.cpu.event_rip == 0x3000);
    expect_eq(compat_callback_op(CALLBACKOP_unregister, BASE), -EINVAL);
    expect_eq(compat_callback_op(CALLBACKOP_register, BASE + MEMORY - 4), -EFAULT);
    memory[0] = CALLBACKTYPE_syscall;
    expect_eq(compat_callback_op(CALLBACKOP_register, BASE), -ENOSYS);
    expect_eq(compat_callback_op(7, BASE), -ENOSYS);

    expect_eq(compat_stack_switch(0x10, 0xf0000000), 0);
    expect(vcpu.cpu.kernel_ss == 0x11 && vcpu.cpu.kernel_rsp == 0xf0000000);
}

HOST_TEST_MAIN
