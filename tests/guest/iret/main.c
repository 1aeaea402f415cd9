/*
 * The iret hypercall: what it restores, what it sanitises, and that it looks for events.
 *
 * Its frame says which registers come back: in 64 bits all, or with VGCF_in_syscall all but rcx and r11, which then
 * hold rip and rflags as after SYSRET; cs and ss are those of 64-bit code then, whatever the frame has there. In 32
 * bits it is eax, and the stack goes on behind the frame. IF becomes the upcall mask; the true IOPL stays 0, the true
 * IF 1.
 */
#include "test.h"

static ulong landed[4] __attribute__((used));
static struct context back __attribute__((used));
static unsigned int arrived;
extern char iret_landing[]; /* where our irets go */

#ifdef __i386__

enum { LANDED_AX, LANDED_SP, LANDED_FLAGS };

asm("iret_landing: mov %eax, landed; mov %esp, landed + 4; pushf; pop landed + 8;"
    "push $1; push $back; call context_load");

static void iret(ulong unused, ulong eflags)
{
    ulong *frame = (ulong *)((ulong)__builtin_frame_address(0) - 2048);

    memcpy(frame, (ulong[4]){ 0xaaaa, (ulong)iret_landing, KIT_CS, eflags }, 16);
    if ( !context_save(&back) )
        asm volatile("mov %0, %%esp; int $0x82" : : "r"(frame), "a"(__HYPERVISOR_iret));
    expect_eq(landed[LANDED_SP], frame + 4, "the stack behind the frame");
}

static void registers(void)
{
    iret(0, 0x202);
    expect_eq(landed[LANDED_AX], 0xaaaa, "eax");
}

/* The frame of that #GP is the one that was refused: with VM it would be so again. */
static bool leave_vm86(struct cpu_frame *frame, unsigned int number)
{
    expect_eq(frame->flags & 0x20000, 0x20000, "VM in the frame of its #GP");
    frame->flags &= ~0x20000U;
    return false;
}

static void other_ways(void)
{
    char *below = (char *)__builtin_frame_address(0) - 4096;

    need(hypercall(stack_switch, KIT_SS, below)); /* where that frame goes */
    trap_handle(TRAP_GP, leave_vm86);
    expect_fault(fault_of(iret(0, 0x202 | 0x20000)), TRAP_GP, 0, "VM is not to be had");
}

#else

enum { LANDED_CX, LANDED_R11, LANDED_FLAGS, LANDED_SP };

asm("iret_landing: mov %rcx, landed; mov %r11, landed + 8; pushf; pop landed + 16; mov %rsp, "
    "landed + 24;"
    "lea back, %rdi; mov $1, %esi; jmp context_load");

static void iret_to(ulong cs, ulong ss, ulong flags, ulong rflags)
{
    struct iret_context frame = {
        .rax = 1,
        .r11 = 0x1111,
        .rcx = 0xcccc,
        .flags = flags,
        .rip = (ulong)iret_landing,
        .cs = cs,
        .rflags = rflags,
        .rsp = (ulong)__builtin_frame_address(0) - 2048,
        .ss = ss,
    };

    if ( !context_save(&back) )
        asm volatile("mov %0, %%rsp; mov %1, %%eax; syscall"
                     :
                     : "r"(&frame), "i"(__HYPERVISOR_iret));
}

static void iret(ulong flags, ulong rflags)
{
    iret_to(KIT_CS & ~3, KIT_SS, flags, rflags);
}

static void registers(void)
{
    iret(0, 0x202);
    expect_eq(landed[LANDED_CX], 0xcccc, "rcx");
    expect_eq(landed[LANDED_R11], 0x1111, "r11");
}

static void other_ways(void)
{
    iret(0, 0x202 | 0x20000);
    expect_eq(landed[LANDED_FLAGS] & 0x20000, 0, "VM is not to be had");

    iret(VGCF_in_syscall, 0x246);
    expect_eq(landed[LANDED_CX], iret_landing, "in_syscall: rcx is rip");
    expect_eq(landed[LANDED_R11] & ~0x10000UL, 0x246, "in_syscall: r11 is rflags");
    expect_eq(this_vcpu()->info->evtchn_upcall_mask, 0, "in_syscall: events are enabled");

    landed[LANDED_CX] = 0;
    iret_to(0, 0, VGCF_in_syscall, 0x202);
    expect_eq(landed[LANDED_CX], iret_landing, "in_syscall: no selectors");
    landed[LANDED_CX] = 0;
    iret_to(0xfff0, 0xfff0, VGCF_in_syscall, 0x202);
    expect_eq(landed[LANDED_CX], iret_landing, "in_syscall: bad ones");
}

#endif

static void arrive(evtchn_port_t port, void *data)
{
    arrived++;
}

void test_main(void)
{
    volatile struct vcpu_info *info = this_vcpu()->info;
    long port;

    registers();
    expect_eq(info->evtchn_upcall_mask, 0, "IF set: events are enabled");
    iret(0, 0x2);
    expect_eq(info->evtchn_upcall_mask, 1, "IF clear: events are disabled");
    expect_eq(landed[LANDED_FLAGS] & 0x200, 0x200, "the true IF is on all the same");
    iret(0, 0x202 | 0x3000 | 0x8d5);
    expect_eq(landed[LANDED_FLAGS] & 0x3000, 0, "IOPL is ours to ask, not to get");
    expect_eq(landed[LANDED_FLAGS] & 0x8d5, 0x8d5, "the arithmetic flags");
    iret(0, 0x202 | 0x4000);
    expect_eq(landed[LANDED_FLAGS] & 0x200, 0x200, "NT does no harm");
    asm volatile("pushf; andl $~0x4000, (%%" KIT_SP "); popf" : : : "memory", "cc");
    other_ways();

    port = need(event_bind_ipi(0));
    event_handle((evtchn_port_t)port, arrive, NULL);
    events_disable();
    need(event_send((evtchn_port_t)port));
    expect_eq(arrived, 0, "an event waits while they are disabled");
    iret(0, 0x202);
    expect_eq(arrived, 1, "iret enables them, and it comes at once");
    need(event_close((evtchn_port_t)port));
}
