/*
 * A hypercall from the very last canonical bytes of user space would return to an address that is not canonical: SYSRET
 * to it faults in the hypervisor on some processors, with our stack (XSA-7). It must be a #GP of ours instead.
 */
#include "test.h"

#define LAST_PAGE 0x00007ffffffff000UL

static struct cpu_frame seen;

static bool look(struct cpu_frame *frame, unsigned int number)
{
    seen = *frame;
    return false;
}

void test_main(void)
{
    uint8_t *page = page_alloc();
    struct fault f;
    long rc = __HYPERVISOR_xen_version;

    page[4094] = 0x0f;
    page[4095] = 0x05; /* syscall */
    trap_handle(TRAP_GP, look);
    need(table_map(LAST_PAGE, virt_to_mfn(page), PTE_USER_RO));
    f = fault_of(asm volatile("jmp *%1"
                              : "+a"(rc)
                              : "r"(LAST_PAGE + 4094), "D"(0), "S"(0)
                              : "rcx", "r11", "memory"));
    expect_eq(f.vector, TRAP_GP, "a general protection fault");
    expect_eq(f.error, 0, "its error code");
    expect_eq(f.ip, LAST_PAGE + 4096, "at the address that is not canonical");
    expect_eq(seen.cs, KIT_CS & ~3, "cs");
    expect_eq(seen.cx, f.ip, "rcx and");
    expect_eq(seen.r11 & 0x202, 0x202, "r11 are what SYSCALL left");
    need(table_unmap(LAST_PAGE));
    page_free(page);
}
