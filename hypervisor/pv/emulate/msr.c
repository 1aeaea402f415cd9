/*
 * Model-specific registers as guests see them. ABI.md S1: what isn't listed raises #GP, but for
 * reads while no #GP handler is registered: early boot code reads blindly, and gets 0.
 */
#include "access/access.h"
#include "boot/domain/builder.h"
#include "console/console.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/extable.h"
#include "cpu/uaccess.h"
#include "lib/guard.h"
#include "mm/map.h"
#include "pv/emulate/internal.h"
#include "time/tsc.h"

#define MSR_IA32_TSC      0x00000010
#define MSR_MICROCODE     0x0000008b /* its revision */
#define MSR_PLATFORM_INFO 0x000000ce
#define MSR_MISC_FEATURES 0x00000140
#define MSR_MCG_CAP       0x00000179
#define MSR_MCG_STATUS    0x0000017a
#define MSR_MCG_CTL       0x0000017b
#define MSR_MC0_CTL       0x00000400
#define MSR_MC_LAST       0x0000047f
#define MSR_XEN_HYPERCALL 0x40000000

/* False if the processor doesn't have @msr: a fault in reading it is answered. */
static bool msr_read_hardware(u32 msr, u64 *value)
{
    u32 ok = 1, lo = 0, hi = 0;

    __asm__ volatile("1: rdmsr\n"
                     "2:\n"
                     ".pushsection .fixup, \"ax\"\n"
                     "3: xor %0, %0\n"
                     "jmp 2b\n"
                     ".popsection\n" EXTABLE(1b, 3b)
                     : "+r"(ok), "+a"(lo), "+d"(hi)
                     : "c"(msr));
    *value = (u64)hi << 32 | lo;
    return ok;
}

/* The bases of FS and GS, which kernels read and write at each switch of threads. They belong to long mode. */
static inline bool is_base(const struct vcpu *v, u32 msr)
{
    return msr - MSR_FS_BASE <= MSR_KERNEL_GS_BASE - MSR_FS_BASE && !vcpu_is_pv32(v);
}

static __attribute__((noinline)) bool read_other(struct vcpu *v, u32 msr, u64 *value)
{
    u64 ignored;

    *value = 0;
    switch ( msr )
    {
    case MSR_EFER:
        /* Long mode is 64-bit guests' too; SVM is nobody's. */
        *value = rdmsr(MSR_EFER) & ~EFER_SVME;
        if ( vcpu_is_pv32(v) )
            *value &= ~(EFER_LME | EFER_LMA);
        return true;
    case MSR_APIC_BASE:
        *value = rdmsr(MSR_APIC_BASE) & ~(APIC_BASE_BOOT | APIC_BASE_X2APIC); /* as CPUID tells */
        if ( v->id == 0 )
            *value |= APIC_BASE_BOOT;
        return true;
    case MSR_PAT:
        *value = PAT_VALUE;
        return true;
    case MSR_IA32_TSC:
        *value = tsc_read(v->domain);
        return true;
    case MSR_TSC_AUX:
        *value = v->pv.tsc_aux;
        return cpu_features.rdtscp;
    case MSR_MISC_ENABLE:
        *value = 1UL << 0 | 1UL << 11 | 1UL << 12; /* fast strings; no BTS, no PEBS */
        return true;
    case MSR_MICROCODE:
        if ( !msr_read_hardware(msr, value) )
            *value = 0; /* revision 0 where there is none */
        return true;
    case MSR_PLATFORM_INFO:
    case MSR_MISC_FEATURES:
    case MSR_MCG_CAP:
    case MSR_MCG_STATUS:
    case MSR_MCG_CTL:
    case MSR_MC0_CTL ... MSR_MC_LAST:
        return true;
    case MSR_FS_BASE ... MSR_KERNEL_GS_BASE: /* of a 32-bit guest's */
        return false;
    default:
        return !v->pv.traps[TRAP_GP].address && msr_read_hardware(msr, &ignored);
    }
}

bool emulate_msr_read(struct vcpu *v, u32 msr, u64 *value)
{
    if ( !is_base(v, msr) )
        return read_other(v, msr, value);
    *value = rdmsr(msr);
    return true;
}

static bool write_hypercall_page(struct vcpu *v, u64 value)
{
    mfn_t mfn = maddr_to_mfn(to_maddr(value));
    struct frame *frame;

    if ( (value & ~PAGE_MASK) || !mfn_valid(mfn) )
        return false;
    frame = mfn_to_frame(mfn);
    if ( frame_get_and_type(frame, v->domain->id, FRAME_WRITABLE) )
        return false;
    builder_hypercall_page(mfn_to_virt(mfn), !v->domain->pv32);
    frame_put_and_type(frame);
    return true;
}

static __attribute__((noinline)) bool write_other(struct vcpu *v, u32 msr, u64 value)
{
    u64 now;

    switch ( msr )
    {
    case MSR_EFER:
    case MSR_PAT:
        return emulate_msr_read(v, msr, &now) && value == now;
    case MSR_TSC_AUX:
        if ( value >> 32 || !cpu_features.rdtscp )
            return false;
        v->pv.tsc_aux = value;
        emulate_load_tsc_aux(v);
        return true;
    case MSR_MICROCODE:
        /*
         * Intel's way to ask for the revision begins with a write of 0; on AMD's the register is
         * read-only.
         */
        return cpu_features.vendor == CPU_INTEL;
    case MSR_APIC_BASE:
    case MSR_MISC_ENABLE:
    case MSR_IA32_TSC:
    case MSR_MCG_CTL:
    case MSR_MCG_STATUS:
    case MSR_MC0_CTL ... MSR_MC_LAST:
        return true; /* dropped */
    case MSR_XEN_HYPERCALL:
        return write_hypercall_page(v, value);
    default:
        log_debug("d%uv%u: wrmsr %#x = %#lx refused", v->domain->id, v->id, msr, value);
        return false;
    }
}

bool emulate_msr_write(struct vcpu *v, u32 msr, u64 value)
{
    if ( !is_base(v, msr) )
        return write_other(v, msr, value);
    if ( GUARD(msr_base_canonical, !canonical(value)) )
        return false;
    wrmsr(msr, value);
    v->cpu.gs_other_kept = 0;
    return true;
}
