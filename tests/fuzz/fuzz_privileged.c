/*
 * Privileged instructions of a guest's, and its access to ports: any bytes as code, of 64, 32 and 16 bits, up to any
 * limit, any registers. The input is one struct input.
 *
 * privileged_reference.c says, by tables of its own, which instructions a guest gets done, how long they are and what
 * they do; the emulator must agree in each word of its answer. What lies beyond the limit, or the fifteenth byte, or
 * what can't be fetched, makes no difference. And this processor is asked, too: an instruction that was done is
 * protected, ends where the emulator says, and no byte earlier.
 *
 * LINK: tests/fuzz/fuzz.c tests/fuzz/privileged_reference.c tests/fuzz/processor.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/segment/lookup.c
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/privileged.h"

#include <sys/mman.h>

#include "access/access.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/segments.h"
#include "mm/map.h"
#include "pv/bounce/bounce.h"
#include "pv/emulate/cpuid.h"
#include "pv/emulate/internal.h"
#include "pv/pagetable/pagetable.h"
#include "time/tsc.h"
#include "trace/trace.h"

/* ---- what was done, as the functions that the emulator calls put it down */

struct effect effects[EFFECTS];
unsigned int nr_effects;

void note(const char *what, u64 a, u64 b, u64 c)
{
    if ( nr_effects < EFFECTS )
        effects[nr_effects] = (struct effect){ what, a, b, c };
    nr_effects++;
}

static u8 fake_inb(u16 port)
{
    note("in", port, 1, 0);
    return (u8)ANSWER(port);
}

static u16 fake_inw(u16 port)
{
    note("in", port, 2, 0);
    return (u16)ANSWER(port);
}

static u32 fake_inl(u16 port)
{
    note("in", port, 4, 0);
    return (u32)ANSWER(port);
}

static void fake_out(u16 port, unsigned int bytes, u32 value)
{
    note("out", port, bytes, value);
}

#define inb(port)         fake_inb(port)
#define inw(port)         fake_inw(port)
#define inl(port)         fake_inl(port)
#define outb(port, value) fake_out(port, 1, value)
#define outw(port, value) fake_out(port, 2, value)
#define outl(port, value) fake_out(port, 4, value)
#define tsc_read(d)       ((void)(d), ANSWER(8))
#define read_cr0()        ANSWER(9)
#define read_cr4()        ANSWER(10)
#define write_cr4(value)  note("cr4", value, 0, 0)
#include "hypervisor/pv/emulate/io.c"
#include "hypervisor/pv/emulate/privileged.c"

bool drives_devices;

bool access_ioport(struct domain *d, u16 port, unsigned int bytes)
{
    (void)d, (void)bytes;
    return port < FOREIGN_PORTS && !pit_port(port) && (port & ~7) != PORT_PCI_ADDRESS;
}

long access_check(const struct domain *who, const struct domain *target, enum access_right right)
{
    (void)who, (void)target, (void)right;
    return drives_devices ? 0 : -EPERM;
}

u8 pit_in(struct pit *pit, u16 port, s64 now)
{
    (void)pit, (void)now;
    note("in", port, 1, 0);
    return (u8)ANSWER(port);
}

void pit_out(struct pit *pit, u16 port, u8 value, s64 now)
{
    (void)pit, (void)now;
    note("out", port, 1, value);
}

u32 irq_pci_config_read(u32 address, unsigned int offset, unsigned int bytes)
{
    note("in", PORT_PCI_DATA + offset, bytes, address);
    return (u32)ANSWER(PORT_PCI_DATA + offset);
}

bool irq_pci_config_write(u32 address, unsigned int offset, unsigned int bytes, u32 value)
{
    note("out", PORT_PCI_DATA + offset, bytes, value ^ address);
    return true;
}

s64 time_now(void)
{
    return 0;
}

struct cpu_features cpu_features = { .fsgsbase = true, .xsave = true };
static struct percpu cpu;
__thread struct percpu *host_cpu = &cpu;
cpumask_t smp_online;

