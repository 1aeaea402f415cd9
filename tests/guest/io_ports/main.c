/*
 * Ports: without I/O privilege #GP; with it those that the domain has rights to. The I/O bitmap gives user mode some.
 *
 * Others read as all-ones, and writes go nowhere, for dom0 what is the hypervisor's own (interrupt controllers,
 * timer), for other domains all. A register takes what it does on the bare machine: 32 bits clear the upper half, fewer
 * leave the rest alone.
 */
#include "test.h"

static long user_out(long port)
{
    outb((uint16_t)port, 0);
    return 1;
}

static long user_outsb(long pointer)
{
    asm volatile("outsb" : "+S"(pointer) : "d"(0x80) : "memory");
    return 1;
}

static long user_insb(long pointer)
{
    asm volatile("insb" : "+D"(pointer) : "d"(0x80) : "memory");
    return 1;
}

/* A pointer that leads nowhere is a page fault there, as on the bare machine. */
static void check_strings(void)
{
    struct fault fault = user_run(user_outsb, 0x10).fault;

    expect_fault(fault, TRAP_PF, PF_USER, "outs from nowhere");
    expect_eq(fault.cr2, 0x10, "at the pointer");
    fault = user_run(user_insb, 0x10).fault;
    expect_fault(fault, TRAP_PF, PF_USER | PF_WRITE, "ins to nowhere");
    expect_eq(fault.cr2, 0x10, "at the pointer");
#ifndef __i386__ /* which may read there what it is told of frames, and whose addresses are all canonical */
    expect_fault(user_run(user_outsb, HYPERVISOR_VIRT_START).fault, TRAP_GP, 0,
                 "outs from the hypervisor's memory");
    expect_fault(user_run(user_insb, 1L << 62).fault, TRAP_GP, 0,
                 "ins to an address that is not canonical");
#endif
}

/* Where kernels have theirs: in memory that user mode's page tables don't map, or in 32 bits don't let it see. */
static ulong kernel_only(void)
{
#ifdef __i386__
    return table_window();
#else
    return 1UL << 39;
#endif
}

#define NOBODYS_PORT 0xe0 /* its lines float */

/* What in of each width leaves in a register, by an immediate port and by dx. */
#define IN_LEAVES(operation, reg, before)                                                          \
    ({                                                                                             \
        ulong by_number = (before), by_dx = (before);                                              \
                                                                                                   \
        asm volatile(operation " %w1, %%" reg : "+a"(by_number) : "i"(NOBODYS_PORT));              \
        asm volatile(operation " %w1, %%" reg : "+a"(by_dx) : "d"(NOBODYS_PORT));                  \
        expect_eq(by_dx, by_number, "by dx as by number");                                         \
        by_dx;                                                                                     \
    })

static void check_registers(void)
{
    ulong before = (ulong)0x1122334455667788ULL;

    for ( unsigned int again = 0; again < 2; again++ ) /* the first finds the ports' range */
    {
        expect_eq(IN_LEAVES("inb", "al", before), before | 0xff, "a byte");
        expect_eq(IN_LEAVES("inw", "ax", before), before | 0xffff, "a word");
        expect_eq(IN_LEAVES("inl", "eax", before), 0xffffffffUL, "32 bits");
    }
    expect_no_fault(fault_of(inb(0xffff)), "the last port");
    expect_no_fault(fault_of(inl(0xfffc)), "the last four");
    expect_no_fault(fault_of(expect_eq(inl(0xfffd), 0xffffffff, "reads as all-ones")),
                    "one more than there is");
    expect_no_fault(fault_of(outl(0xffff, 0)), "three more");
}

static long set_bitmap(void *bitmap, unsigned int ports)
{
    struct physdev_set_iobitmap op = { .nr_ports = ports };

    set_xen_guest_handle(op.bitmap, bitmap);
    return hypercall(physdev_op, PHYSDEVOP_set_iobitmap, &op);
}

void test_main(void)
{
    static uint8_t bitmap[8192] __attribute__((aligned(4096)));
    ulong hidden = kernel_only();
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
    check_registers();
    expect_fault(user_run(user_out, 0x80).fault, TRAP_GP, 0, "out from user mode at privilege 1");
    expect_eq(power_iopl(3), 0, "privilege 3");
    expect_no_fault(user_run(user_out, 0x80).fault, "out from user mode");
    check_strings();
    expect_eq(power_iopl(0), 0, "privilege 0");

    memset(bitmap, 0xff, sizeof(bitmap));
    bitmap[0x80 / 8] = 0xfe;
    expect_eq(set_bitmap(bitmap, 65537), -EINVAL, "a bitmap of more ports than there are");
    expect_eq(set_bitmap(bitmap, 65536), 0, "a bitmap with port 0x80");
    expect_no_fault(user_run(user_out, 0x80).fault, "out to 0x80 from user mode");
    expect_fault(user_run(user_out, 0x84).fault, TRAP_GP, 0, "out to 0x84");
    need(table_map(hidden, virt_to_mfn(bitmap), PTE_KERNEL_RO));
    expect_eq(set_bitmap((void *)hidden, 32768), 0, "a bitmap that only the kernel sees");
    expect_no_fault(user_run(user_out, 0x80).fault, "out to 0x80 from user mode");
    expect_fault(user_run(user_out, 0x84).fault, TRAP_GP, 0, "out to 0x84");
    need(table_unmap(hidden));
    expect_fault(user_run(user_out, 0x80).fault, TRAP_GP, 0,
                 "a bitmap that is gone allows nothing");
    expect_eq(set_bitmap(NULL, 0), 0, "no bitmap");
    expect_fault(user_run(user_out, 0x80).fault, TRAP_GP, 0, "out to 0x80");
}
