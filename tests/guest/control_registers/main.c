/*
 * Control registers: reads are answered, CR3 with our root's frame; writes that mean something are done, others dropped
 * or refused.
 */
#include "test.h"

#define CONTROL_REGISTER(n)                                                                        \
    static ulong read_cr##n(void)                                                                  \
    {                                                                                              \
        ulong value = 0;                                                                           \
        expect_no_fault(fault_of(asm volatile("mov %%cr" #n ", %0"                                 \
                                              : "=r"(value)                                        \
                                              :                                                    \
                                              : "memory")),                                        \
                        "read CR" #n);                                                             \
        return value;                                                                              \
    }                                                                                              \
    static struct fault write_cr##n(ulong value)                                                   \
    {                                                                                              \
        return fault_of(asm volatile("mov %0, %%cr" #n : : "r"(value) : "memory"));                \
    }
CONTROL_REGISTER(0)
CONTROL_REGISTER(2)
CONTROL_REGISTER(3)
CONTROL_REGISTER(4)

void test_main(void)
{
    ulong cr4, cr3 = read_cr3();
    pte_t *copy = page_alloc();

    expect_eq(read_cr0() & 0x80010001, 0x80010001, "CR0: paging, write protection, protected mode");
    expect_no_fault(write_cr0(read_cr0() | 8), "set TS by CR0");
    expect_eq(read_cr0() & 8, 8, "it is set");
    expect_no_fault(write_cr0(read_cr0() & ~8UL), "clear it");
    expect_fault(write_cr0(read_cr0() & ~0x80000000UL), TRAP_GP, 0, "paging off");

    expect_no_fault(write_cr2(0x1234), "write CR2");
    expect_eq(read_cr2(), 0x1234, "it reads back");

    expect_eq(cr3 >> PAGE_SHIFT, virt_to_mfn(table_root()), "CR3 is our root's frame");
    memcpy(copy, table_root(), PAGE_SIZE);
    need(page_protect(copy, PTE_KERNEL_RO));
    expect_no_fault(write_cr3(virt_to_mfn(copy) << PAGE_SHIFT), "a copy of our root");
    expect_eq(read_cr3() >> PAGE_SHIFT, virt_to_mfn(copy), "is the root now");
    expect_no_fault(write_cr3(cr3), "the old one");
    expect_eq(mmuext_mfn(MMUEXT_CLEAR_PAGE, virt_to_mfn(copy)), 0,
              "the copy is a page as any other");
    expect_fault(write_cr3(0xfffUL << PAGE_SHIFT << 24), TRAP_GP, 0, "a root that is no RAM");
    expect_eq(read_cr3(), cr3, "leaves the old one");
    page_release(copy);

    cr4 = read_cr4();
    expect_no_fault(write_cr4(cr4), "CR4 as it is");
    expect_no_fault(write_cr4(cr4 ^ 4), "CR4.TSD");
    expect_eq(read_cr4(), cr4 ^ 4, "changes");
    need(hypercall(xen_version, XENVER_version, NULL));
    expect_no_fault(write_cr4(cr4), "and back");
    expect_no_fault(write_cr4(cr4 ^ 0x20), "CR4.PAE");
    expect_eq(read_cr4(), cr4, "does not change");
}
