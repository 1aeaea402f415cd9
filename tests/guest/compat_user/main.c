/*
 * 32-bit code in user mode of a 64-bit guest: its own code segment, int 0x80 and exceptions from there.
 */
#include "test.h"

asm(".code32\n"
    "compat_code: mov $0x12345678, %eax; int $0x80; ud2\n"
    ".code64\n");
extern char compat_code[];

static struct cpu_frame seen;

static bool look(struct cpu_frame *frame, unsigned int number)
{
    seen = *frame;
    return true;
}

void test_main(void)
{
    struct cpu_frame frame = user_frame(NULL, 0);
    struct user_result r;

    need(trap_gate(0x80, 3));
    trap_handle(0x80, look);
    frame.ip = (ulong)compat_code;
    frame.cs = FLAT_RING3_CS32 | 3;
    r = user_run_frame(&frame);
    expect_eq(seen.ax, 0x12345678, "int 0x80 from 32-bit code");
    expect_eq(seen.cs & 0xffff, FLAT_RING3_CS32, "its code segment");
    expect_fault(r.fault, TRAP_UD, 0, "then an exception from there");
}
