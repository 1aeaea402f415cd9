/*
 * Each exception arrives with its own vector and error code.
 */
#include "test.h"

static char readonly_page[4096] __attribute__((aligned(4096)));

void test_main(void)
{
    int zero = 0;
    ulong noncanonical = (ulong)0x0000800000000000ULL;
    void *function = page_alloc();

    expect_fault(fault_of(asm volatile("divl %0"
                                       :
                                       : "r"(zero), "a"(1), "d"(0))),
                 TRAP_DE, 0, "divide by zero");
    expect_fault(fault_of(asm volatile("int3")), TRAP_BP, 0, "int3");
    expect_fault(fault_of(asm volatile("ud2")), TRAP_UD, 0, "ud2");
    expect_fault(fault_of(asm volatile("mov %0, %%es"
                                       :
                                       : "r"(0x8888))),
                 TRAP_GP, 0x8888, "a bad selector");
    if ( !KIT_PV32 )
        expect_fault(fault_of(*(volatile char *)noncanonical = 0), TRAP_GP, 0,
                     "an address that is not canonical");
    expect_fault(fault_of(*(volatile char *)8), TRAP_PF, 0, "read what is not mapped");
    expect_fault(fault_of(*(volatile char *)8 = 0), TRAP_PF, PF_WRITE, "write what is not mapped");
    need(page_protect(readonly_page, PTE_KERNEL_RO));
    expect_fault(fault_of(*(volatile char *)readonly_page = 0), TRAP_PF, PF_PRESENT | PF_WRITE,
                 "write a read-only page");
    need(page_protect(readonly_page, PTE_KERNEL_RW));
    expect_fault(fault_of(((void (*)(void))8)()), TRAP_PF, PF_FETCH, "execute what is not mapped");
    need(page_protect(function, PTE_KERNEL_RW | PTE_NX));
    expect_fault(fault_of(((void (*)(void))function)()), TRAP_PF, PF_PRESENT | PF_FETCH,
                 "execute a no-execute page");
    expect_fault(fault_of(*(volatile char *)HYPERVISOR_VIRT_START = 0), TRAP_PF,
                 PF_PRESENT | PF_WRITE, "write the M2P");
    expect_eq(fault_of(*(volatile char *)0x12345678).cr2, 0x12345678, "cr2 tells the address");
    need(page_protect(function, PTE_KERNEL_RW));
    page_free(function);

    {
        struct fault f = fault_of(asm volatile("pushf; orl $0x100, (%%" KIT_SP "); popf; nop; nop"
                                               :
                                               :
                                               : "memory"));

        expect_fault(f, TRAP_DB, 0, "single step");
    }
}
