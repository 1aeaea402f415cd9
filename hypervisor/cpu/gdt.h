/*
 * The reserved page of every GDT: seen through page 14 of whatever GDT is loaded on a CPU. A CPU
 * has two such pages, one a width of guests: the ABI has different descriptors at the same
 * selectors.
 */
#ifndef CPU_GDT_H
#define CPU_GDT_H

#include "cpu/percpu.h"
#include "lib/types.h"

#define GDT_64    0 /* for guests of 64 bits, and while the CPU idles */
#define GDT_32    1
#define GDT_PAGES 2
#define GDT_ORDER 1

struct gate {
    u16 offset_low;
    u16 selector;
    u8 ist;
    u8 type;
    u16 offset_middle;
    u32 offset_high;
    u32 reserved;
};

/* One for all CPUs; a page. */
#define IDT_GATES 256
extern struct gate idt[IDT_GATES];

/*
 * The reserved page of @cpu for guests of width @which, to be mapped at page 14 of a vcpu's window
 * while it runs there.
 */
static inline mfn_t gdt_reserved_mfn(const struct percpu *cpu, unsigned int which)
{
    return mfn_add(cpu->gdt_mfn, which);
}

/*
 * Load GDTR: @base + GDT_RESERVED_BASE must map this CPU's reserved page. gdt_load_idle: the CPU's
 * own.
 */
void gdt_load(u64 base);
void gdt_load_idle(void);

/*
 * Point LDTR at @entries descriptors from @base; 0 entries: no LDT. In the reserved page of the GDT
 * that is loaded.
 */
void gdt_load_ldt(u64 base, u32 entries);

#endif
