/*
 * What shadow roots show of the hypervisor: cpu/isolation.h tells what they are for.
 *
 * Of slots 256-271 there are, beside the guest's own slots:
 *
 *     256  the M2P that guests read, as in every root
 *     259  the vcpu's own window: GDT, LDT
 *     260  the stacks' topmost pages and struct percpu of the CPU that the vcpu is on; and at SHOWN_BASE the
 *          vcpu's window once more, behind which its L1 has the first page of struct vcpu, and
 *          vcpu_info's
 *     261  the text that entries and exits run, the IDT, and a page of data for them
 *
 * Slots 259 and 260 share the tables below them, an L3 and an L2 for each vcpu: nothing of the two
 * lies in the same place there.
 */
#ifndef MM_SHOWN_H
#define MM_SHOWN_H

#include "lib/types.h"

/* A vcpu's shadow roots and the tables of slots 259 and 260. By vcpu_cpu.kernel_mode: the user's, the kernel's. */
struct shown {
    u64 *roots[2]; /* NULL: none; their guest's slots are pv/pagetable/shadow.c's */
    u64 *upper, *middle;
};

struct vcpu_info;

/* At boot, where domains are isolated: what all shadow roots have in common, and the boot CPU's stacks. */
void shown_init(void);

/* CPU @cpu has its stacks now. False: no memory. */
bool shown_add_cpu(u32 cpu);

/*
 * Two roots for the vcpu at @vcpu, whose window is @window; they show no guest slot. -ENOMEM: nothing is
 * left behind.
 */
long shown_create(struct shown *s, const void *vcpu, u64 window, u64 *window_ptes);
void shown_destroy(struct shown *s);

/* The vcpu that these are of goes to CPU @cpu: before one of the roots is loaded there. */
void shown_move_to_cpu(struct shown *s, u32 cpu);

/* It has its vcpu_info at @info, which doesn't cross a page: where a shadow root shows it. */
struct vcpu_info *shown_move_info(u64 *window_ptes, const struct vcpu_info *info);

#endif
