/*
 * A multicall runs its entries in order and gives each its own result; the whole returns 0, whatever they return.
 */
#include "test.h"

void test_main(void)
{
    struct multicall_entry calls[4] = {
        { .op = __HYPERVISOR_xen_version, .result = 0x55, .args = { XENVER_version } },
        { .op = 1000, .result = 0x55 },
        { .op = __HYPERVISOR_sched_op, .result = 0x55, .args = { 999 } },
        { .op = __HYPERVISOR_xen_version, .result = 0x55, .args = { XENVER_pagesize } },
    };
    void *page;
    struct multicall_entry nested = { .op = __HYPERVISOR_multicall,
                                      .result = 0x55,
                                      .args = { (ulong)calls, 1 } };

    expect_eq(hypercall(multicall, calls, 4), 0, "the multicall");
    expect_eq(calls[0].result, 4 << 16 | 17, "the first entry");
    expect_eq(calls[1].result, -ENOSYS, "an entry that does not exist");
    expect_eq(calls[2].result, -ENOSYS, "an unknown sub-operation");
    expect_eq(calls[3].result, 4096, "the entry behind the failures");

    expect_eq(hypercall(multicall, calls, 0), 0, "no entries");
    expect_eq(hypercall(multicall, &nested, 1), 0, "a multicall with a multicall in it");
    expect_eq(nested.result, -EINVAL, "multicalls do not nest");
    expect_eq(hypercall(multicall, HYPERVISOR_VIRT_START, 1), -EFAULT,
              "entries in the hypervisor's range");
    expect_eq(hypercall(multicall, 0x10, 1), -EFAULT, "entries where nothing is mapped");
    expect_eq(hypercall(multicall, -64UL, 10), -EFAULT, "entries beyond all addresses");
    page = page_copied_readonly(calls, sizeof(calls[0]));
    expect_eq(hypercall(multicall, page, 1), -EFAULT, "an entry whose result has no place");
    page_release(page);
}
