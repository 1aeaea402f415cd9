/*
 * What differs between the two kinds of guest that the kit makes: 64-bit, and 32-bit PAE. One of arch/pv64.h and
 * arch/pv32.h, by what is compiled, and the few functions that each has in C.
 */
#ifndef KIT_ARCH_H
#define KIT_ARCH_H

#ifdef __i386__
#include <kit/arch/pv32.h>
#else
#include <kit/arch/pv64.h>
#endif

#ifndef __ASSEMBLER__
struct vcpu_guest_context;

/* Makes @frame resume where @context was saved, which then sees 1. */
void arch_redirect(struct cpu_frame *frame, const struct context *context);

/* Prints all registers of @frame. */
void arch_print(const struct cpu_frame *frame);

/* Registers and callbacks of a new vcpu that begins at @entry with stack pointer @sp; @state is zero otherwise. */
void arch_vcpu_state(struct vcpu_guest_context *state, void (*entry)(void), unsigned long sp);

/* Gets ready for user mode: all that we have mapped, and what page.c maps from now on, is user mode's as well. */
void arch_user_prepare(void);
#endif
#endif
