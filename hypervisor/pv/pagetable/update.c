/*
 * mmu_update: a batch of writes to page-table entries and to the M2P, by machine address.
 *
 * The low bits of an address say what is meant. A frame that is no table is written plainly, if the domain may write to it. The
 * batch ends at the first request that fails; *pdone tells how many succeeded.
 *
 * The lock of the tables' owner is held for the whole batch, which stops now and then to let the guest take its events: then
 * the hypercall is issued anew for the requests that are left. What it was given is only believed where it does no harm.
 */
#include "mm/tlb.h"
#include "pv/pagetable/internal.h"
#include "smp/smp.h"

/* Requests between two looks at whether it is time to stop. */
#define STRIDE 64

struct batch {
    struct domain *caller;
    struct domain *d;        /* owner of the tables, which is locked */
    struct domain *from;     /* owner of the frames that are mapped */
    u64 mfn;                 /* the last request's frame, so that a run in one table looks it up once */
    struct frame *frame;
};

/* A page of data: the caller must be able to write to it, which a table or descriptor page forbids. */
static long write_plainly(struct batch *b, u64 *slot, u64 val)
{
    if ( frame_get_and_type(b->frame, b->d->id, FRAME_WRITABLE) )
        return -EINVAL;
    WRITE_ONCE(*slot, val);
    frame_put_and_type(b->frame);
    return 0;
}

static inline bool find_frame(struct batch *b, u64 maddr)
{
    u64 mfn = maddr >> PAGE_SHIFT;

    if ( b->mfn == mfn )
        return true;
    if ( !mfn_valid(to_mfn(mfn)) )
        return false;
    b->mfn = mfn;
    b->frame = mfn_to_frame(to_mfn(mfn));
    return true;
}

/* The lock keeps a valid table valid, so no reference is needed. Its owner can't change while it is one. */
static inline long update_entry(struct batch *b, u64 maddr, u64 val, bool preserve_ad)
{
    unsigned int level, index = maddr % PAGE_SIZE / sizeof(u64);
    u64 state, *slot;

    if ( !find_frame(b, maddr) || READ_ONCE(b->frame->owner) != b->d->id )
        return -EINVAL;
    slot = (u64 *)mfn_to_virt(to_mfn(b->mfn)) + index;
    state = READ_ONCE(b->frame->state);
    if ( __builtin_expect(!table_is_valid(state), 0) )
        return write_plainly(b, slot, val);

    level = frame_type_of(state);
    if ( __builtin_expect(level == 1, 1) )
        return entry_replace_l1(b->d, b->from, slot, val, preserve_ad);
    if ( level == 4 && map_is_hypervisor_slot(index) )
        return -EINVAL;
    return entry_replace_table(b->d, b->frame, level, slot, val, preserve_ad);
}

/* The frame must be @from's, but it may not vanish between the look and the write. */
static long update_m2p(struct batch *b, u64 maddr, u64 pfn)
{
    mfn_t mfn = maddr_to_mfn(to_maddr(maddr));

    if ( !mfn_valid(mfn) || !frame_get(mfn_to_frame(mfn), b->from->id) )
        return -EINVAL;
    m2p_set(mfn, to_pfn(pfn));
    frame_put(mfn_to_frame(mfn));
    return 0;
}

/* One request. -ENOSYS an unknown command: the bits below an entry's size. */
static inline long update_one(struct batch *b, u64 ptr, u64 val)
{
    unsigned int command = ptr % sizeof(u64);

    if ( command == MMU_NORMAL_PT_UPDATE || command == MMU_PT_UPDATE_NO_TRANSLATE )
        return update_entry(b, ptr, val, false);
    if ( command == MMU_PT_UPDATE_PRESERVE_AD )
        return update_entry(b, ptr, val, true);
    if ( command == MMU_MACHPHYS_UPDATE )
        return update_m2p(b, ptr, val);
    return -ENOSYS;
}

/* Run requests until one fails or it is time to stop: how many were done, with the reason in *@rc. */
static u32 run(struct batch *b, gva_t reqs, u32 count, long *rc)
{
    u32 i;

    *rc = __builtin_expect(b->d->life == DOMAIN_ALIVE, 1) ? table_drain(b->d) : -EINVAL;
    for ( i = 0; i < count && !*rc; i++ )
    {
        u64 ptr, val;

        if ( __builtin_expect(i % STRIDE == STRIDE - 1, 0) && preempt_pending() )
        {
            *rc = -ERESTART;
            break;
        }
        if ( !guest_load_u64(&ptr, to_gva(reqs.n + i * sizeof(struct mmu_update))) ||
             !guest_load_u64(&val, to_gva(reqs.n + i * sizeof(struct mmu_update) + sizeof(u64))) )
        {
            *rc = -EFAULT;
            break;
        }
        *rc = update_one(b, ptr, val);
        if ( *rc )
            break;
        *rc = table_drain(b->d);
    }

    return i;
}

/* Whose tables, whose frames: both the caller's in nearly all calls. */
static long get_domains(struct batch *b, u32 foreigndom)
{
    u32 tables = foreigndom >> 16;
    long rc;

    b->caller = b->d = b->from = current_vcpu()->domain;
    b->mfn = INVALID_MFN.n;
    if ( __builtin_expect(foreigndom == DOMID_SELF, 1) )
        return 0;

    if ( tables && tables - 1 != b->caller->id )
    {
        rc = foreign_get(b->caller, (domid_t)(tables - 1), &b->d);
        if ( rc )
            return rc;
    }
    rc = foreign_get(b->caller, (domid_t)foreigndom, &b->from);
    if ( rc )
        foreign_put(b->caller, b->d);
    return rc;
}

long pagetable_mmu_update(unsigned long ureqs, unsigned long count, unsigned long pdone, unsigned long foreigndom)
{
    struct batch_call call = {
        .nr = __HYPERVISOR_mmu_update,
        .size = sizeof(struct mmu_update),
        .reqs = ureqs,
        .count = (u32)count,
        .pdone = pdone,
        .foreigndom = foreigndom,
    };
    struct batch b;
    u32 done = 0;
    long rc = batch_begin(&call);

    if ( !rc )
        rc = get_domains(&b, (u32)foreigndom);
    if ( rc )
        return rc;

    if ( __builtin_expect(call.count & COUNT_FAILED, 0) )
        rc = -(long)(u8)ureqs;
    else
    {
        lock_acquire(table_lock(b.d));
        done = run(&b, to_gva(ureqs), call.count & ~COUNT_FLAGS, &rc);
        lock_release(table_lock(b.d));
    }
    rc = batch_end(&call, b.d, done, rc);

    foreign_put(b.caller, b.from);
    foreign_put(b.caller, b.d);
    return rc;
}
