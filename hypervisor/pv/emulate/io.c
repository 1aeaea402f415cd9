/*
 * Port accesses: whether the guest may (its virtual IOPL, or its bitmap), and whether the port is
 * one that its domain owns. What the domain doesn't own, or goes beyond the last port, reads as all-ones and swallows
 * writes, but for the configuration ports, which the hypervisor shares with dom0.
 */
#include "access/access.h"
#include "cpu/asm.h"
#include "cpu/uaccess.h"
#include "irq/irq.h"
#include "mm/tlb.h"
#include "pv/bounce/bounce.h"
#include "pv/emulate/internal.h"
#include "time/pit.h"
#include "time/time.h"

#define PORT_PCI_ADDRESS 0xcf8
#define PORT_PCI_DATA    0xcfc

/* The bitmap is at a kernel address: in guest user mode its mapping is in the other root. */
static bool bitmap_read(const struct vcpu *v, gva_t from, void *to, unsigned int bytes)
{
    bool ok;

    if ( v->cpu.kernel_mode )
        return !copy_from_guest(to, from, bytes);

    tlb_load_root(to_maddr(v->cpu.cr3_kernel));
    ok = !copy_from_guest(to, from, bytes);
    tlb_load_root(to_maddr(v->cpu.cr3_user));
    return ok;
}

static __attribute__((noinline)) bool bitmap_allows(const struct vcpu *v, u16 port,
                                                    unsigned int bytes)
{
    u8 bits[2] = { 0xff, 0xff };

    if ( !v->pv.iobitmap || port + bytes > v->pv.iobitmap_limit )
        return false;
    if ( !bitmap_read(v, to_gva(v->pv.iobitmap + port / 8), bits, (port & 7) + bytes > 8 ? 2 : 1) )
        return false;
    return !(((bits[0] | bits[1] << 8) >> (port & 7)) & ((1u << bytes) - 1));
}

/* A kernel needs IOPL 1, or with the assist, which makes it ring 0's, none. */
static inline bool kernel_may(const struct vcpu *v)
{
    return v->cpu.iopl || (v->domain->vm_assist & (1UL << VMASST_TYPE_architectural_iopl));
}

