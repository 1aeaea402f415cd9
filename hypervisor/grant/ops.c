/* grant_table_op: dispatch, the operations on tables as a whole, and the life of a domain's grants. */
#include "grant/maptrack.h"

#include "access/access.h"
#include "cpu/percpu.h"
#include "cpu/uaccess.h"
#include "domain/subop.h"
#include "lib/atomic.h"
#include "lib/string.h"
#include "mm/heap.h"

/* What a domain gets unless its creator asks for something else, and the most that it may ask for. */
#define TABLE_FRAMES_DEFAULT  64
#define TABLE_FRAMES_MAX      512
#define HANDLE_FRAMES_DEFAULT 1024
#define HANDLE_FRAMES_MAX     8192

/* --- Operations that take one element --- */

/* The table that @id names, for its owner or whoever controls it: GNTST_okay with a reference in *@d. */
static s16 table_of(struct grant_call *call, domid_t id, struct domain **d)
{
    long rc = access_domain(call->self, id, ACCESS_CONTROL, d);

    if ( rc )
        return rc == -EPERM ? GNTST_permission_denied : GNTST_bad_domain;
    return GNTST_okay;
}

/* Copy in the only element: -EINVAL there are several. */
static long read_single(struct grant_call *call, void *op, size_t size)
{
    if ( call->count != 1 )
        return -EINVAL;
    return copy_from_guest(op, call->uop, size) ? -EFAULT : 0;
}

static long write_single(struct grant_call *call, const void *op, size_t size)
{
    return copy_to_guest(call->uop, op, size) ? -EFAULT : 0;
}

/*
 * Can a list of @nr frames' numbers be the guest's at all? Asked before anything else about the operation, and of empty
 * lists too, as on Debian's Xen. Those of 32-bit guests always can.
 */
static bool list_possible(const void *list, u32 nr)
{
    return guest_range_ok(to_gva((u64)list), (u64)nr * sizeof(u64));
}

/* Into the guest's array, as it names frames: by mfn. The table grows for them, whether they can be stored or not. */
static s16 list_frames(struct domain *d, const struct gnttab_setup_table *op, bool wide)
{
    if ( grant_table_grow(d, op->nr_frames) )
        return GNTST_general_error;
    for ( u32 i = 0; i < op->nr_frames; i++ )
    {
        mfn_t mfn;

        if ( grant_frame(d, XENMEM_resource_grant_table_id_shared, i, &mfn) ||
             !guest_store_pfn(wide, handle_gva(op->frame_list), i, mfn.n) )
            return GNTST_bad_virt_addr;
    }
    return GNTST_okay;
}

static long setup_table(struct grant_call *call, bool wide)
{
    struct gnttab_setup_table op;
    struct domain *d;

    if ( call->count != 1 )
        return -EINVAL;
    if ( !guest_load_as(wide, setup_table, &op, call->uop) ||
         !list_possible(op.frame_list.p, op.nr_frames) )
        return -EFAULT;
    op.status = table_of(call, op.dom, &d);
    if ( op.status == GNTST_okay )
    {
        op.status = list_frames(d, &op, wide);
        domain_put(d);
    }
    return guest_store_as(wide, setup_table, call->uop, &op) ? 0 : -EFAULT;
}

GRANT_OP_OF_WIDTHS(setup_table, setup_table)

long grant_op_query_size(unsigned long cmd, gva_t uop, u32 count)
{
    struct grant_call call = grant_call(cmd, uop, count);
    struct gnttab_query_size op;
    struct domain *d;
    long rc = read_single(&call, &op, sizeof(op));

    if ( rc )
        return rc;
    op.status = table_of(&call, op.dom, &d);
    if ( op.status == GNTST_okay )
    {
        op.nr_frames = grant_table_frames(d);
        op.max_nr_frames = grant_max_frames(d, XENMEM_resource_grant_table_id_shared);
        domain_put(d);
    }
    return write_single(&call, &op, sizeof(op));
}

/*
 * The caller is told what it has, whether that is what it asked for or not. These two don't look at the number of
 * elements, as on Debian's Xen.
 */
long grant_op_set_version(unsigned long cmd, gva_t uop, u32 count)
{
    struct grant_call call = grant_call(cmd, uop, count);
    struct gnttab_set_version op;
    long rc;

    if ( copy_from_guest(&op, call.uop, sizeof(op)) )
        return -EFAULT;
    rc = grant_set_version(call.self, op.version);
    op.version = grant_version(call.self);
    return write_single(&call, &op, sizeof(op)) ? -EFAULT : rc;
}

long grant_op_get_version(unsigned long cmd, gva_t uop, u32 count)
{
    struct grant_call call = grant_call(cmd, uop, count);
    struct gnttab_get_version op;
    struct domain *d;
    long rc;

    if ( copy_from_guest(&op, call.uop, sizeof(op)) )
        return -EFAULT;
    rc = access_domain(call.self, op.dom, ACCESS_CONTROL, &d);
    if ( rc )
        return rc;
    op.version = grant_version(d);
    domain_put(d);
    return write_single(&call, &op, sizeof(op));
}

/* Numbers of 64 bits for guests of either width. GNTST_bad_virt_addr: they can't be stored. */
static s16 list_status_frames(struct domain *d, const struct gnttab_get_status_frames *op)
{
    if ( op->nr_frames > grant_status_frames(d) )
        return GNTST_general_error;
    for ( u32 i = 0; i < op->nr_frames; i++ )
    {
        gva_t to = to_gva(handle_gva(op->frame_list).n + i * sizeof(u64));
        mfn_t mfn;

        if ( grant_frame(d, XENMEM_resource_grant_table_id_status, i, &mfn) )
            return GNTST_general_error; /* a sibling has gone back to version 1 */
        if ( !guest_store_u64(to, mfn.n) )
            return GNTST_bad_virt_addr;
    }
    return GNTST_okay;
}

