/*
 * mmuext_op's odds and ends: flushes by every way, what is refused, and the count of what was done.
 */
#include "test.h"

#define NOT_CANONICAL ((ulong)0x8000000000000000) /* 32 bits know no such address: 0 */

static long flush_multi(unsigned int command, const void *mask)
{
    struct mmuext_op op = { .cmd = command, .arg1.linear_addr = KIT_VIRT_BASE };

    set_xen_guest_handle(op.arg2.vcpumask, mask);
    return hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF);
}

void test_main(void)
{
    ulong vcpus = 1;
    unsigned int done = 99;
    struct mmuext_op ops[3] = { { .cmd = MMUEXT_TLB_FLUSH_LOCAL },
                                { .cmd = 99 },
                                { .cmd = MMUEXT_TLB_FLUSH_LOCAL } },
                     superpage = { .cmd = MMUEXT_MARK_SUPER };

    expect_eq(mmuext(MMUEXT_TLB_FLUSH_LOCAL), 0, "TLB_FLUSH_LOCAL");
    expect_eq(mmuext(MMUEXT_TLB_FLUSH_ALL), 0, "TLB_FLUSH_ALL");
    expect_eq(mmuext_addr(MMUEXT_INVLPG_LOCAL, KIT_VIRT_BASE), 0, "INVLPG_LOCAL");
    expect_eq(mmuext_addr(MMUEXT_INVLPG_ALL, KIT_VIRT_BASE), 0, "INVLPG_ALL");
    expect_eq(mmuext_addr(MMUEXT_INVLPG_LOCAL, NOT_CANONICAL), 0,
              "INVLPG_LOCAL, not canonical (XSA-279)");
    expect_eq(mmuext_addr(MMUEXT_INVLPG_ALL, NOT_CANONICAL), 0, "INVLPG_ALL, not canonical");
    expect_eq(mmuext_addr(MMUEXT_INVLPG_LOCAL, HYPERVISOR_VIRT_START), 0,
              "INVLPG_LOCAL of the hypervisor's");
    expect_eq(flush_multi(MMUEXT_TLB_FLUSH_MULTI, &vcpus), 0, "TLB_FLUSH_MULTI");
    expect_eq(flush_multi(MMUEXT_INVLPG_MULTI, &vcpus), 0, "INVLPG_MULTI");
    expect_eq(flush_multi(MMUEXT_TLB_FLUSH_MULTI, (void *)0x10), -EINVAL,
              "a set of vcpus that is not there");
    expect_eq(mmuext(MMUEXT_FLUSH_CACHE), is_dom0() ? 0 : -EACCES, "FLUSH_CACHE");
    expect_eq(mmuext(MMUEXT_FLUSH_CACHE_GLOBAL), is_dom0() ? 0 : -EINVAL, "FLUSH_CACHE_GLOBAL");
    expect_eq(mmuext_mfn(MMUEXT_MARK_SUPER, virt_to_mfn(table_root())), -EOPNOTSUPP, "MARK_SUPER");
    expect_eq(mmuext_mfn(MMUEXT_UNMARK_SUPER, virt_to_mfn(table_root())), -EOPNOTSUPP,
              "UNMARK_SUPER");
    if ( is_dom0() )
    {
        expect_eq(hypercall(mmuext_op, ops, 1, NULL, DOMID_IO), -EPERM,
                  "a flush for another domain");
        expect_eq(hypercall(mmuext_op, &superpage, 1, NULL, DOMID_XEN), -EOPNOTSUPP,
                  "MARK_SUPER, whosever");
    }
    expect_eq(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, ~0UL), -EINVAL, "user mode's root that is none");
    expect_eq(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, virt_to_mfn(&done)), -EINVAL, "or no table");
    expect_eq(mmuext(14), -ENOSYS, "14, which is none");
    expect_eq(mmuext(99), -ENOSYS, "99, which is none");

    expect_eq(hypercall(mmuext_op, ops, 3, &done, DOMID_SELF), -ENOSYS,
              "an unknown one in the middle");
    expect_eq(done, 1, "one was done");
    expect_eq(hypercall(mmuext_op, 0x10, 1, &done, DOMID_SELF), -EFAULT, "operations from nowhere");
    expect_eq(done, 0, "none was done");
    expect_eq(hypercall(mmuext_op, 0x10, 9, &done, DOMID_SELF), -EFAULT, "... many");
    done = 99;
    expect_eq(hypercall(mmuext_op, ops, 1, &done, 999), -ESRCH, "a domain that is not there");
    if ( KIT_PV32 )
    {
        void *root = page_readonly();

        expect_eq(table_pin(root, 3), -EINVAL, "a root without its last GiB");
        page_release(root);
        return; /* there it may read: what it is told of frames begins there */
    }
    expect_eq(hypercall(mmuext_op, HYPERVISOR_VIRT_START, 1, &done, DOMID_SELF), -EFAULT,
              "operations in the hypervisor's range");
    expect_eq(hypercall(mmuext_op, HYPERVISOR_VIRT_START, 9, &done, 999), -EFAULT,
              "... many, for whomever");
    expect_eq(done, 99, "nothing is told of these");
}
