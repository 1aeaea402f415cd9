/*
 * vcpu_op: a domain's operations on its own virtual CPUs.
 *
 * Handlers get the vcpu that the hypercall names; it may run on another CPU meanwhile. VCPUOP_is_up is how Linux
 * counts its CPUs, so a number without a vcpu is -ENOENT for every operation.
 */
#include "cpu/uaccess.h"
#include "domain/subop.h"
#include "event/event.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/map.h"
#include "sched/sched.h"
#include "smp/smp.h"
#include "time/time.h"

/* A vcpu_guest_context is larger than a page, and than what we want on a stack. */
#define CONTEXT_ORDER 1

/* --- life --- */

static long initialise(struct vcpu *v, const struct vcpu_guest_context *context)
{
    struct domain *d = v->domain;
    long rc = -EEXIST;

    lock_acquire(&d->lock);
    if ( !v->initialised )
    {
        rc = vcpu_set_context(v, context);
        if ( !rc )
            v->initialised = true;
    }
    lock_release(&d->lock);
    return rc;
}

/*
 * -EINVAL the vcpu has no vcpu_info yet (from 32 up it must be registered) or the context is bad, -EEXIST it has a
 * context already, -ENOMEM, -EFAULT. Takes LOCK_DOMAIN.
 */
static long initialise_from(struct vcpu *v, gva_t arg, bool wide)
{
    struct vcpu_guest_context *context;
    long rc = -EFAULT;

    BUILD_BUG_ON(sizeof(*context) > (PAGE_SIZE << CONTEXT_ORDER));

    if ( v->id >= XEN_LEGACY_MAX_VCPUS && !v->info_mapped )
        return -EINVAL;
    context = mm_alloc(CONTEXT_ORDER);
    if ( !context )
        return -ENOMEM;
    if ( guest_load_as(wide, vcpu_context, context, arg) )
        rc = initialise(v, context);
    mm_free(context, CONTEXT_ORDER);
    if ( rc == -ERESTART ) /* the root takes long to validate */
        return hypercall_continue(__HYPERVISOR_vcpu_op, VCPUOP_initialise, v->id, arg.n, 0, 0);
    return rc;
}

static long vcpu_initialise(struct vcpu *v, gva_t arg)
{
    return initialise_from(v, arg, true);
}

static long vcpu_initialise_pv32(struct vcpu *v, gva_t arg)
{
    return initialise_from(v, arg, false);
}

/* -EINVAL it was not initialised. */
static long vcpu_up(struct vcpu *v, gva_t arg)
{
    (void)arg;
    if ( !v->initialised )
        return -EINVAL;

    if ( __atomic_exchange_n(&v->down, false, __ATOMIC_SEQ_CST) )
        sched_update(v);
    return 0;
}

static bool any_up(const struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
    {
        if ( !READ_ONCE(v->down) )
            return true;
    }
    return false;
}

/* Down first, then a look at the others: of two that go down at once, one at least finds that it was the last. */
static long vcpu_down(struct vcpu *v, gva_t arg)
{
    (void)arg;
    if ( atomic_xchg(&v->down, true) )
        return 0;
    if ( !any_up(v->domain) )
    {
        atomic_set(&v->down, false);
        domain_shutdown(v->domain, SHUTDOWN_poweroff);
    }
    sched_update(v);
    return 0;
}

static long vcpu_is_up(struct vcpu *v, gva_t arg)
{
    (void)arg;
    return !READ_ONCE(v->down);
}

/* --- runstate and time areas --- */

