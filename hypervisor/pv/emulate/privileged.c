/*
 * Privileged instructions of a guest kernel: they raise #GP(0) in ring 3 and are carried out here.
 * ABI.md S1, 'Privileged emulation'. The frequent ones come first; none needs more of an x86
 * decoder than prefixes, opcode and a ModRM byte.
 */
#include "access/access.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/segments.h"
#include "cpu/uaccess.h"
#include "lib/bits.h"
#include "mm/tlb.h"
#include "pv/bounce/bounce.h"
#include "pv/emulate/cpuid_policy.h"
#include "pv/emulate/internal.h"
#include "pv/pagetable/pagetable.h"
#include "time/tsc.h"
#include "trace/buffer.h"
#include "trace/trace.h"

#define DR6_SINGLE_STEP 0x4000UL

void emulate_observed(struct vcpu *v, struct regs *regs)
{
    u32 event = regs->vector == TRAP_UD ? TRC_PV_FORCED_INVALID_OP : TRC_PV_EMULATE_PRIVOP;

    if ( vcpu_is_pv32(v) )
        trace(event, (u32)regs->rip);
    else
        trace(event | TRC_64_FLAG, TRACE_LONG(regs->rip));
    if ( regs->rflags & EFLAGS_TF )
    {
        v->pv.dr[6] |= DR6_SINGLE_STEP;
        bounce_debug(v, regs, TRAP_DB);
    }
}

static inline void take_leaf(struct regs *regs, const struct cpuid_leaf *leaf)
{
    regs->rax = leaf->eax;
    regs->rbx = leaf->ebx;
    regs->rcx = leaf->ecx;
    regs->rdx = leaf->edx;
}

static void emulate_cpuid_insn(struct vcpu *v, struct regs *regs)
{
    struct cpuid_leaf leaf;

    cpuid_guest(v, (u32)regs->rax, (u32)regs->rcx, &leaf);
    take_leaf(regs, &leaf);
}

/* ud2; "xen"; cpuid: seven bytes, the lower ones of a word. */
#define FORCED_CPUID     0x00a20f6e65780b0fUL
#define FORCED_CPUID_LEN 7

static __attribute__((noinline)) void forced_cpuid(struct vcpu *v, struct regs *regs)
{
    emulate_cpuid_insn(v, regs);
    emulate_finish(v, regs, FORCED_CPUID_LEN);
}

/* In code of any segment, or where the byte after the instruction is on a page that isn't there. */
static __attribute__((noinline)) void invalid_opcode_elsewhere(struct vcpu *v, struct regs *regs)
{
    u64 code = 0, va;

    if ( insn_address(v, regs, &va) >= FORCED_CPUID_LEN &&
         !copy_from_guest(&code, to_gva(va), FORCED_CPUID_LEN) && code == FORCED_CPUID )
        forced_cpuid(v, regs);
    else
        bounce_exception(v, regs, TRAP_UD, 0);
}

/* What most are, a plain leaf in 64-bit code, without a call, so that no register is saved. */
void emulate_invalid_opcode(struct vcpu *v, struct regs *regs)
{
    u32 leaf = (u32)regs->rax;
    u64 code;

    if ( (u16)regs->cs != SEL_USER_CS64 || !guest_load_u64(&code, to_gva(regs->rip)) )
    {
        invalid_opcode_elsewhere(v, regs);
        return;
    }
    if ( code << 8 != FORCED_CPUID << 8 )
    {
        bounce_exception(v, regs, TRAP_UD, 0);
        return;
    }
    if ( !cpuid_is_plain(leaf) )
    {
        forced_cpuid(v, regs);
        return;
    }
    take_leaf(regs, &v->domain->pv.cpuid->basic[index_bounded(leaf, 16)]);
    emulate_finish(v, regs, FORCED_CPUID_LEN);
}

static bool cr_read(struct vcpu *v, unsigned int cr, u64 *value)
{
    switch ( cr )
    {
    case 0:
        *value = (read_cr0() & ~(u64)CR0_TS) | (v->cpu.ts ? CR0_TS : 0);
        return true;
    case 2:
        *value = bounce_cr2(v);
        return true;
    case 3:
        *value = pagetable_cr3_of(v, v->pv.root_kernel);
        return true;
    case 4:
        *value =
            (read_cr4() & (CR4_PSE | CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT)) | v->pv.cr4;
        return true;
    default:
        return false;
    }
}

void emulate_choose_cr4(struct vcpu *v, u64 value)
{
    v->pv.cr4 = value & (CR4_TSD | CR4_DE | (cpu_features.fsgsbase ? CR4_FSGSBASE : 0) |
                         (cpu_features.xsave ? CR4_OSXSAVE : 0));
    v->pv.cr4_loaded =
        (v->pv.cr4 & EMULATE_CR4_LOADED) | (v->domain->time.tsc.emulated ? CR4_TSD : 0);
}

