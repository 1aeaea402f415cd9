/*
 * Switching between vcpus: the frame at the top of the stack, segments and their bases, address
 * space, descriptor tables, FPU, debug registers. Called by the scheduler on the way out, when
 * nothing of an operation is left on the stack.
 */
#include "cpu/asm.h"
#include "cpu/extable.h"
#include "cpu/fpu.h"
#include "cpu/gdt.h"
#include "cpu/segments.h"
#include "lib/atomic.h"
#include "lib/guard.h"
#include "lib/string.h"
#include "mm/map.h"
#include "mm/shown.h"
#include "mm/tlb.h"
#include "pv/bounce/bounce.h"
#include "pv/bounce/internal.h"
#include "pv/emulate/emulate.h"
#include "pv/segment/segment.h"
#include "sched/sched.h"
#include "trace/trace.h"

#define READ_SELECTOR(name)                                                                        \
    ({                                                                                             \
        u64 value_;                                                                                \
        __asm__ volatile("mov %%" #name ", %0" : "=r"(value_));                                    \
        (u16) value_;                                                                              \
    })

/* Load a data segment; false if the selector is bad: then NULL is loaded. */
#define LOAD_SELECTOR(name, selector)                                                              \
    ({                                                                                             \
        u32 ok_ = 1, selector_ = (selector);                                                       \
        __asm__ volatile("1: mov %w1, %%" #name "\n"                                               \
                         "2:\n"                                                                    \
                         ".pushsection .fixup, \"ax\"\n"                                           \
                         "3: xor %0, %0\n"                                                         \
                         "   mov %w0, %%" #name "\n"                                               \
                         "   jmp 2b\n"                                                             \
                         ".popsection\n" EXTABLE(1b, 3b)                                           \
                         : "+r"(ok_)                                                               \
                         : "r"(selector_)                                                          \
                         : "memory");                                                              \
        ok_ != 0;                                                                                  \
    })

/* Most kernels turn on the instructions, which cost much less than the registers by number. */
static bool bases_have_instructions(void)
{
    return read_cr4() & CR4_FSGSBASE;
}

static u64 read_gs_base_other(void)
{
    u64 base;

    if ( !bases_have_instructions() )
        return rdmsr(MSR_KERNEL_GS_BASE);
    swapgs();
    base = rdgsbase();
    swapgs();
    return base;
}

static void save_bases(struct percpu *cpu, struct vcpu_cpu *c)
{
    bool instructions = bases_have_instructions();

    c->fs_base = instructions ? rdfsbase() : rdmsr(MSR_FS_BASE);
    c->gs_base = instructions ? rdgsbase() : rdmsr(MSR_GS_BASE);
    if ( !c->gs_other_kept )
        c->gs_base_other = read_gs_base_other();
    cpu->fs_base = c->fs_base;
    cpu->gs_base = c->gs_base;
    cpu->gs_base_other = c->gs_base_other;
}

/* @moved: FS and GS have been loaded since save_bases(), which changes the first two. */
static void load_bases(const struct vcpu_cpu *c, const struct percpu *cpu, bool moved)
{
    if ( bases_have_instructions() )
    {
        wrfsbase(c->fs_base);
        swapgs();
        wrgsbase(c->gs_base_other);
        swapgs();
        wrgsbase(c->gs_base);
        return;
    }
    if ( moved || c->fs_base != cpu->fs_base )
        wrmsr(MSR_FS_BASE, c->fs_base);
    if ( moved || c->gs_base != cpu->gs_base )
        wrmsr(MSR_GS_BASE, c->gs_base);
    if ( c->gs_base_other != cpu->gs_base_other )
        wrmsr(MSR_KERNEL_GS_BASE, c->gs_base_other);
}

static void save_segments(struct vcpu_cpu *c)
{
    c->ds = READ_SELECTOR(ds);
    c->es = READ_SELECTOR(es);
    c->fs = READ_SELECTOR(fs);
    c->gs = READ_SELECTOR(gs);
    save_bases(this_cpu(), c);
}

bool switch_load_selectors(const struct vcpu_cpu *c)
{
    bool ok = true;

    /* Most 64-bit guests have NULL everywhere: loading those twice would be for nothing. */
    if ( c->ds | READ_SELECTOR(ds) )
        ok = LOAD_SELECTOR(ds, c->ds);
    if ( c->es | READ_SELECTOR(es) )
        ok &= LOAD_SELECTOR(es, c->es);
    if ( c->fs | READ_SELECTOR(fs) )
        ok &= LOAD_SELECTOR(fs, c->fs);
    if ( c->gs | READ_SELECTOR(gs) )
        ok &= LOAD_SELECTOR(gs, c->gs);
    return ok;
}

/* The bases are the guest's to choose, whatever the selectors. */
bool native_load_segments(struct vcpu_cpu *c)
{
    bool moves = c->fs | c->gs | READ_SELECTOR(fs) | READ_SELECTOR(gs);
    bool ok = switch_load_selectors(c);

    load_bases(c, this_cpu(), moves);
    c->gs_other_kept = 1;
    return ok;
}

static void save(struct vcpu *v)
{
    runstate_update_guest(v);
    v->cpu.regs = *percpu_guest_regs();
    save_segments(&v->cpu);
    fpu_leave(v->pv.xstate, v->cpu.ts);
}

/*
 * The reserved page of @v's GDT becomes this CPU's, if it comes from another one, and what its shadow
 * roots show of a CPU. Before its root is loaded, which drops what this CPU may remember.
 */
static void map_own_pages(struct vcpu *v, const struct percpu *cpu)
{
    u64 *reserved = &v->pv.window_ptes[GDT_GUEST_PAGES];
    u64 pte =
        pte_make(gdt_reserved_mfn(cpu, v->cpu.mode.gdt), PTE_P | PTE_RW | PTE_A | PTE_D | PTE_NX);

    if ( *reserved == pte )
        return;
    WRITE_ONCE(*reserved, pte);
    if ( v->cpu.isolated )
        shown_move_to_cpu(&v->pv.shown, cpu->cpu);
}

static void load_descriptor_tables(const struct vcpu *v)
{
    gdt_load(v->pv.window);
    gdt_load_ldt(v->pv.window + VCPU_MAP_LDT_PAGE * PAGE_SIZE, v->pv.ldt_entries);
}

/* CR4's guest bits, the FPU, CR0.TS, breakpoints. */
static void load_modes(const struct vcpu *v)
{
    u64 cr4 = read_cr4();
    u64 want = cr4 ^ ((cr4 ^ v->pv.cr4_loaded) & EMULATE_CR4_LOADED);

    if ( GUARD(cr4_switched, cr4 != want) )
        write_cr4(want);
    fpu_enter(v->pv.xstate, v->pv.xcr0, v->cpu.ts);
    GUARD_STEP(breakpoints_switched, emulate_load_debug(v));
    emulate_load_tsc_aux(v);
}

static void load(struct vcpu *v, struct percpu *cpu)
{
    struct vcpu_cpu *c = &v->cpu;

    __atomic_fetch_or(&v->domain->dirty_cpus, 1UL << cpu->cpu, __ATOMIC_SEQ_CST);
    map_own_pages(v, cpu);
    tlb_switch_root(to_maddr(c->kernel_mode ? c->cr3_kernel : c->cr3_user), v->domain->id);
    load_descriptor_tables(v);
    load_modes(v);
    *percpu_guest_regs() = c->regs;
    if ( !c->mode.load_segments(c) ) /* the guest is told by its failsafe callback */
        c->mode.deliver_failsafe(v, percpu_guest_regs());
}

void vcpu_linger(struct vcpu *v, struct vcpu *idle)
{
    runstate_update_guest(v);
    this_cpu()->current = idle;
}

/* What it finds new: the time, its runstate, and work. */
void vcpu_resume(struct vcpu *v)
{
    struct percpu *cpu = this_cpu();

    cpu->current = v;
    time_update_vcpu(v);
    runstate_update_guest(v);
    if ( v->work )
        percpu_raise(cpu, WORK_VCPU);
}

void vcpu_switch(struct vcpu *prev, struct vcpu *next)
{
    struct percpu *cpu = this_cpu();

    count(COUNTER_vcpu_switches);
    if ( prev->domain != domain_idle )
        save(prev);
    cpu->current = next;
    WRITE_ONCE(next->processor, cpu->cpu);
    if ( next->domain != domain_idle )
    {
        load(next, cpu);
        vcpu_resume(next);
    }
    else
    {
        gdt_load_ldt(0, 0);
        gdt_load_idle();
        tlb_switch_root(map_idle_root, DOMID_IDLE);
    }
    if ( prev->domain != next->domain && prev->domain != domain_idle )
        __atomic_fetch_and(&prev->domain->dirty_cpus, ~(1UL << cpu->cpu), __ATOMIC_SEQ_CST);
}
