/*
 * Entries that are not present, where the processor may follow them all the same (cpu/isolation.h).
 *
 * Guests keep swap addresses and the like there, and those that know of the flaw turn the address
 * around, so that it lies beyond all memory. Others are refused such an entry, as one that is wrong.
 */
#ifndef PV_PAGETABLE_L1TF_H
#define PV_PAGETABLE_L1TF_H

#include "cpu/isolation.h"
#include "domain/domain.h"
#include "mm/map.h"

/*
 * May @pte not be in a table of @d's? @upper: in one above L1, where it may say that it is large. I/O
 * memory is not cached, and in frame 0 nobody keeps secrets.
 */
static inline bool l1tf_exposes(const struct domain *d, u64 pte, bool upper)
{
    u64 maddr = pte & PTE_FRAME & l1tf.addresses;

    return d->pv.bars_l1tf && !(pte & PTE_P) && (maddr || (upper && (pte & PTE_PS))) &&
           maddr >> PAGE_SHIFT < frame_limit;
}

#endif
