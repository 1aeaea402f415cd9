/*
 * iret to user mode before there is a root for it: no address space to run in, so the domain crashes.
 */
#include "test.h"

void test_main(void)
{
    static struct cpu_frame frame;

    frame = user_frame(NULL, 0);
    need(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, 0));
    expect_crash("user mode without page tables");
    kit_resume(&frame);
}