static long get_status_frames(struct grant_call *call, bool wide)
{
    struct gnttab_get_status_frames op;
    struct domain *d;

    if ( call->count != 1 )
        return -EINVAL;
    if ( !guest_load_as(wide, get_status_frames, &op, call->uop) ||
         !list_possible(op.frame_list.p, op.nr_frames) )
        return -EFAULT;
    op.status = table_of(call, op.dom, &d);
    if ( op.status == GNTST_okay )
    {
        op.status = list_status_frames(d, &op);
        domain_put(d);
    }
    return guest_store_as(wide, get_status_frames, call->uop, &op) ? 0 : -EFAULT;
}

GRANT_OP_OF_WIDTHS(get_status_frames, get_status_frames)

long grant_op_swap(unsigned long cmd, gva_t uop, u32 count)
{
    struct grant_call call = grant_call(cmd, uop, count);
    struct gnttab_swap_grant_ref op;

    while ( call.count )
    {
        if ( copy_from_guest(&op, call.uop, sizeof(op)) )
            return -EFAULT;
        op.status = grant_swap(call.self, op.ref_a, op.ref_b);
        if ( copy_to_guest(call.uop, &op, sizeof(op)) )
            return -EFAULT;
        grant_done(&call, 1, sizeof(op));
        if ( call.count && preempt_pending() )
            return grant_continue(&call);
    }
    return 0;
}

/* --- The hypercall --- */

static long grant_op_none(unsigned long cmd, gva_t uop, u32 count)
{
    (void)cmd;
    (void)uop;
    (void)count;
    return -ENOSYS;
}

/* None that there is needs rights. */
#define GRANT_OP_SELF_DONE(handler)   handler
#define GRANT_OP_TARGET_DONE(handler) handler
#define GRANT_OP_SELF_NEVER(handler)  grant_op_none
#define GRANT_OP_ADMIN_NEVER(handler) grant_op_none

static grant_op_fn *const grant_ops[SUBOP_ROWS] = {
    [0 ... SUBOP_ROWS - 1] = grant_op_none,
#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    [operation] = GRANT_OP_##who##_##status(handler),
#include <hypercall/ops/grant_table.def>
#undef SUBOP
};

/* For 32-bit guests: what is not the SAME is called compat_*. */
static grant_op_fn *const compat_grant_ops[SUBOP_ROWS] = {
    [0 ... SUBOP_ROWS - 1] = grant_op_none,
#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    [operation] = SUBOP_PICK(SUBOP_PV32_##pv32, GRANT_OP_##who##_##status(handler),                \
                             GRANT_OP_##who##_##status(compat_##handler)),
#include <hypercall/ops/grant_table.def>
#undef SUBOP
};

/* What guests do all the time is asked for before the table: an indirect jump takes ten instructions. */
static inline long table_op(grant_op_fn *const ops[SUBOP_ROWS], grant_op_fn *copy, grant_op_fn *map,
                            grant_op_fn *unmap, unsigned long cmd, unsigned long uop,
                            unsigned long count)
{
    if ( (u32)count > INT32_MAX )
        return -EINVAL;
    if ( (u32)cmd == GNTTABOP_copy )
        return copy(cmd, to_gva(uop), (u32)count);
    if ( (u32)cmd == GNTTABOP_map_grant_ref )
        return map(cmd, to_gva(uop), (u32)count);
    if ( (u32)cmd == GNTTABOP_unmap_grant_ref )
        return unmap(cmd, to_gva(uop), (u32)count);
    if ( (u32)cmd >= SUBOP_ROWS )
        return -ENOSYS;
    return ops[index_bounded(cmd, SUBOP_ROWS)](cmd, to_gva(uop), (u32)count);
}

long grant_table_op(unsigned long cmd, unsigned long uop, unsigned long count)
{
    return table_op(grant_ops, grant_op_copy, grant_op_map, grant_op_unmap, cmd, uop, count);
}

long compat_grant_table_op(unsigned long cmd, unsigned long uop, unsigned long count)
{
    return table_op(compat_grant_ops, compat_grant_op_copy, grant_op_map_any, grant_op_unmap_any,
                    cmd, uop, count);
}

/* --- Lifecycle --- */

/* What createdomain asked for: -1 is the default. */
static long limit(s32 asked, u32 normal, u32 most, u32 *out)
{
    *out = asked < 0 ? normal : (u32)asked;
    return *out <= most ? 0 : -EINVAL;
}

long grant_domain_create(struct domain *d)
{
    struct grant_table *t = heap_new(struct grant_table);
    long rc;

    if ( !t )
        return -ENOMEM;
    lock_init(&t->handles_lock, LOCK_GRANT);
    rc = limit(d->grant.max_grant_frames, TABLE_FRAMES_DEFAULT, TABLE_FRAMES_MAX, &t->max_frames);
    if ( !rc )
        rc = limit(d->grant.max_maptrack_frames, HANDLE_FRAMES_DEFAULT, HANDLE_FRAMES_MAX,
                   &t->max_handle_frames);
    t->max_version = d->grant.max_version;
    d->grant.table = t;
    if ( !rc )
        rc = grant_table_create(d, t);
    if ( rc )
        grant_domain_destroy(d);
    return rc;
}

/* Others' mappings of our frames live on: they hold references to the frames and to us. */
long grant_domain_relinquish(struct domain *d)
{
    return maptrack_release_all(d);
}

void grant_domain_destroy(struct domain *d)
{
    struct grant_table *t = d->grant.table;

    d->grant.table = NULL;
    maptrack_destroy(t);
    grant_table_free(t);
    heap_free(t);
}
