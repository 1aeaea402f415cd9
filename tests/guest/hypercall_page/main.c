/*
 * The builder fills the page that our note names with stubs, 32 bytes each; a guest may check that it did.
 *
 * MSR 0x40000000, whose number CPUID tells, fills another frame of ours in the same way.
 */
#include "test.h"

extern char kit_hypercall_page[];

static void wrmsr(uint32_t msr, uint64_t value)
{
    asm volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

/* The first two arguments. */
#ifdef __i386__
#define KIT_TWO_ZEROES "b"(0), "c"(0)
#else
#define KIT_TWO_ZEROES "D"(0), "S"(0)
#endif

static long call_stub(const char *page, unsigned int number)
{
    long rc;

    asm volatile("call *%[stub]"
                 : "=a"(rc)
                 : [stub] "r"(page + number * 32), KIT_TWO_ZEROES
                 : "memory");
    return rc;
}

void test_main(void)
{
    char *page = page_alloc();

    expect(kit_hypercall_page[0] != (char)0xcc, "the page is filled");
    expect_no_fault(fault_of(wrmsr(0x40000000, (uint64_t)virt_to_mfn(page) << PAGE_SHIFT)),
                    "writing the page's MSR");
    expect(!memcmp(page, kit_hypercall_page, 32), "both pages agree");
    expect_eq(call_stub(page, __HYPERVISOR_xen_version), 4 << 16 | 17,
              "a stub of the new page works");
    expect_fault(fault_of(wrmsr(0x40000000, 0x7ffffffff000)), TRAP_GP, 0,
                 "a page that is not ours");
}
