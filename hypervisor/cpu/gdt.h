/*
 * The reserved page of every GDT: one physical page a CPU, seen through page 14 of whatever GDT is
 * loaded there.
 */
#ifndef CPU_GDT_H
#define CPU_GDT_H

#include "lib/types.h"

/* The reserved page of @cpu, to be mapped at page 14 of a vcpu's window while it runs there. */
mfn_t gdt_reserved_mfn(u32 cpu);

/*
 * Load GDTR: @base + GDT_RESERVED_BASE must map this CPU's reserved page. gdt_load_idle: the CPU's
 * own.
 */
void gdt_load(u64 base);
void gdt_load_idle(void);

/* Point LDTR at @entries descriptors from @base; 0 entries: no LDT. */
void gdt_load_ldt(u64 base, u32 entries);

#endif
