/*
 * The code that SYSCALL enters: one stub a CPU, since nothing else knows where this CPU's stack is.
 */
#ifndef CPU_STUB_H
#define CPU_STUB_H

#include "cpu/regs.h"
#include "lib/types.h"

#define SYSCALL_STUB_SIZE 32

/* From entry.S. */
void entry_syscall_other(void);
void entry_syscall_iret(void);
void entry_syscall_isolated(void);
void entry_syscall_compat(void);
void entry_sysenter(void);
extern const u8 trap_stub_table[256][16];
extern const u8 exit_iretq[];
extern const u8 hypercall_return[];
extern const void *const hypercall_table[HYPERCALL_TABLE + 1]; /* pv/bounce/hypercall.c */
void exit_to_guest(void) __attribute__((noreturn));
void exit_to_idle(void) __attribute__((noreturn));

/* The frame of the guest that this CPU interrupted, as it is to be shown: whole, in a hypercall too. */
void stub_guest_regs(struct regs *copy);

/*
 * Write a stub at @to, which will run at address @at: it stores the guest's rsp into the frame below
 * @percpu (the linear address of this CPU's struct percpu), points rsp at the frame's start and jumps: to
 * @iret with that hypercall's number in rax, else to @target. All within 2 GiB of each other.
 */
void syscall_stub_write(u8 *to, u64 at, u64 percpu, const void *target, const void *iret);

#endif
