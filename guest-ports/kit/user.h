/*
 * User mode: run a function of ours there. It sees all of our memory: in 64 bits by a user L4 table that shares the
 * kernel's L3, in 32 by the kernel's own tables.
 *
 * User code may use what needs no kernel: memory, user_syscall_*(), instructions; not printf() nor this_vcpu().
 */
#ifndef KIT_USER_H
#define KIT_USER_H

#include <kit/trap.h>

/* System calls, in ax; the argument in di. All else goes to trap_handle(KIT_ENTRY_SYSCALL, ...). */
enum {
    USER_EXIT = 0, /* end user_run(), with this value */
};

struct user_result {
    long value;         /* what the function returned or exited with; 0 after a fault */
    struct fault fault; /* what ended it otherwise; vector TRAP_NONE: nothing */
};

typedef long (*user_function_t)(long arg);

/* Runs @function(@arg) in user mode until it returns, exits or faults. */
struct user_result user_run(user_function_t function, long arg);

/* The same through a frame of the caller's making; user_frame() gives one that calls @function(@arg). */
struct user_result user_run_frame(struct cpu_frame *frame);
struct cpu_frame user_frame(user_function_t function, long arg);

/* Issues a system call from user mode. */
static inline long user_call(long number, long arg)
{
    long rc = number;

#ifdef __i386__
    asm volatile("int $0x80" : "+a"(rc), "+D"(arg) : : "memory");
#else
    asm volatile("syscall" : "+a"(rc), "+D"(arg) : : "rcx", "r11", "memory");
#endif
    return rc;
}

/* 64 bits: the user L4 table, made and pinned at first use, and installed by user_run(). */
void *user_root(void);

/* For trap.c: a fault or system call came from user mode. user_fault() returns only when nobody waits in user_run(). */
void user_fault(const struct fault *fault);
void user_syscall(struct cpu_frame *frame);

#endif
