/*
 * A process of a 32-bit guest can't have the hypervisor read or write its kernel's memory in its place.
 *
 * Kernel and process have one set of tables there, told apart by the entries' US bit, which says nothing to the
 * hypervisor when it carries out an instruction: string I/O, or a call through a gate whose return address goes to the
 * process's stack, wherever that may point. In 64-bit guests a process has page tables of its own.
 */
#include "test.h"

static char kernel_only[4096] __attribute__((aligned(4096)));

#ifdef __i386__

#define GATE_INDEX    6
#define GATE_SELECTOR (GATE_INDEX << 3 | 3)

static long user_ins(long pointer)
{
    asm volatile("insb" : "+D"(pointer) : "d"(0x80) : "memory");
    return 1;
}

static long user_outs(long pointer)
{
    asm volatile("outsb" : "+S"(pointer) : "d"(0x80) : "memory");
    return 1;
}

static void strings(void)
{
    struct fault fault;

    need(power_iopl(3));
    fault = user_run(user_outs, (long)kernel_only).fault;
    expect_fault(fault, TRAP_PF, PF_USER, "outs from kernel memory");
    expect_eq(fault.cr2, kernel_only, "at the pointer");
    fault = user_run(user_ins, (long)kernel_only).fault;
    expect_fault(fault, TRAP_PF, PF_USER | PF_WRITE, "ins to kernel memory");
    expect_eq(kernel_only[0], 0x55, "nothing was written");
    need(power_iopl(0));
}

/* What the gate leads to: in the process's ring, its stack as the call left it. */
asm("gate_target: add $8, %esp; mov $7, %eax; jmp *%edx");
extern char gate_target[];

static long user_call_gate(long stack)
{
    long result;

    asm volatile("mov %%esp, %%ebx; mov $1f, %%edx; mov %%ecx, %%esp\n"
                 "lcall %1, $0\n"
                 "1: mov %%ebx, %%esp"
                 : "=a"(result)
                 : "i"(GATE_SELECTOR), "c"(stack)
                 : "ebx", "edx", "memory");
    return result;
}

/* A call gate of DPL 3 to ring 3's code. */
static void gates(void)
{
    static char stack[256] __attribute__((aligned(16)));
    uint64_t *gdt = page_alloc(), target = (ulong)gate_target;
    ulong frame = virt_to_mfn(gdt);
    struct user_result user;

    gdt[GATE_INDEX] = (target & 0xffff) | (uint64_t)(KIT_USER_CS & ~3) << 16 | 0xec0000000000ULL |
                      (target >> 16) << 48;
    need(page_protect(gdt, PTE_KERNEL_RO));
    need(hypercall(set_gdt, &frame, 512));

    user = user_run(user_call_gate, (long)(stack + sizeof(stack)));
    expect_eq(user.value, 7, "a call through a gate");
    user = user_run(user_call_gate, (long)(kernel_only + 64));
    expect_fault(user.fault, TRAP_GP, GATE_SELECTOR & ~3, "with the stack in kernel memory");
    for ( unsigned int i = 0; i < 64; i++ )
        if ( kernel_only[i] != 0x55 )
            failure("the kernel's memory was written");
    need(hypercall(set_gdt, NULL, 0));
    page_release(gdt);
}

void test_main(void)
{
    user_run(user_outs, 0); /* now all memory is the process's as well */
    memset(kernel_only, 0x55, sizeof(kernel_only));
    need(page_protect(kernel_only, PTE_KERNEL_RW));
    strings();
    gates();
    need(page_protect(kernel_only, PTE_USER_RW));
}

#else

void test_main(void)
{
    (void)kernel_only;
    skip("a 64-bit process has page tables of its own");
}

#endif
