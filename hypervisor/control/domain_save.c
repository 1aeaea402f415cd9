/*
 * domctl: what tools save of a vcpu beside its context, and restore: its other callbacks, its extended state, its
 * model-specific registers. And the event that tells them of a suspend.
 *
 * A vcpu is off its processor meanwhile, so that all of it is in memory; so one's own vcpu is refused.
 */
#include "control/internal.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/fpu.h"
#include "mm/alloc.h"
#include "pv/bounce/bounce.h"
#include "pv/emulate/cpuid.h"
#include "sched/sched.h"

/* -ESRCH no such vcpu, -EINVAL one's own; else @v is stopped until sched_unpause. */
static long stop(struct domain *d, u32 id, struct vcpu **v)
{
    if ( control_find_vcpu(d, id, v) )
        return -ESRCH;
    if ( *v == current_vcpu() )
        return -EINVAL;
    sched_pause(*v);
    return 0;
}

/* --- callbacks that struct vcpu_guest_context has no room for --- */

/* stop(), but one's own is no vcpu that these operations know: -ESRCH. */
static long stop_for_callbacks(struct domain *d, u32 id, struct vcpu **v)
{
    return stop(d, id, v) ? -ESRCH : 0;
}

/* How much of the argument a caller must know. What follows are banks of machine checks, which guests have none of. */
#define EXT_CONTEXT_MIN (offsetof(struct xen_domctl_ext_vcpucontext, sysenter_disables_events) + 1)

long domctl_get_ext_context(struct domain *d, struct xen_domctl_ext_vcpucontext *arg)
{
    struct vcpu *v;
    long rc = stop_for_callbacks(d, arg->vcpu, &v);

    if ( rc )
        return rc;
    *arg = (struct xen_domctl_ext_vcpucontext){
        .vcpu = arg->vcpu,
        .size = sizeof(*arg),
        .syscall32_callback_eip = v->pv.syscall32_rip,
        .syscall32_callback_cs = (u16)v->pv.syscall32_cs,
        .syscall32_disables_events = v->pv.syscall32_mask_events,
        .sysenter_callback_eip = v->pv.sysenter_rip,
        .sysenter_callback_cs = (u16)v->pv.sysenter_cs,
        .sysenter_disables_events = v->pv.sysenter_mask_events,
    };
    sched_unpause(v);
    return 0;
}

long domctl_set_ext_context(struct domain *d, struct xen_domctl_ext_vcpucontext *arg)
{
    struct vcpu *v;
    long rc;

    if ( arg->size < EXT_CONTEXT_MIN || arg->size > sizeof(*arg) )
        return -EINVAL;
    if ( !bounce_handler_ok(arg->syscall32_callback_eip) ||
         !bounce_handler_ok(arg->sysenter_callback_eip) )
        return -EINVAL;
    rc = stop_for_callbacks(d, arg->vcpu, &v);
    if ( rc )
        return rc;
    v->pv.syscall32_rip = arg->syscall32_callback_eip;
    v->pv.syscall32_cs = arg->syscall32_callback_cs;
    v->pv.syscall32_mask_events = arg->syscall32_disables_events != 0;
    v->pv.sysenter_rip = arg->sysenter_callback_eip;
    v->pv.sysenter_cs = arg->sysenter_callback_cs;
    v->pv.sysenter_mask_events = arg->sysenter_disables_events != 0;
    sched_unpause(v);
    return 0;
}

/* --- extended state --- */

/* What goes to the tools: XCR0, the components that are in use, then these in XSAVE's standard format. */
struct xstate_image {
    u64 xcr0;
    u64 used;
    u8 area[];
};

#define IMAGE_ORDER 0

static u64 image_size(const struct domain *d, u64 used)
{
    return sizeof(struct xstate_image) + cpuid_xsave_area(d, used);
}

static long get_image(struct vcpu *v, struct xen_domctl_vcpuextstate *arg)
{
    u64 used = v->pv.xcr0 | fpu_area_components(v->pv.xstate);
    u64 size = image_size(v->domain, used);
    struct xstate_image *image;
    long rc = 0;

    if ( arg->size == 0 && arg->xfeature_mask == 0 )
    {
        arg->xfeature_mask = cpuid_xcr0_allowed(v->domain);
        arg->size = arg->xfeature_mask ? size : 0;
        return 0;
    }
    if ( arg->size != size || arg->xfeature_mask != cpuid_xcr0_allowed(v->domain) )
        return -EINVAL;

    image = mm_alloc(IMAGE_ORDER);
    if ( !image )
        return -ENOMEM;
    image->xcr0 = v->pv.xcr0;
    image->used = used;
    fpu_area_get(v->pv.xstate, image->area, size - sizeof(*image));
    if ( copy_to_guest(handle_gva(arg->buffer), image, size) )
        rc = -EFAULT;
    mm_free(image, IMAGE_ORDER);
    return rc;
}

/*
 * XEN_DOMCTL_getvcpuextstate: with no size and no mask, how much there will be (a mask of 0: nothing, the guest has no
 * XSAVE). -EINVAL a size or mask that aren't these; -EFAULT, -ENOMEM.
 */
