/* pv/'s part in the life of a domain and its vcpus: windows, FPU areas, roots. */
#include "cpu/fpu.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/alloc.h"
#include "mm/map.h"
#include "mm/tlb.h"
#include "domain/rooms.h"
#include "pv/bounce/bounce.h"
#include "pv/compat/compat.h"
#include "pv/emulate/cpuid.h"
#include "pv/pagetable/pagetable.h"
#include "pv/pagetable/shadow.h"
#include "pv/segment/segment.h"
#include "sched/sched.h"

#define DR6_RESET 0xffff0ff0UL
#define DR7_RESET 0x400UL

long pv_domain_create(struct domain *d)
{
    lock_init(&d->pv.pagetable_lock, LOCK_PAGETABLE);
    tlb_maps_own_frames(d->id);
    pagetable_domain_create(d);
    return cpuid_policy_default(d);
}

long pv_domain_set_pv32(struct domain *d)
{
    struct vcpu *v;
    long rc = pagetable_set_pv32(d);

    if ( rc )
        return rc;
    for_each_vcpu(d, v)
        bounce_set_mode(v);
    domain_width_chosen(d);
    cpuid_policy_restrict(d);
    return 0;
}

void pv_domain_destroy(struct domain *d)
{
    cpuid_policy_free(d);
}

static void reset_debug_registers(struct vcpu *v)
{
    memset(v->pv.dr, 0, sizeof(v->pv.dr));
    v->pv.dr[6] = DR6_RESET;
    v->pv.dr[7] = DR7_RESET;
}

long pv_vcpu_create(struct vcpu *v)
{
    bounce_set_mode(v);
    v->pv.root_kernel = INVALID_MFN;
    v->pv.root_user = INVALID_MFN;
    v->pv.walked.region = WALKED_NONE;
    for ( unsigned int i = 0; i < ARRAY_SIZE(v->pv.gdt_mfn); i++ )
        v->pv.gdt_mfn[i] = INVALID_MFN;
    reset_debug_registers(v);
    v->pv.xcr0 = fpu_features & 3;

    v->pv.xstate = heap_alloc(fpu_area_size);
    v->pv.window = map_vcpu_window(&v->pv.window_ptes);
    if ( !v->pv.xstate || !v->pv.window || pagetable_vcpu_create(v) )
    {
        pv_vcpu_destroy(v);
        return -ENOMEM;
    }
    fpu_area_init(v->pv.xstate);
    segment_gdt_drop(v); /* an empty GDT reads as null descriptors */
    return 0;
}

void pv_vcpu_destroy(struct vcpu *v)
{
    if ( v->pv.window )
        unmap_vcpu_window(v->pv.window);
    pagetable_vcpu_destroy(v);
    heap_free(v->pv.xstate);
    v->pv.window = 0;
    v->pv.xstate = NULL;
}

/* What the next context brings along is left as it is. */
long vcpu_reset(struct vcpu *v)
{
    v->down = true;
    v->initialised = false;
    sched_wake(v); /* it is in no block any more, and can't run */

    atomic_fetch_and(&v->work, ~VCPU_WORK_NMI);
    v->cpu.nmi_masked = 0;
    reset_debug_registers(v);
    (void)segment_set_ldt(v, 0, 0);
    segment_gdt_drop(v);
    pagetable_drop_roots(v);
    return pagetable_drain(v->domain);
}

void pv_vcpu_info_moved(struct vcpu *v)
{
    shadow_move_info(v);
    if ( v == current_vcpu() )
        percpu_raise(this_cpu(), WORK_INFO);
}

/* What the vcpus of a dying domain hold of its frames. Short: 128 vcpus at most. */
long pv_domain_relinquish(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
    {
        segment_ldt_drop(v);
        segment_gdt_drop(v);
        pagetable_drop_roots(v);
    }
    vcpu_info_release_all(d);
    return 0;
}
