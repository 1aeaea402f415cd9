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

long segment_set_base(unsigned long which, unsigned long base)
{
    switch ( (u32)which ) /* an int to the ABI: the upper half means nothing */
    {
    case SEGBASE_FS:
        if ( GUARD(segment_base_canonical, !canonical(base)) )
            return -EINVAL;
        wrmsr(MSR_FS_BASE, base);
        return 0;
    case SEGBASE_GS_USER:
        if ( GUARD(segment_base_canonical, !canonical(base)) )
            return -EINVAL;
        wrmsr(MSR_KERNEL_GS_BASE,
              base); /* the guest is in kernel mode: its user GS is the one swapped out */
        return 0;
    case SEGBASE_GS_KERNEL:
        if ( GUARD(segment_base_canonical, !canonical(base)) )
            return -EINVAL;
        wrmsr(MSR_GS_BASE, base);
        return 0;
    case SEGBASE_GS_USER_SEL:
        load_user_gs((u16)base);
        return 0;
    default:
        return -EINVAL;
    }
}
