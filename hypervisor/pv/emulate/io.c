/*
 * Port accesses: whether the guest may (its virtual IOPL, or its bitmap), and whether the port is one that its domain owns.
 * What the domain doesn't own reads as all-ones and swallows writes, but for the configuration ports, which the
 * hypervisor shares with dom0.
 */
#include "access/access.h"
#include "cpu/asm.h"
#include "cpu/uaccess.h"
#include "irq/irq.h"
#include "pv/emulate/internal.h"
#include "time/pit.h"
#include "time/time.h"

#define PORT_PCI_ADDRESS 0xcf8
#define PORT_PCI_DATA    0xcfc

static bool guest_may(const struct vcpu *v, u16 port, unsigned int bytes)
{
    bool assist = v->domain->vm_assist & (1UL << VMASST_TYPE_architectural_iopl);
    unsigned int ring = v->cpu.kernel_mode ? (assist ? 0 : 1) : 3;
    u8 bits[2] = { 0xff, 0xff };

    if ( v->pv.iopl >= ring )
        return true;
    if ( !v->pv.iobitmap || port + bytes > v->pv.iobitmap_limit )
        return false;
    if ( copy_from_guest(bits, to_gva(v->pv.iobitmap + port / 8), (port & 7) + bytes > 8 ? 2 : 1) )
        return false;
    return !(((bits[0] | bits[1] << 8) >> (port & 7)) & ((1u << bytes) - 1));
}

static u32 port_in(u16 port, unsigned int bytes)
{
    return bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port);
}

static void port_out(u16 port, unsigned int bytes, u32 value)
{
    if ( bytes == 1 )
        outb(port, (u8)value);
    else if ( bytes == 2 )
        outw(port, (u16)value);
    else
        outl(port, value);
}

/* True if the access is to the configuration ports and @v's domain drives devices. */
static bool is_pci_config(const struct vcpu *v, u16 port, unsigned int bytes)
{
    if ( !((port == PORT_PCI_ADDRESS && bytes == 4) || (port & ~3) == PORT_PCI_DATA) )
        return false;
    return (port & 3) + bytes <= 4 && access_check(v->domain, NULL, ACCESS_HARDWARE) == 0;
}

/* True if the access is to the timer's channel that kernels calibrate by: such a domain gets one of its own. */
static bool is_pit(const struct vcpu *v, u16 port, unsigned int bytes)
{
    return bytes == 1 && pit_port(port) && access_check(v->domain, NULL, ACCESS_HARDWARE) == 0;
}

static u32 guest_in(struct vcpu *v, u16 port, unsigned int bytes)
{
    if ( access_ioport(v->domain, port, bytes) )
        return port_in(port, bytes);
    if ( is_pit(v, port, bytes) )
        return pit_in(&v->domain->time.pit, port, time_now());
    if ( !is_pci_config(v, port, bytes) )
        return ~0u;
    if ( port == PORT_PCI_ADDRESS )
        return v->domain->pv.pci_address;
    return irq_pci_config_read(v->domain->pv.pci_address, port & 3, bytes);
}

static void guest_out(struct vcpu *v, u16 port, unsigned int bytes, u32 value)
{
    if ( access_ioport(v->domain, port, bytes) )
        port_out(port, bytes, value);
    else if ( is_pit(v, port, bytes) )
        pit_out(&v->domain->time.pit, port, (u8)value, time_now());
    else if ( is_pci_config(v, port, bytes) )
    {
        if ( port == PORT_PCI_ADDRESS )
            v->domain->pv.pci_address = value;
        else
            irq_pci_config_write(v->domain->pv.pci_address, port & 3, bytes, value);
    }
}

static bool string_io(struct vcpu *v, struct regs *regs, struct insn *insn, u16 port, unsigned int bytes, bool *again)
{
    bool out = insn->opcode & 2;
    u64 *pointer = out ? &regs->rsi : &regs->rdi;
    u32 value = 0;

    if ( insn->rep && !regs->rcx )
        return true;
    if ( insn->address32 && insn->long_mode )
        return false;
    if ( out )
    {
        if ( copy_from_guest(&value, to_gva(*pointer + insn_segment_base(insn)), bytes) )
            return false;
        guest_out(v, port, bytes, value);
    }
    else
    {
        value = guest_in(v, port, bytes);
        if ( copy_to_guest(to_gva(*pointer), &value, bytes) )
            return false;
    }
    *pointer += regs->rflags & EFLAGS_DF ? -(u64)bytes : bytes;
    *again = insn->rep && --regs->rcx;
    return true;
}

bool emulate_io(struct vcpu *v, struct regs *regs, struct insn *insn, bool *again)
{
    bool immediate = (insn->opcode & 0xfc) == 0xe4;
    bool out = insn->opcode & 2;
    unsigned int bytes = insn->opcode & 1 ? (insn->operand16 ? 2 : 4) : 1;
    u16 port = immediate ? insn_byte(insn) : (u16)regs->rdx;
    u32 value;

    if ( insn->overrun || port + bytes > 0x10000 || !guest_may(v, port, bytes) )
        return false;
    if ( (insn->opcode & 0xfc) == 0x6c )
        return string_io(v, regs, insn, port, bytes, again);
    if ( out )
    {
        guest_out(v, port, bytes, (u32)regs->rax);
        return true;
    }

    value = guest_in(v, port, bytes);
    if ( bytes == 4 )
        regs->rax = value;
    else
        regs->rax = (regs->rax & ~((1UL << (8 * bytes)) - 1)) | (value & ((1UL << (8 * bytes)) - 1));
    return true;
}
