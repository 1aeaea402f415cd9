/*
 * Plain stores to a read-only-mapped L1 table work, if the guest asked for that assist: the hypervisor emulates them.
 *
 * Linux lives on it: set_pte() is a mov, ptep_get_and_clear() an xchg, ptep_set_wrprotect() a lock and. Each store is
 * checked like an mmu_update. One that would not pass, or that is no aligned store within one entry, or that comes from
 * user mode, or that changes an L2 table, is the ordinary page fault.
 *
 * A store to an L2 table of what is there already is one too on Debian's Xen. We take it as done: GNU Mach makes such a
 * store when it starts, and doesn't survive the fault.
 */
#include "test.h"

static pte_t *entry, valid, readonly;
static void *page;

static void set(pte_t value)
{
    need(pte_set(entry, value));
}

#ifdef __i386__
/* An entry has two words here, and each store changes one: what results must be an entry each time. */
static void stores(void)
{
    volatile uint32_t *low = (uint32_t *)entry, *high = low + 1;

    expect_no_fault(fault_of(*high = (uint32_t)(valid >> 32)), "a 4-byte mov to the upper half");
    expect_no_fault(fault_of(*low = (uint32_t)valid), "and to the lower half");
    expect(!((*entry ^ valid) & ~(PTE_A | PTE_D)), "is stored");
    expect_no_fault(fault_of(*(volatile uint16_t *)low = (uint16_t)readonly), "a 2-byte mov");
    expect_eq(*entry & PTE_RW, 0, "takes RW away");
    expect_no_fault(fault_of(*(volatile uint8_t *)low = (uint8_t)valid), "a 1-byte mov");
    expect_eq(*entry & PTE_RW, PTE_RW, "gives RW back");
    expect_no_fault(fault_of(*low = 0), "a mov of an immediate");
    expect_eq(*low, 0, "clears it");
    *high = 0;
}

static void atomics(void)
{
    uint32_t *low = (uint32_t *)entry, half = 0;
    uint64_t old = 0;
    bool carry;
    struct fault f;

    f = fault_of(asm volatile("lock cmpxchg8b %1"
                              : "+A"(old), "+m"(*entry)
                              : "b"((uint32_t)valid), "c"((uint32_t)(valid >> 32))
                              : "cc"));
    expect_no_fault(f, "lock cmpxchg8b that matches");
    expect((*entry & PTE_ADDRESS) == (valid & PTE_ADDRESS), "stores");
    old = 0x1234;
    f = fault_of(asm volatile("lock cmpxchg8b %1"
                              : "+A"(old), "+m"(*entry)
                              : "b"(0), "c"(0)
                              : "cc"));
    expect_no_fault(f, "lock cmpxchg8b that does not match");
    expect((old & PTE_ADDRESS) == (valid & PTE_ADDRESS), "tells the current entry");
    expect((*entry & PTE_ADDRESS) == (valid & PTE_ADDRESS), "stores nothing");

    f = fault_of(asm volatile("lock andl %1, %0" : "+m"(*low) : "r"((uint32_t)~PTE_RW) : "cc"));
    expect_no_fault(f, "lock and");
    expect_eq(*entry & PTE_RW, 0, "takes RW away");
    f = fault_of(asm volatile("lock orl %1, %0" : "+m"(*low) : "r"((uint32_t)PTE_RW) : "cc"));
    expect_no_fault(f, "lock or");
    expect_eq(*entry & PTE_RW, PTE_RW, "gives it back");
    f = fault_of(asm volatile("lock btrl $1, %0; setc %1" : "+m"(*low), "=q"(carry) : : "cc"));
    expect_no_fault(f, "lock btr");
    expect(carry, "tells that RW was set");
    expect_eq(*entry & PTE_RW, 0, "and clears it");
    f = fault_of(asm volatile("xchgl %0, %1" : "+r"(half), "+m"(*low)));
    expect_no_fault(f, "xchg");
    expect((half & PTE_ADDRESS) == ((uint32_t)valid & PTE_ADDRESS), "gives the old half");
    expect_eq(*low, 0, "stores the new one");
}
#else
static void stores(void)
{
    struct fault f;

    f = fault_of(asm volatile("movq %1, %0" : "=m"(*entry) : "r"(valid)));
    expect_no_fault(f, "an 8-byte mov");
    expect_eq(*entry & ~(PTE_G | PTE_A | PTE_D), valid & ~(PTE_A | PTE_D), "is stored");

    f = fault_of(asm volatile("movl %1, %0" : "=m"(*(uint32_t *)entry) : "r"((uint32_t)readonly)));
    expect_no_fault(f, "a 4-byte mov to the lower half");
    expect_eq(*entry & PTE_RW, 0, "takes RW away");
    f = fault_of(asm volatile("movw %1, %0" : "=m"(*(uint16_t *)entry) : "r"((uint16_t)valid)));
    expect_no_fault(f, "a 2-byte mov");
    expect_eq(*entry & PTE_RW, PTE_RW, "gives RW back");
    f = fault_of(asm volatile("movb %1, %0" : "=m"(*(uint8_t *)entry) : "q"((uint8_t)readonly)));
    expect_no_fault(f, "a 1-byte mov");
    expect_eq(*entry & PTE_RW, 0, "takes RW away");
    f = fault_of(asm volatile("movq $0, %0" : "=m"(*entry)));
    expect_no_fault(f, "an 8-byte mov of an immediate");
    expect_eq(*entry, 0, "clears it");
}

