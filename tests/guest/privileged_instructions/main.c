/*
 * Privileged instructions trap, and the hypervisor does what is left of them for a guest: reads of control registers,
 * clts, wbinvd, ... or it refuses with the #GP that the processor raised.
 */
#include "qemu.h"
#include "test.h"

#define ASM_FAULT(code) fault_of(asm volatile(code : : : "memory"))

static void refused(void)
{
    static struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) table;

    expect_fault(ASM_FAULT("hlt"), TRAP_GP, 0, "hlt");
    expect_fault(ASM_FAULT("cli"), TRAP_GP, 0, "cli without I/O privilege");
    expect_fault(ASM_FAULT("sti"), TRAP_GP, 0, "sti without I/O privilege");
    expect_fault(fault_of(asm volatile("lgdt %0" : : "m"(table))), TRAP_GP, 0, "lgdt");
    expect_fault(fault_of(asm volatile("lidt %0" : : "m"(table))), TRAP_GP, 0, "lidt");
    expect_fault(fault_of(asm volatile("ltr %w0" : : "r"(8))), TRAP_GP, 0, "ltr");
    expect_fault(fault_of(asm volatile("lldt %w0" : : "r"(8))), TRAP_GP, 0, "lldt");
    expect_fault(fault_of(asm volatile("lmsw %w0" : : "r"(1))), TRAP_GP, 0, "lmsw");
    expect_fault(fault_of(asm volatile("invlpg %0" : : "m"(table))), TRAP_GP, 0, "invlpg");
    if ( !qemu_runs_invd() )
        expect_fault(ASM_FAULT("invd"), TRAP_GP, 0, "invd");
    expect_fault(ASM_FAULT("sysretl"), TRAP_GP, 0, "sysret to 32-bit code");
#ifndef __i386__
    expect_fault(ASM_FAULT("swapgs"), TRAP_GP, 0, "swapgs");
    expect_fault(ASM_FAULT("sysretq"), TRAP_GP, 0, "sysret");
    expect_fault(fault_of(asm volatile("mov %%cr8, %%rax"
                                       :
                                       :
                                       : "rax")),
                 TRAP_GP, 0, "mov from cr8");
#endif
}

static bool have_rdtscp(void)
{
    uint32_t eax = 0x80000001, ebx, ecx = 0, edx;

    asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return edx >> 27 & 1;
}

static void done(void)
{
    uint32_t low, high, c;

    need(power_iopl(1));
    expect_no_fault(ASM_FAULT("cli"), "cli with I/O privilege");
    expect_no_fault(ASM_FAULT("sti"), "sti with I/O privilege");
    expect_eq(this_vcpu()->info->evtchn_upcall_mask, 0, "neither touches the upcall mask");
    need(power_iopl(0));
    expect_no_fault(ASM_FAULT("wbinvd"), "wbinvd");
    expect_no_fault(ASM_FAULT("clts"), "clts");
    expect_no_fault(fault_of(asm volatile("rdtsc" : "=a"(low), "=d"(high))), "rdtsc");
    if ( have_rdtscp() )
        expect_no_fault(fault_of(asm volatile("rdtscp"
                                              : "=a"(low), "=d"(high), "=c"(c))),
                        "rdtscp");
    expect_no_fault(ASM_FAULT("pushf; andl $~0x200, (%%" KIT_SP "); popf"), "popf");
}

void test_main(void)
{
    ulong flags;

    refused();
    done();
    asm volatile("pushf; pop %0" : "=r"(flags));
    expect_eq(flags & 0x3200, 0x200, "interrupts are on, I/O privilege never shows");
}