void tlb_flush_caches(void)
{
    note("flush", 0, 0, 0);
}

void tlb_load_root(maddr_t root)
{
    (void)root;
}

mfn_t pagetable_root_of(const struct vcpu *v, u64 cr3)
{
    (void)v;
    return to_mfn(cr3);
}

u64 pagetable_cr3_of(const struct vcpu *v, mfn_t root)
{
    (void)v, (void)root;
    return ANSWER(3);
}

long pagetable_set_root(struct vcpu *v, mfn_t mfn, bool user)
{
    (void)v, (void)user;
    note("cr3", mfn.n, 0, 0);
    return 0;
}

void bounce_general_protection(struct vcpu *v, struct regs *regs)
{
    bounce_exception(v, regs, TRAP_GP, regs->error);
}

void bounce_debug(struct vcpu *v, struct regs *regs, unsigned int vector)
{
    bounce_exception(v, regs, vector, 0);
}

u64 bounce_cr2(const struct vcpu *v)
{
    (void)v;
    return ANSWER(2);
}

void bounce_set_cr2(struct vcpu *v, u64 value)
{
    (void)v;
    note("cr2", value, 0, 0);
}

void cpuid_guest(struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_leaf *out)
{
    (void)v;
    note("cpuid", leaf, subleaf, 0);
    *out = (struct cpuid_leaf){ (u32)ANSWER(4), (u32)ANSWER(5), (u32)ANSWER(6), (u32)ANSWER(7) };
}

bool emulate_msr_read(struct vcpu *v, u32 msr, u64 *value)
{
    (void)v;
    *value = ANSWER(msr);
    note("rdmsr", msr, 0, 0);
    return msr & 1; /* as if half of them were not there */
}

bool emulate_msr_write(struct vcpu *v, u32 msr, u64 value)
{
    (void)v;
    note("wrmsr", msr, value, 0);
    return msr & 1;
}

bool emulate_xsetbv(struct vcpu *v, u32 index, u64 value)
{
    (void)v;
    note("xsetbv", index, value, 0);
    return true;
}

long emulate_write_dr(struct vcpu *v, unsigned int reg, u64 value)
{
    (void)v;
    note("write dr", reg, value, 0);
    return 0;
}

long emulate_get_debugreg(unsigned long reg)
{
    return (long)ANSWER(reg);
}

long emulate_fpu_taskswitch(unsigned long set)
{
    note("ts", set, 0, 0);
    return 0;
}

static bool refused;

/* Nothing but a refusal raises #GP. */
static void deliver(struct vcpu *v, struct regs *regs, unsigned int vector, u32 error)
{
    (void)v, (void)regs;
    if ( vector == TRAP_GP )
        refused = true;
    else
        note("exception", vector, error, 0);
}

static void deliver_page_fault(struct vcpu *v, struct regs *regs, u32 error, u64 cr2)
{
    (void)v, (void)regs;
    note("page fault", error, cr2, 0);
}

/* ---- the guest's memory: code, and a page of data, both below 4 GiB */

u8 *guest_code; /* up to code_end it can be fetched */
static u64 code_end;
static u8 *data;

/* The bytes of @len at @from that are there. */
unsigned long there(u64 from, unsigned long len)
{
    u64 end = from >= DATA_AT && from < DATA_AT + PAGE_SIZE ? DATA_AT + PAGE_SIZE
              : from >= CODE_AT && from < code_end          ? code_end
                                                            : from;

    return end - from < len ? end - from : len;
}

unsigned long copy_from_guest(void *to, gva_t from, unsigned long len)
{
    unsigned long n = there(from.n, len);

    if ( n )
        memcpy(to, (const void *)from.n, n);
    return len - n;
}

unsigned long copy_to_guest(gva_t to, const void *from, unsigned long len)
{
    unsigned long n = to.n >= DATA_AT ? there(to.n, len) : 0;

    if ( n )
        memcpy((void *)to.n, from, n);
    return len - n;
}

