/*
 * The hypervisor's range holds nothing for us but the M2P: no address there reads, writes or executes, from neither
 * mode, and hypercalls take no pointer into it.
 */
#include "test.h"

static long user_read(long arg)
{
    return *(volatile char *)arg;
}

void test_main(void)
{
    struct evtchn_status *inside = (void *)(HYPERVISOR_VIRT_START + 0x8000000000);

    for ( ulong at = HYPERVISOR_VIRT_START + 0x8000000000; at < HYPERVISOR_VIRT_END;
          at += 0x8000000000 / 4 )
    {
        struct fault f = fault_of(*(volatile char *)at);

        expect_eq(f.vector, TRAP_PF, "read");
        f = fault_of(*(volatile char *)at = 1);
        expect_eq(f.vector, TRAP_PF, "write");
        f = fault_of(((void (*)(void))at)());
        expect_eq(f.vector, TRAP_PF, "execute");
        expect_eq(user_run(user_read, (long)at).fault.vector, TRAP_PF, "read from user mode");
    }
    expect_eq(hypercall(event_channel_op, EVTCHNOP_status, inside), -EFAULT, "an argument there");
    expect_eq(hypercall(event_channel_op, EVTCHNOP_status, HYPERVISOR_VIRT_START), -EFAULT,
              "an argument in the M2P");
    expect_eq(hypercall(xen_version, XENVER_extraversion, inside), -EFAULT, "an answer there");
    expect_eq(hypercall(xen_version, XENVER_extraversion, HYPERVISOR_VIRT_START), -EFAULT,
              "an answer in the M2P");
    expect_eq(hypercall(xen_version, XENVER_extraversion, HYPERVISOR_VIRT_START - 4), -EFAULT,
              "an answer that ends there");
}
