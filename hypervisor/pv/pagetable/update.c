/*
 * mmu_update: a batch of writes to page-table entries and to the M2P, by machine address.
 *
 * The low bits of an address say what is meant. A frame that is no table is written plainly, if the
 * domain may write to it. The batch ends at the first request that fails; *pdone tells how many
 * succeeded.
 *
 * The lock of the tables' owner is held for the whole batch, which stops now and then to let the
 * guest take its events: then the hypercall is issued anew for the requests that are left. What it
 * was given is only believed where it does no harm.
 *
 * Guests change entries of L1 tables more often than they do anything else here: that is inline,
 * and all else is not.
 */
#include "pv/pagetable/entry_l1.h"
#include "smp/smp.h"

/* Requests between two looks at whether it is time to stop. */
#define STRIDE 64

/* Commands, in the bits of an address below an entry's size. */
#define COMMAND_MASK (sizeof(u64) - 1)

/*
 * A page of data: the domain must be able to write to it, which a table or descriptor page forbids.
 */
static long write_plainly(const struct domain *d, struct frame *frame, u64 *slot, u64 val)
{
    if ( frame_get_used(frame, d->id, FRAME_WRITABLE) )
        return -EINVAL;
    WRITE_ONCE(*slot, val);
    frame_put_used(frame);
    return 0;
}

/*
 * The lock keeps a valid table valid, so no reference is needed. Its owner can't change while it is
 * one.
 */
static long update_entry(struct domain *d, const struct domain *from, u64 maddr, u64 val,
                         bool preserve_ad)
{
    unsigned int index = maddr % PAGE_SIZE / sizeof(u64);
    mfn_t mfn = maddr_to_mfn(to_maddr(maddr));
    enum frame_type type;
    struct frame *frame;
    u64 *slot, state;

    if ( !mfn_valid(mfn) || READ_ONCE(mfn_to_frame(mfn)->owner) != d->id )
        return -EINVAL;
    frame = mfn_to_frame(mfn);
    slot = (u64 *)mfn_to_virt(mfn) + index;
    state = READ_ONCE(frame->state);
    if ( !table_is_valid(state) )
        return write_plainly(d, frame, slot, val);

    type = frame_type_of(state);
    if ( type == FRAME_L1 )
        return l1_replace(d, from, slot, val, preserve_ad);
    if ( from != d ) /* tables lead to tables of their own domain */
        return -EINVAL;
    return entry_replace_table(d, frame, type, index, val, preserve_ad);
}

/* The frame must be @from's, but it may not vanish between the look and the write. */
static long update_m2p(const struct domain *from, u64 maddr, u64 pfn)
{
    mfn_t mfn = maddr_to_mfn(to_maddr(maddr));

    if ( !mfn_valid(mfn) || !frame_get(mfn_to_frame(mfn), from->id) )
        return -EINVAL;
    m2p_set(mfn, to_pfn(pfn));
    GUARD_STEP(m2p_reference, frame_put(mfn_to_frame(mfn)));
    return 0;
}

/* Is that an entry of a valid L1 of @d? */
static inline bool is_in_l1(const struct domain *d, u64 maddr)
{
    mfn_t mfn = maddr_to_mfn(to_maddr(maddr));

    return mfn.n < frame_limit && is_l1_of(mfn_to_frame(mfn), d);
}

/* As Linux changes rights. */
static long update_preserving(struct domain *d, const struct domain *from, u64 maddr, u64 val)
{
    if ( !is_in_l1(d, maddr) )
        return update_entry(d, from, maddr, val, true);
    return l1_replace_fast(d->pv32, d, from, maddr_to_virt(to_maddr(maddr)), val, true);
}

