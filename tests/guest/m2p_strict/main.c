/*
 * Which roots show the M2P. Without VMASST_TYPE_m2p_strict a new L4 doesn't, until it becomes a kernel's root, and then
 * for good; with it one does but while it is a process's (public/xen.h).
 */
#include "test.h"

static long read_m2p(long arg)
{
    return (long)machine_to_phys_mapping[0];
}

static void expect_seen(bool seen, const char *when)
{
    /* Anew: what is a root already stays as it is. */
    need(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, 0));
    expect_eq(user_run(read_m2p, 0).fault.vector, seen ? TRAP_NONE : TRAP_PF, when);
    expect_no_fault(fault_of(read_m2p(0)), "the kernel sees it");
}

/* The process's root, which leads to all that we are: for a moment it is the kernel's. */
static void be_a_kernels(void)
{
    need(mmuext_mfn(MMUEXT_NEW_BASEPTR, virt_to_mfn(user_root())));
    expect_no_fault(fault_of(read_m2p(0)), "so does one on the process's root");
    need(mmuext_mfn(MMUEXT_NEW_BASEPTR, virt_to_mfn(table_root())));
}

/* Not a root at all: what its slots of the hypervisor's held is forgotten. */
static void be_no_table(void)
{
    need(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, 0));
    need(table_unpin(user_root()));
    need(page_protect(user_root(), PTE_KERNEL_RW)); /* or it is another vcpu's root */
    need(page_protect(user_root(), PTE_KERNEL_RO));
    need(table_pin(user_root(), 4));
}

void test_main(void)
{
    be_no_table();
    expect_seen(false, "a process's root");
    be_a_kernels();
    expect_seen(true, "one that was a kernel's");
    be_no_table();
    expect_seen(false, "... and is a new one");
    be_a_kernels();

    need(hypercall(vm_assist, VMASST_CMD_enable, VMASST_TYPE_m2p_strict));
    expect_seen(false, "strictly, one that was a kernel's");
    be_a_kernels();
    expect_seen(false, "... and again");
    be_no_table();
    expect_seen(false, "a new one");
    need(hypercall(vm_assist, VMASST_CMD_disable, VMASST_TYPE_m2p_strict));
    expect_seen(false, "as before");
}
