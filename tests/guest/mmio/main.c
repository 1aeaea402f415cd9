/*
 * Device memory: with rights over it a domain maps it, but never what the hypervisor keeps for itself.
 */
#include "test.h"

#define VGA_TEXT   0xb8UL
#define LOCAL_APIC 0xfee00UL

void test_main(void)
{
    ulong window = table_window();

    if ( !is_dom0() )
    {
        expect_eq(table_map(window, VGA_TEXT, PTE_USER_RW), -EPERM, "the display");
        expect_eq(table_map(window, LOCAL_APIC, PTE_USER_RW), -EPERM, "the local APIC");
        success();
    }
    expect_eq(table_map(window, VGA_TEXT, PTE_USER_RW | PTE_PCD | PTE_PWT), 0, "the display");
    *(volatile uint16_t *)window = 0x0741;
    expect_eq(*(volatile uint16_t *)window & 0xff, 0x41, "is there");
    expect_eq(table_map(window, VGA_TEXT, PTE_USER_RW), 0, "the display, asking for write-back");
    expect_eq(*table_find(window, 1) & (PTE_PCD | PTE_PSE), PTE_PCD, "is uncached all the same");
    expect_eq(table_map(window, LOCAL_APIC, PTE_USER_RW), -EPERM, "the local APIC");
    expect_eq(table_map(window, LOCAL_APIC, PTE_USER_RO), -EPERM, "the local APIC, read-only");
    expect_eq(table_map(window, (ulong)0xfffffffffULL, PTE_USER_RW), -EPERM,
              "beyond what the processor can address");
    need(table_unmap(window));
}