static void atomics(void)
{
    pte_t old;
    bool carry;
    struct fault f;

    set(valid);
    old = 0;
    f = fault_of(asm volatile("xchgq %0, %1" : "+r"(old), "+m"(*entry)));
    expect_no_fault(f, "xchg");
    expect_eq(old & (PTE_ADDRESS | PTE_P | PTE_RW), valid & (PTE_ADDRESS | PTE_P | PTE_RW),
              "gives the old entry");
    expect_eq(*entry, 0, "stores the new one");

    old = 0;
    f = fault_of(asm volatile("lock cmpxchgq %2, %1"
                              : "+a"(old), "+m"(*entry)
                              : "r"(valid)
                              : "cc"));
    expect_no_fault(f, "lock cmpxchg that matches");
    expect_eq(*entry & PTE_ADDRESS, valid & PTE_ADDRESS, "stores");
    old = 0x1234;
    f = fault_of(asm volatile("lock cmpxchgq %2, %1" : "+a"(old), "+m"(*entry) : "r"(0L) : "cc"));
    expect_no_fault(f, "lock cmpxchg that does not match");
    expect_eq(old & PTE_ADDRESS, valid & PTE_ADDRESS, "tells the current entry");
    expect_eq(*entry & PTE_ADDRESS, valid & PTE_ADDRESS, "stores nothing");

    f = fault_of(asm volatile("lock andq %1, %0" : "+m"(*entry) : "r"(~PTE_RW) : "cc"));
    expect_no_fault(f, "lock and");
    expect_eq(*entry & PTE_RW, 0, "takes RW away");
    f = fault_of(asm volatile("lock orq %1, %0" : "+m"(*entry) : "r"(PTE_RW) : "cc"));
    expect_no_fault(f, "lock or");
    expect_eq(*entry & PTE_RW, PTE_RW, "gives it back");
    f = fault_of(asm volatile("lock btrq $1, %0; setc %1" : "+m"(*entry), "=q"(carry) : : "cc"));
    expect_no_fault(f, "lock btr");
    expect(carry, "tells that RW was set");
    expect_eq(*entry & PTE_RW, 0, "and clears it");
}
#endif

static long user_store(long arg)
{
    *(volatile pte_t *)entry = 0;
    return 0;
}

/* Stores what the entry of an L2 table is already; nothing may come of it. */
static void again(pte_t *l2)
{
    pte_t old = *l2;
    struct fault f = fault_of(*(volatile pte_t *)l2 = old);

    if ( f.vector != TRAP_NONE ) /* Debian's Xen */
        expect_fault(f, TRAP_PF, PF_PRESENT | PF_WRITE, "what an L2 table holds, stored again");
    expect(!((*l2 ^ old) & ~(pte_t)(PTE_A | PTE_D)), "it is as it was");
}

static void refused(void)
{
    pte_t *l2 = table_find((ulong)page, 2), table_rw = pte_make(virt_to_mfn(entry), PTE_USER_RW);
    struct user_result user;

    set(valid);
    expect_fault(fault_of(*(volatile pte_t *)entry = table_rw), TRAP_PF, PF_PRESENT | PF_WRITE,
                 "an entry that maps its own table writable");
    expect_eq(*entry & PTE_ADDRESS, valid & PTE_ADDRESS, "is not stored");
    expect_fault(fault_of(*(volatile uint32_t *)((char *)entry + 6) = 0), TRAP_PF,
                 PF_PRESENT | PF_WRITE, "a store across two entries");
    expect_fault(fault_of(*(volatile uint16_t *)((char *)entry + 1) = 0), TRAP_PF,
                 PF_PRESENT | PF_WRITE, "a misaligned store");
    expect_fault(fault_of(*(volatile pte_t *)l2 = 0), TRAP_PF, PF_PRESENT | PF_WRITE,
                 "a store to an L2 table");
    again(l2);

    user = user_run(user_store, 0);
    expect_fault(user.fault, TRAP_PF, PF_PRESENT | PF_WRITE | PF_USER, "a store from user mode");
    expect_eq(*entry & PTE_ADDRESS, valid & PTE_ADDRESS, "the entry is as it was");
}

void test_main(void)
{
    page = page_alloc();
    entry = table_make(table_window(), 1);
    valid = pte_make(virt_to_mfn(page), PTE_USER_RW);
    readonly = pte_make(virt_to_mfn(page), PTE_USER_RO);

    expect_eq(hypercall(vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0,
              "ask for the assist");
    stores();
    atomics();
    refused();
    set(0);
    page_free(page);

    expect_eq(hypercall(vm_assist, VMASST_CMD_disable, VMASST_TYPE_writable_pagetables), 0,
              "and give it up");
    if ( !is_dom0() ) /* Debian's Xen goes on emulating for dom0 */
        expect_fault(fault_of(*(volatile pte_t *)entry = 0), TRAP_PF, PF_PRESENT | PF_WRITE,
                     "without it");
}
