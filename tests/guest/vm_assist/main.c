/*
 * vm_assist: the assists that there are, on and off; those that there are not.
 */
#include "test.h"

void test_main(void)
{
    static const unsigned int known[] = {
        VMASST_TYPE_4gb_segments,        VMASST_TYPE_4gb_segments_notify,
        VMASST_TYPE_writable_pagetables, VMASST_TYPE_pae_extended_cr3,
        VMASST_TYPE_architectural_iopl,  VMASST_TYPE_runstate_update_flag,
#ifndef __i386__
        VMASST_TYPE_m2p_strict,
#endif
    };
    char text[32];

    for ( unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++ )
    {
        snprintf(text, sizeof(text), "assist %u on", known[i]);
        expect_eq(hypercall(vm_assist, VMASST_CMD_enable, known[i]), 0, text);
        snprintf(text, sizeof(text), "assist %u off", known[i]);
        expect_eq(hypercall(vm_assist, VMASST_CMD_disable, known[i]), 0, text);
    }
    expect_eq(hypercall(vm_assist, VMASST_CMD_enable, 6), -EINVAL, "assist 6");
    expect_eq(hypercall(vm_assist, VMASST_CMD_enable, 31), -EINVAL, "assist 31");
    expect_eq(hypercall(vm_assist, VMASST_CMD_enable, 33), -EINVAL, "assist 33");
    expect_eq(hypercall(vm_assist, VMASST_CMD_enable, 64), -EINVAL, "assist 64");
    expect_eq(hypercall(vm_assist, 2, 2), -ENOSYS, "an unknown command");
#ifndef __i386__
    expect_eq(hypercall(vm_assist, 1UL << 32, 1UL << 63 | VMASST_TYPE_writable_pagetables), 0,
              "both are ints");
    expect_eq(hypercall(vm_assist, VMASST_CMD_disable, VMASST_TYPE_writable_pagetables), 0, "off");
#endif
}
