/*
 * A vcpu's context as the ABI lays it out (struct vcpu_guest_context): loaded by VCPUOP_initialise
 * and domctl, read by domctl.
 */
#include "console/console.h"
#include "cpu/asm.h"
#include "cpu/fpu.h"
#include "cpu/segments.h"
#include "cpu/uaccess.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/map.h"
#include "pv/bounce/bounce.h"
#include "pv/emulate/emulate.h"
#include "pv/pagetable/pagetable.h"
#include "pv/segment/segment.h"

/* A 32-bit guest's have been widened; the word for the third callback is its two code selectors. */
static bool addresses_ok(const struct vcpu *v, const struct vcpu_guest_context *c)
{
    if ( v->domain->pv32 )
        return true;
    for ( unsigned int i = 0; i < ARRAY_SIZE(c->trap_ctxt); i++ )
        if ( !bounce_handler_ok(c->trap_ctxt[i].address) )
            return false;
    return bounce_handler_ok(c->event_callback_eip) &&
           bounce_handler_ok(c->failsafe_callback_eip) &&
           bounce_handler_ok(c->syscall_callback_eip) && canonical(c->fs_base) &&
           canonical(c->gs_base_kernel) && canonical(c->gs_base_user) &&
           canonical(c->user_regs.rip);
}

/* A vcpu that already ran may get new registers (a cancelled suspend), but not new tables. */
static long tables_unchanged(const struct vcpu *v, const struct vcpu_guest_context *c)
{
    if ( maddr_to_mfn(to_maddr(c->ctrlreg[3])).n != v->pv.root_kernel.n ||
         c->gdt_ents != v->pv.gdt_entries || c->ldt_base != v->pv.ldt_base ||
         c->ldt_ents != v->pv.ldt_entries )
        return -EOPNOTSUPP;
    if ( c->ctrlreg[1] ? maddr_to_mfn(to_maddr(c->ctrlreg[1])).n != v->pv.root_user.n
                       : !mfn_eq(v->pv.root_user, INVALID_MFN) )
        return -EOPNOTSUPP;
    for ( unsigned int i = 0; i < GDT_GUEST_PAGES; i++ )
        if ( i * 512 < c->gdt_ents && c->gdt_frames[i] != v->pv.gdt_mfn[i].n )
            return -EOPNOTSUPP;
    return 0;
}

static void set_registers(struct vcpu *v, const struct cpu_user_regs *user)
{
    struct regs *regs = &v->cpu.regs;

    memcpy(regs, user, offsetof(struct regs, ss) + sizeof(u64));
    regs->error = 0;
    regs->vector = 0;
    regs->cs = segment_raise(v, user->cs);
    regs->ss = segment_raise(v, user->ss);
    v->cpu.iopl = eflags_iopl(regs->rflags);
    regs->rflags =
        (regs->rflags & ~(u64)(EFLAGS_IOPL | EFLAGS_VM | EFLAGS_VIF | EFLAGS_VIP | EFLAGS_NT)) |
        EFLAGS_IF | EFLAGS_FIXED;
    regs->rflags &= 0x3fffffUL;
    v->cpu.ds = user->ds;
    v->cpu.es = user->es;
    v->cpu.fs = user->fs;
    v->cpu.gs = user->gs;
}

static void set_entry_points(struct vcpu *v, const struct vcpu_guest_context *c)
{
    memcpy(v->pv.traps, c->trap_ctxt, sizeof(v->pv.traps));
    v->cpu.kernel_ss = segment_raise(v, c->kernel_ss);
    v->cpu.kernel_rsp = c->kernel_sp;
    v->cpu.event_rip = c->event_callback_eip;
    v->pv.failsafe_rip = c->failsafe_callback_eip;
    v->cpu.syscall_rip = c->syscall_callback_eip;
    v->pv.failsafe_mask_events = c->flags & VGCF_failsafe_disables_events;
    v->cpu.syscall_mask_events = (c->flags & VGCF_syscall_disables_events) != 0;
}

/*
 * A 32-bit guest's entry points are far ones, and its mode is its ring. No callback for 64-bit
 * processes: that word has the selectors (pv/compat/compat.h).
 */
static void set_compat(struct vcpu *v, const struct vcpu_guest_context *c)
{
    for ( unsigned int i = 0; i < ARRAY_SIZE(v->pv.traps); i++ )
        v->pv.traps[i].cs = segment_raise(v, v->pv.traps[i].cs);
    v->pv.event_cs = segment_raise(v, (u32)c->syscall_callback_eip);
    v->pv.failsafe_cs = segment_raise(v, c->syscall_callback_eip >> 32);
    v->cpu.syscall_rip = 0;
    v->cpu.kernel_mode = (v->cpu.regs.cs & 3) == v->cpu.mode.kernel_ring;
}

static void set_modes(struct vcpu *v, const struct vcpu_guest_context *c)
{
    v->cpu.kernel_mode = (c->flags & VGCF_in_kernel) != 0;
    v->cpu.ts = (c->ctrlreg[0] & CR0_TS) != 0;
    emulate_choose_cr4(v, c->ctrlreg[4]);
    v->cpu.fs_base = c->fs_base;
    v->cpu.gs_base = v->cpu.kernel_mode ? c->gs_base_kernel : c->gs_base_user;
    v->cpu.gs_base_other = v->cpu.kernel_mode ? c->gs_base_user : c->gs_base_kernel;
    fpu_area_init(v->pv.xstate);
    if ( c->flags & VGCF_i387_valid )
        fpu_area_set_legacy(v->pv.xstate, &c->fpu_ctxt);

    /* One that a guest may not have stays as it was: off, in a new vcpu. */
    for ( unsigned int i = 0; i < 4; i++ )
        (void)emulate_write_dr(v, i, c->debugreg[i]);
    (void)emulate_write_dr(v, 6, c->debugreg[6]);
    (void)emulate_write_dr(v, 7, c->debugreg[7]);
}