static long vcpu_get_runstate(struct vcpu *v, gva_t arg)
{
    struct vcpu_runstate_info info;

    runstate_get(v, &info);
    return copy_to_guest(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long vcpu_get_runstate_pv32(struct vcpu *v, gva_t arg)
{
    struct vcpu_runstate_info info;

    runstate_get(v, &info);
    return compat_store_runstate_info(arg, &info) ? 0 : -EFAULT;
}

/* -EFAULT the area can't be the guest's. It is written at once, for another vcpu through the caller's page tables. */
static long vcpu_register_runstate(struct vcpu *v, struct vcpu_register_runstate_memory_area *arg)
{
    struct vcpu_runstate_info info;
    gva_t area = to_gva(arg->addr.p);

    if ( !guest_range_ok(area, sizeof(info)) )
        return -EFAULT;

    WRITE_ONCE(v->runstate.area, area.n);
    if ( v == current_vcpu() )
    {
        runstate_update_guest(v);
        return 0;
    }

    runstate_get(v, &info);
    (void)guest_store_as(!v->domain->pv32, runstate_info, area, &info);
    return 0;
}

static long vcpu_register_time(struct vcpu *v, struct vcpu_register_time_memory_area *arg)
{
    return time_register_area(v, to_gva(arg->addr.p));
}

/* --- timers --- */

static long vcpu_set_periodic(struct vcpu *v, struct vcpu_set_periodic_timer *arg)
{
    return time_set_periodic(v, arg->period_ns);
}

static long vcpu_stop_periodic(struct vcpu *v, gva_t arg)
{
    (void)arg;
    time_stop_periodic(v);
    return 0;
}

/* A one-shot timer is its vcpu's alone to set and to stop: vcpu_op() does. -ETIME as the flag asks for, -EFAULT. */
static inline long set_singleshot(struct vcpu *v, gva_t arg, bool wide)
{
    struct vcpu_set_singleshot_timer op;

    if ( !(wide ? guest_load_small(&op, arg) : compat_load_set_singleshot_timer(&op, arg)) )
        return -EFAULT;
    return time_set_singleshot(v, op.timeout_abs_ns, op.flags);
}

static long vcpu_singleshot_of_other(struct vcpu *v, gva_t arg)
{
    (void)v, (void)arg;
    return -EINVAL;
}

/* --- vcpu_info --- */

/*
 * Move what the guest reads and writes. Events that others mark in the old place meanwhile would be lost: the caller
 * marks everything pending after. A vcpu from 32 up had no place before.
 */
static void move_info(struct vcpu *v, struct vcpu_info *to)
{
    if ( v->id < XEN_LEGACY_MAX_VCPUS )
        memcpy(to, v->cpu.info, sizeof(*to));
    else
    {
        memset(to, 0, sizeof(*to));
        to->evtchn_upcall_mask = 1;
    }
}

/* @v is current, or on no CPU: entries write to where its vcpu_info is. */
static long register_info(struct vcpu *v, const struct vcpu_register_vcpu_info *arg)
{
    struct domain *d = v->domain;
    mfn_t mfn = to_mfn(arg->mfn);
    struct vcpu_info *info;

    if ( arg->offset > PAGE_SIZE - sizeof(*info) || !IS_ALIGNED(arg->offset, __alignof__(*info)) )
        return -ENXIO;
    if ( v->info_mapped || (v != current_vcpu() && !READ_ONCE(v->down)) )
        return -EINVAL;
    if ( !mfn_valid(mfn) || frame_get_and_type(mfn_to_frame(mfn), d->id, FRAME_WRITABLE) )
        return -EINVAL;

    lock_acquire(&d->lock);
    if ( v->info_mapped ) /* another vcpu was faster */
    {
        lock_release(&d->lock);
        frame_put_and_type(mfn_to_frame(mfn));
        return -EINVAL;
    }

    info = (struct vcpu_info *)((u8 *)mfn_to_virt(mfn) + arg->offset);
    move_info(v, info);
    v->info_mfn = mfn;
    v->info_mapped = info;
    __atomic_store_n(&v->cpu.info, info, __ATOMIC_RELEASE);
    lock_release(&d->lock);

    pv_vcpu_info_moved(v);
    time_vcpu_info_moved(v);
    event_vcpu_info_moved(v);
    return 0;
}

/*
 * Once a vcpu, on oneself or one that is down. A writable reference keeps the frame from becoming anything else until
 * the domain dies. -ENXIO the place is misaligned or crosses a page; -EINVAL not now, or not a frame that the domain
 * may write.
 */
static long vcpu_register_info(struct vcpu *v, struct vcpu_register_vcpu_info *arg)
{
    long rc;

    if ( v == current_vcpu() || !READ_ONCE(v->down) )
        return register_info(v, arg);
    sched_pause(v); /* it went down, but may not have left */
    rc = register_info(v, arg);
    sched_unpause(v);
    return rc;
}

/* What is still sent goes nowhere. Who found the old place before that may write to it until all have looked up. */
void vcpu_info_release_all(struct domain *d)
{
    bool any = false;
    struct vcpu *v;

    for_each_vcpu(d, v)
    {
        any |= v->info_mapped != NULL;
        atomic_store(&v->cpu.info, &v->no_info);
        pv_vcpu_info_moved(v);
    }
    if ( !any )
        return;

    smp_synchronize();
    for_each_vcpu(d, v)
    {
        if ( !v->info_mapped )
            continue;
        v->info_mapped = NULL;
        frame_put_and_type(mfn_to_frame(v->info_mfn));
        v->info_mfn = INVALID_MFN;
    }
}

/* --- the rest --- */

void vcpu_raise_nmi(struct vcpu *v)
{
    __atomic_fetch_or(&v->work, VCPU_WORK_NMI, __ATOMIC_RELEASE);
    sched_wake(v);
    smp_kick(v->processor, WORK_VCPU);
}

static long vcpu_send_nmi(struct vcpu *v, gva_t arg)
{
    if ( arg.n )
        return -EINVAL;
    vcpu_raise_nmi(v);
    return 0;
}

/* Physical ids are told of vcpus that stay on one processor only, and we pin none. */
static long vcpu_get_physid(struct vcpu *v, gva_t arg)
{
    (void)v;
    (void)arg;
    return -EINVAL;
}

#define SUBOPS <hypercall/ops/vcpu.def>
#include "domain/subop_tables.inc"

/* Most name the vcpu that they run on, and what those ask for most needs no table. */
static inline __attribute__((always_inline)) long vcpu_op(bool wide, unsigned long cmd,
                                                          unsigned long vcpu, unsigned long arg)
{
    struct vcpu *v = current_vcpu();

    if ( (u32)vcpu == v->id )
    {
        if ( (u32)cmd == VCPUOP_set_singleshot_timer )
            return set_singleshot(v, to_gva(arg), wide);
        if ( (u32)cmd == VCPUOP_stop_singleshot_timer )
            return time_stop_singleshot(v);
        if ( (u32)cmd == VCPUOP_is_up )
            return vcpu_is_up(v, to_gva(arg));
    }
    else
    {
        v = domain_vcpu(v->domain, (u32)vcpu);
        if ( !v )
            return -ENOENT;
    }

    return subop_call_on(v, wide ? subops : subops_pv32, cmd, arg);
}

long domain_vcpu_op(unsigned long cmd, unsigned long vcpu, unsigned long arg)
{
    return vcpu_op(true, cmd, vcpu, arg);
}

long compat_vcpu_op(unsigned long cmd, unsigned long vcpu, unsigned long arg)
{
    return vcpu_op(false, cmd, vcpu, arg);
}
