/*
 * Privileged instructions of a guest kernel: they raise #GP(0) in ring 3 and are carried out here. ABI.md S1, 'Privileged
 * emulation'. The frequent ones come first; none needs more of an x86 decoder than prefixes, opcode and a ModRM byte.
 */
#include "access/access.h"
#include "cpu/asm.h"
#include "cpu/uaccess.h"
#include "pv/bounce/bounce.h"
#include "pv/emulate/cpuid.h"
#include "pv/emulate/internal.h"
#include "pv/pagetable/pagetable.h"
#include "trace/trace.h"

/* EFLAGS that a skipped instruction leaves behind. */
static void finish(struct regs *regs, const struct insn *insn)
{
    regs->rip += insn->at;
    regs->rflags &= ~(u64)EFLAGS_RF;
}

static void emulate_cpuid_insn(struct vcpu *v, struct regs *regs)
{
    struct cpuid_leaf leaf;

    cpuid_guest(v, (u32)regs->rax, (u32)regs->rcx, &leaf);
    regs->rax = leaf.eax;
    regs->rbx = leaf.ebx;
    regs->rcx = leaf.ecx;
    regs->rdx = leaf.edx;
}

bool emulate_forced_invalid_op(struct vcpu *v, struct regs *regs)
{
    static const u8 forced[] = { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 };
    u8 code[sizeof(forced)];

    if ( copy_from_guest(code, to_gva(regs->rip), sizeof(code)) || __builtin_memcmp(code, forced, sizeof(code)) )
        return false;
    emulate_cpuid_insn(v, regs);
    regs->rip += sizeof(forced);
    regs->rflags &= ~(u64)EFLAGS_RF;
    count(COUNTER_insn_emulated);
    return true;
}

bool emulate_cr_read(struct vcpu *v, unsigned int cr, u64 *value)
{
    switch ( cr )
    {
    case 0:
        *value = (read_cr0() & ~(u64)CR0_TS) | (v->cpu.ts ? CR0_TS : 0);
        return true;
    case 2:
        *value = v->cpu.info->arch.cr2;
        return true;
    case 3:
        *value = mfn_to_maddr(v->pv.root_kernel).n;
        return true;
    case 4:
        *value = (read_cr4() & (CR4_PSE | CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT)) | v->pv.cr4;
        return true;
    default:
        return false;
    }
}

/* The bits of CR4 that a guest may choose; others are dropped without a word, since kernels write what they read. */
#define CR4_GUEST (CR4_TSD | CR4_DE | CR4_FSGSBASE | CR4_OSXSAVE)

bool emulate_cr_write(struct vcpu *v, unsigned int cr, u64 value, bool *again)
{
    long rc;
    u64 now;

    switch ( cr )
    {
    case 0:
        if ( !emulate_cr_read(v, 0, &now) || ((now ^ value) & ~(u64)CR0_TS) )
            return false;
        emulate_fpu_taskswitch(value & CR0_TS);
        return true;
    case 2:
        v->cpu.info->arch.cr2 = value;
        return true;
    case 3:
        rc = pagetable_set_root(v, maddr_to_mfn(to_maddr(value)), false);
        *again = rc == -ERESTART; /* validated half-way: the instruction runs anew once the guest took its events */
        return rc == 0 || *again;
    case 4:
        v->pv.cr4 = value & CR4_GUEST;
        write_cr4((read_cr4() & ~(u64)(CR4_TSD | CR4_DE)) | (v->pv.cr4 & (CR4_TSD | CR4_DE)));
        return true;
    default:
        return false;
    }
}

static bool emulate_mov_cr(struct vcpu *v, struct regs *regs, struct insn *insn, bool *again)
{
    bool write = insn->opcode & 2;
    u64 *reg;

    insn->modrm = insn_byte(insn);
    reg = regs_general(regs, insn_rm(insn));
    return write ? emulate_cr_write(v, insn_reg(insn), *reg, again) : emulate_cr_read(v, insn_reg(insn), reg);
}

static bool emulate_mov_dr(struct vcpu *v, struct regs *regs, struct insn *insn)
{
    bool write = insn->opcode & 2;
    unsigned int dr;
    u64 *reg;

    insn->modrm = insn_byte(insn);
    reg = regs_general(regs, insn_rm(insn));
    dr = insn_reg(insn);
    if ( dr > 7 )
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

static void emulate_rdtsc(struct regs *regs)
{
    u64 tsc = rdtsc();

    regs->rax = (u32)tsc;
    regs->rdx = tsc >> 32;
}

/* 0f 01: xsetbv and rdtscp are its only members that a kernel may use. */
static bool emulate_group7(struct vcpu *v, struct regs *regs, struct insn *insn)
{
    switch ( insn_byte(insn) )
    {
    case 0xd1:
        return emulate_xsetbv(v, (u32)regs->rcx, joined_edx_eax(regs));
    case 0xf9:
        emulate_rdtsc(regs);
        regs->rcx = (u32)v->pv.tsc_aux;
        return true;
    default:
        return false;
    }
}

/* wbinvd: for domains that drive devices; for others there is nothing to write back. */
static void emulate_wbinvd(struct vcpu *v)
{
    if ( access_check(v->domain, NULL, ACCESS_HARDWARE) == 0 )
        __asm__ volatile("wbinvd" ::: "memory");
}

static bool emulate_interrupt_flag(const struct vcpu *v)
{
    /* Neither does anything, with IOPL or without the right to: events are masked in vcpu_info. */
    bool assist = v->domain->vm_assist & (1UL << VMASST_TYPE_architectural_iopl);

    return v->pv.iopl >= (v->cpu.kernel_mode ? (assist ? 0 : 1) : 3);
}

static bool emulate_kernel_only(struct vcpu *v, struct regs *regs, struct insn *insn, bool *again)
{
    switch ( insn->opcode )
    {
    case 0x0f20:
    case 0x0f22:
        return emulate_mov_cr(v, regs, insn, again);
    case 0x0f21:
    case 0x0f23:
        return emulate_mov_dr(v, regs, insn);
    case 0x0f30:
        return emulate_msr_write(v, (u32)regs->rcx, joined_edx_eax(regs));
    case 0x0f32:
        return emulate_rdmsr(v, regs);
    case 0x0f31:
        emulate_rdtsc(regs);
        return true;
    case 0x0fa2:
        emulate_cpuid_insn(v, regs);
        return true;
    case 0x0f06:
        emulate_fpu_taskswitch(0);
        return true;
    case 0x0f09:
        emulate_wbinvd(v);
        return true;
    case 0x0f01:
        return emulate_group7(v, regs, insn);
    default:
        return false;
    }
}

bool emulate_privileged(struct vcpu *v, struct regs *regs)
{
    struct insn insn;
    bool again = false, done;

    if ( !insn_begin(&insn, regs) || insn.lock )
        return false;

    switch ( insn.opcode )
    {
    case 0xe4 ... 0xe7:
    case 0xec ... 0xef:
    case 0x6c ... 0x6f:
        done = emulate_io(v, regs, &insn, &again);
        break;
    case 0xfa:
    case 0xfb:
        done = emulate_interrupt_flag(v);
        break;
    default:
        done = v->cpu.kernel_mode && emulate_kernel_only(v, regs, &insn, &again);
        break;
    }
    if ( !done || insn.overrun )
        return false;
    count(COUNTER_insn_emulated);
    if ( !again )
        finish(regs, &insn);
    return true;
}