/* The first context: page tables and descriptor tables, each taking its references. */
static long set_tables(struct vcpu *v, const struct vcpu_guest_context *c)
{
    mfn_t frames[GDT_GUEST_PAGES];
    long rc;

    if ( c->gdt_ents > GDT_GUEST_PAGES * 512 || c->ldt_ents > 8192 )
        return -EINVAL;
    rc = pagetable_set_root(v, maddr_to_mfn(to_maddr(c->ctrlreg[3])), false);
    if ( !rc && c->ctrlreg[1] )
        rc = pagetable_set_root(v, maddr_to_mfn(to_maddr(c->ctrlreg[1])), true);
    for ( unsigned int i = 0; i < GDT_GUEST_PAGES; i++ )
        frames[i] = to_mfn(c->gdt_frames[i]);
    if ( !rc )
        rc = segment_gdt_install(v, frames, (u32)c->gdt_ents);
    if ( !rc )
        rc = segment_set_ldt(v, c->ldt_base, (u32)c->ldt_ents);
    if ( rc )
    {
        segment_gdt_drop(v);
        pagetable_drop_roots(v);
    }
    return rc;
}

long vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
    long rc;

    if ( !addresses_ok(v, c) )
        return -EINVAL;
    if ( !v->domain->pv32 && !(c->flags & VGCF_in_kernel) && !c->ctrlreg[1] )
        return -EINVAL;
    rc = v->initialised ? tables_unchanged(v, c) : set_tables(v, c);
    if ( rc )
        return rc;

    set_registers(v, &c->user_regs);
    set_entry_points(v, c);
    set_modes(v, c);
    if ( v->domain->pv32 )
        set_compat(v, c);
    if ( v->id == 0 && !v->initialised )
    {
        domain_set_assists(v->domain, c->vm_assist);
        time_update_wallclock(v->domain); /* its builder may have cleared shared_info meanwhile */
    }
    vcpu_follow_assists(v);
    v->down = !(c->flags & VGCF_online);
    atomic_store(&v->initialised, true); /* now its siblings may start it */
    return 0;
}

void vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c)
{
    const struct regs *regs = &v->cpu.regs;

    memset(c, 0, sizeof(*c));
    fpu_area_get_legacy(v->pv.xstate, &c->fpu_ctxt);
    memcpy(&c->user_regs, regs, sizeof(*regs));
    c->user_regs.error_code = 0;
    c->user_regs.entry_vector = 0;
    c->user_regs.rflags |= (u64)v->cpu.iopl << 12;
    c->user_regs.ds = v->cpu.ds;
    c->user_regs.es = v->cpu.es;
    c->user_regs.fs = v->cpu.fs;
    c->user_regs.gs = v->cpu.gs;

    c->flags = VGCF_i387_valid | (v->cpu.kernel_mode ? VGCF_in_kernel : 0) |
               (v->down ? 0 : VGCF_online) |
               (v->pv.failsafe_mask_events ? VGCF_failsafe_disables_events : 0) |
               (v->cpu.syscall_mask_events ? VGCF_syscall_disables_events : 0);
    memcpy(c->trap_ctxt, v->pv.traps, sizeof(c->trap_ctxt));
    c->ldt_base = v->pv.ldt_base;
    c->ldt_ents = v->pv.ldt_entries;
    c->gdt_ents = v->pv.gdt_entries;
    for ( unsigned int i = 0; i < GDT_GUEST_PAGES && i * 512 < v->pv.gdt_entries; i++ )
        c->gdt_frames[i] = v->pv.gdt_mfn[i].n;
    c->kernel_ss = v->cpu.kernel_ss;
    c->kernel_sp = v->cpu.kernel_rsp;
    c->ctrlreg[0] = (1UL | CR0_PG) | (v->cpu.ts ? CR0_TS : 0);
    c->ctrlreg[3] = mfn_to_maddr(v->pv.root_kernel).n;
    c->ctrlreg[1] = mfn_eq(v->pv.root_user, INVALID_MFN) ? 0 : mfn_to_maddr(v->pv.root_user).n;
    c->ctrlreg[4] = v->pv.cr4;
    for ( unsigned int i = 0; i < 8; i++ )
        c->debugreg[i] = v->pv.dr[i];
    c->event_callback_eip = v->cpu.event_rip;
    c->failsafe_callback_eip = v->pv.failsafe_rip;
    c->syscall_callback_eip =
        v->domain->pv32 ? v->pv.event_cs | (u64)v->pv.failsafe_cs << 32 : v->cpu.syscall_rip;
    c->vm_assist = v->domain->vm_assist;
    c->fs_base = v->cpu.fs_base;
    c->gs_base_kernel = v->cpu.kernel_mode ? v->cpu.gs_base : v->cpu.gs_base_other;
    c->gs_base_user = v->cpu.kernel_mode ? v->cpu.gs_base_other : v->cpu.gs_base;
}
