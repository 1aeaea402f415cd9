/*
 * mmuext_op: operations on whole tables, roots and TLBs, in batches: one row of
 * hypercall/ops/mmuext.def each.
 *
 * The batch ends at the first operation that fails; *pdone tells how many succeeded. A pin whose
 * validation stopped half-way is issued anew; an unpin is done at once, and what it left to take
 * apart is worked off before the guest goes on.
 */
#include "access/access.h"
#include "domain/widen.h"
#include "mm/tlb.h"
#include "pv/pagetable/hw.h"
#include "pv/pagetable/roots_inline.h"
#include "pv/segment/segment.h"
#include "smp/smp.h"

/* A struct mmuext_op by its words: what is in its unions begins where they do. */
struct op {
    u64 cmd, arg1, arg2;
};

_Static_assert(sizeof(struct op) == sizeof(struct mmuext_op) &&
                   offsetof(struct op, arg1) == offsetof(struct mmuext_op, arg1) &&
                   offsetof(struct op, arg2) == offsetof(struct mmuext_op, arg2),
               "mmuext_op is three words");

/* An operation of the current vcpu's on domain @d, which foreigndom names. In registers; few need all. */
typedef long operation_fn(struct domain *d, u64 arg1, u64 arg2);

#define UNUSED __attribute__((unused))
#define OPERATION(name)                                                                            \
    static inline long name(UNUSED struct domain *d, UNUSED u64 arg1, UNUSED u64 arg2)

/* A 32-bit guest has no L4; to pin one succeeds, by the ABI. */
static long pin(struct domain *d, u64 mfn, enum frame_type type)
{
    if ( !table_kind(d, type)->entries )
        return 0;
    return with_tables(d, table_pin(d, to_mfn(mfn), type));
}

OPERATION(mmuext_pin_l1)
{
    return pin(d, arg1, FRAME_L1);
}

OPERATION(mmuext_pin_l2)
{
    return pin(d, arg1, FRAME_L2);
}

OPERATION(mmuext_pin_l3)
{
    return pin(d, arg1, FRAME_L3);
}

OPERATION(mmuext_pin_l4)
{
    return pin(d, arg1, FRAME_L4);
}

OPERATION(mmuext_unpin)
{
    return with_tables(d, table_unpin(d, to_mfn(arg1)));
}

OPERATION(mmuext_new_baseptr)
{
    return root_new(d, to_mfn(arg1));
}

/* Frame 0 stands for none. */
OPERATION(mmuext_new_user_baseptr)
{
    if ( arg1 == INVALID_MFN.n )
        return -EINVAL;
    return root_new_user(d, arg1 ? to_mfn(arg1) : INVALID_MFN);
}

OPERATION(mmuext_tlb_flush_local)
{
    tlb_flush_local();
    return 0;
}

/*
 * The hypervisor's own addresses and non-canonical ones are no business of the guest's, nor of
 * INVLPG's (XSA-279).
 */
static bool is_guest_va(u64 va)
{
    return !GUARD(invlpg_address, !guest_word_ok(to_gva(va)));
}

OPERATION(mmuext_invlpg_local)
{
    if ( is_guest_va(arg1) )
        tlb_flush_page_local(arg1);
    return 0;
}

static long flush_some(const struct domain *d, gva_t vcpumask, u64 va)
{
    cpumask_t cpus;

    if ( flush_cpus_of(d, vcpumask, &cpus) )
        return -EINVAL;
    if ( va == TLB_FLUSH_ALL || is_guest_va(va) )
        tlb_flush_mask(cpus, va);
    return 0;
}

OPERATION(mmuext_tlb_flush_multi)
{
    return flush_some(d, to_gva(arg2), TLB_FLUSH_ALL);
}

OPERATION(mmuext_invlpg_multi)
{
    /* The last address of all is a page like any other, not the word for "everything". */
    return flush_some(d, to_gva(arg2), arg1 & PAGE_MASK);
}

OPERATION(mmuext_tlb_flush_all)
{
    tlb_flush_mask(flush_cpus_of_all(d), TLB_FLUSH_ALL);
    return 0;
}

OPERATION(mmuext_invlpg_all)
{
    if ( is_guest_va(arg1) )
        tlb_flush_mask(flush_cpus_of_all(d), arg1 & PAGE_MASK);
    return 0;
}

static long flush_cache(struct domain *d, long refusal)
{
    if ( access_check(d, d, ACCESS_HARDWARE) )
        return refusal;
    tlb_flush_caches(); /* the guest may have run on any CPU */
    return 0;
}

OPERATION(mmuext_flush_cache)
{
    return flush_cache(d, -EACCES);
}

