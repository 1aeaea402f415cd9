/*
 * The instructions that make x86 hard to virtualize, each in the kernel and in a process: those that trap, and those
 * that don't though they show or change the machine. instructions.def lists them, docs/sensitive.md is made of it.
 */
#include "qemu.h"
#include "test.h"

#include <kit/user.h>

#define MSR_EFER     0xc0000080
#define CR4_FSGSBASE 0x10000
#define CR4_OSXSAVE  0x40000

/* The hypervisor's own code and task segments: what GDT pages 14 and 15 hold at these places is not the guest's. */
#define RESERVED_SELECTOR FLAT_KERNEL_CS

/* A far branch by memory to the label 1. */
static struct {
    uint32_t offset;
    uint16_t selector;
} __attribute__((packed)) far_pointer;

#define FAR_BRANCH(code)                                                                           \
    asm volatile("movl $1f, %0; mov %%cs, %%eax; movw %%ax, 4+%0;" code                            \
                 : "+m"(far_pointer)                                                               \
                 :                                                                                 \
                 : "eax", "memory")

#ifdef __i386__
#define IN32(wide, narrow) narrow
#define REX_W              ""
#define REX_R              "0xf0, " /* lock: AMD's way to CR8 where there is no REX */
#define IRET_TO_NEXT       asm volatile("pushf; push %%cs; call 1f; jmp 2f; 1: iret; 2:" : : : "memory")
#define FAR_JUMP_TO_NEXT   asm volatile("push %%cs; call 1f; jmp 2f; 1: lret; 2:" : : : "memory")
#else
#define IN32(wide, narrow) wide
#define REX_W              "0x48, "
#define REX_R              "0x44, "
#define IRET_TO_NEXT                                                                               \
    asm volatile("mov %%rsp, %%rax; mov %%ss, %%ecx; push %%rcx; push %%rax; pushf; mov %%cs, "    \
                 "%%ecx; push %%rcx;"                                                              \
                 "lea 1f(%%rip), %%rcx; push %%rcx; iretq; 1:"                                     \
                 :                                                                                 \
                 :                                                                                 \
                 : "rax", "rcx", "memory")
#define FAR_JUMP_TO_NEXT                                                                           \
    asm volatile("mov %%cs, %%ecx; push %%rcx; lea 1f(%%rip), %%rcx; push %%rcx; lretq; 1:"        \
                 :                                                                                 \
                 :                                                                                 \
                 : "rcx", "memory")
#endif

static struct {
    uint16_t limit;
    ulong base;
} __attribute__((packed)) table;

static struct {
    uint8_t bytes[4096];
} xsave_area __attribute__((aligned(64)));

/* A function for each row, that its instruction's outcome does not matter to. */
#define SENSITIVE(name, fate, kernel, process, have, text, code, meaning)                          \
    static long run_##name(long unused)                                                            \
    {                                                                                              \
        ulong value = 0;                                                                           \
        uint32_t low, high;                                                                        \
                                                                                                   \
        (void)value, (void)low, (void)high;                                                        \
        code;                                                                                      \
        return 0;                                                                                  \
    }
#include "instructions.def"
#undef SENSITIVE

enum { eax, ebx, ecx, edx };

#define ALWAYS                   true
#define CPUID(leaf, reg, bit)    (plain_cpuid(leaf, reg) >> bit & 1)
#define SUBLEAF1(leaf, reg, bit) (plain_cpuid_of(leaf, 1, reg) >> bit & 1)
#define INTEL                    (KIT_PV32 || plain_cpuid(0, ebx) == 0x756e6547 /* "Genu" */)

#define RUNS TRAP_NONE
#define UD   TRAP_UD
#define GP   TRAP_GP
#define BP   TRAP_BP
#define OF   TRAP_OF
#define DB   TRAP_DB

/* Instructions that QEMU 10 runs where processors fault. */
static bool qemu_runs(const char *text)
{
    return qemu_runs_invd() &&
           (strstr(text, "INVD") || strstr(text, "XSAVES") || (strstr(text, "INTO") && !KIT_PV32));
}

static void try(const char *text, long (*run)(long), bool have, int kernel, int process)
{
    char line[80];
    struct fault fault;

    if ( qemu_runs(text) )
        return;
    snprintf(line, sizeof(line), "%s in the kernel", text);
    fault = fault_of(run(0));
    expect_eq(fault.vector, have ? kernel : TRAP_UD, line);
    snprintf(line, sizeof(line), "%s in a process", text);
    fault = user_run(run, 0).fault;
    expect_eq(fault.vector, have ? process : TRAP_UD, line);
}

/* What the instructions that run leave in registers is what instructions.def says of them. */
static void shown(void)
{
    ulong flags, value = 0;
    uint32_t efer, high;

    asm volatile("pushf; andl $~0x200, (%%" KIT_SP "); popf; pushf; pop %0" : "=r"(flags));
    expect_eq(flags & 0x3200, 0x200, "POPF clears no IF, PUSHF shows it, and no IOPL");
    asm volatile("mov %%cs, %0" : "=r"(value));
    expect_eq(value & 3, IN32(3, 1), "the ring in CS");
    asm volatile("smsw %0" : "=r"(value));
    expect_eq(value & 1, 1, "SMSW shows CR0: protected mode");
    asm volatile("sgdt %0" : "=m"(table));
    expect(table.limit > FIRST_RESERVED_GDT_BYTE,
           "SGDT shows the hypervisor's entries behind the guest's");
    asm volatile("str %0" : "=r"(value));
    expect(value >= FIRST_RESERVED_GDT_BYTE, "STR shows a selector of the hypervisor's");
    value = 0;
    asm volatile("lsl %1, %0" : "+r"(value) : "r"((ulong)RESERVED_SELECTOR) : "cc");
    expect(value != 0, "LSL shows the limit of a segment that the hypervisor made");
    asm volatile("rdmsr" : "=a"(efer), "=d"(high) : "c"(MSR_EFER));
    expect_eq(efer & 0x1000, 0, "EFER shows no SVME");
}

/*
 * Processes may move the bases of FS and GS from when their kernel allows it, and not before: it may not know that
 * they can (XSA-293).
 */
static void allow_bases(ulong cr4)
{
    expect_eq(cr4 & CR4_FSGSBASE, 0, "CR4.FSGSBASE at first");
    expect_eq(user_run(run_read_fs_base, 0).fault.vector, TRAP_UD,
              "RDFSBASE before the kernel allows it");
    asm volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_FSGSBASE | CR4_OSXSAVE));
}

void test_main(void)
{
    ulong cr4;

    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    allow_bases(cr4);
#define SENSITIVE(name, fate, kernel, process, have, text, code, meaning)                          \
    try(text, run_##name, have, kernel, process);
#include "instructions.def"
    shown();
    asm volatile("mov %0, %%cr4" : : "r"(cr4));
}
