/*
 * What mmu_update and mmuext_op have in common: a count of requests that may be done in parts.
 *
 * Between the parts everything there is to know is in the guest's registers and in *pdone, which the guest may change: it can only
 * fool itself. Failed batches come again too, if they left more dead tables than one part can take apart: the error travels in
 * the place of the requests, so that it is not paid for twice.
 */
#include "pv/pagetable/internal.h"

long batch_begin(struct batch_call *call)
{
    if ( (call->count & COUNT_CONTINUED) && call->pdone && !guest_load_u32(&call->before, to_gva(call->pdone)) )
        return -EFAULT;
    return 0;
}

static long drain(struct domain *d)
{
    long rc;

    if ( __builtin_expect(!READ_ONCE(d->pv.dead_tables), 1) )
        return 0;
    lock_acquire(table_lock(d));
    rc = table_drain(d);
    lock_release(table_lock(d));
    return rc;
}

static long again(const struct batch_call *call, unsigned long reqs, u32 count)
{
    return hypercall_continue(call->nr, reqs, count, call->pdone, call->foreigndom, 0);
}

long batch_end(struct batch_call *call, struct domain *d, u32 done, long rc)
{
    u32 count = call->count & ~COUNT_FLAGS;

    if ( call->pdone )
        guest_store_u32(to_gva(call->pdone), call->before + done); /* unwritable: the caller's loss, the work is done */
    if ( rc == -ERESTART )
        return again(call, call->reqs + done * call->size, (count - done) | COUNT_CONTINUED);
    if ( __builtin_expect(drain(d) != 0, 0) )
        return again(call, -rc, COUNT_CONTINUED | COUNT_FAILED);
    return rc;
}
