/*
 * update_va_mapping writes the L1 entry of an address in the current tables, and flushes as it is told.
 */
#include "test.h"

#ifdef __i386__
#define LAST_OF_HYPERVISOR -PAGE_SIZE
#else
#define LAST_OF_HYPERVISOR (HYPERVISOR_VIRT_END - PAGE_SIZE)
#endif

void test_main(void)
{
    ulong window = table_window();
    char *page = page_alloc(), *other = page_alloc();
    pte_t to_page, to_other;
    ulong vcpus = 1;

    page[0] = 'a';
    other[0] = 'b';
    to_page = pte_make(virt_to_mfn(page), PTE_USER_RW);
    to_other = pte_make(virt_to_mfn(other), PTE_USER_RO);

    expect_eq(hypercall(update_va_mapping, window, to_page, UVMF_INVLPG), -EINVAL,
              "no L1 table there yet");
    table_make(window, 1);
    expect_eq(hypercall(update_va_mapping, window, to_page, UVMF_NONE), 0, "map it");
    expect_eq(*(volatile char *)window, 'a', "it is there");
    expect_eq(hypercall(update_va_mapping, window, to_other, UVMF_INVLPG), 0, "replace it, INVLPG");
    expect_eq(*(volatile char *)window, 'b', "the other is there");
    expect_fault(fault_of(*(volatile char *)window = 1), TRAP_PF, PF_PRESENT | PF_WRITE,
                 "read-only");
    expect_eq(hypercall(update_va_mapping, window, to_page, UVMF_TLB_FLUSH), 0,
              "replace it, flush all");
    expect_eq(*(volatile char *)window, 'a', "the first again");
    expect_eq(hypercall(update_va_mapping, window, to_other, UVMF_INVLPG | UVMF_ALL), 0,
              "on all vcpus");
    expect_eq(hypercall(update_va_mapping, window, to_page, UVMF_TLB_FLUSH | UVMF_ALL), 0,
              "flush on all vcpus");
    expect_eq(hypercall(update_va_mapping, window, to_page, UVMF_INVLPG | (ulong)&vcpus), 0,
              "on a set of vcpus");
    expect_eq(hypercall(update_va_mapping, window, to_page, UVMF_INVLPG | 0x18), -EFAULT,
              "a set of vcpus at an address that is not there");
    expect_eq(hypercall(update_va_mapping, window + 0x123, 0, UVMF_INVLPG), 0,
              "unmap, by an address within");
    expect_fault(fault_of(*(volatile char *)window), TRAP_PF, 0, "nothing there");

#ifndef __i386__
    expect_eq(hypercall(update_va_mapping, 0x8000000000000000, to_page, UVMF_INVLPG), -EINVAL,
              "not canonical");
    expect_eq(hypercall(update_va_mapping, 0x0000800000000000, 0, UVMF_INVLPG), -EINVAL,
              "just not canonical");
#endif
    expect_eq(hypercall(update_va_mapping, HYPERVISOR_VIRT_START, 0, UVMF_INVLPG), -EINVAL,
              "the M2P");
    expect_eq(hypercall(update_va_mapping, LAST_OF_HYPERVISOR, to_page, UVMF_NONE), -EINVAL,
              "the hypervisor's range");
    page_free(page);
    page_free(other);
}
