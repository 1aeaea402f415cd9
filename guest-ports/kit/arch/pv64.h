/*
 * 64-bit PV: selectors, the frame that our entry code builds, and what else arch/entry64.S and C must agree on.
 */
#ifndef KIT_ARCH_PV64_H
#define KIT_ARCH_PV64_H

#define KIT_VIRT_BASE                                                                              \
    0x400000 /* where pseudo-physical address 0 is mapped; below it nothing is, so NULL faults */
#define KIT_STACK_SIZE  0x4000 /* a stack is aligned to its size: struct vcpu lies at its low end */
#define KIT_STACK_SHIFT 14

#define KIT_NR_STACK_SWITCH 3  /* __HYPERVISOR_stack_switch, for assembly; trap.c checks both */
#define KIT_NR_IRET         23 /* __HYPERVISOR_iret */

#define KIT_SS      0xe02b
#define KIT_CS      0xe033
#define KIT_CS32    0xe023 /* 32-bit code in user mode */
#define KIT_USER_CS KIT_CS /* in frames the RPL tells who it is */
#define KIT_USER_SS KIT_SS

#define KIT_LEVELS      4            /* of page tables */
#define KIT_WINDOWS     0x4000000000 /* for table_window(): L4 slot 0, above all that page.c maps */
#define KIT_WINDOW_SIZE 0x4000000

#define KIT_PV32 0
#define KIT_SP   "rsp" /* names of registers, for asm */
#define KIT_AX   "rax"

/* Entries that are no exceptions, numbered above them. */
#define KIT_ENTRY_SYSCALL  256
#define KIT_ENTRY_EVENT    257
#define KIT_ENTRY_FAILSAFE 258
#define KIT_ENTRY_NMI      259

#ifndef __ASSEMBLER__
#include <stdint.h>

/*
 * What an entry leaves on the kernel stack. From ax on it is, once error is overwritten with flags, the frame that
 * the iret hypercall takes. The names are those that both widths have.
 */
struct cpu_frame {
    uint64_t r15, r14, r13, r12, bp, bx, r10, r9, r8, dx, si, di;
    uint64_t ax, r11, cx;
    uint64_t error; /* the exception's error code, or 0; nothing else reads it on the way out */
    uint64_t ip;
    uint32_t cs;   /* RPL 0: from kernel mode, RPL 3: from user mode */
    uint32_t mask; /* low byte: the upcall mask before the entry */
    uint64_t flags, sp, ss;
};

#define KIT_FRAME_DATA(selector) /* nothing looks at them */

/* What a function call preserves: enough to come back to where context_save() returned. */
struct context {
    uint64_t bx, bp, r12, r13, r14, r15, sp, ip;
};

/* The registers of a hypercall's arguments, for asm; the last two have no constraint of their own. */
#define KIT_ARG_1  "+D"(a1)
#define KIT_ARG_2  "+S"(a2)
#define KIT_ARG_3  "+d"(a3)
#define KIT_ARG_4  "+r"(r10)
#define KIT_ARG_5  "+r"(r8)
#define KIT_BIND_4 register ulong r10 asm("r10") = a4
#define KIT_BIND_5 register ulong r8 asm("r8") = a5

/* Anything that is an argument, as one. */
#define KIT_ARG(a) (ulong)(a)

#endif
#endif
