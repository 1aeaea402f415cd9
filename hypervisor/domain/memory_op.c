/* memory_op: dispatch, and the operations that need no more than a line. */
#include "access/access.h"
#include "domain/memory.h"
#include "mm/map.h"

/* The upper bits of the command are where a continuation goes on. */
#define OP_BITS 6
#define OP_MASK ((1UL << OP_BITS) - 1)

long memory_continue(const struct memory_call *call, unsigned long at)
{
    return hypercall_continue(__HYPERVISOR_memory_op, call->op | (at << OP_BITS), call->arg.n, 0, 0, 0);
}

/* One past the last frame, as libxc expects: it sizes the M2P by it. */
static long memory_maximum_ram_page(const struct memory_call *call)
{
    (void)call;
    return (long)frame_limit;
}

static long memory_translated_only(const struct memory_call *call)
{
    (void)call;
    return -EACCES;
}

static long memory_none_shared(const struct memory_call *call)
{
    (void)call;
    return 0;
}

static long memory_machphys_mapping(const struct memory_call *call)
{
    struct xen_machphys_mapping mapping = {
        .v_start = M2P_RO_BASE,
        .v_end = M2P_RO_BASE + frame_limit * sizeof(u64),
        .max_mfn = frame_limit - 1,
    };

    return copy_to_guest(call->arg, &mapping, sizeof(mapping)) ? -EFAULT : 0;
}

/* A case for each row that has a handler. */
#define CASE_DONE(operation, who, handler)                                                         \
    case operation:                                                                                \
        return CHECK_##who ? -EPERM : handler(&call);
#define CASE_SOON(operation, who, handler)
#define CASE_NEVER(operation, who, handler)
#define CHECK_SELF   false
#define CHECK_TARGET false /* by the handler, who knows which */
#define CHECK_ADMIN  access_check(call.v->domain, call.v->domain, ACCESS_ADMIN)

#define SUBOP(operation, argument, direction, who, status, handler, summary) CASE_##status(operation, who, handler)

long memory_op(unsigned long cmd, unsigned long arg)
{
    struct memory_call call = {
        .v = current_vcpu(),
        .op = cmd & OP_MASK,
        .start = cmd >> OP_BITS,
        .arg = to_gva(arg),
    };

    switch ( call.op )
    {
#include <hypercall/ops/memory.def>
    default:
        return -ENOSYS;
    }
}
