/*
 * What a system call of a process leaves on the kernel's stack, and in the registers that nobody names: all as it was,
 * with events masked in user mode or not, with events masked in the kernel by the callback's own flag, with an I/O
 * privilege, and with the assist that shows it.
 */
#include "test.h"

#define NUMBER    77
#define FLAG_CF   0x1UL
#define FLAG_IF   0x200UL
#define FLAG_IOPL 0x3000UL

static struct cpu_frame seen;
static unsigned int mask_inside;

static bool look(struct cpu_frame *frame, unsigned int number)
{
    if ( frame->ax != NUMBER )
        return false;
    mask_inside = this_vcpu()->info->evtchn_upcall_mask;
    seen = *frame;
    frame->ax = 1;
    return true;
}

static ulong after; /* the address behind the instruction */

/* The sum of the registers' values, which must be what it was; the system call's own result is in it too. */
static long call(long arg)
{
    register ulong r8 asm("r8") = 8, r9 asm("r9") = 9, r10 asm("r10") = 10, r12 asm("r12") = 12,
                      r13 asm("r13") = 13, r14 asm("r14") = 14, r15 asm("r15") = 15;
    ulong ax = NUMBER, bx = 3, dx = 4, si = 5, di = 6, at;

    asm volatile("lea 1f(%%rip), %%rcx\n"
                 "mov %%rcx, %[after]\n"
                 "stc\n"
                 "syscall\n"
                 "1: mov %%rcx, %[at]"
                 : "+a"(ax), "+b"(bx), "+d"(dx), "+S"(si), "+D"(di), "+r"(r8), "+r"(r9), "+r"(r10),
                   "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15), [after] "=m"(after), [at] "=m"(at)
                 :
                 : "rcx", "r11", "memory", "cc");
    return (long)(ax + 100 * (bx + dx + si + di + r8 + r9 + r10 + r12 + r13 + r14 + r15));
}

#define SUM (1 + 100 * (3 + 4 + 5 + 6 + 8 + 9 + 10 + 12 + 13 + 14 + 15))

/* From user mode with @flags. */
static void expect_call(ulong flags, unsigned int mask, ulong iopl, const char *how)
{
    struct cpu_frame frame = user_frame(call, 0);

    frame.flags = flags | iopl; /* with the assist, user mode has what this says */
    seen = (struct cpu_frame){ .ax = 0 };
    printf("%s\n", how);
    expect_eq(user_run_frame(&frame).value, SUM, "user mode's registers are as they were");
    expect_eq(seen.bx + seen.dx + seen.si + seen.di, 3 + 4 + 5 + 6, "the kernel sees them");
    expect_eq(seen.r8 + seen.r9 + seen.r10, 8 + 9 + 10, "... those from r8 on");
    expect_eq(seen.r12 + seen.r13 + seen.r14 + seen.r15, 12 + 13 + 14 + 15, "... and from r12");
    expect_eq(seen.ip, after, "the frame's rip");
    expect_eq(seen.cx, after, "rcx, as SYSCALL leaves it");
    expect_eq(seen.r11 & (FLAG_CF | FLAG_IF), FLAG_CF | FLAG_IF,
              "r11: the true flags, events masked or not");
    expect_eq(seen.cs, KIT_USER_CS, "cs");
    expect_eq(seen.ss, KIT_USER_SS, "ss");
    expect(seen.sp > frame.sp - 512 && seen.sp <= frame.sp, "rsp");
    expect_eq(seen.mask & 0xff, mask, "the mask that was");
    expect_eq(seen.flags & (FLAG_CF | FLAG_IF | FLAG_IOPL), FLAG_CF | (mask ? 0 : FLAG_IF) | iopl,
              "flags");
}

static void register_syscall(unsigned int flags)
{
    struct callback_register reg = { .type = CALLBACKTYPE_syscall, .flags = flags };

    reg.address = (ulong)kit_entry_syscall;

    need(hypercall(callback_op, CALLBACKOP_register, &reg));
}

void test_main(void)
{
    trap_handle(KIT_ENTRY_SYSCALL, look);
    expect_call(FLAG_IF | 2, 0, 0, "plain");
    expect_eq(mask_inside, 0, "events come in the kernel");
    expect_call(2, 1, 0, "events masked in user mode");
    expect_eq(mask_inside, 1, "and in the kernel");

    register_syscall(CALLBACKF_mask_events);
    expect_call(FLAG_IF | 2, 0, 0, "a callback that masks events");
    expect_eq(mask_inside, 1, "none comes in the kernel");
    register_syscall(0);

    need(power_iopl(1));
    expect_call(FLAG_IF | 2, 0, 0, "an I/O privilege");
    need(hypercall(vm_assist, VMASST_CMD_enable, VMASST_TYPE_architectural_iopl));
    expect_call(FLAG_IF | 2, 0, 0x1000, "... that is shown");
    need(power_iopl(0));
    expect_call(FLAG_IF | 2, 0, 0, "none to show");
    need(hypercall(vm_assist, VMASST_CMD_disable, VMASST_TYPE_architectural_iopl));
}
