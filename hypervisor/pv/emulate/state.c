/*
 * Processor state that guests set by hypercall or by an emulated instruction: task-switched flag,
 * debug registers, XCR0.
 */
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/fpu.h"
#include "cpu/uaccess.h"
#include "lib/guard.h"
#include "pv/emulate/cpuid.h"
#include "pv/emulate/internal.h"

#define DR7_FIXED   0x00000400UL
#define DR7_ACTIVE  0x000000ffUL
#define DR7_GENERAL 0x00002000UL

/*
 * fpu_taskswitch (public/xen.h): the guest's CR0.TS. The hardware's follows, so that #NM comes when
 * it should.
 */
long emulate_fpu_taskswitch(unsigned long set)
{
    struct vcpu *v = current_vcpu();
    bool ts = set != 0;

    if ( v->cpu.ts == ts )
        return 0;
    v->cpu.ts = ts;
    fpu_set_ts(ts);
    return 0;
}

static bool breakpoint_ok(u64 address)
{
    return guest_word_ok(to_gva(address)); /* it watches no more than the 8 bytes around it */
}

/*
 * Is any of the @dr7's enabled breakpoints of a kind that guests may not have: I/O without DE, or
 * in our range?
 */
static long dr7_check(const struct vcpu *v, u64 dr7)
{
    if ( dr7 & DR7_GENERAL ) /* of debug registers themselves: those are ours */
        return -EPERM;
    if ( !(dr7 & DR7_ACTIVE) )
        return 0;
    for ( unsigned int i = 0; i < 4; i++ )
        if ( (dr7 >> (16 + 4 * i) & 3) == 2 && !(v->pv.cr4 & CR4_DE) )
            return -EPERM;
    return 0;
}

long emulate_write_dr(struct vcpu *v, unsigned int reg, u64 value)
{
    bool live = v == current_vcpu();

    switch ( reg )
    {
    case 0 ... 3:
        if ( GUARD(breakpoint_address, !breakpoint_ok(value)) )
            return -EPERM;
        v->pv.dr[reg] = value;
        if ( !live || !(v->pv.dr[7] & DR7_ACTIVE) )
            return 0;
        if ( reg == 0 )
            write_dr0(value);
        else if ( reg == 1 )
            write_dr1(value);
        else if ( reg == 2 )
            write_dr2(value);
        else
            write_dr3(value);
        return 0;
    case 4:
    case 6:
        if ( value >> 32 )
            return -EINVAL;
        v->pv.dr[6] = (value & ~0x1000UL) | 0xffff0ff0UL;
        return 0;
    case 5:
    case 7:
        if ( value >> 32 )
            return -EINVAL;
        if ( dr7_check(v, value) )
            return -EPERM;
        value = (value & ~0xd800UL) | DR7_FIXED;
        v->pv.dr[7] = value;
        if ( live )
            emulate_load_debug(v);
        return 0;
    default:
        return -EINVAL;
    }
}

/* Load the breakpoints of the vcpu that this CPU runs now; others' are off. */
void emulate_load_debug(const struct vcpu *v)
{
    if ( v->pv.dr[7] & DR7_ACTIVE )
    {
        write_dr0(v->pv.dr[0]);
        write_dr1(v->pv.dr[1]);
        write_dr2(v->pv.dr[2]);
        write_dr3(v->pv.dr[3]);
        write_dr7(v->pv.dr[7]);
    }
    else
        write_dr7(DR7_FIXED);
}

void emulate_load_tsc_aux(const struct vcpu *v)
{
    struct percpu *cpu = this_cpu();

    if ( cpu_features.rdtscp && cpu->tsc_aux != v->pv.tsc_aux )
    {
        cpu->tsc_aux = v->pv.tsc_aux;
        wrmsr(MSR_TSC_AUX, v->pv.tsc_aux);
    }
}

/* The register is an int to the ABI: its upper half means nothing. */

long emulate_set_debugreg(unsigned long reg, unsigned long value)
{
    return emulate_write_dr(current_vcpu(), (u32)reg, value);
}

long emulate_get_debugreg(unsigned long reg)
{
    struct vcpu *v = current_vcpu();

    switch ( (u32)reg )
    {
    case 0 ... 3:
        return (long)v->pv.dr[(u32)reg];
    case 4:
    case 6:
        return (long)(v->pv.dr[6] | 0xffff0ff0UL);
    case 5:
    case 7:
        return (long)(v->pv.dr[7] | DR7_FIXED);
    default:
        return -EINVAL;
    }
}

bool emulate_xsetbv(struct vcpu *v, u32 index, u64 value)
{
    if ( index != 0 || GUARD(xcr0_known, !cpuid_xcr0_ok(v->domain, value)) )
        return false;
    v->pv.xcr0 = value;
    fpu_set_xcr0(value);
    return true;
}