/* Any request, with the tables seen to that it killed. -ENOSYS an unknown command. */
static __attribute__((noinline)) long update_any(struct domain *d, const struct domain *from,
                                                 u64 ptr, u64 val)
{
    u64 maddr = ptr & ~COMMAND_MASK;

    switch ( ptr & COMMAND_MASK )
    {
    case MMU_NORMAL_PT_UPDATE:
    case MMU_PT_UPDATE_NO_TRANSLATE:
        return update_entry(d, from, maddr, val, false);
    case MMU_PT_UPDATE_PRESERVE_AD:
        return update_preserving(d, from, maddr, val);
    case MMU_MACHPHYS_UPDATE:
        return update_m2p(from, maddr, val);
    default:
        return -ENOSYS;
    }
}

/* Is the request a plain update of an entry of a valid L1 of @d? */
static inline bool is_plain(const struct domain *d, u64 ptr)
{
    return (ptr & COMMAND_MASK) == MMU_NORMAL_PT_UPDATE && is_in_l1(d, ptr);
}

/* One request: here a plain update, and all else elsewhere. */
static inline __attribute__((always_inline)) long
update_one_of(bool pv32, struct domain *d, const struct domain *from, u64 ptr, u64 val)
{
    if ( is_plain(d, ptr) )
        return l1_replace_fast(pv32, d, from, maddr_to_virt(to_maddr(ptr)), val, false);
    return update_any(d, from, ptr, val);
}

static __attribute__((noinline)) long update_one_pv32(struct domain *d, const struct domain *from,
                                                      u64 ptr, u64 val)
{
    return update_one_of(true, d, from, ptr, val);
}

/* Where a run of requests ended, and why if that is before their end. */
struct ran {
    u64 at;
    long rc;
};

static inline u32 requests(u64 from, u64 to)
{
    return (u32)((to - from) / sizeof(struct mmu_update));
}

/* The requests from @at to @end, one at least, with the lock of @d's tables held. */
static inline __attribute__((always_inline)) struct ran
run_of(bool pv32, struct domain *d, const struct domain *from, u64 at, u64 end)
{
    u64 ptr, val;
    long rc;

    do
    {
        if ( !guest_load_pair(&ptr, &val, to_gva(at)) )
            return (struct ran){ at, -EFAULT };
        rc = pv32 ? update_one_pv32(d, from, ptr, val) : update_one_of(false, d, from, ptr, val);
        if ( __builtin_expect(rc != 0, 0) )
            return (struct ran){ at, rc };
        at += sizeof(struct mmu_update);
        if ( __builtin_expect(d->pv.dead_tables, 0) && (rc = table_drain_some(d)) != 0 )
            return (struct ran){ at, rc };
    } while ( at != end );
    return (struct ran){ at, 0 };
}

static __attribute__((noinline)) struct ran run(struct domain *d, const struct domain *from, u64 at,
                                                u64 end)
{
    return run_of(false, d, from, at, end);
}

static __attribute__((noinline)) struct ran run_pv32(struct domain *d, const struct domain *from,
                                                     u64 at, u64 end)
{
    return run_of(true, d, from, at, end);
}

typedef struct ran run_fn(struct domain *d, const struct domain *from, u64 at, u64 end);

static run_fn *run_width(const struct domain *d)
{
    return d->pv32 ? run_pv32 : run;
}

/*
 * Run requests until one fails or it is time to stop: how many were done, with the reason in *@rc.
 */
static u32 run_strides(struct domain *d, const struct domain *from, u64 reqs, u32 count, long *rc)
{
    const u64 size = (u64)count * sizeof(struct mmu_update);
    u64 at, end;

    *rc = d->life == DOMAIN_ALIVE ? table_drain(d) : -EINVAL;
    if ( !guest_range_ok(to_gva(reqs), size) )
        *rc = -EFAULT;
    reqs = guest_bounded(to_gva(reqs)).n;
    at = reqs;
    end = reqs + size;

    while ( at != end && !*rc )
    {
        u64 stop = at + min_t(u64, end - at, STRIDE * sizeof(struct mmu_update));
        struct ran ran = run_width(d)(d, from, at, stop);

        at = ran.at;
        *rc = ran.rc;
        if ( at != end && !*rc && tables_preempt(d) )
            *rc = -ERESTART;
    }

    return requests(reqs, at);
}

