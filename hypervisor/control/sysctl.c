/* sysctl: dispatch. As domctl's, but that all operations are about the machine. */
#include "control/cpus.h"
#include "control/internal.h"
#include "control/sysctl.h"

#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    MACHINE_CASE_##status(operation, argument, direction, handler)

static long call(struct xen_sysctl *op, bool *copy_back)
{
    switch ( op->cmd )
    {
#include <hypercall/ops/sysctl.def>
    default:
        return -ENOSYS;
    }
}

long control_sysctl(unsigned long arg)
{
    struct xen_sysctl op;
    bool copy_back = false;
    long rc;

    if ( copy_from_guest(&op, to_gva(arg), sizeof(op)) )
        return -EFAULT;
    if ( op.interface_version != XEN_SYSCTL_INTERFACE_VERSION )
        return -EACCES;

    if ( !lock_try(&control_lock) )
        return hypercall_continue(__HYPERVISOR_sysctl, arg, 0, 0, 0, 0);
    hypercall_long_step();
    rc = call(&op, &copy_back);
    lock_release(&control_lock);

    if ( rc == -ERESTART )
        return hypercall_continue(__HYPERVISOR_sysctl, arg, 0, 0, 0, 0);
    if ( copy_back && rc != -EFAULT && copy_to_guest(to_gva(arg), &op, sizeof(op)) )
        return -EFAULT;
    return rc;
}
