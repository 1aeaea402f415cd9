/*
 * On each way into our kernel the flags that could hurt it are clear: TF, NT, AC, RF; for SYSCALL DF too.
 *
 * User mode sets them all, then faults or calls.
 */
#include "test.h"

#define FLAG_DF (1UL << 10)
#define FLAG_NT (1UL << 14)
#define FLAG_AC (1UL << 18)

static ulong inside, saved;

static bool look(struct cpu_frame *frame, unsigned int number)
{
    asm volatile("pushf; pop %0" : "=r"(inside));
    saved = frame->flags;
    return false;
}

static void set_flags(void)
{
    asm volatile("pushf; orl %0, (%%" KIT_SP "); popf" : : "i"(FLAG_NT | FLAG_AC) : "memory", "cc");
}

static long faulting(long arg)
{
    set_flags();
    asm volatile("ud2");
    return 0;
}

static long calling(long arg)
{
    set_flags();
    return 5;
}

void test_main(void)
{
    trap_handle(TRAP_UD, look);
    trap_handle(KIT_ENTRY_SYSCALL, look);

    user_run(faulting, 0);
    expect_eq(saved & (FLAG_NT | FLAG_AC), FLAG_NT | FLAG_AC, "an exception: the frame has them");
    expect_eq(inside & (FLAG_NT | FLAG_AC | 0x100), 0, "the handler does not");
    expect_eq(user_run(calling, 0).value, 5, "a system call");
    expect_eq(saved & (FLAG_NT | FLAG_AC), FLAG_NT | FLAG_AC, "the frame has them");
    expect_eq(inside & (FLAG_NT | FLAG_AC | FLAG_DF | 0x100), 0, "the handler does not");
}
