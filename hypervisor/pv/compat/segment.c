/* Descriptor tables of 32-bit guests. */
#include "cpu/segments.h"
#include "cpu/uaccess.h"
#include "lib/bits.h"
#include "pv/compat/internal.h"

/* set_gdt: as segment_set_gdt, with frame numbers of 32 bits. */
long compat_set_gdt(unsigned long list, unsigned long entries)
{
    unsigned long count = DIV_ROUND_UP(entries, PAGE_SIZE / 8);
    u32 numbers[GDT_GUEST_PAGES];
    mfn_t frames[GDT_GUEST_PAGES];

    if ( count > GDT_GUEST_PAGES )
        return -EINVAL;
    if ( copy_from_guest(numbers, to_gva(list), count * sizeof(numbers[0])) )
        return -EFAULT;
    for ( unsigned long i = 0; i < count; i++ )
        frames[i] = to_mfn(numbers[i]);
    return segment_gdt_install(current_vcpu(), frames, (u32)entries);
}

/* update_descriptor: both arguments have 64 bits, and come in halves. */
long compat_update_descriptor(unsigned long maddr_low, unsigned long maddr_high, unsigned long low,
                              unsigned long high)
{
    return segment_update_descriptor(maddr_high << 32 | maddr_low, high << 32 | low);
}
