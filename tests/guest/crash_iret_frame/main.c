/*
 * iret with its frame where nothing is: nowhere to go, so the domain crashes.
 */
#include "test.h"

void test_main(void)
{
    expect_crash("an iret without a frame");
#ifdef __i386__
    asm volatile("mov %0, %%esp; int $0x82" : : "r"(0x80001000), "a"(__HYPERVISOR_iret) : "memory");
#else
    asm volatile("mov %0, %%rsp; mov %1, %%eax; syscall"
                 :
                 : "r"(0x123456789000), "i"(__HYPERVISOR_iret)
                 : "memory");
#endif
    failure("it survived");
}
