/*
 * What differs between guests of 64 bits, which run in ring 3, and of 32 bits, in rings 1 to 3: how
 * they come in, and how things are delivered to them. Each vcpu has a copy (vcpu_cpu.mode). An
 * indirect call costs five instructions (indirect.S): on the hot paths who calls asks for the width
 * instead, and calls a 64-bit guest's function by name.
 *
 * pv/bounce defines the one for 64 bits, pv/compat that for 32.
 */
#ifndef CPU_MODE_H
#define CPU_MODE_H

#include "lib/types.h"

struct regs;
struct vcpu;
struct vcpu_cpu;

struct guest_mode {
    /* entry.S calls these with current and its frame; where @direct, 64-bit guests' by name for the first two. */
    void (*trap)(struct vcpu *v, struct regs *regs);       /* an exception */
    void (*page_fault)(struct vcpu *v, struct regs *regs); /* that one */
    void (*trap_timed)(struct vcpu *v, struct regs *regs); /* in their places while latencies ... */
    void (*page_fault_timed)(struct vcpu *v, struct regs *regs); /* ... are measured */
    void (*interrupt)(u32 vector);
    void (*syscall_compat)(struct vcpu *v, struct regs *regs); /* SYSCALL in 32-bit code */
    void (*sysenter)(struct vcpu *v, struct regs *regs);

    /* Current came in by none of these, but by its IRET's fault: what else they do first. */
    void (*entered)(struct vcpu *v, struct regs *regs);

    /* Deliver to current: pv/bounce/bounce.h. */
    void (*deliver_exception)(struct vcpu *v, struct regs *regs, unsigned int vector, u32 error);
    void (*deliver_page_fault)(struct vcpu *v, struct regs *regs, u32 error, u64 cr2);
    void (*deliver_interrupt)(struct vcpu *v, struct regs *regs, unsigned int vector);
    void (*deliver_event)(struct vcpu *v, struct regs *regs);
    void (*deliver_failsafe)(struct vcpu *v, struct regs *regs);

    /* Load selectors and bases: false if one could not be, and is NULL now. */
    bool (*load_segments)(struct vcpu_cpu *cpu);

    u8 arguments[5]; /* offsets in struct regs of the registers that hold a hypercall's */
    bool direct;     /* 64 bits, and latencies aren't measured */
    u8 kernel_ring; /* the least privileged ring that is the kernel's; selectors are raised to it */
    u8 gdt;         /* which of a CPU's reserved GDT pages: cpu/gdt.h */
    u8 cr2;         /* offset of arch.cr2 in its vcpu_info */
};

extern const struct guest_mode guest_mode_64, guest_mode_32;

#endif
