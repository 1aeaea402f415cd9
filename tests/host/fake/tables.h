/*
 * Words for tests of the page-type engine: hypercalls as a guest issues them, continuations
 * included, and address spaces.
 */
#ifndef TESTS_HOST_FAKE_TABLES_H
#define TESTS_HOST_FAKE_TABLES_H

#include "tests/host/fake/machine.h"

#include "pv/pagetable/pagetable.h"

#define RO  (PTE_P | PTE_US | PTE_A)
#define RWD (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

/* Called each time the guest gets the CPU back in the middle of a hypercall. */
extern void (*between_slices)(void);
extern unsigned long slices; /* such times so far */

/* Issue it until it is done, as a guest of the current domain's width; *done as the guest finds it. */
extern bool fake_no_batching; /* boot option batching=off */
extern bool
    fake_general_ways; /* as if it came again: none of the shorter ways that few requests have */
long guest_mmu_update(struct mmu_update *reqs, u32 count, u32 *done, u32 foreigndom);
long guest_mmuext(struct mmuext_op *ops, u32 count, u32 *done, domid_t foreigndom);

/* One request each. */
long set_pte(mfn_t table, unsigned int index, u64 pte);
long set_pte_of(mfn_t table, unsigned int index, u64 pte, u32 foreigndom, unsigned int command);
long pin(unsigned int level, mfn_t mfn);
long unpin(mfn_t mfn);
long new_baseptr(mfn_t mfn);
long new_user_baseptr(mfn_t mfn);

/*
 * An address space of four tables over @pages frames of data, mapped RW from @va on, as the guest
 * builds it in its memory.
 */
struct space {
    struct domain *d;
    mfn_t l4, l3, l2, l1;
    mfn_t top; /* a 32-bit guest's L3[3] */
    mfn_t page[64];
    unsigned int pages;
    u64 va;
};

#define SPACE_VA 0x0000123456600000UL

void space_build(struct space *s, struct domain *d, unsigned int pages);

/* The same for a 32-bit guest: no L4, and an L2 for the last GiB, with nothing in it. */
#define SPACE_PV32_VA 0x00600000UL

void space_build_pv32(struct space *s, struct domain *d, unsigned int pages);
u64 *slot_of(mfn_t table, unsigned int index);

/* The counts are right and no TLB remembers what it should not. */
#define expect_sane(d)                                                                             \
    do                                                                                             \
    {                                                                                              \
        expect_eq(pagetable_audit_exact(d), 0);                                                    \
        expect_eq(fake_tlb_violations(), 0);                                                       \
    } while ( 0 )

/* Kill @d in slices: nothing of it is left. */
void expect_buried(struct domain *d);

#endif
