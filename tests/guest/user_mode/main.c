/*
 * User mode: the same ring as our kernel, told apart by a flag; its own page-table root; its system calls and faults
 * arrive in our kernel, on the kernel stack.
 */
#include "test.h"

static ulong kernel_only __attribute__((aligned(4096)));
static struct cpu_frame seen;

static long add(long arg)
{
    return arg + 1;
}

static long call_kernel(long arg)
{
    return user_call(7, arg) * 2;
}

static long touch(long arg)
{
    return *(volatile char *)arg;
}

static long store(long arg)
{
    *(volatile char *)arg = 0;
    return 0;
}

static long hypercall_from_user(long arg)
{
    return user_call(__HYPERVISOR_xen_version, 0); /* a system call like any other */
}

static long privileged(long arg)
{
    asm volatile("cli");
    return 0;
}

static bool system_call(struct cpu_frame *frame, unsigned int number)
{
    seen = *frame;
    if ( frame->ax == USER_EXIT )
        return false;
    frame->ax = frame->di + 100;
    return true;
}

void test_main(void)
{
    struct user_result r = user_run(add, 41);

    expect_eq(r.value, 42, "a function in user mode");

    trap_handle(KIT_ENTRY_SYSCALL, system_call);
    r = user_run(call_kernel, 5);
    expect_eq(r.value, 210, "a system call and back");
    expect_eq(seen.cs & 3, 3, "the frame says user mode");
#ifndef __i386__
    expect_eq(seen.cx, seen.ip, "rcx is the return address");
#endif
    expect_eq(seen.flags & 0x200, 0x200, "interrupts are on");
    r = user_run(hypercall_from_user, 0);
    expect_eq(r.value, 100, "user mode has no hypercalls: they are system calls");

    r = user_run(touch, 8);
    expect_fault(r.fault, TRAP_PF, PF_USER, "read what is not mapped");
    expect_eq(r.fault.cr2, 8, "its address");
    expect(r.fault.from_user, "the frame says user mode");
    r = user_run(store, 8);
    expect_fault(r.fault, TRAP_PF, PF_USER | PF_WRITE, "write what is not mapped");
    r = user_run(privileged, 0);
    expect_fault(r.fault, TRAP_GP, 0, "a privileged instruction");
#ifndef __i386__ /* what is the hypervisor's there is the M2P, for all to read */
    r = user_run(touch, (long)HYPERVISOR_VIRT_END - 8);
    expect_eq(r.fault.vector, TRAP_PF, "the hypervisor's range");
    expect_eq(r.fault.error & PF_USER, PF_USER, "as from user mode");
#endif
    r = user_run(touch, (long)&kernel_only);
    expect_no_fault(
        r.fault,
        "page-table permissions are all that protects our kernel: here it shares its tables");
}
