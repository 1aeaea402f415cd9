/*
 * What mmu_update and mmuext_op have in common: a count of requests that may be done in parts.
 *
 * Between the parts everything there is to know is in the guest's registers and in *pdone, which
 * the guest may change: it can only fool itself. Failed batches come again too, if they left more
 * dead tables than one part can take apart: the error travels in the place of the requests, so that
 * it is not paid for twice.
 */
#include "pv/pagetable/internal.h"

static long drain(struct domain *d)
{
    long rc;

    if ( __builtin_expect(!READ_ONCE(d->pv.dead_tables), 1) )
        return 0;
    tables_lock(d);
    rc = table_drain(d);
    tables_unlock(d);
    return rc;
}

static long again(const struct batch_call *call, unsigned long reqs, u32 count)
{
    return hypercall_continue(call->nr, reqs, count, call->pdone, call->foreigndom, 0);
}

/*
 * *pdone counts what all parts did, so it is read for what the earlier ones did. A guest that gives
 * a bad address for it isn't told the count, and that is all.
 */
static void tell_done(const struct batch_call *call, u32 done)
{
    u32 before = 0;

    if ( !call->pdone ||
         ((call->count & COUNT_CONTINUED) && !guest_load_u32(&before, to_gva(call->pdone))) )
        return;
    (void)guest_store_u32(to_gva(call->pdone), before + done);
}

long batch_end(const struct batch_call *call, struct domain *d, u32 done, long rc)
{
    u32 count = call->count & ~COUNT_FLAGS;

    tell_done(call, done);
    if ( rc == -ERESTART )
        return again(call, call->reqs + done * call->size, (count - done) | COUNT_CONTINUED);
    if ( drain(d) )
        return again(call, -rc, COUNT_CONTINUED | COUNT_FAILED);
    return rc;
}
