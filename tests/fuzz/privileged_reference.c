/*
 * What privileged instructions of a guest's come to: see fuzz_privileged.c. Written by the processors' manuals and the
 * ABI, with tables of its own; slow, and plain.
 */
#include "tests/fuzz/privileged.h"

#include "cpu/asm.h"
#include "cpu/uaccess.h"
#include "mm/tlb.h"
#include "time/pit.h"

#define REFUSE                                                                                     \
    return false /* it is none, or not for this guest: what it has come to so far doesn't count */

unsigned int fetchable(const struct input *in)
{
    unsigned int n = in->available % (INSN_MAX + 2);

    if ( n > INSN_MAX )
        n = INSN_MAX;
    return width_of(in) != CODE_64 && in->room % 20 < n ? in->room % 20 : n;
}

static unsigned int operands_of(u16 opcode)
{
    bool immediate = opcode >= 0xe4 && opcode <= 0xe7,
         modrm = (opcode >= 0x0f20 && opcode <= 0x0f23) || opcode == 0x0f01;

    return immediate || modrm;
}

static struct decoded take_apart(const struct input *in)
{
    static const u8 prefixes[] = {
        0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3
    };
    unsigned int n = 0, max = fetchable(in);
    struct decoded d = { 0 };

    for ( ; n < max && memchr(prefixes, in->code[n], sizeof(prefixes)); n++ )
    {
        u8 p = in->code[n];

        d.operand |= p == 0x66;
        d.address |= p == 0x67;
        d.lock |= p == 0xf0;
        d.repeat |= p == 0xf2 || p == 0xf3;
        if ( p < 0x66 )
            d.segment = p;
    }
    if ( n < max && width_of(in) == CODE_64 && in->code[n] >> 4 == 4 )
        d.rex = in->code[n++];
    if ( n < max && in->code[n] == 0x0f )
        d.opcode = 0x0f00, n++;
    if ( n < max )
        d.opcode |= in->code[n];
    n++;
    if ( operands_of(d.opcode) )
        d.modrm = n < max ? in->code[n] : 0, n++;
    d.length = n <= max ? n : 0;
    return d;
}

static u64 low_half(u64 value)
{
    return (u32)value;
}

static u64 joined(const struct regs *r)
{
    return low_half(r->rdx) << 32 | low_half(r->rax);
}

static void split(struct regs *r, u64 value)
{
    r->rax = low_half(value);
    r->rdx = value >> 32;
}

static bool reference_cr(struct machine *m, const struct decoded *d)
{
    unsigned int cr = (d->modrm >> 3 & 7) + (d->rex & 4 ? 8 : 0);
    u64 *reg = regs_general(&m->regs, (d->modrm & 7) + (d->rex & 1 ? 8 : 0));

    if ( d->opcode == 0x0f20 )
        switch ( cr )
        {
        case 0:
            *reg = ANSWER(9) & ~8UL;
            return true;
        case 2:
        case 3:
            *reg = ANSWER(cr);
            return true;
        case 4:
            *reg = (ANSWER(10) & 0x670) | m->v.pv.cr4; /* PSE PAE MCE OSFXSR OSXMMEXCPT */
            return true;
        default:
            REFUSE;
        }
    switch ( cr )
    {
    case 0:
        if ( (*reg ^ ANSWER(9)) & ~8UL )
            REFUSE;
        note("ts", *reg & 8, 0, 0);
        return true;
    case 2:
        note("cr2", *reg, 0, 0);
        return true;
    case 3:
        note("cr3", *reg, 0, 0);
        return true;
    case 4: {
        u64 now = *reg & 0x5000c,
            loaded = (now ^ m->v.pv.cr4) & 0x1000c; /* TSD DE FSGSBASE, OSXSAVE */

        m->v.pv.cr4 = now;
        if ( loaded )
            note("cr4", ANSWER(10) ^ loaded, 0, 0);
        return true;
    }
    default:
        REFUSE;
    }
}

static bool reference_dr(struct machine *m, const struct decoded *d)
{
    unsigned int dr = d->modrm >> 3 & 7;
    u64 *reg = regs_general(&m->regs, (d->modrm & 7) + (d->rex & 1 ? 8 : 0));

    if ( d->rex & 4 )
        REFUSE;
    if ( d->opcode == 0x0f21 )
        *reg = ANSWER(dr);
    else
        note("write dr", dr, *reg, 0);
    return true;
}

