/*
 * The I/O privilege that a kernel gives itself and its processes: by PHYSDEVOP_set_iopl, or with
 * VMASST_TYPE_architectural_iopl as on the bare machine, by the flags that iret loads.
 *
 * It decides who may CLI, STI, IN and OUT: a process at 3, and a kernel from 1 on, since it is in ring 1 to the ABI;
 * with the assist at any level, in ring 0 then. Without the assist frames don't show it, and iret doesn't change it.
 */
#include "test.h"

#define IOPL(level)    ((ulong)(level) << 12)
#define IOPL_OF(flags) ((flags) >> 12 & 3)

static ulong shown; /* in the frame of the last INT3 */

static bool breakpoint(struct cpu_frame *frame, unsigned int number)
{
    shown = IOPL_OF(frame->flags);
    return true;
}

static void look(void)
{
    asm volatile("int3" ::: "memory");
}

/* By the hypercall iret, to the next instruction. */
static void iret_with(ulong flags)
{
#ifdef __i386__
    asm volatile("push %0; push %1; push $1f; push %2; mov %2, %%eax; int $0x82; 1:"
                 :
                 : "r"(flags), "i"(KIT_CS), "i"(__HYPERVISOR_iret)
                 : "eax", "memory", "cc");
#else
    asm volatile("mov %%rsp, %%rax; push %1; push %%rax; push %0; push %2; push $1f; push $0;"
                 "sub $16, %%rsp; push %3; mov %3, %%eax; syscall; 1:"
                 :
                 : "r"(flags), "i"(KIT_SS), "i"(KIT_CS & ~3), "i"(__HYPERVISOR_iret)
                 : "rax", "rcx", "r11", "memory", "cc");
#endif
}

static long cli(long arg)
{
    asm volatile("cli; sti");
    return 1;
}

static void expect_rights(int kernel, int user, const char *when)
{
    expect_fault(fault_of(cli(0)), kernel ? TRAP_NONE : TRAP_GP, 0, when);
    expect_fault(fault_of(inb(0x80)), kernel ? TRAP_NONE : TRAP_GP, 0, when);
    expect_fault(user_run(cli, 0).fault, user ? TRAP_NONE : TRAP_GP, 0, when);
}

static void by_hypercall(void)
{
    need(power_iopl(0));
    expect_rights(0, 0, "none");
    need(power_iopl(1));
    expect_rights(1, 0, "the kernel's");
    look();
    expect_eq(shown, 0, "it is not shown");
    iret_with(0x202 | IOPL(0));
    expect_rights(1, 0, "iret doesn't take it away");
    need(power_iopl(3));
    expect_rights(1, 1, "all have it");
    need(power_iopl(0));
    iret_with(0x202 | IOPL(3));
    expect_rights(0, 0, "iret doesn't give it");
}

/* User mode has what the frame says that leads there. */
static struct fault user_cli_at(unsigned int level)
{
    struct cpu_frame frame = user_frame(cli, 0);

    frame.flags |= (typeof(frame.flags))IOPL(level);
    return user_run_frame(&frame).fault;
}

static void by_iret(void)
{
    static const char *const names[] = { "level 0", "level 1", "level 2", "level 3" };

    need(hypercall(vm_assist, VMASST_CMD_enable, VMASST_TYPE_architectural_iopl));
    for ( unsigned int level = 0; level < 4; level++ )
    {
        iret_with(0x202 | IOPL(level));
        look();
        expect_eq(shown, level, names[level]);
        expect_no_fault(fault_of(cli(0)), names[level]);
        expect_no_fault(fault_of(inb(0x80)), names[level]);
        expect_fault(user_cli_at(level), level == 3 ? TRAP_NONE : TRAP_GP, 0, names[level]);
        look();
        expect_eq(shown, level, "it stays what the way to user mode made it");
    }
    need(power_iopl(2));
    look();
    expect_eq(shown, 2, "the hypercall sets it as well");
    iret_with(0x202);
    look();
    expect_eq(shown, 0, "and iret takes it away");
    need(hypercall(vm_assist, VMASST_CMD_disable, VMASST_TYPE_architectural_iopl));
}

void test_main(void)
{
    trap_handle(TRAP_BP, breakpoint);
    by_hypercall();
    by_iret();
    need(power_iopl(0));
}
