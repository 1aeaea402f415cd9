/*
 * Single-stepping stops behind each instruction, also behind those that the hypervisor emulates: DR6 says why, and rip
 * is the next instruction's.
 */
#include "test.h"

#define DR6_SINGLE_STEP 0x4000UL

static unsigned int steps;
static ulong stopped_at[8], dr6[8];

static bool stepped(struct cpu_frame *frame, unsigned int number)
{
    if ( steps < 8 )
    {
        stopped_at[steps] = frame->ip;
        dr6[steps++] = (ulong)hypercall(get_debugreg, 6);
    }
    need(hypercall(set_debugreg, 6, 0));
    if ( steps == 6 )
        frame->flags &= ~0x100UL;
    return true;
}

void test_main(void)
{
    extern char step_cr0[], step_cpuid[], step_xor[], step_leaf[], step_end[];

    trap_handle(TRAP_DB, stepped);
    need(hypercall(set_debugreg, 6, 0));
    asm volatile("pushf; orl $0x100, (%%" KIT_SP "); popf\n"
                 "nop\n"
                 "step_cr0: mov %%cr0, %%" KIT_AX "\n"
                 "step_cpuid: ud2; .ascii \"xen\"; cpuid\n"
                 "step_xor: xor %%eax, %%eax\n"
                 "step_leaf: ud2; .ascii \"xen\"; cpuid\n"
                 "step_end: nop; nop; nop"
                 :
                 :
                 : "eax", "ebx", "ecx", "edx", "memory", "cc");
    expect(steps >= 5, "a stop behind each");
    expect_eq(stopped_at[0], step_cr0, "behind nop");
    expect_eq(stopped_at[1], step_cpuid, "behind mov from CR0");
    expect_eq(stopped_at[2], step_xor, "behind cpuid of no leaf");
    expect_eq(stopped_at[3], step_leaf, "behind xor");
    expect_eq(stopped_at[4], step_end, "behind cpuid of a leaf");
    expect_eq(dr6[0] & dr6[1] & dr6[2] & dr6[4] & DR6_SINGLE_STEP, DR6_SINGLE_STEP,
              "DR6 tells the reason");
    need(hypercall(set_debugreg, 6, 0));
}
