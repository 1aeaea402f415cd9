/*
 * 32-bit PAE PV, in ring 1: selectors, the frame that our entry code builds, and what else arch/entry32.S and C must
 * agree on.
 */
#ifndef KIT_ARCH_PV32_H
#define KIT_ARCH_PV32_H

#define KIT_VIRT_BASE                                                                              \
    0x400000 /* where pseudo-physical address 0 is mapped; below it nothing is, so NULL faults */
#define KIT_STACK_SIZE  0x4000 /* a stack is aligned to its size: struct vcpu lies at its low end */
#define KIT_STACK_SHIFT 14

#define KIT_NR_STACK_SWITCH 3  /* __HYPERVISOR_stack_switch, for assembly; trap.c checks both */
#define KIT_NR_IRET         23 /* __HYPERVISOR_iret */

#define KIT_SS      0xe021 /* ring 1 */
#define KIT_CS      0xe019
#define KIT_USER_CS 0xe02b /* ring 3 */
#define KIT_USER_SS 0xe033

#define KIT_LEVELS      3          /* of page tables; the root has four entries */
#define KIT_WINDOWS     0xc0000000 /* for table_window(): the last L3 entry's, below the hypervisor */
#define KIT_WINDOW_SIZE 0x800000

#define KIT_PV32 1
#define KIT_SP   "esp" /* names of registers, for asm */
#define KIT_AX   "eax"

/* Entries that are no exceptions, numbered above them. */
#define KIT_SYSCALL_VECTOR 0x80
#define KIT_ENTRY_SYSCALL  256 /* ... and what its gate leads to */
#define KIT_ENTRY_EVENT    257
#define KIT_ENTRY_FAILSAFE 258
#define KIT_ENTRY_NMI      259

#ifndef __ASSEMBLER__
#include <stdint.h>

/*
 * What an entry leaves on the kernel stack. From error on it is what the hypervisor pushed, but that it tells sp and
 * ss only where the ring changed: our entry code adds them otherwise, so that all frames look the same.
 */
struct cpu_frame {
    uint32_t es, ds, di, si, bp, bx, dx, cx, ax;
    uint32_t number; /* which entry this is; nothing reads it on the way out */
    uint32_t error;  /* the exception's error code, or 0; likewise */
    uint32_t ip;
    uint16_t cs;   /* RPL 1: from kernel mode, RPL 3: from user mode */
    uint16_t mask; /* low byte: the upcall mask before the entry */
    uint32_t flags, sp, ss;
};

#define KIT_FRAME_DATA(selector) .ds = selector, .es = selector,

/* What a function call preserves: enough to come back to where context_save() returned. */
struct context {
    uint32_t bx, bp, si, di, sp, ip;
};

/* The registers of a hypercall's arguments, for asm. */
#define KIT_ARG_1 "+b"(a1)
#define KIT_ARG_2 "+c"(a2)
#define KIT_ARG_3 "+d"(a3)
#define KIT_ARG_4 "+S"(a4)
#define KIT_ARG_5 "+D"(a5)
#define KIT_BIND_4
#define KIT_BIND_5

#define xen_wc_sec_hi arch.wc_sec_hi /* xen.h says so to all but tools, which we are to it */

/* Anything that is an argument, as one: what has 64 bits keeps them, for those stubs that take them (pv32_wide.h). */
#define KIT_ARG(a) __builtin_choose_expr(sizeof((a) + 0) == 8, (a), (ulong)(a))

#endif
#endif