long domctl_get_extstate(struct domain *d, struct xen_domctl_vcpuextstate *arg)
{
    struct vcpu *v;
    long rc = stop(d, arg->vcpu, &v);

    if ( rc )
        return rc;
    rc = get_image(v, arg);
    sched_unpause(v);
    return rc;
}

static long check_image(const struct vcpu *v, const struct xstate_image *image, u64 size)
{
    if ( !cpuid_xcr0_ok(v->domain, image->xcr0) || (image->xcr0 & ~image->used) ||
         (image->used & ~cpuid_xcr0_allowed(v->domain)) )
        return -EINVAL;
    if ( size != image_size(v->domain, image->used) )
        return -EINVAL;
    return fpu_area_ok(image->area, image->used) ? 0 : -EINVAL;
}

/* XEN_DOMCTL_setvcpuextstate: -EINVAL not of this domain's XSAVE, or no such image at all; -EFAULT, -ENOMEM. */
long domctl_set_extstate(struct domain *d, struct xen_domctl_vcpuextstate *arg)
{
    struct xstate_image *image;
    struct vcpu *v;
    long rc;

    if ( arg->size < sizeof(*image) || arg->size > PAGE_SIZE )
        return -EINVAL;
    image = mm_alloc(IMAGE_ORDER);
    if ( !image )
        return -ENOMEM;
    rc = copy_from_guest(image, handle_gva(arg->buffer), arg->size) ? -EFAULT
                                                                    : stop(d, arg->vcpu, &v);
    if ( !rc )
    {
        rc = check_image(v, image, arg->size);
        if ( !rc )
        {
            fpu_area_set(v->pv.xstate, image->area, arg->size - sizeof(*image));
            v->pv.xcr0 = image->xcr0;
        }
        sched_unpause(v);
    }
    mm_free(image, IMAGE_ORDER);
    return rc;
}

/* --- model-specific registers: TSC_AUX, while it holds anything --- */

#define MSRS_MAX 1

/* XEN_DOMCTL_get_vcpu_msrs: -ENOBUFS @arg->msr_count are too few, it tells how many there are; -EFAULT. */
long domctl_get_msrs(struct domain *d, struct xen_domctl_vcpu_msrs *arg)
{
    struct xen_domctl_vcpu_msr msr = { .index = MSR_TSC_AUX };
    struct vcpu *v;
    u32 room = arg->msr_count, count;
    long rc = stop(d, arg->vcpu, &v);

    if ( rc )
        return rc;
    msr.value = v->pv.tsc_aux;
    sched_unpause(v);

    count = msr.value != 0;
    if ( !arg->msrs.p )
    {
        arg->msr_count = MSRS_MAX;
        return 0;
    }
    arg->msr_count = count;
    if ( room < count )
        return -ENOBUFS;
    return count && copy_to_guest(handle_gva(arg->msrs), &msr, sizeof(msr)) ? -EFAULT : 0;
}

static bool msr_ok(const struct xen_domctl_vcpu_msr *msr)
{
    return msr->index == MSR_TSC_AUX && !msr->reserved && !(msr->value >> 32) &&
           cpu_features.rdtscp;
}

/* XEN_DOMCTL_set_vcpu_msrs: -EINVAL, and @arg->msr_count is the number of the one that is wrong; -EFAULT. */
long domctl_set_msrs(struct domain *d, struct xen_domctl_vcpu_msrs *arg)
{
    u32 count = arg->msr_count;
    struct vcpu *v;
    long rc;

    if ( count > MSRS_MAX )
        return -EINVAL;
    rc = stop(d, arg->vcpu, &v);
    if ( rc )
        return rc;

    arg->msr_count = 0;
    for ( ; arg->msr_count < count && !rc; arg->msr_count++ )
    {
        struct xen_domctl_vcpu_msr msr;

        if ( copy_from_guest(&msr, handle_gva_at(arg->msrs, arg->msr_count), sizeof(msr)) )
            rc = -EFAULT;
        else if ( !msr_ok(&msr) )
            rc = -EINVAL;
        else
            v->pv.tsc_aux = msr.value;
        if ( rc )
            break;
    }
    sched_unpause(v);
    return rc;
}

/* --- events --- */

/* XEN_DOMCTL_subscribe: @arg->port of @d is raised when it suspends. One that isn't open then is nobody's. */
long domctl_subscribe(struct domain *d, struct xen_domctl_subscribe *arg)
{
    WRITE_ONCE(d->event.suspend_port, arg->port);
    return 0;
}

/* XEN_DOMCTL_sendtrigger: an NMI for a vcpu. -ENOSYS RESET and INIT, -EINVAL the buttons of HVM guests. */
long domctl_send_trigger(struct domain *d, struct xen_domctl_sendtrigger *arg)
{
    struct vcpu *v;

    if ( control_find_vcpu(d, arg->vcpu, &v) )
        return -ESRCH;
    switch ( arg->trigger )
    {
    case XEN_DOMCTL_SENDTRIGGER_NMI:
        vcpu_raise_nmi(v);
        return 0;
    case XEN_DOMCTL_SENDTRIGGER_POWER:
    case XEN_DOMCTL_SENDTRIGGER_SLEEP:
        return -EINVAL;
    default:
        return -ENOSYS;
    }
}
