/*
 * Tables of 64-bit guests have four levels of 512 entries. All present entries get US: kernel and
 * processes both run in ring 3.
 *
 * A 32-bit guest runs its kernel in ring 1, which is a supervisor to the paging unit, and its
 * processes in ring 3: US means there what it says, and we change nothing in L1 and L2 tables. Above
 * them there is an L3 of four entries, a GiB each:
 *
 *  - The processor is in long mode and walks it like any L3, from an L4 that is ours (roots.c). So its
 *    entries get RW and US, which PAE has not there: L2 entries decide. What PAE reserves is refused.
 *    Of what we set, and the hardware, the guest finds nothing when the table is its own again.
 *  - All 512 entries of the page are the processor's to use, though a guest's addresses end after
 *    four: the others are cleared.
 *  - The last GiB ends with the hypervisor's hole, where the guest reads its M2P. Its L2 carries our
 *    entries; it has a type of its own, so that it can't be the L2 of another GiB as well, where these
 *    entries would be the guest's to write. There must be one, and it can't be exchanged.
 *  - An L3 that names an L3, itself perhaps, would be an L2 with RW set by us: a way to write to
 *    tables (XSA-185).
 */
#include "pv/pagetable/kinds.h"

#define NO_TABLE  (PTE_PWT | PTE_PCD | PTE_PS | PTE_G)
#define NO_PAE_L3 (NO_TABLE | PTE_NX | 0x7ff0000000000000UL)
#define PAE_L3    4

/* What 64-bit guests' tables above L1 have in common. */
#define NATIVE(below)                                                                              \
    {                                                                                              \
        .refuse = NO_TABLE, .set = PTE_US, .entries = PTES_PER_TABLE, .child = below,              \
        .changeable = PTES_PER_TABLE, .last_child = below, .linear = true                          \
    }

/* ... and an L4 whose every change is a matter of shadows, too: entry.c sees to that. */
#define SHADOWED_L4                                                                                \
    {                                                                                              \
        .refuse = NO_TABLE, .set = PTE_US, .entries = PTES_PER_TABLE, .child = FRAME_L3,           \
        .last_child = FRAME_L3, .linear = true, .care = CARE_SHADOW                                \
    }

const struct table_kind table_kinds[][FRAME_L2_TOP + 1] = {
    [KINDS_64] = {
        [FRAME_L1] = { .entries = PTES_PER_TABLE, .changeable = PTES_PER_TABLE },
        [FRAME_L2] = NATIVE(FRAME_L1),
        [FRAME_L3] = NATIVE(FRAME_L2),
        [FRAME_L4] = NATIVE(FRAME_L3),
    },
    [KINDS_SHADOWED] = {
        [FRAME_L1] = { .entries = PTES_PER_TABLE, .changeable = PTES_PER_TABLE },
        [FRAME_L2] = NATIVE(FRAME_L1),
        [FRAME_L3] = NATIVE(FRAME_L2),
        [FRAME_L4] = SHADOWED_L4,
    },
    [KINDS_32] = {
        [FRAME_L1] = { .entries = PTES_PER_TABLE, .changeable = PTES_PER_TABLE },
        [FRAME_L2] = { .refuse = NO_TABLE,
                       .entries = PTES_PER_TABLE,
                       .changeable = PTES_PER_TABLE,
                       .child = FRAME_L1,
                       .last_child = FRAME_L1,
                       .linear = true },
        [FRAME_L2_TOP] = { .refuse = NO_TABLE,
                           .entries = HV32_SLOT_FIRST,
                           .changeable = HV32_SLOT_FIRST,
                           .child = FRAME_L1,
                           .last_child = FRAME_L1,
                           .linear = true },
        [FRAME_L3] = { .refuse = NO_PAE_L3,
                       .set = PTE_RW | PTE_US,
                       .strip = PTE_RW | PTE_US | PTE_A,
                       .entries = PAE_L3,
                       .changeable = PAE_L3 - 1,
                       .child = FRAME_L2,
                       .last_child = FRAME_L2_TOP,
                       .care = CARE_LAST },
    },
};
