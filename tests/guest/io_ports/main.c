/*
 * Ports: without I/O privilege #GP; with it those that the domain has rights to. The I/O bitmap gives user mode some.
 *
 * Others read as all-ones, and writes go nowhere, for dom0 what is the hypervisor's own (interrupt controllers,
 * timer), for other domains all.
 */
#include "test.h"

static long user_out(long port)
{
    outb((uint16_t)port, 0);
    return 1;
}

static long set_bitmap(void *bitmap, unsigned int ports)
{
    struct physdev_set_iobitmap op = { .nr_ports = ports };

    set_xen_guest_handle(op.bitmap, bitmap);
    return hypercall(physdev_op, PHYSDEVOP_set_iobitmap, &op);
}

void test_main(void)
{
    static uint8_t bitmap[8192];
    uint8_t value = 0;

    expect_fault(fault_of(outb(0x80, 0)), TRAP_GP, 0, "out without I/O privilege");
    expect_eq(power_iopl(4), -EINVAL, "a privilege above 3");
    expect_eq(power_iopl(1), 0, "I/O privilege for the kernel");
    if ( !is_dom0() )
    {
        expect_no_fault(fault_of(outb(0x80, 0)), "out without rights");
        expect_no_fault(fault_of(value = inb(0x70)), "in without rights");
        success();
    }
    expect_no_fault(fault_of(outb(0x80, 0)), "out");
    expect_no_fault(fault_of(value = inb(0x21)), "in from the interrupt controller");
    expect_eq(value, 0xff, "reads as all-ones");
    expect_no_fault(fault_of(outb(0x21, 0xff)), "out to the interrupt controller");
    expect_no_fault(fault_of(outb(0x43, 0)), "out to the timer");
    expect_fault(user_run(user_out, 0x80).fault, TRAP_GP, 0, "out from user mode at privilege 1");
    expect_eq(power_iopl(3), 0, "privilege 3");
    expect_no_fault(user_run(user_out, 0x80).fault, "out from user mode");
    expect_eq(power_iopl(0), 0, "privilege 0");

    memset(bitmap, 0xff, sizeof(bitmap));
    bitmap[0x80 / 8] = 0xfe;
    expect_eq(set_bitmap(bitmap, 65537), -EINVAL, "a bitmap of more ports than there are");
    expect_eq(set_bitmap(bitmap, 65536), 0, "a bitmap with port 0x80");
    expect_no_fault(user_run(user_out, 0x80).fault, "out to 0x80 from user mode");
    expect_fault(user_run(user_out, 0x84).fault, TRAP_GP, 0, "out to 0x84");
    expect_eq(set_bitmap(NULL, 0), 0, "no bitmap");
    expect_fault(user_run(user_out, 0x80).fault, TRAP_GP, 0, "out to 0x80");
}
