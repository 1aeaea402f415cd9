/*
 * This machine's CPUs: what they can do, and bringing one into the state that the hypervisor runs
 * in.
 */
#ifndef CPU_CPU_H
#define CPU_CPU_H

#include "lib/types.h"

enum cpu_vendor { CPU_OTHER, CPU_INTEL, CPU_AMD };

/* What the boot CPU has; the others are taken to be alike. */
struct cpu_features {
    enum cpu_vendor vendor;
    u32 family, model, stepping;
    char name[49];
    u8 physical_bits, virtual_bits;
    bool tcg; /* QEMU's translator, by its CPUID signature */
    bool page1gb, pcid, invpcid, rdtscp, fsgsbase, smep, smap, umip;
    bool xsave, xsaveopt, sysenter, tsc_invariant, tsc_deadline, x2apic, monitor;
    bool arch_capabilities;
    bool
        fpu_pointers_stay; /* FXRSTOR and XRSTOR load FOP, FIP and FDP with an exception pending only */
};
extern struct cpu_features cpu_features;

/* Bits of CR4 that are the hypervisor's: a guest's own ones are added by whoever switches vcpus. */
extern u64 cpu_cr4;

/*
 * The boot CPU, as early as can be: exceptions are reported from here on. Finds the features,
 * patches the text for them, loads GDT, TSS, IDT, MSRs and control registers. Needs nothing but the
 * early page tables and options.
 */
void cpu_init_boot(void);

/*
 * Another CPU, on its own stack, with the hypervisor's page tables. @gdt: GDT_PAGES pages for its
 * descriptors, zeroed.
 */
void cpu_init_other(void *gdt);

/* Print what was found. */
void cpu_log_features(void);

#endif
