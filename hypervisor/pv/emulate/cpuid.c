/* CPUID as a guest's kernel gets it: its domain's policy, and what is each vcpu's own or changes as it runs. */
#include "lib/bits.h"
#include "mm/alloc.h"
#include "pv/emulate/cpuid_policy.h"
#include "time/time.h"

#define XEN_LEAVES_END (XEN_CPUID_FIRST_LEAF + 0x100)
#define XEN_MSR_BASE   0x40000000u /* write here: fill a hypercall page */

/* Leaf 3: how the TSC behaves, and the mode that the toolstack chose. */
#define TSC_EMULATED 1u
#define TSC_RELIABLE 2u
#define TSC_RDTSCP   4u

static void tsc_leaf(const struct domain *d, u32 subleaf, struct cpuid_leaf *out)
{
    const struct cpuid_policy *p = d->pv.cpuid,
                              *host = cpuid_machine_policy(XEN_SYSCTL_cpu_policy_host);

    const struct domain_tsc *tsc = &d->time.tsc;

    if ( subleaf == 1 )
        *out = (struct cpuid_leaf){ (u32)tsc->offset, tsc->offset >> 32, tsc->to_ns.mul,
                                    (u8)tsc->to_ns.shift };
    if ( subleaf == 2 )
        out->eax = (u32)time_tsc_khz;
    if ( subleaf != 0 )
        return;

    out->eax = (tsc->emulated ? TSC_EMULATED : 0) |
               (cpuid_has(host, XEN_X86_FEATURE_ITSC) ? TSC_RELIABLE : 0) |
               (cpuid_has(p, XEN_X86_FEATURE_RDTSCP) ? TSC_RDTSCP : 0);
    out->ebx = tsc->mode;
    out->ecx = tsc->khz;
    out->edx = tsc->incarnation;
}

static __attribute__((noinline)) void xen_leaf(const struct domain *d, u32 leaf, u32 subleaf,
                                               struct cpuid_leaf *out)
{
    *out = (struct cpuid_leaf){ 0 };
    switch ( leaf - XEN_CPUID_FIRST_LEAF )
    {
    case 0:
        *out = (struct cpuid_leaf){ XEN_CPUID_FIRST_LEAF + XEN_CPUID_MAX_NUM_LEAVES,
                                    XEN_CPUID_SIGNATURE_EBX, XEN_CPUID_SIGNATURE_ECX,
                                    XEN_CPUID_SIGNATURE_EDX };
        break;
    case 1:
        out->eax = (ABI_VERSION_MAJOR << 16) | ABI_VERSION_MINOR;
        break;
    case 2:
        out->eax = 1; /* hypercall pages */
        out->ebx = XEN_MSR_BASE;
        out->ecx = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
        break;
    case 3:
        tsc_leaf(d, subleaf, out);
        break;
    case 5:
        if ( subleaf == 0 )
            out->ebx = mm_address_bits() & XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK;
        break;
    }
}

/* A kernel that would not see OSXSAVE, though it cannot set CR4.OSXSAVE in earnest, would do without XSAVE. */
static bool shows_osxsave(const struct vcpu *v)
{
    return CPUID_HAS_1C(v->domain->pv.cpuid, XEN_X86_FEATURE_XSAVE) &&
           (v->cpu.kernel_mode || (v->pv.cr4 & CR4_OSXSAVE));
}

/* Vcpus look like cores of one thread each: APIC ids are even. */
static u32 apic_id(const struct vcpu *v)
{
    return v->id * 2;
}

static void xstate_leaf(const struct vcpu *v, u32 subleaf, struct cpuid_leaf *out)
{
    const struct cpuid_policy *p = v->domain->pv.cpuid;

    if ( subleaf >= CPUID_XSTATES )
        return;
    *out = p->xstate[subleaf];
    if ( subleaf == 0 && cpuid_xcr0(p) )
        out->ebx = cpuid_xsave_size(p, v->pv.xcr0);
}

static __attribute__((noinline)) void varying_leaf(const struct vcpu *v, u32 leaf, u32 subleaf,
                                                   struct cpuid_leaf *out)
{
    const struct cpuid_policy *p = v->domain->pv.cpuid;

    *out = (struct cpuid_leaf){ 0 };
    if ( leaf > p->basic[0].eax )
        return;
    switch ( leaf )
    {
    case 1:
        *out = p->basic[1];
        out->ebx |= apic_id(v) << 24;
        if ( shows_osxsave(v) )
            out->ecx |= FEATURE_BIT(XEN_X86_FEATURE_OSXSAVE);
        break;
    case LEAF_CACHE:
        if ( subleaf < CPUID_CACHE_LEAVES )
            *out = p->cache[subleaf];
        break;
    case LEAF_FEAT:
        if ( subleaf <= p->feat[0].eax && subleaf < CPUID_FEAT_LEAVES )
            *out = p->feat[subleaf];
        break;
    case LEAF_XSTATE:
        xstate_leaf(v, subleaf, out);
        break;
    }
}

void cpuid_guest(struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_leaf *out)
{
    const struct cpuid_policy *p = v->domain->pv.cpuid;

    if ( cpuid_is_plain(leaf) )
        *out = p->basic[leaf];
    else if ( leaf < CPUID_BASIC_LEAVES )
        varying_leaf(v, leaf, subleaf, out);
    else if ( leaf >= XEN_CPUID_FIRST_LEAF && leaf < XEN_LEAVES_END )
        xen_leaf(v->domain, leaf, subleaf, out);
    else if ( leaf >= CPUID_EXT_BASE && leaf <= p->ext[0].eax &&
              leaf < CPUID_EXT_BASE + CPUID_EXT_LEAVES )
        *out = p->ext[leaf - CPUID_EXT_BASE];
    else
        *out = (struct cpuid_leaf){ 0 };
}
