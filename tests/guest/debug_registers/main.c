/*
 * Debug registers by hypercall and by instruction; breakpoints in the hypervisor's range are refused, as are the bits
 * that would trip it up. A 32-bit guest has no address that is the hypervisor's.
 */
#include "test.h"

static volatile ulong watched;
static char text[16] __attribute__((aligned(16)));

static ulong read_dr7(void)
{
    ulong value;

    asm volatile("mov %%dr7, %0" : "=r"(value));
    return value;
}

void test_main(void)
{
    struct fault f;
    long rc;

    expect_eq(hypercall(set_debugreg, 0, &watched), 0, "DR0");
    expect_eq(hypercall(get_debugreg, 0), &watched, "reads back");
#ifndef __i386__
    expect_eq(hypercall(set_debugreg, 1, HYPERVISOR_VIRT_START), -EPERM,
              "DR1 in the hypervisor's range");
    expect_eq(hypercall(set_debugreg, 1, 0x8000000000000000), -EPERM, "DR1, not canonical");
    expect_eq(hypercall(set_debugreg, 1, ~0UL), 0, "DR1 on the last address of all");
    expect_eq(hypercall(set_debugreg, 1, 0), 0, "DR1 off");
    expect_eq(hypercall(set_debugreg, 6, 1UL << 32), -EINVAL, "DR6's upper half");
    expect_eq(hypercall(set_debugreg, 7, 1UL << 32), -EINVAL, "DR7's upper half");
    expect_eq(hypercall(get_debugreg, 1UL << 32), &watched, "a register's number is an int");
#endif
    expect_eq(hypercall(set_debugreg, 4, 0xffff0ff0), 0, "DR4 is another name for DR6");
    rc = hypercall(set_debugreg, 8, 0);
    expect(rc == -EINVAL || rc == -ENODEV, "DR8: the header says EINVAL, Debian's Xen ENODEV");
    rc = hypercall(get_debugreg, 8);
    expect(rc == -EINVAL || rc == -ENODEV, "reading DR8");

    expect_eq(hypercall(set_debugreg, 7, 1 | 1 << 16 | 3UL << 18), 0,
              "DR7: break on writes of 4 bytes");
    f = fault_of(watched = 5);
    expect_fault(f, TRAP_DB, 0, "a write there is #DB");
    expect_eq(hypercall(get_debugreg, 6) & 1, 1, "DR6 names DR0");
    expect_eq(read_dr7() & 3, 1, "DR7 by instruction");
    /* On what the hypervisor writes for us: nothing happens, least of all to the hypervisor (XSA-260). */
    expect_eq(hypercall(set_debugreg, 0, text), 0, "DR0 on a buffer");
    expect_eq(hypercall(xen_version, XENVER_extraversion, text), 0, "that a hypercall fills");
    expect_eq(hypercall(set_debugreg, 0, &watched), 0, "DR0");
    expect_no_fault(fault_of(asm volatile("mov %0, %%dr7"
                                          :
                                          : "r"(0x400L))),
                    "DR7 off, by instruction");
    expect_no_fault(fault_of(watched = 6), "no #DB any more");
    expect_eq(hypercall(set_debugreg, 7, 1 | 2 << 16), -EPERM, "DR7: break on I/O");
    expect_eq(hypercall(set_debugreg, 7, 2 << 16), 0, "DR7: that, but off");
    expect_eq(hypercall(set_debugreg, 7, 1 << 13), -EPERM, "DR7: break on debug registers");
    expect_eq(hypercall(set_debugreg, 6, 0xffff0ff0), 0, "DR6 reset");
    expect_eq(hypercall(set_debugreg, 7, 0x400), 0, "DR7 off");
    expect_eq(hypercall(set_debugreg, 0, 0), 0, "DR0 off");
}