/* The first two members of a struct batch_call. */
#define MMU_CALL __HYPERVISOR_mmu_update, sizeof(struct mmu_update)

/* Whose tables, whose frames, where they are not both the caller's: foreign_put both. */
static inline __attribute__((always_inline)) long
get_domains(struct domain *caller, u32 foreigndom, struct domain **d, struct domain **from)
{
    u32 tables = foreigndom >> 16;
    long rc;

    *d = caller;
    if ( tables && tables - 1 != caller->id )
    {
        rc = foreign_get(caller, (domid_t)(tables - 1), d);
        if ( rc )
            return rc;
    }
    rc = foreign_get_frames(caller, (domid_t)foreigndom, from);
    if ( rc )
        foreign_put(caller, *d);
    return rc;
}

/* A batch, of whatever size and for whomever. */
static __attribute__((noinline)) long update_batch(const struct batch_call *call)
{
    struct domain *caller = current_vcpu()->domain, *d, *from;
    u32 done = 0;
    long rc = get_domains(caller, (u32)call->foreigndom, &d, &from);

    if ( rc )
        return batch_end(call, caller, 0, rc);

    if ( call->count & COUNT_FAILED )
        rc = -(long)(u8)call->reqs;
    else
    {
        foreign_maps(d, from);
        tables_lock(d);
        done = run_strides(d, from, call->reqs, call->count & ~COUNT_FLAGS, &rc);
        tables_unlock(d);
    }
    rc = batch_end(call, d, done, rc);

    foreign_put(caller, from);
    foreign_put(caller, d);
    return rc;
}

/*
 * A few entries of the guest's own, else a batch: not so many that one would ask whether somebody
 * waits. Tables that die on the way are seen to at once, those that were left before at the end.
 */
static __attribute__((noinline)) long update_few(unsigned long ureqs, unsigned long count,
                                                 unsigned long pdone, unsigned long foreigndom)
{
    const struct batch_call call = { MMU_CALL, ureqs, (u32)count, pdone, foreigndom };
    struct domain *d = current_vcpu()->domain;
    u64 reqs = guest_bounded(to_gva(ureqs)).n;
    struct ran ran;

    if ( !guest_word_ok(to_gva(ureqs)) ) /* before anything else, and *pdone stays as it is */
        return -EFAULT;
    if ( call.count - 1 >= STRIDE || (u32)foreigndom != DOMID_SELF )
        return update_batch(&call);

    tables_lock(d);
    ran = run_width(d)(d, d, reqs, reqs + call.count * sizeof(struct mmu_update));
    tables_unlock(d);
    return batch_end(&call, d, requests(reqs, ran.at), ran.rc);
}

/* The end of a single request of the guest's own that has been done, as @rc says. */
static __attribute__((noinline)) long update_end(struct domain *d, unsigned long ureqs,
                                                 unsigned long pdone, long rc)
{
    return batch_end(&(struct batch_call){ MMU_CALL, ureqs, 1, pdone, DOMID_SELF }, d, !rc, rc);
}

/* The rest of a single request, with the lock held, where l1_update() left something, or it isn't plain. */
static __attribute__((noinline)) long update_finish(enum l1_left left, u64 ptr, u64 val,
                                                    unsigned long ureqs, unsigned long pdone)
{
    struct domain *d = current_vcpu()->domain;
    long rc = left == L1_REPLACE ? update_any(d, d, ptr, val)
                                 : l1_finish(left, d, d, maddr_to_virt(to_maddr(ptr)), val, false);

    tables_unlock(d);
    return rc || pdone || READ_ONCE(d->pv.dead_tables) ? update_end(d, ureqs, pdone, rc) : 0;
}

/*
 * A guest that changes one entry of its own is the rule. It is alive, and if dead tables are left
 * it doesn't matter to an L1 entry whether they are seen to before or after. Calls are tail calls,
 * so that no register is saved for one.
 */