OPERATION(mmuext_flush_cache_all)
{
    return flush_cache(d, -EINVAL);
}

OPERATION(mmuext_set_ldt)
{
    return segment_set_ldt(current_vcpu(), arg1, (u32)arg2);
}

/* A frame of the target's that may be written to, with a reference for the while. */
static struct frame *get_data_page(const struct domain *d, mfn_t mfn)
{
    if ( !mfn_has_frame(mfn) || frame_get_and_type(mfn_to_frame(mfn), d->id, FRAME_WRITABLE) )
        return NULL;
    return mfn_to_frame(mfn);
}

static __attribute__((noinline)) long clear_page_held(const struct domain *d, mfn_t mfn)
{
    struct frame *frame = get_data_page(d, mfn);

    if ( !frame )
        return -EINVAL;
    hw_clear_page(mfn_to_virt(mfn));
    frame_put_and_type(frame);
    return 0;
}

OPERATION(mmuext_clear_page)
{
    mfn_t mfn = to_mfn(arg1);

    if ( !frame_usable_at_once(mfn, d->id, true) )
        return clear_page_held(d, mfn);
    hw_clear_page(mfn_to_virt(mfn));
    return 0;
}

static __attribute__((noinline)) long copy_page_held(const struct domain *d, mfn_t to, mfn_t from)
{
    struct frame *frame;

    if ( !mfn_has_frame(from) || !frame_get(mfn_to_frame(from), d->id) )
        return -EINVAL;
    frame = get_data_page(d, to);
    if ( frame )
    {
        hw_copy_page(mfn_to_virt(to), mfn_to_virt(from));
        frame_put_and_type(frame);
    }
    frame_put(mfn_to_frame(from));
    return frame ? 0 : -EINVAL;
}

OPERATION(mmuext_copy_page)
{
    mfn_t to = to_mfn(arg1), from = to_mfn(arg2);

    if ( !frame_usable_at_once(to, d->id, true) || !frame_usable_at_once(from, d->id, false) )
        return copy_page_held(d, to, from);
    hw_copy_page(mfn_to_virt(to), mfn_to_virt(from));
    return 0;
}

OPERATION(mmuext_no_superpages)
{
    return -EOPNOTSUPP;
}

#define ROWS 32

OPERATION(mmuext_unknown)
{
    return -ENOSYS;
}

/* Every row has a function, so that speculation finds one too. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static operation_fn *const handlers[ROWS] = {
    [0 ... ROWS - 1] = mmuext_unknown,
#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    [operation] = handler,
#include <hypercall/ops/mmuext.def>
#undef SUBOP
};

/* Of whom the target must be the caller. */
#define FOR_SELF   1u
#define FOR_TARGET 0u

static const u32 for_self = 0
#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    | FOR_##who << (operation)
#include <hypercall/ops/mmuext.def>
#undef SUBOP
    ;

/* Those that change what tables are in use, and may leave dead ones or have to come again. */
#define ROW(operation) (1u << MMUEXT_##operation)

static const u32 on_tables = ROW(PIN_L1_TABLE) | ROW(PIN_L2_TABLE) | ROW(PIN_L3_TABLE) |
                             ROW(PIN_L4_TABLE) | ROW(UNPIN_TABLE) | ROW(NEW_BASEPTR) |
                             ROW(NEW_USER_BASEPTR);

static inline long run_own(struct domain *d, const struct op *op)
{
    u64 cmd = (u32)op->cmd;

    return cmd < ROWS ? handlers[index_bounded(cmd, ROWS)](d, op->arg1, op->arg2) : -ENOSYS;
}

/* The two of a switch between processes, as it mostly is, without a call. */
static inline __attribute__((always_inline)) bool run_switch(struct domain *d, struct vcpu *v,
                                                             const struct op *op)
{
    if ( (u32)op->cmd == MMUEXT_NEW_BASEPTR )
        return root_switch(d, v, to_mfn(op->arg1), false);
    return (u32)op->cmd == MMUEXT_NEW_USER_BASEPTR && root_switch(d, v, to_mfn(op->arg1), true);
}

/* Others' pages are held: no CPU's flush waits for what this one does with them. */
static inline long run_one(struct domain *d, const struct op *op)
{
    u32 cmd = (u32)op->cmd;

    if ( d == current_vcpu()->domain )
        return run_own(d, op);
    if ( cmd < ROWS && (for_self >> cmd & 1) )
        return -EPERM;
    if ( GUARD(at_once_own, cmd == MMUEXT_CLEAR_PAGE) )
        return clear_page_held(d, to_mfn(op->arg1));
    if ( GUARD(at_once_own, cmd == MMUEXT_COPY_PAGE) )
        return copy_page_held(d, to_mfn(op->arg1), to_mfn(op->arg2));
    return run_own(d, op);
}

