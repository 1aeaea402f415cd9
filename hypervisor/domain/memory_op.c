/* memory_op: dispatch, and the operations that need no more than a line. */
#include "access/access.h"
#include "domain/memory.h"
#include "lib/bits.h"
#include "mm/map.h"

/* The upper bits of the command are where a continuation goes on. */
#define OP_BITS 6
#define OP_MASK ((1UL << OP_BITS) - 1)

#define M2P_CHUNK_SIZE (2UL << 20)

long memory_continue(const struct memory_call *call, unsigned long at)
{
    return hypercall_continue(__HYPERVISOR_memory_op, call->op | (at << OP_BITS), call->arg.n, 0, 0,
                              0);
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

/* XENMEM_get_vnumainfo: -EFAULT, -EINVAL, -ESRCH, -EPERM; else -EOPNOTSUPP, by which tools know that there is none. */
static long memory_vnuma(const struct memory_call *call)
{
    struct xen_vnuma_topology_info info;
    struct domain *d;
    long rc;

    if ( copy_from_guest(&info, call->arg, sizeof(info)) )
        return -EFAULT;
    if ( info.pad )
        return -EINVAL;
    rc = access_domain(call->v->domain, info.domid, ACCESS_CONTROL, &d);
    if ( rc )
        return rc;
    domain_put(d);
    return -EOPNOTSUPP;
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

/*
 * The frames that hold one 2 MiB chunk of the M2P after the other; where there is no RAM, the last that there was
 * again.
 */
static long memory_machphys_list(const struct memory_call *call)
{
    u64 chunks = DIV_ROUND_UP(frame_limit * sizeof(u64), M2P_CHUNK_SIZE);
    struct xen_machphys_mfn_list list;
    mfn_t last = to_mfn(0);
    u32 i;

    if ( copy_from_guest(&list, call->arg, sizeof(list)) )
        return -EFAULT;

    for ( i = 0; i < chunks && i < list.max_extents; i++ )
    {
        mfn_t mfn = m2p_chunk(i);

        if ( !mfn_eq(mfn, INVALID_MFN) )
            last = mfn;
        if ( !guest_store_u64(handle_gva_at(list.extent_start, i), last.n) )
            return -EFAULT;
    }
    list.nr_extents = i;
    return copy_to_guest(call->arg, &list, sizeof(list)) ? -EFAULT : 0;
}

/* A case for each row that has a handler. */
#define CASE_DONE(operation, who, handler)                                                         \
    case operation:                                                                                \
        return CHECK_##who ? -EPERM : handler(&call);
#define CASE_SHOW CASE_DONE
#define CASE_SOON(operation, who, handler)
#define CASE_NEVER(operation, who, handler)
#define CHECK_SELF   false
#define CHECK_TARGET false /* by the handler, who knows which */
#define CHECK_ADMIN  access_check(call.v->domain, call.v->domain, ACCESS_ADMIN)

#define SUBOP(operation, argument, direction, who, status, handler, summary)                       \
    CASE_##status(operation, who, handler)

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
