/*
 * MOV SS holds back a debug exception until after the next instruction, which may be a hypercall: then it fires on the
 * hypervisor's first one, with our stack (XSA-260). Whatever it does with it, it must live.
 *
 * (TCG has no such shadow: there the exception comes before the call. The test is for KVM and hardware.)
 */
#include "test.h"

static volatile uint16_t selector = KIT_SS;
static unsigned int hits;

static bool count(struct cpu_frame *frame, unsigned int number)
{
    hits++;
    return true;
}

void test_main(void)
{
    long rc = __HYPERVISOR_xen_version;

    trap_handle(TRAP_DB, count);
    need(hypercall(set_debugreg, 0, &selector));
    need(hypercall(set_debugreg, 7, 1 | 3 << 16 | 1 << 18)); /* reads and writes of 2 bytes */
#ifdef __i386__
    asm volatile("mov %1, %%ss; int $0x82" : "+a"(rc) : "m"(selector), "b"(0), "c"(0) : "memory");
#else
    asm volatile("mov %1, %%ss; syscall"
                 : "+a"(rc)
                 : "m"(selector), "D"(0), "S"(0)
                 : "rcx", "r11", "memory");
#endif
    expect_eq(rc, 4 << 16 | 17, "the hypercall is done");
    hypercall(set_debugreg, 7, 0x400);
    hypercall(set_debugreg, 0, 0);
    expect(hits <= 1, "one debug exception at most");
}
