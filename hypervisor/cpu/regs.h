/*
 * The registers of an interrupted context, as entry.S pushes them. A frame that came from a guest
 * always lies at the top of the CPU's main stack: see percpu_guest_regs().
 *
 * The order is that of the public struct cpu_user_regs up to ss; offsets.c proves it.
 */
#ifndef CPU_REGS_H
#define CPU_REGS_H

#include "lib/types.h"

struct regs {
    u64 r15, r14, r13, r12, rbp, rbx;
    u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    u32 error;
    u32 vector;
    u64 rip;
    u64 cs;
    u64 rflags;
    u64 rsp;
    u64 ss;
};

/*
 * struct regs' vector for SYSCALL; as a flag it says that rcx and r11 need not be restored, so that
 * SYSRET may be used: hypercalls, and every bounce.
 */
#define VECTOR_SYSCALL 0x100

/* The same after a bounce: rip is a handler's, which is canonical, as bounce_handler_ok() sees to. */
#define VECTOR_HANDLER (0x80000000u | VECTOR_SYSCALL)

/* Entries of the hypercall table: a power of two. Where entry.S looks there is one more, for other numbers. */
#define HYPERCALL_TABLE 64

#define EFLAGS_CF    0x00000001u
#define EFLAGS_FIXED 0x00000002u
#define EFLAGS_TF    0x00000100u
#define EFLAGS_IF    0x00000200u
#define EFLAGS_DF    0x00000400u
#define EFLAGS_IOPL  0x00003000u
#define EFLAGS_NT    0x00004000u
#define EFLAGS_RF    0x00010000u
#define EFLAGS_VM    0x00020000u
#define EFLAGS_AC    0x00040000u
#define EFLAGS_VIF   0x00080000u
#define EFLAGS_VIP   0x00100000u
#define EFLAGS_ID    0x00200000u

static inline u8 eflags_iopl(u64 rflags)
{
    return (u8)(rflags >> 12 & 3);
}

/* What iret must not load, whatever its frame says. */
#define EFLAGS_NOT_GUESTS (EFLAGS_IOPL | EFLAGS_VM | EFLAGS_VIF | EFLAGS_VIP)

/* What a handler of a guest is entered without. */
#define EFLAGS_CLEARED (EFLAGS_TF | EFLAGS_RF | EFLAGS_NT | EFLAGS_AC)

#define TRAP_DE  0
#define TRAP_DB  1
#define TRAP_NMI 2
#define TRAP_BP  3
#define TRAP_OF  4
#define TRAP_BR  5
#define TRAP_UD  6
#define TRAP_NM  7
#define TRAP_DF  8
#define TRAP_TS  10
#define TRAP_NP  11
#define TRAP_SS  12
#define TRAP_GP  13
#define TRAP_PF  14
#define TRAP_MF  16
#define TRAP_AC  17
#define TRAP_MC  18
#define TRAP_XM  19
#define TRAP_CP  21

#define PF_PRESENT  0x01u
#define PF_WRITE    0x02u
#define PF_USER     0x04u
#define PF_RESERVED 0x08u
#define PF_FETCH    0x10u

#endif
