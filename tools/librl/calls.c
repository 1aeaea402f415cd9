#include "calls.h"

#include <xencall.h>

#include "lib/bits.h"
#include "lib/string.h"

void *rl_call_array(struct rl *rl)
{
    return (u8 *)rl->buffer + RL_ARGUMENT_SIZE;
}

/* libxencall gives -1 and errno. */
static long result(long rc)
{
    return rc < 0 ? -errno : rc;
}

/* Some commands take no argument: NULL, of no size. */
static u64 put_argument(struct rl *rl, const void *arg, size_t size)
{
    if ( size )
        memcpy(rl->buffer, arg, size);
    return (uintptr_t)rl->buffer;
}

static void get_argument(struct rl *rl, void *arg, size_t size)
{
    if ( size )
        memcpy(arg, rl->buffer, size);
}

long rl_domctl(struct rl *rl, u32 command, domid_t id, struct xen_domctl *op)
{
    long rc;

    BUILD_BUG_ON(sizeof(*op) > RL_ARGUMENT_SIZE);
    op->cmd = command;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = id;
    rc = result(xencall1(rl->xcall, __HYPERVISOR_domctl, put_argument(rl, op, sizeof(*op))));
    get_argument(rl, op, sizeof(*op));
    return rc;
}

long rl_sysctl(struct rl *rl, u32 command, struct xen_sysctl *op)
{
    long rc;

    BUILD_BUG_ON(sizeof(*op) > RL_ARGUMENT_SIZE);
    op->cmd = command;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    rc = result(xencall1(rl->xcall, __HYPERVISOR_sysctl, put_argument(rl, op, sizeof(*op))));
    get_argument(rl, op, sizeof(*op));
    return rc;
}

/* A hypercall of a command and an argument. */
static long call2(struct rl *rl, unsigned int number, unsigned int command, void *arg, size_t size)
{
    long rc = result(xencall2L(rl->xcall, number, command, put_argument(rl, arg, size)));

    get_argument(rl, arg, size);
    return rc;
}

long rl_memory_op(struct rl *rl, unsigned int command, void *arg, size_t size)
{
    return call2(rl, __HYPERVISOR_memory_op, command, arg, size);
}

long rl_event_op(struct rl *rl, unsigned int command, void *arg, size_t size)
{
    return call2(rl, __HYPERVISOR_event_channel_op, command, arg, size);
}

long rl_version(struct rl *rl, unsigned int command, void *arg, size_t size)
{
    return call2(rl, __HYPERVISOR_xen_version, command, arg, size);
}

long rl_mmuext(struct rl *rl, domid_t id, struct mmuext_op *op)
{
    return result(
        xencall4(rl->xcall, __HYPERVISOR_mmuext_op, put_argument(rl, op, sizeof(*op)), 1, 0, id));
}