static u8 pattern[PAGE_SIZE]; /* what the data is at first */

bool kernel_pages; /* a process may not use the data */

bool bounce_user_may(u64 va, unsigned int bytes, bool write)
{
    (void)va, (void)bytes, (void)write;
    return !kernel_pages;
}

/* ---- an input, and what it is to the emulator */

static u64 window[32 * PAGE_SIZE / sizeof(u64)];
bool has_data_segment;

static u64 descriptor(u32 base, u32 limit, u8 rights, u8 flags)
{
    return (limit & 0xffff) | (u64)(base & 0xffffff) << 16 | (u64)rights << 40 |
           (u64)(limit >> 16 & 0xf) << 48 | (u64)(flags & 0xf) << 52 | (u64)(base >> 24) << 56;
}

static void load_segments(struct machine *m, const struct input *in)
{
    enum width width = width_of(in);

    m->regs.cs = width == CODE_64 ? SEL_USER_CS64 : CODE_SELECTOR;
    m->regs.rip = width == CODE_64 ? CODE_AT : CODE_AT - CODE_BASE;
    window[CODE_SELECTOR >> 3] =
        descriptor(CODE_BASE, 0x100 + in->room % 20 - 1, 0xfb, width == CODE_32 ? 4 : 0);
    window[VCPU_MAP_LDT_PAGE * PAGE_SIZE / 8 + (PROCESSOR_DATA >> 3)] = descriptor(
        DATA_BASE, 0x2000 + PAGE_SIZE - 1 - in->data_room % 8, in->data_rights | 0x60, 4);
    m->v.pv.window = (u64)window;
    m->v.pv.ldt_entries = 8;
}

/* rsi and rdi, near the end of the data: of its segment, where there are segments. */
static u64 pointer(const struct input *in, unsigned int reg)
{
    u64 end = width_of(in) == CODE_64 ? DATA_AT + PAGE_SIZE : DATA_AT + PAGE_SIZE - DATA_BASE;

    return end - 8 + in->reg[reg] % 16;
}

/* The range that the domain used last: from the PIT's ports to PCI's. */
#define HOT_FIRST (PIT_PORT_GATE + 1)
#define HOT_PORTS ((u64)(PORT_PCI_ADDRESS - HOT_FIRST) << 32 | HOT_FIRST)

static void load(struct machine *m, const struct input *in)
{
    memset(m, 0, sizeof(*m));
    m->v.domain = &m->d;
    m->v.cpu.kernel_mode = in->flags & IN_KERNEL;
    m->v.cpu.iopl = in->iopl & 3;
    if ( in->iopl & 4 )
        m->d.access.hot_ports = HOT_PORTS;
    m->v.cpu.mode.deliver_exception = deliver;
    m->v.cpu.mode.deliver_page_fault = deliver_page_fault;
    m->v.pv.cr4 = in->flags & HAS_OSXSAVE ? CR4_OSXSAVE : 0;
    m->v.pv.tsc_aux = ANSWER(11);
    m->d.vm_assist = in->flags & ASSISTED ? 1UL << VMASST_TYPE_architectural_iopl : 0;
    if ( in->flags & BITMAP ) /* the data: which ports it allows is what it holds */
    {
        m->v.pv.iobitmap = DATA_AT;
        m->v.pv.iobitmap_limit = PAGE_SIZE * 8;
    }
    for ( unsigned int i = 0; i < REGISTERS; i++ )
        *regs_general(&m->regs, i) = in->reg[i];
    if ( in->to_data & 1 )
        m->regs.rsi = pointer(in, RSI);
    if ( in->to_data & 2 )
        m->regs.rdi = pointer(in, RDI);
    m->regs.rflags =
        0x10202 | (in->flags & SINGLE_STEP ? EFLAGS_TF : 0) | (in->flags & DOWN ? EFLAGS_DF : 0);
    load_segments(m, in);
    memcpy(m->data, pattern, PAGE_SIZE);
}

