/*
 * An iret that the processor refuses is the guest's fault, in both meanings: it gets it, or its failsafe callback does.
 *
 * The hypervisor executes the true IRET on its own stack; when that faults, it must not take the fault for its own.
 */
#include "test.h"

static unsigned int mask_told;

static bool note_mask(struct cpu_frame *frame, unsigned int number)
{
    mask_told = frame->mask;
    return false;
}

static struct cpu_frame frame_at(ulong rip)
{
    return (struct cpu_frame){ .ip = rip,
                               .cs = KIT_PV32 ? KIT_CS : KIT_CS & ~3,
                               .ss = KIT_SS,
                               .flags = 0x202,
                               .sp = (ulong)__builtin_frame_address(0) - 2048,
                               KIT_FRAME_DATA(KIT_SS) };
}

void test_main(void)
{
    struct cpu_frame frame;
    struct fault f;

#ifndef __i386__
    frame = frame_at(0x0000800000000000);
    f = fault_of(kit_resume(&frame));
    expect_fault(f, TRAP_GP, 0, "iret to an address that is not canonical");
    expect_eq(f.ip, 0x0000800000000000, "is a fault there");
#endif
    frame = frame_at(8);
    f = fault_of(kit_resume(&frame));
    expect_fault(f, TRAP_PF, PF_FETCH, "iret to where nothing is");
    expect_eq(f.ip, 8, "is a fault there");
    frame = frame_at((ulong)test_main);
    frame.cs = 0x8880;
    f = fault_of(kit_resume(&frame));
    expect_fault(f, TRAP_GP, 0x8880, "iret with a bad cs");
    expect_eq(f.ip, test_main, "is a fault where it leads");
    if ( !KIT_PV32 ) /* whose frames have no ss where the ring stays */
    {
        frame = frame_at((ulong)test_main);
        frame.ss = 0x8880;
        f = fault_of(kit_resume(&frame));
        expect_fault(f, TRAP_GP, 0x8880, "iret with a bad ss");
        expect_eq(f.ip, test_main, "is a fault where it leads");
    }

    /* What a frame says beside the selector was told by an earlier one: it must not come back. */
    trap_handle(TRAP_GP, note_mask);
    frame = frame_at((ulong)test_main);
    frame.cs = 0x8880;
    frame.mask = 0xa5a5;
    f = fault_of(kit_resume(&frame));
    expect_fault(f, TRAP_GP, 0x8880, "iret with a mask beside a bad cs");
    expect_eq(mask_told, 0, "the mask that is told is the vcpu's");
}