/* Instructions of two bytes: the kernel's alone. *@stays: it ends without an end. */
static bool reference_kernel(struct machine *m, const struct decoded *d, bool *stays)
{
    struct regs *r = &m->regs;

    switch ( d->opcode & 0xff )
    {
    case 0x20:
    case 0x22:
        return reference_cr(m, d);
    case 0x21:
    case 0x23:
        return reference_dr(m, d);
    case 0x30:
        note("wrmsr", low_half(r->rcx), joined(r), 0);
        return r->rcx & 1;
    case 0x32:
        note("rdmsr", low_half(r->rcx), 0, 0);
        if ( !(r->rcx & 1) )
            REFUSE;
        split(r, ANSWER(low_half(r->rcx)));
        return true;
    case 0x31:
        split(r, ANSWER(8));
        return true;
    case 0xa2:
        note("cpuid", low_half(r->rax), low_half(r->rcx), 0);
        r->rax = low_half(ANSWER(4));
        r->rbx = low_half(ANSWER(5));
        r->rcx = low_half(ANSWER(6));
        r->rdx = low_half(ANSWER(7));
        return true;
    case 0x06:
        note("ts", 0, 0, 0);
        return true;
    case 0x09:
        if ( drives_devices )
            note("flush", 0, 0, 0);
        return true;
    case 0x01:
        if ( d->modrm == 0xf9 )
        {
            split(r, ANSWER(8));
            r->rcx = low_half(ANSWER(11));
            return true;
        }
        if ( d->modrm != 0xd1 )
            REFUSE;
        *stays = !(m->v.pv.cr4 & CR4_OSXSAVE);
        if ( *stays )
            note("exception", TRAP_UD, 0, 0);
        else
            note("xsetbv", low_half(r->rcx), joined(r), 0);
        return true;
    default:
        REFUSE;
    }
}

/* --- ports --- */

static bool iopl_allows(const struct machine *m)
{
    bool assisted = m->d.vm_assist;

    return m->v.cpu.iopl >= (!m->v.cpu.kernel_mode ? 3 : assisted ? 0 : 1);
}

static bool port_allowed(const struct machine *m, u32 port, unsigned int bytes)
{
    if ( iopl_allows(m) )
        return true;
    for ( u32 p = port; p < port + bytes; p++ )
        if ( !m->v.pv.iobitmap || p >= PAGE_SIZE * 8 || m->data[p / 8] >> (p & 7) & 1 )
            return false;
    /* as processors have it: the bitmap ends beyond the last port asked for */
    return port + bytes <= PAGE_SIZE * 8;
}

static bool is_config(u32 port, unsigned int bytes)
{
    return drives_devices && port >= 0xcfc && port + bytes <= 0xd00;
}

static u32 port_read(struct machine *m, u32 port, unsigned int bytes)
{
    u64 all = ~0UL >> (64 - 8 * bytes);
    bool pit = pit_port((u16)port);

    if ( drives_devices && port == 0xcf8 && bytes == 4 )
        return m->d.pv.pci_address;
    if ( is_config(port, bytes) )
    {
        note("in", port, bytes, m->d.pv.pci_address);
        return (u32)(ANSWER(port) & all);
    }
    if ( pit ? drives_devices && bytes == 1 : port < FOREIGN_PORTS && port >> 3 != 0xcf8 >> 3 )
    {
        note("in", port, bytes, 0);
        return (u32)(ANSWER(port) & all);
    }
    return (u32)all;
}

static void port_write(struct machine *m, u32 port, unsigned int bytes, u32 value)
{
    bool pit = pit_port((u16)port);

    if ( drives_devices && port == 0xcf8 && bytes == 4 )
        m->d.pv.pci_address = value;
    else if ( is_config(port, bytes) )
        note("out", port, bytes, value ^ m->d.pv.pci_address);
    else if ( pit ? drives_devices && bytes == 1 : port < FOREIGN_PORTS && port >> 3 != 0xcf8 >> 3 )
        note("out", port, bytes, value);
}

/* Bits of registers that an instruction with such addresses uses, and changes. */
static u64 masked(u64 value, unsigned int width)
{
    return width == 8 ? value : value & ((1UL << 8 * width) - 1);
}

static u64 advanced(u64 reg, s64 by, unsigned int width)
{
    u64 sum = masked(reg + (u64)by, width);

    return width == 2 ? (reg & ~0xffffUL) | sum : sum;
}

/* The linear address of a string's element; false: its segment doesn't let. */
static bool element(const struct input *in, const struct decoded *d, u64 offset, unsigned int bytes,
                    bool write, u64 *va)
{
    u32 limit = 0x2000 + PAGE_SIZE - 1 - in->data_room % 8;
    u8 rights = in->data_rights | 0x60;
    bool is_code = rights & 8, expands_down = !is_code && rights & 4;

    *va = offset;
    if ( width_of(in) == CODE_64 )
        return true;
    if ( !write && d->segment == 0x2e )
    {
        *va = (u32)(CODE_BASE + offset);
        return offset + bytes <= 0x100U + in->room % 20; /* readable */
    }
    if ( (!write && d->segment && d->segment != 0x26 && d->segment != 0x3e) || !has_data_segment )
        return false; /* SS, FS, GS: nothing is loaded there */
    if ( !(rights & 0x80) || !(rights & 0x10) )
        return false;
    if ( write ? is_code || !(rights & 2) : is_code && !(rights & 2) )
        return false;
    *va = (u32)(DATA_BASE + offset);
    return expands_down ? offset > limit && offset + bytes <= 1UL << 32
                        : offset + bytes - 1 <= limit;
}

