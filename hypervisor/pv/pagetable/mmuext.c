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
#include "pv/pagetable/internal.h"
#include "pv/segment/segment.h"
#include "smp/smp.h"

/* An operation, and for whom. */
struct mmuext {
    struct mmuext_op op;
    struct vcpu *v;
    struct domain *target; /* the domain that foreigndom names */
};

/* Run @step on the target's tables, locked, with no dead ones before and none after. */
#define with_tables(d, step)                                                                       \
    ({                                                                                             \
        long rc_;                                                                                  \
                                                                                                   \
        tables_lock(d);                                                                            \
        rc_ = (d)->life == DOMAIN_ALIVE ? table_drain(d) : -EINVAL;                                \
        if ( !rc_ )                                                                                \
            rc_ = (step);                                                                          \
        tables_unlock(d);                                                                          \
        rc_;                                                                                       \
    })

/* A 32-bit guest has no L4; to pin one succeeds, by the ABI. */
static long mmuext_pin(const struct mmuext *m)
{
    enum frame_type type = FRAME_L1 + (m->op.cmd - MMUEXT_PIN_L1_TABLE);

    if ( !table_kind(m->target, type)->entries )
        return 0;
    return with_tables(m->target, table_pin(m->target, to_mfn(m->op.arg1.mfn), type));
}

static long mmuext_unpin(const struct mmuext *m)
{
    return with_tables(m->target, table_unpin(m->target, to_mfn(m->op.arg1.mfn)));
}

static long mmuext_new_baseptr(const struct mmuext *m)
{
    return with_tables(m->target, root_switch(m->v, to_mfn(m->op.arg1.mfn)));
}

/* Frame 0 stands for none. */
static long mmuext_new_user_baseptr(const struct mmuext *m)
{
    mfn_t mfn = m->op.arg1.mfn ? to_mfn(m->op.arg1.mfn) : INVALID_MFN;

    if ( m->op.arg1.mfn == INVALID_MFN.n )
        return -EINVAL;
    return with_tables(m->target, root_switch_user(m->v, mfn));
}

