/* FS and GS bases, by hypercall: set_segment_base (public/arch-x86/xen-x86_64.h). */
#include "cpu/asm.h"
#include "cpu/extable.h"
#include "cpu/uaccess.h"
#include "lib/guard.h"
#include "pv/segment/segment.h"

/*
 * Load GS of the guest's user mode with @selector: the CPU is between two swapgs meanwhile. A
 * selector that can't be loaded becomes NULL: guests rely on this never failing.
 */
static void load_user_gs(u16 selector)
{
    __asm__ volatile("swapgs\n"
                     "1: mov %w0, %%gs\n"
                     "2: swapgs\n"
                     ".pushsection .fixup, \"ax\"\n"
                     "3: xor %k0, %k0\n"
                     "   mov %w0, %%gs\n"
                     "   jmp 2b\n"
                     ".popsection\n" EXTABLE(1b, 3b)
                     : "+r"(selector)::"memory");
}

/* Canonical is what the upper half tells, that WRMSR takes by itself. */
static inline long set_base(u32 msr, u64 base)
{
    s32 upper = (s32)(base >> 32);

    if ( GUARD(segment_base_canonical, upper != (s16)upper) )
        return -EINVAL;
    wrmsr(msr, base);
    return 0;
}

long segment_set_base(unsigned long which, unsigned long base)
{
    if ( __builtin_expect((u32)which == SEGBASE_FS, 1) ) /* at each switch of threads */
        return set_base(MSR_FS_BASE, base);
    switch ( (u32)which ) /* an int to the ABI: the upper half means nothing */
    {
    case SEGBASE_GS_USER: /* the guest is in kernel mode: that is the one swapped out */
        current_vcpu()->cpu.gs_other_kept = 0;
        return set_base(MSR_KERNEL_GS_BASE, base);
    case SEGBASE_GS_KERNEL:
        return set_base(MSR_GS_BASE, base);
    case SEGBASE_GS_USER_SEL:
        current_vcpu()->cpu.gs_other_kept = 0;
        load_user_gs((u16)base);
        return 0;
    default:
        return -EINVAL;
    }
}
