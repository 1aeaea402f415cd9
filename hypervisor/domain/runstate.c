/*
 * Runstate: how long a vcpu ran, waited to run, was blocked or was offline.
 *
 * A guest may register an area of its memory for a copy, by virtual address: it is written whenever the vcpu comes to
 * a CPU or leaves it, through the vcpu's own page tables. If the guest has unmapped it, the copy is silently skipped.
 */
#include "domain/domain.h"
#include "domain/widen.h"
#include "lib/atomic.h"
#include "lib/string.h"
#include "mm/tlb.h"
#include "time/time.h"
#include "trace/buffer.h"

void runstate_change(struct vcpu *v, int state, s64 now)
{
    struct vcpu_runstate *r = &v->runstate;
    u32 version = r->version, before = (u32)r->info.state;
    s64 spent = now - (s64)r->info.state_entry_time;

    WRITE_ONCE(r->version, version + 1);
    wmb();
    if ( spent > 0 ) /* clocks of two CPUs may differ by a little */
    {
        r->info.time[before] += (u64)spent;
        r->info.state_entry_time = (u64)now;
    }
    r->info.state = state;
    atomic_store(&r->version, version + 2);
    trace(TRC_SCHED_RUNSTATE_CHANGE | before << 8 | (u32)state << 4, TRACE_VCPU(v));
}

/* Of one moment: the version was even, and is the same afterwards. */
static void copy_consistent(const struct vcpu *v, struct vcpu_runstate_info *info)
{
    const struct vcpu_runstate *from = &v->runstate;
    u32 version;

    do
    {
        version = atomic_load(&from->version);
        memcpy(info, &from->info, sizeof(*info)); /* the holes too, which are zero */
        rmb();
    } while ( (version & 1) || READ_ONCE(from->version) != version );
}

void runstate_get(struct vcpu *v, struct vcpu_runstate_info *info)
{
    s64 spent;

    copy_consistent(v, info);
    spent = time_now() - (s64)info->state_entry_time;
    if ( spent > 0 )
        info->time[info->state] += (u64)spent;
}

/* With the update flag, the guest can tell a copy that is being written from one that is complete. */
static void write_area(struct vcpu *v, gva_t area)
{
    bool wide = !v->domain->pv32;
    gva_t entry_time =
        to_gva(area.n + (wide ? offsetof(struct vcpu_runstate_info, state_entry_time)
                              : offsetof(struct compat_runstate_info, state_entry_time)));
    struct vcpu_runstate_info info;
    u64 entered;

    copy_consistent(v, &info); /* one that blocked may have been woken by now */
    entered = info.state_entry_time;
    if ( !(v->domain->vm_assist & (1UL << VMASST_TYPE_runstate_update_flag)) )
    {
        (void)guest_store_as(wide, runstate_info, area, &info);
        return;
    }

    info.state_entry_time |= XEN_RUNSTATE_UPDATE;
    if ( !guest_store_u64(entry_time, info.state_entry_time) )
        return;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    if ( !guest_store_as(wide, runstate_info, area, &info) )
        return;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    (void)guest_store_u64(entry_time, entered);
}

/* The area is a kernel's: in guest user mode its mapping is in the other root. */
void runstate_update_guest(struct vcpu *v)
{
    gva_t area = to_gva(READ_ONCE(v->runstate.area)); /* a sibling may set another */

    if ( !area.n )
        return;

    if ( v->cpu.kernel_mode )
    {
        write_area(v, area);
        return;
    }

    tlb_load_root(to_maddr(v->cpu.cr3_kernel));
    write_area(v, area);
    tlb_load_root(to_maddr(v->cpu.cr3_user));
}