static long mmuext_tlb_flush_local(const struct mmuext *m)
{
    (void)m;
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

static long mmuext_invlpg_local(const struct mmuext *m)
{
    (void)m;
    if ( is_guest_va(m->op.arg1.linear_addr) )
        tlb_flush_page_local(m->op.arg1.linear_addr);
    return 0;
}

static long flush_some(const struct mmuext *m, u64 va)
{
    cpumask_t cpus;

    if ( flush_cpus_of(m->target, handle_gva(m->op.arg2.vcpumask), &cpus) )
        return -EINVAL;
    if ( va == TLB_FLUSH_ALL || is_guest_va(va) )
        tlb_flush_mask(cpus, va);
    return 0;
}

static long mmuext_tlb_flush_multi(const struct mmuext *m)
{
    return flush_some(m, TLB_FLUSH_ALL);
}

static long mmuext_invlpg_multi(const struct mmuext *m)
{
    /* The last address of all is a page like any other, not the word for "everything". */
    return flush_some(m, m->op.arg1.linear_addr & PAGE_MASK);
}

static long mmuext_tlb_flush_all(const struct mmuext *m)
{
    tlb_flush_mask(flush_cpus_of_all(m->target), TLB_FLUSH_ALL);
    return 0;
}

static long mmuext_invlpg_all(const struct mmuext *m)
{
    if ( is_guest_va(m->op.arg1.linear_addr) )
        tlb_flush_mask(flush_cpus_of_all(m->target), m->op.arg1.linear_addr & PAGE_MASK);
    return 0;
}

static long flush_cache(const struct mmuext *m, long refusal)
{
    if ( access_check(m->target, m->target, ACCESS_HARDWARE) )
        return refusal;
    tlb_flush_mask(smp_online, TLB_FLUSH_CACHES); /* the guest may have run on any CPU */
    return 0;
}

static long mmuext_flush_cache(const struct mmuext *m)
{
    return flush_cache(m, -EACCES);
}

static long mmuext_flush_cache_all(const struct mmuext *m)
{
    return flush_cache(m, -EINVAL);
}

static long mmuext_set_ldt(const struct mmuext *m)
{
    return segment_set_ldt(m->v, m->op.arg1.linear_addr, m->op.arg2.nr_ents);
}

/* A frame of the target's that may be written to, with a reference for the while. */
static inline __attribute__((always_inline)) struct frame *get_data_page(const struct mmuext *m,
                                                                         mfn_t mfn)
{
    if ( !mfn_has_frame(mfn) || frame_get_used(mfn_to_frame(mfn), m->target->id, FRAME_WRITABLE) )
        return NULL;
    return mfn_to_frame(mfn);
}

static long mmuext_clear_page(const struct mmuext *m)
{
    struct frame *frame = get_data_page(m, to_mfn(m->op.arg1.mfn));

    if ( !frame )
        return -EINVAL;
    hw_clear_page(mfn_to_virt(to_mfn(m->op.arg1.mfn)));
    frame_put_used(frame);
    return 0;
}

static long mmuext_copy_page(const struct mmuext *m)
{
    mfn_t from = to_mfn(m->op.arg2.src_mfn);
    struct frame *frame;

    if ( !mfn_has_frame(from) || !frame_get_inline(mfn_to_frame(from), m->target->id) )
        return -EINVAL;
    frame = get_data_page(m, to_mfn(m->op.arg1.mfn));
    if ( frame )
    {
        hw_copy_page(mfn_to_virt(to_mfn(m->op.arg1.mfn)), mfn_to_virt(from));
        frame_put_used(frame);
    }
    frame_put_inline(mfn_to_frame(from));
    return frame ? 0 : -EINVAL;
}

static long mmuext_no_superpages(const struct mmuext *m)
{
    (void)m;
    return -EOPNOTSUPP;
}

#define ROWS 32

static long mmuext_unknown(const struct mmuext *m)
{
    (void)m;
    return -ENOSYS;
}

/* Every row has a function, so that speculation finds one too. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static long (*const handlers[ROWS])(const struct mmuext *m) = {
    [0 ... ROWS - 1] = mmuext_unknown,
#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    [operation] = handler,
#include <hypercall/ops/mmuext.def>
#undef SUBOP
};
#pragma GCC diagnostic pop

/* Of whom the target must be the caller. */
#define FOR_SELF   1u
#define FOR_TARGET 0u

static const u32 for_self = 0
#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    | FOR_##who << (operation)
#include <hypercall/ops/mmuext.def>
#undef SUBOP
    ;

static inline long run_own(const struct mmuext *m)
{
    return m->op.cmd < ROWS ? handlers[index_bounded(m->op.cmd, ROWS)](m) : -ENOSYS;
}

static inline long run_one(const struct mmuext *m)
{
    if ( m->target != m->v->domain && m->op.cmd < ROWS && (for_self >> m->op.cmd & 1) )
        return -EPERM;
    return run_own(m);
}

/* Sizes of an operation: three words of the guest's width. */
#define OP_SIZE      sizeof(struct mmuext_op)
#define OP_SIZE_PV32 sizeof(struct compat_mmuext_op)

static __attribute__((noinline)) bool load_op_pv32(struct mmuext_op *op, gva_t from)
{
    return compat_load_mmuext_op(op, from);
}

static inline bool load_op(unsigned int size, struct mmuext_op *op, gva_t from)
{
    return size == OP_SIZE_PV32 ? load_op_pv32(op, from) : guest_load_struct(op, from);
}

/* Work off what dead tables there are before the guest goes on. */
static inline long drain(struct domain *d)
{
    return __builtin_expect(READ_ONCE(d->pv.dead_tables), 0) ? with_tables(d, 0) : 0;
}

/* Emptying caches takes long, however few operations there are. */
static bool was_long(const struct mmuext *m)
{
    return m->op.cmd == MMUEXT_FLUSH_CACHE || m->op.cmd == MMUEXT_FLUSH_CACHE_GLOBAL;
}

/*
 * As mmu_update's: how many operations were done, with the reason for stopping in *@rc. @few of the
 * caller's own: not so many that somebody might be waiting.
 */
static inline __attribute__((always_inline)) u32 run(bool few, struct mmuext *m, unsigned int size,
                                                     gva_t ops, u32 count, long *rc)
{
    u32 i;

    *rc = drain(m->target);
    for ( i = 0; i < count && !*rc; i++ )
    {
        if ( i && (!few || was_long(m)) && preempt_pending() )
            *rc = -ERESTART;
        else if ( !load_op(size, &m->op, to_gva(ops.n + (u64)i * size)) )
            *rc = -EFAULT;
        else
            *rc = few ? run_own(m) : run_one(m);
        if ( __builtin_expect(*rc != 0, 0) )
            break;
        *rc = drain(m->target);
    }

    return i;
}

/* A batch, of whatever size and for whomever. */
static __attribute__((noinline)) long run_batch(const struct batch_call *call)
{
    struct mmuext m;
    u32 done = 0;
    long rc;

    m.v = current_vcpu();
    rc = foreign_get(m.v->domain, (domid_t)call->foreigndom, &m.target);
    if ( rc )
        return rc;
    if ( call->count & COUNT_FAILED )
        rc = -(long)(u8)call->reqs;
    else
        done = run(false, &m, call->size, to_gva(call->reqs), call->count & ~COUNT_FLAGS, &rc);
    rc = batch_end(call, m.target, done, rc);

    foreign_put(m.v->domain, m.target);
    return rc;
}

#define FEW 8

/* A few operations on the caller itself, which is what guests do to switch address spaces. */
static __attribute__((noinline)) long run_few(const struct batch_call *call)
{
    struct mmuext m;
    u32 done;
    long rc;

    m.v = current_vcpu();
    m.target = m.v->domain;
    done = run(true, &m, call->size, to_gva(call->reqs), call->count, &rc);
    return batch_end(call, m.target, done, rc);
}

/* One operation on the caller itself is the rule. */
static inline long mmuext_op(unsigned int size, unsigned long uops, unsigned long count,
                             unsigned long pdone, unsigned long foreigndom)
{
    struct mmuext m;
    long rc;

    m.v = current_vcpu();
    m.target = m.v->domain;
    if ( (u32)count != 1 || (u32)foreigndom != DOMID_SELF || READ_ONCE(m.target->pv.dead_tables) ||
         !load_op(size, &m.op, to_gva(uops)) )
    {
        const struct batch_call call = {
            __HYPERVISOR_mmuext_op, size, uops, (u32)count, pdone, foreigndom
        };

        if ( !guest_word_ok(to_gva(uops)) ) /* before anything else, and *pdone stays as it is */
            return -EFAULT;
        return call.count <= FEW && (u32)foreigndom == DOMID_SELF ? run_few(&call)
                                                                  : run_batch(&call);
    }

    rc = run_own(&m);

    if ( __builtin_expect(rc || READ_ONCE(m.target->pv.dead_tables), 0) )
        return batch_end(
            &(struct batch_call){ __HYPERVISOR_mmuext_op, size, uops, 1, pdone, DOMID_SELF },
            m.target, !rc, rc);
    if ( pdone )
        (void)guest_store_u32(to_gva(pdone), 1);
    return 0;
}

long pagetable_mmuext_op(unsigned long uops, unsigned long count, unsigned long pdone,
                         unsigned long foreigndom)
{
    return mmuext_op(OP_SIZE, uops, count, pdone, foreigndom);
}

long compat_mmuext_op(unsigned long uops, unsigned long count, unsigned long pdone,
                      unsigned long foreigndom)
{
    return mmuext_op(OP_SIZE_PV32, uops, count, pdone, foreigndom);
}
