/*
 * Single instructions that C has no words for. Everything above cpu/ that the host build runs
 * avoids this header.
 */
#ifndef CPU_ASM_H
#define CPU_ASM_H

#include "lib/atomic.h"
#include "lib/types.h"

static inline void __attribute__((noreturn)) cpu_halt_forever(void)
{
    for ( ;; )
        __asm__ volatile("cli; hlt");
}

static inline void irq_enable(void)
{
    __asm__ volatile("sti" ::: "memory");
}

static inline void irq_disable(void)
{
    __asm__ volatile("cli" ::: "memory");
}

/* Take the interrupts that are pending, and no others. */
static inline void irq_window(void)
{
    __asm__ volatile("sti; nop; cli" ::: "memory");
}

/* WRMSR to the x2APIC and to the TSC deadline does not wait for earlier stores: this does. */
static inline void wrmsr_fence(void)
{
    __asm__ volatile("mfence; lfence" ::: "memory");
}

static inline u64 rdmsr(u32 msr)
{
    u32 lo, hi;

    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return ((u64)hi << 32) | lo;
}

/* FSGSBASE: with that bit in CR4 only. */
static inline u64 rdfsbase(void)
{
    u64 value;

    __asm__ volatile("rdfsbase %0" : "=r"(value));
    return value;
}

static inline u64 rdgsbase(void)
{
    u64 value;

    __asm__ volatile("rdgsbase %0" : "=r"(value));
    return value;
}

static inline void wrfsbase(u64 value)
{
    __asm__ volatile("wrfsbase %0" ::"r"(value));
}

static inline void wrgsbase(u64 value)
{
    __asm__ volatile("wrgsbase %0" ::"r"(value));
}

static inline void swapgs(void)
{
    __asm__ volatile("swapgs");
}

static inline void wrmsr(u32 msr, u64 value)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

static inline u64 rdtsc(void)
{
    u64 value;

    /* The upper halves are 0, which gcc doesn't know. */
    __asm__ volatile("rdtsc; shl $32, %%rdx; or %%rdx, %0" : "=a"(value)::"rdx", "cc");
    return value;
}

#define CPU_CR_ACCESSORS(n)                                                                        \
    static inline u64 read_cr##n(void)                                                             \
    {                                                                                              \
        u64 value;                                                                                 \
                                                                                                   \
        __asm__ volatile("mov %%cr" #n ", %0" : "=r"(value));                                      \
        return value;                                                                              \
    }                                                                                              \
    static inline void write_cr##n(u64 value)                                                      \
    {                                                                                              \
        __asm__ volatile("mov %0, %%cr" #n ::"r"(value) : "memory");                               \
    }

CPU_CR_ACCESSORS(0)
CPU_CR_ACCESSORS(2)
CPU_CR_ACCESSORS(3)
CPU_CR_ACCESSORS(4)

#define CPU_DR_ACCESSORS(n)                                                                        \
    static inline u64 read_dr##n(void)                                                             \
    {                                                                                              \
        u64 value;                                                                                 \
                                                                                                   \
        __asm__ volatile("mov %%dr" #n ", %0" : "=r"(value));                                      \
        return value;                                                                              \
    }                                                                                              \
    static inline void write_dr##n(u64 value)                                                      \
    {                                                                                              \
        __asm__ volatile("mov %0, %%dr" #n ::"r"(value));                                          \
    }

CPU_DR_ACCESSORS(0)
CPU_DR_ACCESSORS(1)
CPU_DR_ACCESSORS(2)
CPU_DR_ACCESSORS(3)
CPU_DR_ACCESSORS(6)
CPU_DR_ACCESSORS(7)

#define CPU_PORT_ACCESSORS(suffix, type)                                                           \
    static inline type in##suffix(u16 port)                                                        \
    {                                                                                              \
        type value;                                                                                \
                                                                                                   \
        __asm__ volatile("in" #suffix " %1, %0" : "=a"(value) : "Nd"(port));                       \
        return value;                                                                              \
    }                                                                                              \
    static inline void out##suffix(u16 port, type value)                                           \
    {                                                                                              \
        __asm__ volatile("out" #suffix " %0, %1" ::"a"(value), "Nd"(port));                        \
    }

CPU_PORT_ACCESSORS(b, u8)
CPU_PORT_ACCESSORS(w, u16)
CPU_PORT_ACCESSORS(l, u32)

static inline void clflush(const void *line)
{
    __asm__ volatile("clflush (%0)" ::"r"(line) : "memory");
}

static inline void wbinvd(void)
{
    __asm__ volatile("wbinvd" ::: "memory");
}

static inline void invlpg(u64 va)
{
    __asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

struct cpuid_leaf {
    u32 eax, ebx, ecx, edx;
};

static inline struct cpuid_leaf cpuid(u32 leaf, u32 subleaf)
{
    struct cpuid_leaf r;

    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "0"(leaf), "2"(subleaf));
    return r;
}

#define MSR_APIC_BASE         0x0000001b
#define APIC_BASE_BOOT        0x100UL
#define APIC_BASE_X2APIC      0x400UL
#define APIC_BASE_ENABLED     0x800UL
#define MSR_ARCH_CAPABILITIES 0x0000010a
#define MSR_MISC_ENABLE       0x000001a0
#define MSR_PAT               0x00000277
#define MSR_EFER              0xc0000080
#define MSR_STAR              0xc0000081
#define MSR_LSTAR             0xc0000082
#define MSR_CSTAR             0xc0000083
#define MSR_SFMASK            0xc0000084
#define MSR_FS_BASE           0xc0000100
#define MSR_GS_BASE           0xc0000101
#define MSR_KERNEL_GS_BASE    0xc0000102
#define MSR_TSC_AUX           0xc0000103
#define MSR_SYSENTER_CS       0x00000174
#define MSR_SYSENTER_ESP      0x00000175
#define MSR_SYSENTER_EIP      0x00000176

#define EFER_SCE  0x0001UL
#define EFER_LME  0x0100UL
#define EFER_LMA  0x0400UL
#define EFER_NXE  0x0800UL
#define EFER_SVME 0x1000UL

#define CR0_PE         0x00000001u
#define CR0_MP         0x00000002u
#define CR0_EM         0x00000004u
#define CR0_TS         0x00000008u
#define CR0_ET         0x00000010u
#define CR0_NE         0x00000020u
#define CR0_WP         0x00010000u
#define CR0_AM         0x00040000u
#define CR0_PG         0x80000000u
#define CR4_TSD        0x00000004u
#define CR4_DE         0x00000008u
#define CR4_PSE        0x00000010u
#define CR4_PAE        0x00000020u
#define CR4_MCE        0x00000040u
#define CR4_PGE        0x00000080u
#define CR4_OSFXSR     0x00000200u
#define CR4_OSXMMEXCPT 0x00000400u
#define CR4_UMIP       0x00000800u
#define CR4_FSGSBASE   0x00010000u
#define CR4_OSXSAVE    0x00040000u
#define CR4_SMEP       0x00100000u
#define CR4_SMAP       0x00200000u

/* What restrains supervisor code, which ring 1 is too: off while that runs. */
#define CR4_SUPERVISOR (CR4_SMEP | CR4_SMAP)

/* The PAT that guests see and that is loaded: WB WT UC- UC WC WP UC UC. */
#define PAT_VALUE 0x0000050100070406UL

#endif
