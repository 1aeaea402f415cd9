/*
 * The hypervisor's slots in guests' tables, as mm/map.c has them: entries that nobody follows. For one source of a
 * program to include.
 */
#include "mm/map.h"

#define HV_ENTRY(slot) (0x7000000000000001UL | (u64)(slot) << PAGE_SHIFT)

void map_fill_l4(u64 *l4)
{
    for ( unsigned int i = 0; i < HV_SLOTS; i++ )
        l4[HV_SLOT_FIRST + i] = HV_ENTRY(i);
}

bool map_is_hypervisor_slot(unsigned int index)
{
    return index - HV_SLOT_FIRST < HV_SLOTS;
}

void map_fill_l2_top(u64 *l2)
{
    for ( unsigned int i = HV32_SLOT_FIRST; i < PTES_PER_TABLE; i++ )
        l2[i] = HV_ENTRY(i);
}
