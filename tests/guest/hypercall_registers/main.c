/*
 * A hypercall changes rax, and of the other registers at most its arguments.
 *
 * By the page, rcx and r11 come back as they were: the stubs save them. By a bare `syscall` they hold what the
 * processor put there: the return address and the flags. rbx, rbp, r9, r12-r15 must survive either way; we put a
 * pattern into each and look.
 */
#include "test.h"

static ulong after[9] __attribute__((used));

static long call_through_page(void)
{
    long rc;

    asm volatile(
        "push %%rbp; mov $0x1111, %%rbx; mov $0x2222, %%rbp; mov $0x3333, %%r9; mov $0x4444, %%r12;"
        "mov $0x5555, %%r13; mov $0x6666, %%r14; mov $0x7777, %%r15; mov $0x8888, %%rcx;"
        "mov $0x9999, %%r11; xor %%edi, %%edi; xor %%esi, %%esi;"
        "call kit_hypercall_page + %c[offset];"
        "mov %%rbx, after; mov %%rbp, after + 8; mov %%r9, after + 16; mov %%r12, after + 24;"
        "mov %%r13, after + 32; mov %%r14, after + 40; mov %%r15, after + 48; mov %%rcx, after + "
        "56;"
        "mov %%r11, after + 64; pop %%rbp"
        : "=a"(rc)
        : [offset] "i"(__HYPERVISOR_xen_version * 32)
        : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
          "memory");
    return rc;
}

static long call_directly(ulong *return_address, ulong *flags)
{
    long rc;

    asm volatile(
        "xor %%edi, %%edi; xor %%esi, %%esi; syscall; 1: mov %%rcx, %[rip]; mov %%r11, %[flags];"
        "lea 1b(%%rip), %%rcx; sub %%rcx, %[rip]"
        : "=a"(rc), [rip] "=&r"(*return_address), [flags] "=&r"(*flags)
        : "a"(__HYPERVISOR_xen_version)
        : "rcx", "rdx", "rsi", "rdi", "r8", "r10", "r11", "memory");
    return rc;
}

void test_main(void)
{
    static const ulong pattern[9] = { 0x1111, 0x2222, 0x3333, 0x4444, 0x5555,
                                      0x6666, 0x7777, 0x8888, 0x9999 };
    static const char *const names[9] = { "rbx", "rbp", "r9",  "r12", "r13",
                                          "r14", "r15", "rcx", "r11" };
    ulong off, flags;

    expect_eq(call_through_page(), 4 << 16 | 17, "the version by the page");
    for ( unsigned int i = 0; i < 9; i++ )
        expect_eq(after[i], pattern[i], names[i]);

    expect_eq(call_directly(&off, &flags), 4 << 16 | 17, "the version by syscall");
    expect_eq(off, 0, "rcx holds the return address");
    expect_eq(flags & 0x202, 0x202, "r11 holds the flags, interrupts on");
}
