/*
 * Where QEMU's own processor (TCG) differs from all others, and no hypervisor could tell or mend it.
 */
#ifndef TESTS_GUEST_QEMU_H
#define TESTS_GUEST_QEMU_H

#include <stdbool.h>
#include <stdint.h>

/* What the processor says of itself, as it does to everybody. */
static inline uint32_t plain_cpuid_of(uint32_t leaf, uint32_t subleaf, unsigned int reg)
{
    uint32_t regs[4] = { leaf, 0, subleaf };

    asm volatile("cpuid" : "+a"(regs[0]), "=b"(regs[1]), "+c"(regs[2]), "=d"(regs[3]));
    return regs[reg];
}

static inline uint32_t plain_cpuid(uint32_t leaf, unsigned int reg)
{
    return plain_cpuid_of(leaf, 0, reg);
}

/*
 * QEMU 10 lets INVD and WBINVD run in all rings; 7.2 did not. Both call themselves TCG; x2APIC is what the newer has.
 */
static inline bool qemu_runs_invd(void)
{
    return plain_cpuid(0x40000000, 1) == 0x54474354 /* "TCGT" */ && plain_cpuid(1, 2) >> 21 & 1;
}

#endif
