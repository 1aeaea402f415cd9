/*
 * The hypervisor's range holds nothing for us but the M2P: no address there reads, writes or executes, from neither
 * mode, and hypercalls take no pointer into it.
 */
#include "test.h"

#ifdef __i386__

static long user_write(long arg)
{
    *(volatile char *)arg = 1;
    return 0;
}

/* There we may read to where the M2P ends, and write nowhere: neither may the hypervisor for us (XSA-29, XSA-212). */
void test_main(void)
{
    static const ulong edges[] = { HYPERVISOR_VIRT_START, HYPERVISOR_VIRT_START + PAGE_SIZE,
                                   -16UL };

    for ( unsigned int i = 0; i < sizeof(edges) / sizeof(edges[0]); i++ )
    {
        struct fault f = fault_of(*(volatile char *)edges[i] = 1);

        expect(f.vector == TRAP_PF || f.vector == TRAP_GP, "write");
        f = user_run(user_write, (long)edges[i]).fault;
        expect(f.vector == TRAP_PF || f.vector == TRAP_GP, "write from user mode");
        f = fault_of(((void (*)(void))edges[i])());
        expect(f.vector == TRAP_PF || f.vector == TRAP_GP, "execute");
        expect_eq(hypercall(xen_version, XENVER_extraversion, edges[i]), -EFAULT,
                  "an answer there");
        expect_eq(hypercall(vcpu_op, VCPUOP_get_runstate_info, 0, edges[i]), -EFAULT,
                  "another one");
    }
    expect_eq(hypercall(xen_version, XENVER_extraversion, HYPERVISOR_VIRT_START - 4), -EFAULT,
              "an answer that ends there");
}

#else

static long user_read(long arg)
{
    return *(volatile char *)arg;
}

/* Structures that are read word by word: below the hole, at its end, right below us, and where addresses end. */
static void structures_at_the_edges(void)
{
    static const ulong edges[] = { 0x00007ffffffffff8,        0x0000800000000000,
                                   HYPERVISOR_VIRT_START - 8, HYPERVISOR_VIRT_START,
                                   HYPERVISOR_VIRT_END - 8,   -8UL };

    for ( unsigned int i = 0; i < sizeof(edges) / sizeof(edges[0]); i++ )
    {
        expect_eq(hypercall(grant_table_op, GNTTABOP_map_grant_ref, edges[i], 1), -EFAULT, "map");
        expect_eq(hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, edges[i], 1), -EFAULT,
                  "unmap");
        expect_eq(hypercall(grant_table_op, GNTTABOP_copy, edges[i], 1), -EFAULT, "copy");
        expect_eq(hypercall(mmuext_op, edges[i], 1, NULL, DOMID_SELF), -EFAULT, "mmuext_op");
        expect_eq(hypercall(memory_op, XENMEM_decrease_reservation, edges[i]), 0,
                  "a reservation: nothing was done");
    }
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
    expect_eq(user_run(user_read, (long)HYPERVISOR_VIRT_START).fault.vector, TRAP_PF,
              "the M2P is the kernel's to read");
    expect_eq(hypercall(event_channel_op, EVTCHNOP_status, inside), -EFAULT, "an argument there");
    expect_eq(hypercall(event_channel_op, EVTCHNOP_status, HYPERVISOR_VIRT_START), -EFAULT,
              "an argument in the M2P");
    expect_eq(hypercall(xen_version, XENVER_extraversion, inside), -EFAULT, "an answer there");
    expect_eq(hypercall(xen_version, XENVER_extraversion, HYPERVISOR_VIRT_START), -EFAULT,
              "an answer in the M2P");
    expect_eq(hypercall(xen_version, XENVER_extraversion, HYPERVISOR_VIRT_START - 4), -EFAULT,
              "an answer that ends there");
    structures_at_the_edges();
}

#endif