static void cr4_write(struct vcpu *v, u64 value)
{
    u64 before = v->pv.cr4_loaded;

    emulate_choose_cr4(v, value);
    if ( v->pv.cr4_loaded != before )
        write_cr4(read_cr4() ^ before ^ v->pv.cr4_loaded);
}

/* A root that is validated half-way: the instruction runs anew once the guest took its events. */
static enum emulated cr3_write(struct vcpu *v, u64 value)
{
    long rc = pagetable_set_root(v, pagetable_root_of(v, value), false);

    return rc == -ERESTART ? EMULATED_AGAIN : emulated(rc == 0);
}

static enum emulated cr_write(struct vcpu *v, unsigned int cr, u64 value)
{
    u64 now;

    switch ( cr )
    {
    case 0:
        cr_read(v, 0, &now);
        if ( (now ^ value) & ~(u64)CR0_TS )
            return EMULATED_NOT;
        emulate_fpu_taskswitch(value & CR0_TS);
        return EMULATED_DONE;
    case 2:
        bounce_set_cr2(v, value);
        return EMULATED_DONE;
    case 3:
        return cr3_write(v, value);
    case 4:
        cr4_write(v, value);
        return EMULATED_DONE;
    default:
        return EMULATED_NOT;
    }
}

static inline enum emulated mov_cr(struct vcpu *v, bool write, unsigned int cr, u64 *reg)
{
    return write ? cr_write(v, cr, *reg) : emulated(cr_read(v, cr, reg));
}

static enum emulated emulate_mov_cr(struct vcpu *v, struct regs *regs, struct insn *insn)
{
    insn->modrm = insn_byte(insn);
    if ( insn->overrun )
        return EMULATED_NOT;
    return mov_cr(v, insn->opcode & 2, insn_reg(insn), regs_general(regs, insn_rm(insn)));
}

static bool emulate_mov_dr(struct vcpu *v, struct regs *regs, struct insn *insn)
{
    bool write = insn->opcode & 2;
    unsigned int dr;
    u64 *reg;

    insn->modrm = insn_byte(insn);
    reg = regs_general(regs, insn_rm(insn));
    dr = insn_reg(insn);
    if ( insn->overrun || dr > 7 )
        return false;
    if ( write )
        return emulate_write_dr(v, dr, *reg) == 0;
    *reg = (u64)emulate_get_debugreg(dr);
    return true;
}

static bool emulate_rdmsr(struct vcpu *v, struct regs *regs)
{
    u64 value;

    if ( !emulate_msr_read(v, (u32)regs->rcx, &value) )
        return false;
    regs->rax = (u32)value;
    regs->rdx = value >> 32;
    return true;
}

static u64 joined_edx_eax(const struct regs *regs)
{
    return (u32)regs->rax | regs->rdx << 32;
}

static void emulate_rdtsc(const struct vcpu *v, struct regs *regs)
{
    u64 tsc = tsc_read(v->domain);

    regs->rax = (u32)tsc;
    regs->rdx = tsc >> 32;
}

/* xsetbv: there is no such instruction before the kernel has set CR4.OSXSAVE. */
static enum emulated emulate_xsetbv_insn(struct vcpu *v, struct regs *regs)
{
    if ( !(v->pv.cr4 & CR4_OSXSAVE) )
    {
        bounce_exception(v, regs, TRAP_UD, 0);
        return EMULATED_AGAIN;
    }
    return emulated(emulate_xsetbv(v, (u32)regs->rcx, joined_edx_eax(regs)));
}

/* 0f 01: xsetbv and rdtscp are its only members that a kernel may use. */
static enum emulated emulate_group7(struct vcpu *v, struct regs *regs, struct insn *insn)
{
    switch ( insn_byte(insn) )
    {
    case 0xd1:
        return emulate_xsetbv_insn(v, regs);
    case 0xf9:
        emulate_rdtsc(v, regs);
        regs->rcx = (u32)v->pv.tsc_aux;
        return EMULATED_DONE;
    default:
        return EMULATED_NOT;
    }
}

/*
 * wbinvd: for domains that drive devices; for others there is nothing to write back. What the vcpu
 * wrote may be in the caches of any CPU that it ran on.
 */
static void emulate_wbinvd(struct vcpu *v)
{
    if ( access_check(v->domain, NULL, ACCESS_HARDWARE) == 0 )
        tlb_flush_caches();
}

static bool emulate_interrupt_flag(const struct vcpu *v)
{
    /* Neither does anything, with IOPL or without the right to: events are masked in vcpu_info. */
    bool assist = v->domain->vm_assist & (1UL << VMASST_TYPE_architectural_iopl);

    return v->cpu.iopl >= (v->cpu.kernel_mode ? (assist ? 0 : 1) : 3);
}