/* Sizes of an operation: three words of the guest's width. */
#define OP_SIZE      sizeof(struct mmuext_op)
#define OP_SIZE_PV32 sizeof(struct compat_mmuext_op)

static __attribute__((noinline)) bool load_op_pv32(struct op *op, gva_t from)
{
    struct mmuext_op wide;

    if ( !compat_load_mmuext_op(&wide, from) )
        return false;
    memcpy(op, &wide, sizeof(*op));
    return true;
}

static inline bool load_op(unsigned int size, struct op *op, gva_t from)
{
    return size == OP_SIZE_PV32 ? load_op_pv32(op, from) : guest_load_struct(op, from);
}

/* Work off what dead tables there are before the guest goes on. */
static inline long drain(struct domain *d)
{
    return __builtin_expect(READ_ONCE(d->pv.dead_tables), 0) ? with_tables(d, 0) : 0;
}

/* Emptying caches takes long, however few operations there are. */
static bool was_long(u32 cmd)
{
    return cmd == MMUEXT_FLUSH_CACHE || cmd == MMUEXT_FLUSH_CACHE_GLOBAL;
}

/*
 * As mmu_update's: how many operations were done, with the reason for stopping in *@rc.
 */
static u32 run(struct domain *d, unsigned int size, gva_t ops, u32 count, long *rc)
{
    struct op op = { 0 };
    u32 i;

    *rc = drain(d);
    for ( i = 0; i < count && !*rc; i++ )
    {
        if ( i && preempt_pending() )
            *rc = -ERESTART;
        else if ( !load_op(size, &op, to_gva(ops.n + (u64)i * size)) )
            *rc = -EFAULT;
        else
            *rc = run_one(d, &op);
        if ( __builtin_expect(*rc != 0, 0) )
            break;
        *rc = drain(d);
    }

    return i;
}

/* A batch, of whatever size and for whomever. */
static __attribute__((noinline)) long run_any(unsigned int size, unsigned long uops,
                                              unsigned long count, unsigned long pdone,
                                              unsigned long foreigndom)
{
    const struct batch_call call = {
        __HYPERVISOR_mmuext_op, size, uops, (u32)count, pdone, foreigndom
    };
    struct domain *caller = current_vcpu()->domain, *d;
    u32 done = 0;
    long rc;

    if ( !guest_word_ok(to_gva(uops)) ) /* before anything else, and *pdone stays as it is */
        return -EFAULT;
    rc = foreign_get(caller, (domid_t)foreigndom, &d);
    if ( rc )
        return rc;
    if ( call.count & COUNT_FAILED )
        rc = -(long)(u8)uops;
    else
        done = run(d, size, to_gva(uops), call.count & ~COUNT_FLAGS, &rc);
    rc = batch_end(&call, d, done, rc);

    foreign_put(caller, d);
    return rc;
}

#define FEW 8

/* A few operations: the @done-th failed, or the one before has left dead tables, or was long. */
static __attribute__((noinline)) long run_rest(unsigned int size, unsigned long uops, u32 count,
                                               unsigned long pdone, u32 done, long rc)
{
    const struct batch_call call = { __HYPERVISOR_mmuext_op, size, uops, count, pdone, DOMID_SELF };
    struct domain *d = current_vcpu()->domain;

    if ( !done && !guest_word_ok(to_gva(uops)) ) /* as above */
        return -EFAULT;
    if ( !rc && done < count && preempt_pending() )
        rc = -ERESTART;
    if ( !rc )
        done += run(d, size, to_gva(uops + (u64)done * size), count - done, &rc);
    return batch_end(&call, d, done, rc);
}

/*
 * A few operations on the caller itself, which is what guests do to switch address spaces: not so many that somebody
 * might be waiting. Dead tables from before are not looked for: what minds them sees to them.
 */
static inline __attribute__((always_inline)) long run_few(unsigned int size, unsigned long uops,
                                                          u32 count, unsigned long pdone)
{
    struct vcpu *v = current_vcpu();
    struct domain *d = v->domain;
    u32 done = 0;
    long rc = 0;

    do
    {
        struct op op;

        if ( !load_op(size, &op, to_gva(uops + (u64)done * size)) )
            rc = -EFAULT;
        else if ( size == OP_SIZE_PV32 || d->pv.roots_indirect || !run_switch(d, v, &op) )
            rc = run_own(d, &op);
        if ( __builtin_expect(rc != 0, 0) )
            return run_rest(size, uops, count, pdone, done, rc);
        done++;
        if ( __builtin_expect(READ_ONCE(d->pv.dead_tables) || was_long((u32)op.cmd), 0) )
            return run_rest(size, uops, count, pdone, done, 0);
    } while ( done < count );

    if ( pdone )
        (void)guest_store_u32(to_gva(pdone), count);
    return 0;
}