static void emulate(struct machine *m)
{
    memcpy(data, m->data, PAGE_SIZE);
    nr_effects = 0;
    memset(effects, 0, sizeof(effects));
    refused = false;
    emulate_privileged(&m->v, &m->regs);
    m->taken = !refused;
    memcpy(m->data, data, PAGE_SIZE);
    memcpy(m->effects, effects, sizeof(effects));
    m->nr_effects = nr_effects;
}

/* ---- the verdict */

static void tell(const struct input *in)
{
    fprintf(stderr, "the instruction, of code of %u bits:", 64 >> width_of(in));
    for ( unsigned int i = 0; i < fetchable(in); i++ )
        fprintf(stderr, " %02x", in->code[i]);
    fputc('\n', stderr);
}

static bool wrong;

#define AGREE(is, should, what)                                                                    \
    do                                                                                             \
    {                                                                                              \
        u64 is_ = (is), should_ = (should);                                                        \
                                                                                                   \
        if ( is_ != should_ )                                                                      \
        {                                                                                          \
            fail("%s is %lx, with %s %lx", what, is_, with, should_);                              \
            wrong = true;                                                                          \
        }                                                                                          \
    } while ( 0 )

static void must_agree(struct machine *have, struct machine *want, const char *with)
{
    static const char *const names[] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                         "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15" };

    AGREE(have->taken, want->taken, "whether it was done");
    for ( unsigned int i = 0; i < REGISTERS; i++ )
        AGREE(*regs_general(&have->regs, i), *regs_general(&want->regs, i), names[i]);
    AGREE(have->regs.rip, want->regs.rip, "rip");
    AGREE(have->regs.rflags, want->regs.rflags, "rflags");
    AGREE(have->v.pv.cr4, want->v.pv.cr4, "cr4");
    AGREE(have->v.pv.dr[6], want->v.pv.dr[6], "dr6");
    AGREE(have->d.pv.pci_address, want->d.pv.pci_address, "port cf8");
    AGREE(memcmp(have->data, want->data, PAGE_SIZE) != 0, false, "a difference of memory");
    AGREE(have->nr_effects, want->nr_effects, "the number of effects");
    for ( unsigned int i = 0; i < EFFECTS; i++ )
    {
        const struct effect *is = &have->effects[i], *should = &want->effects[i];
        const char *what = is->what ?: "nothing";

        AGREE(strcmp(what, should->what ?: "nothing") != 0, false, what);
        AGREE(is->a, should->a, what);
        AGREE(is->b, should->b, what);
        AGREE(is->c, should->c, what);
    }
}

static void put_code(const struct input *in)
{
    memset(guest_code, 0xcc, 2 * INSN_MAX);
    memcpy(guest_code, in->code, sizeof(in->code));
    code_end = CODE_AT + in->available % (INSN_MAX + 2);
}

/* Bytes that are no part of the instruction, or can't be, are others. */
static void spoil_code(const struct input *in)
{
    for ( unsigned int i = fetchable(in); i < 2 * INSN_MAX; i++ )
        guest_code[i] = ~guest_code[i];
}

/* What was done, the processor would have stopped at: at its last byte, since without that it would go on fetching. */
static void ask_processor(const struct input *in, const struct decoded *d)
{
    static const char with[] = "the processor";
    bool tells =
        (d->opcode == 0x0f31 || d->opcode == 0x0fa2 || (d->opcode == 0x0f01 && d->modrm == 0xf9));
    enum verdict verdict = processor_verdict(width_of(in), in->code, d->length);

    if ( verdict == VERDICT_NONE ||
         verdict == VERDICT_INVALID ) /* then we are never asked either */
        return;
    AGREE(verdict == VERDICT_PROTECTED || (verdict == VERDICT_RAN && tells), true, "a fault");
    if ( d->length > 1 )
        AGREE(processor_verdict(width_of(in), in->code, d->length - 1), VERDICT_LONGER,
              "a byte less");
}

