/* memory_op: dispatch, and the operations that need no more than a line. */
#include "access/access.h"
#include "domain/memory.h"
#include "lib/bits.h"
#include "mm/map.h"

#define M2P_CHUNK_SIZE (2UL << 20)

/* One past the last frame, as libxc expects: it sizes the M2P by it. */
static long memory_maximum_ram_page(const struct memory_call *call)
{
    (void)call;
    return (long)frame_limit;
}

/*
 * All begin with the domain that is meant. -EFAULT, -ESRCH; else -EACCES: it translates by itself, whoever asks.
 */
static long memory_translated_only(const struct memory_call *call)
{
    struct domain *d;
    domid_t domid;
    long rc;

    if ( copy_from_guest(&domid, call->arg, sizeof(domid)) )
        return -EFAULT;
    rc = access_domain(call->v->domain, domid, ACCESS_CONTROL, &d);
    if ( !rc )
        domain_put(d);
    return rc == -ESRCH ? rc : -EACCES;
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

    if ( !call->wide )
    {
        u64 frames = min_t(u64, frame_limit, ((u64)(HV32_SLOTS - 1) << 21) / sizeof(u32));

        mapping = (struct xen_machphys_mapping){ .v_start = HV32_START,
                                                 .v_end = HV32_START + frames * sizeof(u32),
                                                 .max_mfn = frames - 1 };
    }
    return memory_store(call, machphys_mapping, &mapping) ? 0 : -EFAULT;
}

/*
 * The frames that hold one 2 MiB chunk of the M2P after the other; where there is no RAM, the last that there was
 * again. 32-bit guests are told of their own M2P, which has no chunks before there is such a guest, and others if they
 * ask for that: XENMEM_machphys_compat_mfn_list.
 */
static long memory_machphys_list(const struct memory_call *call)
{
    bool compat = !call->wide || call->op == XENMEM_machphys_compat_mfn_list;
    u64 size = compat ? m2p_compat_frames * sizeof(u32) : frame_limit * sizeof(u64);
    u64 chunks = DIV_ROUND_UP(size, M2P_CHUNK_SIZE);
    struct xen_machphys_mfn_list list;
    mfn_t last = to_mfn(0);
    u32 i;

    if ( !memory_load(call, machphys_mfn_list, &list) )
        return -EFAULT;

    for ( i = 0; i < chunks && i < list.max_extents; i++ )
    {
        mfn_t mfn = compat ? m2p_compat_chunk(i) : m2p_chunk(i);

        if ( !mfn_eq(mfn, INVALID_MFN) )
            last = mfn;
        if ( !guest_store_pfn(call->wide, handle_gva(list.extent_start), i, last.n) )
            return -EFAULT;
    }
    list.nr_extents = i;
    return memory_store(call, machphys_mfn_list, &list) ? 0 : -EFAULT;
}

/*
 * The upper bits of a command that is never continued: none may be set. Those that the ABI keeps with the
 * processor's own are then no commands at all. The others look for themselves.
 */
static long check_start(const struct memory_call *call)
{
    if ( __builtin_expect(!call->start, 1) )
        return 0;
    switch ( call->op )
    {
    case XENMEM_maximum_ram_page:
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn:
    case XENMEM_exchange: /* its progress is in nr_exchanged */
    case XENMEM_claim_pages:
    case XENMEM_get_vnumainfo:
    case XENMEM_remove_from_physmap:
        return -EINVAL;
    case XENMEM_machphys_mfn_list:
    case XENMEM_machphys_compat_mfn_list:
    case XENMEM_machphys_mapping:
    case XENMEM_memory_map:
    case XENMEM_machine_memory_map:
    case XENMEM_set_memory_map:
    case XENMEM_get_sharing_freed_pages:
    case XENMEM_get_sharing_shared_pages:
        return -ENOSYS;
    default:
        return 0;
    }
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

#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    CASE_##status(operation, who, handler)

static inline __attribute__((always_inline)) long dispatch(bool wide, unsigned long cmd,
                                                           unsigned long arg)
{
    struct memory_call call = {
        .v = current_vcpu(),
        .wide = wide,
        .op = cmd & ((1UL << MEMORY_OP_BITS) - 1),
        .start = cmd >> MEMORY_OP_BITS,
        .arg = to_gva(arg),
    };
    long rc = check_start(&call);

    if ( rc )
        return rc;
    switch ( call.op )
    {
#include <hypercall/ops/memory.def>
    default:
        return -ENOSYS;
    }
}

long memory_op_any(unsigned long cmd, unsigned long arg)
{
    return dispatch(true, cmd, arg);
}

long memory_op(unsigned long cmd, unsigned long arg)
{
    if ( cmd == XENMEM_populate_physmap )
        return memory_balloon_in(to_gva(arg));
    if ( cmd == XENMEM_decrease_reservation )
        return memory_balloon_out(to_gva(arg));
    return memory_op_any(cmd, arg);
}

/* The handlers read their arguments by memory_load(), which knows both widths. */
long compat_memory_op(unsigned long cmd, unsigned long arg)
{
    return dispatch(false, cmd, arg);
}