/* The end of a single operation that failed or left dead tables. */
static __attribute__((noinline)) long single_end(struct domain *d, unsigned long uops, long rc)
{
    const unsigned int size = d->pv32 ? OP_SIZE_PV32 : OP_SIZE;

    return batch_end(&(struct batch_call){ __HYPERVISOR_mmuext_op, size, uops, 1, 0, DOMID_SELF },
                     d, !rc, rc);
}

/*
 * Operation @cmd, which the compiler knows, on the caller itself and alone. What minds dead tables sees to them, other
 * operations needn't; what leaves none has nothing to come back for.
 */
static inline __attribute__((always_inline)) long run_single(u32 cmd, operation_fn *handler,
                                                             unsigned long uops, u64 arg1, u64 arg2)
{
    struct vcpu *v = current_vcpu();
    struct domain *d = v->domain;
    long rc;

    if ( cmd == MMUEXT_NEW_BASEPTR && !d->pv.roots_indirect &&
         root_switch(d, v, to_mfn(arg1), false) )
        return 0;
    rc = handler(d, arg1, arg2);
    if ( !(on_tables >> cmd & 1) )
        return rc;
    return __builtin_expect(rc || READ_ONCE(d->pv.dead_tables), 0) ? single_end(d, uops, rc) : 0;
}

/* A function of each row, so that its number is looked up once. */
typedef long single_fn(unsigned long uops, u64 arg1, u64 arg2);

#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    static long single_##operation(unsigned long uops, u64 arg1, u64 arg2)                         \
    {                                                                                              \
        return run_single(operation, handler, uops, arg1, arg2);                                   \
    }
#include <hypercall/ops/mmuext.def>
#undef SUBOP

static long single_unknown(UNUSED unsigned long uops, UNUSED u64 arg1, UNUSED u64 arg2)
{
    return -ENOSYS;
}

static single_fn *const singles[ROWS] = {
    [0 ... ROWS - 1] = single_unknown,
#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    [operation] = single_##operation,
#include <hypercall/ops/mmuext.def>
#undef SUBOP
};
#pragma GCC diagnostic pop

/* Whatever isn't one operation on the caller itself with no *@pdone to tell, or can't be that. */
static inline __attribute__((always_inline)) long run_batch(unsigned int size, unsigned long uops,
                                                            unsigned long count,
                                                            unsigned long pdone,
                                                            unsigned long foreigndom)
{
    if ( (u32)foreigndom != DOMID_SELF || (u32)count - 1 >= FEW )
        return run_any(size, uops, count, pdone, foreigndom);
    return run_few(size, uops, (u32)count, pdone);
}

static __attribute__((noinline)) long run_batch_wide(unsigned long uops, unsigned long count,
                                                     unsigned long pdone, unsigned long foreigndom)
{
    return run_batch(OP_SIZE, uops, count, pdone, foreigndom);
}

static __attribute__((noinline)) long run_batch_pv32(unsigned long uops, unsigned long count,
                                                     unsigned long pdone, unsigned long foreigndom)
{
    return run_batch(OP_SIZE_PV32, uops, count, pdone, foreigndom);
}

/* One operation on the caller itself is the rule. All calls are tail calls. */
long pagetable_mmuext_op(unsigned long uops, unsigned long count, unsigned long pdone,
                         unsigned long foreigndom)
{
    struct op op;

    if ( (u32)foreigndom != DOMID_SELF || (u32)count != 1 || pdone ||
         !guest_load_struct(&op, to_gva(uops)) || (u32)op.cmd >= ROWS )
        return run_batch_wide(uops, count, pdone, foreigndom);
    return singles[index_bounded((u32)op.cmd, ROWS)](uops, op.arg1, op.arg2);
}

long compat_mmuext_op(unsigned long uops, unsigned long count, unsigned long pdone,
                      unsigned long foreigndom)
{
    struct op op;

    if ( (u32)foreigndom != DOMID_SELF || (u32)count != 1 || pdone ||
         !load_op_pv32(&op, to_gva(uops)) || (u32)op.cmd >= ROWS )
        return run_batch_pv32(uops, count, pdone, foreigndom);
    return singles[index_bounded((u32)op.cmd, ROWS)](uops, op.arg1, op.arg2);
}