static bool guest_may(const struct vcpu *v, u16 port, unsigned int bytes)
{
    return (v->cpu.kernel_mode ? kernel_may(v) : v->cpu.iopl == 3) || bitmap_allows(v, port, bytes);
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

/*
 * True if the access is to the timer's channel that kernels calibrate by: such a domain gets one of
 * its own.
 */
static bool is_pit(const struct vcpu *v, u16 port, unsigned int bytes)
{
    return bytes == 1 && pit_port(port) && access_check(v->domain, NULL, ACCESS_HARDWARE) == 0;
}

/* Ports that the domain doesn't own. */
static __attribute__((noinline)) u32 foreign_in(struct vcpu *v, u16 port, unsigned int bytes)
{
    if ( is_pit(v, port, bytes) )
        return pit_in(&v->domain->time.pit, port, time_now());
    if ( !is_pci_config(v, port, bytes) )
        return ~0u;
    if ( port == PORT_PCI_ADDRESS )
        return v->domain->pv.pci_address;
    return irq_pci_config_read(v->domain->pv.pci_address, port & 3, bytes);
}

static __attribute__((noinline)) void foreign_out(struct vcpu *v, u16 port, unsigned int bytes,
                                                  u32 value)
{
    if ( is_pit(v, port, bytes) )
        pit_out(&v->domain->time.pit, port, (u8)value, time_now());
    else if ( is_pci_config(v, port, bytes) )
    {
        if ( port == PORT_PCI_ADDRESS )
            v->domain->pv.pci_address = value;
        else
            irq_pci_config_write(v->domain->pv.pci_address, port & 3, bytes, value);
    }
}

static inline u32 guest_in(struct vcpu *v, u16 port, unsigned int bytes)
{
    return access_ioport(v->domain, port, bytes) ? port_in(port, bytes)
                                                 : foreign_in(v, port, bytes);
}

static inline void guest_out(struct vcpu *v, u16 port, unsigned int bytes, u32 value)
{
    if ( access_ioport(v->domain, port, bytes) )
        port_out(port, bytes, value);
    else
        foreign_out(v, port, bytes, value);
}

/* The guest's memory operand at @va could not be had, but for its last @left bytes. */
static enum emulated operand_fault(struct vcpu *v, struct regs *regs, u64 va, unsigned int bytes,
                                   unsigned long left, u32 error)
{
    if ( !guest_range_ok(to_gva(va), bytes) )
        return EMULATED_NOT;
    bounce_page_fault(v, regs, error, va + bytes - left);
    return EMULATED_AGAIN;
}

/* Registers as an instruction with addresses of @width bytes takes them. */
static u64 of_width(u64 value, unsigned int width)
{
    return width == 8 ? value : width == 4 ? (u32)value : (u16)value;
}

static void add_of_width(u64 *reg, u64 by, unsigned int width)
{
    if ( width == 2 )
        *reg = (*reg & ~0xffffUL) | (u16)(*reg + by);
    else
        *reg = of_width(*reg + by, width);
}

/* One round; a repeated instruction is left after its last. */
static enum emulated string_io(struct vcpu *v, struct regs *regs, const struct insn *insn, u16 port,
                               unsigned int bytes)
{
    bool out = insn->opcode & 2, repeat = insn->rep || insn->repne;
    u64 *pointer = out ? &regs->rsi : &regs->rdi, va;
    unsigned int width = insn_address_width(insn);
    unsigned long left;
    u32 value = 0;

    if ( repeat && !of_width(regs->rcx, width) )
        return EMULATED_DONE;
    if ( insn->long_mode && width != 8 )
        return EMULATED_NOT;
    if ( !insn_string_address(insn, v, regs, of_width(*pointer, width), bytes, !out, &va) )
        return EMULATED_NOT;
    if ( !v->cpu.kernel_mode && !bounce_user_may(va, bytes, !out) )
        left = bytes;
    else if ( out )
        left = copy_from_guest(&value, to_gva(va), bytes);
    else
    {
        value = guest_in(v, port, bytes);
        left = copy_to_guest(to_gva(va), &value, bytes);
    }
    if ( left )
        return operand_fault(v, regs, va, bytes, left, out ? 0 : PF_WRITE);
    if ( out )
        guest_out(v, port, bytes, value);

    add_of_width(pointer, regs->rflags & EFLAGS_DF ? -(u64)bytes : bytes, width);
    if ( !repeat )
        return EMULATED_DONE;
    add_of_width(&regs->rcx, -1UL, width);
    return of_width(regs->rcx, width) ? EMULATED_AGAIN : EMULATED_DONE;
}

/* The low @bytes of a register. */
static u32 low_of(u64 reg, unsigned int bytes)
{
    return bytes == 1 ? (u8)reg : bytes == 2 ? (u16)reg : (u32)reg;
}

/* ... written: 4 clear the upper half, as in any register. */
static u64 with_low(u64 reg, unsigned int bytes, u32 value)
{
    return bytes == 1   ? (reg & ~0xffUL) | (u8)value
           : bytes == 2 ? (reg & ~0xffffUL) | (u16)value
                        : value;
}

/* in or out of @bytes at @port, by register al, ax or eax. */
static enum emulated port_io(struct vcpu *v, struct regs *regs, bool out, u16 port,
                             unsigned int bytes)
{
    if ( !guest_may(v, port, bytes) )
        return EMULATED_NOT;
    if ( out )
        guest_out(v, port, bytes, low_of(regs->rax, bytes));
    else
        regs->rax = with_low(regs->rax, bytes, guest_in(v, port, bytes));
    return EMULATED_DONE;
}

/* What the first bytes of a frequent one say. */
static inline u16 port_of(u64 code, const struct regs *regs)
{
    return code & 8 ? (u16)regs->rdx : (u8)(code >> 8);
}

static inline unsigned int bytes_of(u64 code)
{
    return code & 1 ? 4 : 1;
}

static inline unsigned int length_of(u64 code)
{
    return code & 8 ? 1 : 2;
}

static __attribute__((noinline)) void frequent_io_checked(struct vcpu *v, struct regs *regs,
                                                          u64 code)
{
    emulate_end(v, regs, port_io(v, regs, code & 2, port_of(code, regs), bytes_of(code)),
                length_of(code));
}

/* By the kernel's IOPL to the range that its domain used last: nothing is called, so that no register is saved. */
void emulate_frequent_io(struct vcpu *v, struct regs *regs, u64 code)
{
    u16 port = port_of(code, regs);

    if ( !kernel_may(v) || !access_ioport_hot(v->domain, port, bytes_of(code)) )
    {
        frequent_io_checked(v, regs, code);
        return;
    }
    switch ( code & 3 )
    {
    case 0:
        *(u8 *)&regs->rax = inb(port);
        break;
    case 1:
        regs->rax = inl(port);
        break;
    case 2:
        outb(port, (u8)regs->rax);
        break;
    default:
        outl(port, (u32)regs->rax);
    }
    emulate_finish(v, regs, length_of(code));
}

enum emulated emulate_io(struct vcpu *v, struct regs *regs, struct insn *insn)
{
    bool immediate = (insn->opcode & 0xfc) == 0xe4;
    bool string = (insn->opcode & 0xfc) == 0x6c;
    unsigned int bytes = !(insn->opcode & 1) ? 1 : insn_width(insn) == 2 ? 2 : 4;
    u16 port = immediate ? insn_byte(insn) : (u16)regs->rdx;

    if ( insn->overrun )
        return EMULATED_NOT;
    if ( !string )
        return port_io(v, regs, insn->opcode & 2, port, bytes);
    if ( !guest_may(v, port, bytes) )
        return EMULATED_NOT;
    return string_io(v, regs, insn, port, bytes);
}
