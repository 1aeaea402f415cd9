/*
 * 32-bit code in user mode of a 64-bit guest: its own code segment, forced CPUID, int 0x80 and exceptions from there.
 * An iret with VGCF_in_syscall leads there, too, though SYSRET doesn't.
 */
#include "test.h"

asm(".code32\n"
    "compat_code: xor %eax, %eax; ud2; .ascii \"xen\"; cpuid; mov %ebx, %esi\n"
    "mov $0x12345678, %eax; int $0x80; ud2\n"
    ".code64\n");
extern char compat_code[];

static struct cpu_frame seen;
static bool again;

/* As from a system call: of the selectors, this one counts. */
static void iret_in_syscall(const struct cpu_frame *from)
{
    struct iret_context frame = {
        .flags = VGCF_in_syscall,
        .rip = (ulong)compat_code,
        .cs = FLAT_RING3_CS32 | 3,
        .rflags = 0x202,
        .rsp = from->sp,
        .ss = from->ss,
    };

    asm volatile("mov %0, %%rsp; mov %1, %%eax; syscall"
                 :
                 : "r"(&frame), "i"(__HYPERVISOR_iret)
                 : "memory");
}

static bool look(struct cpu_frame *frame, unsigned int number)
{
    if ( again )
    {
        again = false;
        iret_in_syscall(frame);
    }
    seen = *frame;
    return true;
}

static void run(bool twice, const char *how)
{
    struct cpu_frame frame = user_frame(NULL, 0);
    struct user_result r;
    uint32_t leaf = 0, vendor;

    asm volatile(XEN_CPUID : "+a"(leaf), "=b"(vendor) : : "ecx", "edx");
    printf("%s\n", how);
    again = twice;
    seen = (struct cpu_frame){ .ax = 0 };
    frame.ip = (ulong)compat_code;
    frame.cs = FLAT_RING3_CS32 | 3;
    r = user_run_frame(&frame);
    expect_eq(seen.ax, 0x12345678, "int 0x80 from 32-bit code");
    expect_eq(seen.si, vendor, "what CPUID said there");
    expect_eq(seen.cs & 0xffff, FLAT_RING3_CS32, "its code segment");
    expect_fault(r.fault, TRAP_UD, 0, "then an exception from there");
}

void test_main(void)
{
    need(trap_gate(0x80, 3));
    trap_handle(0x80, look);
    run(false, "by an iret");
    run(true, "by one in_syscall as well");
    need(hypercall(vm_assist, VMASST_CMD_enable, VMASST_TYPE_architectural_iopl));
    run(true, "the same with an I/O privilege to set");
    need(hypercall(vm_assist, VMASST_CMD_disable, VMASST_TYPE_architectural_iopl));
}
