/*
 * The hypervisor's slots in guests' tables, as mm/map.c has them: entries that nobody follows. For one source of a
 * program to include.
 */
#include <stdlib.h>

#include "cpu/isolation.h"
#include "mm/map.h"
#include "mm/shown.h"

#define HV_ENTRY(slot) (0x7000000000000001UL | (u64)(slot) << PAGE_SHIFT)

void map_fill_l4(u64 *l4)
{
    for ( unsigned int i = 0; i < HV_SLOTS; i++ )
        l4[HV_SLOT_FIRST + i] = HV_ENTRY(i);
}

void map_fill_l2_top(u64 *l2)
{
    for ( unsigned int i = HV32_SLOT_FIRST; i < PTES_PER_TABLE; i++ )
        l2[i] = HV_ENTRY(i);
}

/* Shadow roots, where a test isolates domains: only that they are there, in memory that is nobody's. */
struct isolation isolation;
struct l1tf l1tf = { .addresses = (1UL << 39) - 1 };

long shown_create(struct shown *s, const void *vcpu, u64 window, u64 *window_ptes)
{
    (void)vcpu, (void)window, (void)window_ptes;
    for ( unsigned int i = 0; i < 2; i++ )
        s->roots[i] = calloc(PTES_PER_TABLE, sizeof(u64));
    return 0;
}

void shown_destroy(struct shown *s)
{
    free(s->roots[0]);
    free(s->roots[1]);
    *s = (struct shown){};
}

struct vcpu_info *shown_move_info(u64 *window_ptes, const struct vcpu_info *info)
{
    (void)window_ptes;
    return (struct vcpu_info *)info;
}
