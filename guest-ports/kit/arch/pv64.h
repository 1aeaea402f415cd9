/*
 * 64-bit PV: selectors, the frame that our entry code builds, and what else arch/pv64.S and C must agree on.
 */
#ifndef KIT_ARCH_PV64_H
#define KIT_ARCH_PV64_H

#define KIT_VIRT_BASE                                                                              \
    0x400000 /* where pseudo-physical address 0 is mapped; below it nothing is, so NULL faults */
#define KIT_STACK_SIZE  0x4000 /* a stack is aligned to its size: struct vcpu lies at its low end */
#define KIT_STACK_SHIFT 14

#define KIT_NR_STACK_SWITCH 3  /* __HYPERVISOR_stack_switch, for assembly; trap.c checks both */
#define KIT_NR_IRET         23 /* __HYPERVISOR_iret */

#define KIT_SS   0xe02b
#define KIT_CS64 0xe033
#define KIT_CS32 0xe023

/* Entries that are no exceptions, numbered above them. */
#define KIT_ENTRY_SYSCALL  256
#define KIT_ENTRY_EVENT    257
#define KIT_ENTRY_FAILSAFE 258
#define KIT_ENTRY_NMI      259

#ifndef __ASSEMBLER__
#include <stdint.h>

/*
 * What an entry leaves on the kernel stack. From rax on it is, once error is overwritten with flags, the frame that
 * the iret hypercall takes.
 */
struct cpu_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r10, r9, r8, rdx, rsi, rdi;
    uint64_t rax, r11, rcx;
    uint64_t error; /* the exception's error code, or 0; nothing else reads it on the way out */
    uint64_t rip;
    uint32_t cs;   /* RPL 0: from kernel mode, RPL 3: from user mode */
    uint32_t mask; /* low byte: the upcall mask before the entry */
    uint64_t rflags, rsp, ss;
};

/* What a function call preserves: enough to come back to where context_save() returned. */
struct context {
    uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
};

#endif
#endif