static inline __attribute__((always_inline)) long mmu_update(bool pv32, unsigned long ureqs,
                                                             unsigned long count,
                                                             unsigned long pdone,
                                                             unsigned long foreigndom)
{
    struct domain *d = current_vcpu()->domain;
    enum l1_left left = L1_REPLACE;
    gva_t req = to_gva(ureqs);
    u64 ptr, val;

    if ( (u32)count != 1 || (u32)foreigndom != DOMID_SELF || !guest_access_ok(&req) ||
         !guest_load_pair(&ptr, &val, req) )
        return update_few(ureqs, count, pdone, foreigndom);

    tables_lock(d);
    if ( __builtin_expect(is_plain(d, ptr), 1) )
        left = l1_update(pv32, d, d, maddr_to_virt(to_maddr(ptr)), &val, false);
    if ( __builtin_expect(left != L1_DONE, 0) )
        return update_finish(left, ptr, val, ureqs, pdone);
    tables_unlock(d);

    if ( __builtin_expect(READ_ONCE(d->pv.dead_tables), 0) )
        return update_end(d, ureqs, pdone, 0);
    if ( pdone )
        (void)guest_store_u32(to_gva(pdone), 1);
    return 0;
}

long pagetable_mmu_update(unsigned long ureqs, unsigned long count, unsigned long pdone,
                          unsigned long foreigndom)
{
    return mmu_update(false, ureqs, count, pdone, foreigndom);
}

/* Requests are the same in both widths. */
long compat_mmu_update(unsigned long ureqs, unsigned long count, unsigned long pdone,
                       unsigned long foreigndom)
{
    return mmu_update(true, ureqs, count, pdone, foreigndom);
}

/* --- Boot option batching=off: the lock is taken for each request, as if it had come alone --- */

static struct ran run_request(struct domain *d, const struct domain *from, u64 at)
{
    long rc = d->life == DOMAIN_ALIVE ? table_drain(d) : -EINVAL;

    return rc ? (struct ran){ at, rc } : run_width(d)(d, from, at, at + sizeof(struct mmu_update));
}

/* As run_strides(), without the lock. */
static u32 run_singly(struct domain *d, const struct domain *from, u64 reqs, u32 count, long *rc)
{
    u32 done = 0;

    *rc = guest_range_ok(to_gva(reqs), count * sizeof(struct mmu_update)) ? 0 : -EFAULT;
    reqs = guest_bounded(to_gva(reqs)).n;
    while ( done < count && !*rc )
    {
        struct ran ran;

        tables_lock(d);
        ran = run_request(d, from, reqs + done * sizeof(struct mmu_update));
        tables_unlock(d);
        done = requests(reqs, ran.at);
        *rc = ran.rc;
        if ( done % STRIDE == 0 && done < count && !*rc && tables_preempt(d) )
            *rc = -ERESTART;
    }
    return done;
}

/* For both widths. */
long pagetable_mmu_update_singly(unsigned long ureqs, unsigned long count, unsigned long pdone,
                                 unsigned long foreigndom)
{
    const struct batch_call call = { MMU_CALL, ureqs, (u32)count, pdone, foreigndom };
    struct domain *caller = current_vcpu()->domain, *d, *from;
    u32 done = 0;
    long rc;

    if ( call.count == 1 )
        return mmu_update(caller->pv32, ureqs, count, pdone, foreigndom);
    rc = get_domains(caller, (u32)foreigndom, &d, &from);
    if ( rc )
        return rc;

    foreign_maps(d, from);
    if ( call.count & COUNT_FAILED )
        rc = -(long)(u8)ureqs;
    else
        done = run_singly(d, from, ureqs, call.count & ~COUNT_FLAGS, &rc);
    rc = batch_end(&call, d, done, rc);

    foreign_put(caller, from);
    foreign_put(caller, d);
    return rc;
}
