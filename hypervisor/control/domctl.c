/*
 * domctl: dispatch.
 *
 * The argument is copied in once, and back as a whole where the row says so: after an error too, since some of those
 * are told in the argument. An operation that stops half-way is issued again as it stands; what it has done is in the
 * domain.
 */
#include "control/internal.h"

struct lock control_lock = LOCK_INIT(LOCK_DOMCTL);

#define CASE_DONE(operation, argument, direction, who, handler)                                    \
    case operation:                                                                                \
        *copy_back = BACK_##direction;                                                             \
        return CALL_##who(argument, handler);
#define CASE_SHOW CASE_DONE
#define CASE_SOON(operation, argument, direction, who, handler)
#define CASE_NEVER(operation, argument, direction, who, handler)

#define BACK_IN    false
#define BACK_INOUT true

#define CALL_ADMIN(argument, handler)  handler(op)
#define CALL_TARGET(argument, handler) d ? handler(d, (argument *)&op->u) : -ESRCH

#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    CASE_##status(operation, argument, direction, who, handler)

static long call(struct domain *d, struct xen_domctl *op, bool *copy_back)
{
    switch ( op->cmd )
    {
#include <hypercall/ops/domctl.def>
    default:
        return -ENOSYS;
    }
}

long control_domctl(unsigned long arg)
{
    struct xen_domctl op;
    struct domain *d;
    bool copy_back = false;
    long rc;

    if ( copy_from_guest(&op, to_gva(arg), sizeof(op)) )
        return -EFAULT;
    if ( op.interface_version != XEN_DOMCTL_INTERFACE_VERSION )
        return -EACCES;

    if ( !lock_try(&control_lock) )
        return hypercall_continue(__HYPERVISOR_domctl, arg, 0, 0, 0, 0);
    hypercall_long_step();
    d = domain_get_guest(op.domain); /* operations may name no special one */
    rc = call(d, &op, &copy_back);
    if ( d )
        domain_put(d);
    lock_release(&control_lock);

    if ( rc == -ERESTART )
        return hypercall_continue(__HYPERVISOR_domctl, arg, 0, 0, 0, 0);
    if ( copy_back && copy_to_guest(to_gva(arg), &op, sizeof(op)) )
        return -EFAULT;
    return rc;
}
