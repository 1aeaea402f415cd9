/*
 * iret with its frame where nothing is: nowhere to go, so the domain crashes.
 */
#include "test.h"

void test_main(void)
{
    expect_crash("an iret without a frame");
    asm volatile("mov %0, %%rsp; mov %1, %%eax; syscall"
                 :
                 : "r"(0x123456789000), "i"(__HYPERVISOR_iret)
                 : "memory");
    failure("it survived");
}