static u8 *map_at(u64 address)
{
    u8 *page = mmap((void *)address, PAGE_SIZE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    require(page == (void *)address);
    return page;
}

static void set_up(const struct input *in)
{
    if ( !guest_code )
    {
        guest_code = map_at(CODE_AT);
        data = map_at(DATA_AT);
        has_data_segment = processor_load_data();
        for ( unsigned int i = 0; i < PAGE_SIZE; i++ )
            pattern[i] = (u8)(i * 37 >> (i & 7));
    }
    drives_devices = in->flags & WITH_DEVICES;
    kernel_pages = in->flags & KERNEL_PAGES;
    put_code(in);
}

void fuzz_one(const uint8_t *bytes, size_t size)
{
    static struct machine have, want, again;
    struct input in = { 0 };
    struct decoded d;

    wrong = false;
    memcpy(&in, bytes, size < sizeof(in) ? size : sizeof(in));
    set_up(&in);
    load(&want, &in);
    d = reference(&want, &in);
    load(&have, &in);
    emulate(&have);
    must_agree(&have, &want, "the reference");

    if ( have.taken )
        ask_processor(&in, &d);
    spoil_code(&in);
    load(&again, &in);
    emulate(&again);
    must_agree(&again, &have, "other bytes behind it");
    if ( wrong )
    {
        tell(&in);
        fail_now("see above");
    }
}

/* ---- every instruction that is known, in code of each width */

static void seed(enum width width, u8 prefix, u8 rex, u16 opcode, u8 last)
{
    struct input in = {
        .available = INSN_MAX + 1, .width = (u8)width, .room = 19, .data_rights = 0x92
    };
    unsigned int n = 0;

    if ( prefix )
        in.code[n++] = prefix;
    if ( rex && width == CODE_64 )
        in.code[n++] = rex;
    if ( opcode >> 8 )
        in.code[n++] = 0x0f;
    in.code[n++] = (u8)opcode;
    in.code[n++] = last;
    for ( unsigned int i = 0; i < REGISTERS; i++ )
        in.reg[i] = host_test_random();
    in.reg[RCX] &= 3;
    in.reg[RDX] &= 0x1fff;
    in.iopl = (u8)host_test_random();
    in.flags = (u8)host_test_random() & (u8) ~(opcode >> 8 ? SINGLE_STEP : 0);
    if ( opcode >> 8 )
        in.flags |= IN_KERNEL;
    in.to_data = 3;
    fuzz_seed(&in, sizeof(in));
}

void fuzz_seeds(void)
{
    static const u16 opcodes[] = { 0x6c,   0x6d,   0x6e,   0x6f,   0xe4,   0xe5,   0xe6,
                                   0xe7,   0xec,   0xed,   0xee,   0xef,   0xfa,   0xfb,
                                   0xf4,   0x0f01, 0x0f06, 0x0f09, 0x0f20, 0x0f21, 0x0f22,
                                   0x0f23, 0x0f30, 0x0f31, 0x0f32, 0x0f33, 0x0fa2 };
    static const u8 prefixes[] = { 0, 0x66, 0x67, 0xf3, 0x2e, 0x64 },
                    rexes[] = { 0, 0x41, 0x48, 0x4c };
    static const u8 lasts[] = { 0xd1, 0xf9, 0xc0, 0xd8, 0xe2, 0xd7, 0x40, 0xfc };

    for ( unsigned int i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++ )
        for ( unsigned int j = 0; j < sizeof(lasts); j++ )
        {
            seed(CODE_64, 0, 0, opcodes[i], lasts[j]); /* as the frequent ones are */
            for ( enum width width = CODE_64; width < CODE_WIDTHS; width++ )
                seed(width, prefixes[host_test_random() % sizeof(prefixes)],
                     rexes[host_test_random() % sizeof(rexes)], opcodes[i], lasts[j]);
        }
}

FUZZ_TARGET(150)
