/* Between cpu/'s files. */
#ifndef CPU_INTERNAL_H
#define CPU_INTERNAL_H

#include "lib/types.h"

/* Fill cpu_features. */
void features_find(void);

/* This CPU's part of fpu.h: XCR0. The first call also measures the area. */
void fpu_init(void);

/* The IDT, one for all CPUs; and this CPU's GDT_PAGES pages from @gdt on, TSS and selectors. */
void idt_fill(void);
void tables_load(u64 *gdt, mfn_t gdt_mfn);

#endif