static bool reference_string(struct machine *m, const struct input *in, const struct decoded *d,
                             u32 port, unsigned int bytes, bool *stays)
{
    unsigned int width = width_of(in) == CODE_64                   ? (d->address ? 4 : 8)
                         : (width_of(in) == CODE_32) != d->address ? 4
                                                                   : 2;
    bool out = d->opcode & 2;
    u64 *at = out ? &m->regs.rsi : &m->regs.rdi, va, have;
    u32 value = 0;

    if ( d->repeat && !masked(m->regs.rcx, width) )
        return true;
    if ( width_of(in) == CODE_64 && width != 8 )
        REFUSE;
    if ( !element(in, d, masked(*at, width), bytes, !out, &va) )
        REFUSE;
    have = !m->v.cpu.kernel_mode && kernel_pages ? 0 : there(va, bytes);
    if ( !out && va < DATA_AT )
        have = 0;
    if ( have && out )
        memcpy(&value, va >= DATA_AT ? m->data + (va - DATA_AT) : guest_code + (va - CODE_AT),
               have);
    if ( !out && (m->v.cpu.kernel_mode || !kernel_pages) )
    {
        value = port_read(m, port, bytes); /* the device has been asked by then */
        if ( have )
            memcpy(m->data + (va - DATA_AT), &value, have);
    }
    if ( have < bytes )
    {
        if ( !guest_range_ok(to_gva(va), bytes) )
            REFUSE;
        note("page fault", out ? 0 : PF_WRITE, va + have, 0);
        *stays = true;
        return true;
    }
    if ( out )
        port_write(m, port, bytes, value);
    *at = advanced(*at, m->regs.rflags & EFLAGS_DF ? -(s64)bytes : bytes, width);
    if ( d->repeat )
    {
        m->regs.rcx = advanced(m->regs.rcx, -1, width);
        *stays = masked(m->regs.rcx, width);
    }
    return true;
}

static bool reference_port(struct machine *m, const struct input *in, const struct decoded *d,
                           bool *stays)
{
    bool narrow = d->operand != (width_of(in) == CODE_16) && !(d->rex & 8);
    unsigned int bytes = !(d->opcode & 1) ? 1 : narrow ? 2 : 4;
    u64 all = ~0UL >> (64 - 8 * bytes);
    u32 port = d->opcode >= 0xe4 && d->opcode <= 0xe7 ? d->modrm : (u16)m->regs.rdx;

    if ( !port_allowed(m, port, bytes) )
        REFUSE;
    if ( d->opcode < 0x70 )
        return reference_string(m, in, d, port, bytes, stays);
    if ( d->opcode & 2 )
        port_write(m, port, bytes, (u32)(m->regs.rax & all));
    else
    {
        u32 value = port_read(m, port, bytes);

        m->regs.rax = bytes == 4 ? value : (m->regs.rax & ~all) | value;
    }
    return true;
}

static bool reference_decoded(struct machine *m, const struct input *in, const struct decoded *d,
                              bool *stays)
{
    if ( !d->length || d->lock )
        REFUSE;
    if ( d->opcode >> 8 )
        return m->v.cpu.kernel_mode && reference_kernel(m, d, stays);
    if ( d->opcode == 0xfa || d->opcode == 0xfb )
        return iopl_allows(m);
    if ( (d->opcode >= 0x6c && d->opcode <= 0x6f) || (d->opcode >= 0xe4 && d->opcode <= 0xe7) ||
         (d->opcode >= 0xec && d->opcode <= 0xef) )
        return reference_port(m, in, d, stays);
    REFUSE;
}

struct decoded reference(struct machine *m, const struct input *in)
{
    struct decoded d = take_apart(in);
    bool stays = false;

    nr_effects = 0;
    memset(effects, 0, sizeof(effects));
    m->taken = reference_decoded(m, in, &d, &stays);
    if ( m->taken && !stays )
    {
        m->regs.rip += d.length;
        m->regs.rflags &= ~(u64)EFLAGS_RF;
        if ( m->regs.rflags & EFLAGS_TF )
        {
            m->v.pv.dr[6] |= 0x4000;
            note("exception", TRAP_DB, 0, 0);
        }
    }
    memcpy(m->effects, effects, sizeof(effects));
    m->nr_effects = nr_effects;
    return d;
}
