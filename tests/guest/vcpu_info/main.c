/*
 * VCPUOP_register_vcpu_info moves a vcpu's vcpu_info to a frame of ours, once. What was there moves along, and all is
 * marked pending, so that no event is lost. The frame can't become a table meanwhile.
 */
#include "test.h"

static long move(unsigned int vcpu, ulong mfn, uint32_t offset)
{
    struct vcpu_register_vcpu_info op = { .mfn = mfn, .offset = offset };

    return hypercall(vcpu_op, VCPUOP_register_vcpu_info, vcpu, &op);
}

void test_main(void)
{
    char *page = page_alloc();
    ulong mfn = virt_to_mfn(page);
    struct vcpu_info *info = (struct vcpu_info *)(page + 64);

    if ( hypercall(vcpu_op, VCPUOP_is_up, 3, NULL) < 0 )
        skip("needs 4 vcpus");
    expect_eq(move(3, mfn, 4096 - 32), -ENXIO, "across the end of the page");
    expect_eq(move(3, mfn, 4), -ENXIO, "misaligned");
    expect_eq(move(99, mfn, 0), -ENOENT, "of a vcpu that is not there");
    expect_eq(move(3, ~0UL >> 12, 0), -EINVAL, "to no RAM");
    expect_eq(move(3, mfn, 64), 0, "of a vcpu that is down");
    expect_eq(info->evtchn_upcall_pending, 1, "an upcall is pending there");
    expect_eq(info->evtchn_pending_sel, ~0UL, "for all ports");
    expect_eq(info->evtchn_upcall_mask, 1, "the mask moved along");
    expect_eq(move(3, mfn, 128), -EINVAL, "once only");
    need(page_protect(page, PTE_KERNEL_RO));
    expect_eq(table_pin(page, 1), -EINVAL, "the frame can't become a table");
}
