/*
 * What an exception handler finds on its stack, and that returning restores everything.
 *
 * rcx and r11 lie on top, in 64 bits; cs reads RPL 0 from kernel mode, in 32 bits the kernel's ring, and its upper half
 * holds the upcall mask; rflags.IF tells the opposite of that mask; the IOPL never shows. The handler steps over the
 * instruction and all registers survive.
 */
#include "test.h"

static struct cpu_frame seen;
static ulong out[4] __attribute__((used));

static bool step_over_ud2(struct cpu_frame *frame, unsigned int number)
{
    seen = *frame;
    frame->ip += 2;
    return true;
}

#ifdef __i386__
static void run_ud2(void)
{
    asm volatile(
        "mov $0x1111, %%ecx; mov $0x2222, %%edx; mov $0x3333, %%eax; mov $0x4444, %%edi; ud2;"
        "mov %%ecx, out; mov %%edx, out + 4; mov %%eax, out + 8; mov %%edi, out + 12"
        :
        :
        : "eax", "ecx", "edx", "edi", "memory");
}

#define SECOND(frame) (frame).dx
#define KERNEL_CS     KIT_CS
#else
#define SECOND(frame) (frame).r11
#define KERNEL_CS     (KIT_CS & ~3)

static void run_ud2(void)
{
    asm volatile(
        "mov $0x1111, %%rcx; mov $0x2222, %%r11; mov $0x3333, %%rax; mov $0x4444, %%rdi; ud2;"
        "mov %%rcx, out; mov %%r11, out + 8; mov %%rax, out + 16; mov %%rdi, out + 24"
        :
        :
        : "rax", "rcx", "r11", "rdi", "memory");
}
#endif

void test_main(void)
{
    volatile uint8_t *mask = &this_vcpu()->info->evtchn_upcall_mask;

    trap_handle(TRAP_UD, step_over_ud2);
    run_ud2();
    expect_eq(seen.cx, 0x1111, "rcx in the frame");
    expect_eq(SECOND(seen), 0x2222, "r11 in the frame");
    expect_eq(seen.ax, 0x3333, "rax");
    expect_eq(seen.cs & 0xffff, KERNEL_CS, "cs with the kernel's RPL");
    expect_eq(seen.ss & ~3UL, KIT_SS & ~3, "ss");
    expect_eq(seen.mask & 0xff, 0, "the mask: events were enabled");
    expect_eq(seen.flags & 0x200, 0x200, "IF: events were enabled");
    expect_eq(seen.flags & 0x3000, 0, "IOPL does not show");
    expect_eq(out[0], 0x1111, "rcx afterwards");
    expect_eq(out[1], 0x2222, "r11 afterwards");
    expect_eq(out[2], 0x3333, "rax afterwards");
    expect_eq(out[3], 0x4444, "rdi afterwards");
    expect_eq(*mask, 0, "events are enabled afterwards");

    *mask = 1;
    run_ud2();
    expect_eq(seen.mask & 0xff, 1, "the mask: events were disabled");
    expect_eq(seen.flags & 0x200, 0, "IF: events were disabled");
    expect_eq(*mask, 1, "events are disabled afterwards");
    *mask = 0;
}