static enum emulated emulate_kernel_only(struct vcpu *v, struct regs *regs, struct insn *insn)
{
    switch ( insn->opcode )
    {
    case 0x0f20:
    case 0x0f22:
        return emulate_mov_cr(v, regs, insn);
    case 0x0f21:
    case 0x0f23:
        return emulated(emulate_mov_dr(v, regs, insn));
    case 0x0f30:
        return emulated(emulate_msr_write(v, (u32)regs->rcx, joined_edx_eax(regs)));
    case 0x0f32:
        return emulated(emulate_rdmsr(v, regs));
    case 0x0f31:
        emulate_rdtsc(v, regs);
        return EMULATED_DONE;
    case 0x0fa2:
        emulate_cpuid_insn(v, regs);
        return EMULATED_DONE;
    case 0x0f06:
        emulate_fpu_taskswitch(0);
        return EMULATED_DONE;
    case 0x0f09:
        emulate_wbinvd(v);
        return EMULATED_DONE;
    case 0x0f01:
        return emulate_group7(v, regs, insn);
    default:
        return EMULATED_NOT;
    }
}

/* A process's RDTSC or RDTSCP traps although its kernel lets it, if the TSC is emulated. */
static enum emulated emulate_process(struct vcpu *v, struct regs *regs, struct insn *insn)
{
    bool rdtscp = insn->opcode == 0x0f01 && insn_byte(insn) == 0xf9;

    if ( !v->domain->time.tsc.emulated || (v->pv.cr4 & CR4_TSD) ||
         !(rdtscp || insn->opcode == 0x0f31) )
        return EMULATED_NOT;
    emulate_rdtsc(v, regs);
    if ( rdtscp )
        regs->rcx = (u32)v->pv.tsc_aux;
    return EMULATED_DONE;
}

static enum emulated emulate_decoded(struct vcpu *v, struct regs *regs, struct insn *insn)
{
    if ( (insn->opcode >> 8) == 0x0f )
        return v->cpu.kernel_mode ? emulate_kernel_only(v, regs, insn)
                                  : emulate_process(v, regs, insn);

    switch ( insn->opcode )
    {
    case 0xe4 ... 0xe7:
    case 0xec ... 0xef:
    case 0x6c ... 0x6f:
        return emulate_io(v, regs, insn);
    case 0xfa:
    case 0xfb:
        return emulated(emulate_interrupt_flag(v));
    default:
        return EMULATED_NOT;
    }
}

/*
 * The frequent instructions have no prefix: a kernel's in 64-bit code are told by the first bytes,
 * @code. Each is a function of its own, to which emulate_privileged() jumps, with its own end.
 */
#define FREQUENT static __attribute__((noinline)) void

FREQUENT frequent_mov_cr(struct vcpu *v, struct regs *regs, u64 code)
{
    u8 modrm = (u8)(code >> 16);

    emulate_end(v, regs, mov_cr(v, code & 0x200, modrm >> 3 & 7, regs_general(regs, modrm & 7)), 3);
}

FREQUENT frequent_wrmsr(struct vcpu *v, struct regs *regs)
{
    emulate_end(v, regs, emulated(emulate_msr_write(v, (u32)regs->rcx, joined_edx_eax(regs))), 2);
}

FREQUENT frequent_rdmsr(struct vcpu *v, struct regs *regs)
{
    emulate_end(v, regs, emulated(emulate_rdmsr(v, regs)), 2);
}

FREQUENT frequent_wbinvd(struct vcpu *v, struct regs *regs)
{
    emulate_wbinvd(v);
    emulate_finish(v, regs, 2);
}

static __attribute__((noinline)) void emulate_by_decoder(struct vcpu *v, struct regs *regs)
{
    struct insn insn;
    enum emulated how = EMULATED_NOT;

    if ( insn_begin(&insn, v, regs) && !insn.lock )
        how = emulate_decoded(v, regs, &insn);
    emulate_end(v, regs, how, insn.at);
}

void emulate_privileged(struct vcpu *v, struct regs *regs)
{
    u64 code;

    if ( regs->error != 0 )
        bounce_general_protection(v, regs);
    else if ( !v->cpu.kernel_mode || (u16)regs->cs != SEL_USER_CS64 ||
              !guest_load_u64(&code, to_gva(regs->rip)) )
        emulate_by_decoder(v, regs);
    else if ( IS_PORT_IO(code) )
        emulate_frequent_io(v, regs, code);
    else if ( (u16)code == 0x220f || (u16)code == 0x200f )
        frequent_mov_cr(v, regs, code);
    else if ( (u16)code == 0x300f )
        frequent_wrmsr(v, regs);
    else if ( (u16)code == 0x320f )
        frequent_rdmsr(v, regs);
    else if ( (u16)code == 0x090f )
        frequent_wbinvd(v, regs);
    else
        emulate_by_decoder(v, regs);
}
