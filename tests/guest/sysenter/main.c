/*
 * SYSENTER from user mode: the registered callback, with a frame that says rip 0, cs 3, rsp 0, since the instruction
 * loses them. Without a callback it is #GP.
 *
 * It is the one entry where the processor keeps NT, TF and AC as the user chose them (XSA-44), and where it clears IF
 * itself: neither must reach the kernel's code, and interrupts must go on.
 */
#include "test.h"

#define FLAG_TF (1UL << 8)
#define FLAG_IF (1UL << 9)
#define FLAG_NT (1UL << 14)
#define FLAG_AC (1UL << 18)

static struct context back;
static struct cpu_frame seen;
static ulong inside;

static bool sysenter_entry(struct cpu_frame *frame, unsigned int number)
{
    asm volatile("pushf; pop %0" : "=r"(inside));
    seen = *frame;
    context_load(&back, 1);
}

static long do_sysenter(long flags)
{
    asm volatile("pushf; or %0, (%%rsp); popf; sysenter" : : "r"(flags) : "memory", "cc");
    return 0;
}

static long set_callback(void *address)
{
    struct callback_register reg = { .type = CALLBACKTYPE_sysenter, .address = (ulong)address };

    return hypercall(callback_op, CALLBACKOP_register, &reg);
}

static bool is_intel(void)
{
    uint32_t eax = 0, ebx, ecx = 0, edx;

    asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return ebx == 0x756e6547;
}

static void enter_with(ulong flags, const char *text)
{
    seen = (struct cpu_frame){ .ip = 1 };
    if ( !context_save(&back) )
        user_run(do_sysenter, (long)flags);
    this_vcpu()->user_back = NULL;

    expect_eq(seen.ip | seen.sp, 0, text);
    expect_eq(seen.cs, 3, text);
    expect_eq(seen.flags & (FLAG_IF | FLAG_NT | FLAG_AC), FLAG_IF | (flags & ~FLAG_TF), text);
    expect_eq(inside & (FLAG_TF | FLAG_IF | FLAG_NT | FLAG_AC), FLAG_IF, text);
    time_wait_until(time_now() + NS_PER_MS); /* timer and IRET work */
}

void test_main(void)
{
    if ( !is_intel() )
        skip("in 64-bit mode, only Intel's processors know SYSENTER");
    expect_fault(user_run(do_sysenter, 0).fault, TRAP_GP, 0, "no callback");

    trap_handle(KIT_ENTRY_NMI, sysenter_entry); /* a stub that nothing else uses */
    need(set_callback(kit_entry_nmi));
    enter_with(0, "plain");
    enter_with(FLAG_NT, "with NT");
    enter_with(FLAG_AC, "with AC");
    enter_with(FLAG_NT | FLAG_AC, "with both");
    need(set_callback(NULL));
    expect_fault(user_run(do_sysenter, FLAG_NT).fault, TRAP_GP, 0, "no callback, with NT");
}
