/*
 * Stores to page tables, emulated: any bytes as code, any registers. The input is one struct input.
 *
 * What the emulator takes for a store is run by this processor too, on the same registers and
 * memory: all that it leaves behind must be the same. What it refuses is not run, since it may be
 * anything. Reading the code, the emulator looks at nothing but what may be fetched, and, where the
 * instruction says so, at the word that a string instruction reads.
 *
 * LINK: tests/fuzz/fuzz.c
 * LINK: hypervisor/pv/emulate/store.c hypervisor/pv/emulate/decode.c hypervisor/pv/segment/lookup.c
 */
#include "tests/fuzz/fuzz.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include "cpu/uaccess.h"
#include "mm/map.h"
#include "pv/emulate/decode.h"
#include "pv/emulate/emulate.h"
#include "pv/segment/segment.h"

#define LINE 64 /* what may be written: a cache line, since locked accesses across two are slow */

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, REGISTERS = 16 };

struct input {
    u8 code[INSN_MAX];
    u8 available; /* bytes of it that can be fetched */
    u16 to_line;  /* bit n: register n is an offset from the line's middle */
    u16 flags;
    u64 reg[REGISTERS];
    u8 line[LINE];
};

/* ---- the guest's memory */

static u8 *code, *line;
static u64 code_end;        /* behind it nothing can be fetched */
static u64 read_at, read_n; /* what was read of the line */
static bool read_elsewhere;

static bool within(u64 at, u64 n, const u8 *from, u64 size)
{
    return at - (u64)from <= size && n <= size - (at - (u64)from);
}

unsigned long copy_from_guest(void *to, gva_t from, unsigned long len)
{
    if ( within(from.n, 0, code, INSN_MAX + 1) )
    {
        u64 there = from.n < code_end ? code_end - from.n : 0, n = there < len ? there : len;

        memcpy(to, (const void *)from.n, n);
        return len - n;
    }
    if ( !within(from.n, len, line, LINE) )
    {
        read_elsewhere = true;
        return len;
    }
    read_at = from.n;
    read_n = len;
    memcpy(to, (const void *)from.n, len);
    return 0;
}

static void map_memory(void)
{
    if ( code )
        return;
    code = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(code != MAP_FAILED);
    line = code + PAGE_SIZE + PAGE_SIZE / 2;
}

/* ---- the processor */

struct native {
    u64 reg[REGISTERS]; /* but for rsp */
    u64 rflags;
};

void fuzz_native_run(struct native *n, const void *at);
__asm__(
    ".text\n"
    "fuzz_native_run:\n"
    "    push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rdi; push %rsi\n"
    "    mov %rdi, %rax\n"
    "    push 128(%rax)\n"
    "    mov 8(%rax), %rcx; mov 16(%rax), %rdx; mov 24(%rax), %rbx; mov 40(%rax), %rbp\n"
    "    mov 48(%rax), %rsi; mov 56(%rax), %rdi; mov 64(%rax), %r8; mov 72(%rax), %r9\n"
    "    mov 80(%rax), %r10; mov 88(%rax), %r11; mov 96(%rax), %r12; mov 104(%rax), %r13\n"
    "    mov 112(%rax), %r14; mov 120(%rax), %r15; mov 0(%rax), %rax\n"
    "    popfq\n"
    "    call *(%rsp)\n"
    "    pushfq; cld\n"
    "    push %rax; mov 24(%rsp), %rax\n"
    "    pop 0(%rax); pop 128(%rax)\n"
    "    mov %rcx, 8(%rax); mov %rdx, 16(%rax); mov %rbx, 24(%rax); mov %rbp, 40(%rax)\n"
    "    mov %rsi, 48(%rax); mov %rdi, 56(%rax); mov %r8, 64(%rax); mov %r9, 72(%rax)\n"
    "    mov %r10, 80(%rax); mov %r11, 88(%rax); mov %r12, 96(%rax); mov %r13, 104(%rax)\n"
    "    mov %r14, 112(%rax); mov %r15, 120(%rax)\n"
    "    pop %rsi; pop %rdi; pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "    ret\n");

static sigjmp_buf fault_return;
static volatile sig_atomic_t native_runs;

static void on_fault(int number)
{
    if ( native_runs )
        siglongjmp(fault_return, number);
    signal(number, SIG_DFL);
    raise(number);
}

/* REFUSED: there is no such instruction, as the processor would have found before the page fault. */
enum outcome { RAN, REFUSED, FAULTED };

static enum outcome run_natively(struct native *n, unsigned int length)
{
    struct sigaction action = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };
    int number;

    sigaction(SIGILL, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    code[length] = 0xc3;
    number = sigsetjmp(fault_return, 1);
    if ( !number )
    {
        native_runs = 1;
        fuzz_native_run(n, code);
    }
    native_runs = 0;
    return !number ? RAN : number == SIGILL ? REFUSED : FAULTED;
}

/* ---- one instruction */

static u64 *register_of(struct regs *regs, unsigned int n)
{
    return regs_general(regs, n);
}

/* Its value is not the same for the harness: nothing to compare with. FS has a base here. */
static bool is_beyond_harness(const struct emulate_store *s)
{
    bool uses_register = !s->imm_valid && s->kind != STORE_NOT && s->kind != STORE_NEG &&
                         s->kind != STORE_INC && s->kind != STORE_DEC && s->kind != STORE_CMPXCHG8B;

    if ( uses_register && s->reg == RSP && !s->high_byte )
        return true;
    for ( unsigned int i = 0; i < s->length && code[i] >= 0x26; i++ )
        if ( code[i] == 0x64 || code[i] == 0x65 )
            return true;
    return false;
}

#define ARITHMETIC_FLAGS 0x8d5UL
#define FLAG_CF          1UL
#define FLAG_AF          0x10UL
#define FLAG_ZF          0x40UL

/* Logic instructions leave AF undefined, bit instructions all but CF and ZF. */
static u64 defined_flags(const struct emulate_store *s)
{
    switch ( s->kind )
    {
    case STORE_AND:
    case STORE_OR:
    case STORE_XOR:
        return ARITHMETIC_FLAGS & ~FLAG_AF;
    case STORE_BTS:
    case STORE_BTR:
    case STORE_BTC:
        return FLAG_CF | FLAG_ZF;
    default:
        return ARITHMETIC_FLAGS;
    }
}

static void tell(const struct emulate_store *s)
{
    fprintf(stderr, "the instruction:");
    for ( unsigned int i = 0; i < s->length; i++ )
        fprintf(stderr, " %02x", code[i]);
    fputc('\n', stderr);
}

/* True: they agree, as far as can be told. */
static bool agree(const struct emulate_store *s, u64 va, struct regs *regs)
{
    struct native n = { .rflags = regs->rflags };
    u8 expected[LINE];
    struct regs after;
    enum outcome outcome;
    u64 old = 0, value;
    bool write;

    memcpy(expected, line, LINE);
    memcpy(&old, (const void *)va, s->bytes);
    value = emulate_store_result(s, old, regs, &after, &write);
    if ( write )
        memcpy(expected + (va - (u64)line), &value, s->bytes);

    for ( unsigned int i = 0; i < REGISTERS; i++ )
        n.reg[i] = *register_of(regs, i);
    if ( is_beyond_harness(s) || (s->repeat && regs->rcx != 1) )
        return true;
    outcome = run_natively(&n, s->length);
    if ( outcome != RAN )
        return outcome == REFUSED;
    if ( memcmp(expected, line, LINE) )
    {
        fail("the processor leaves other memory");
        return false;
    }
    for ( unsigned int i = 0; i < REGISTERS; i++ )
        if ( i != RSP && *register_of(&after, i) != n.reg[i] )
        {
            fail("register %u is %lx, not %lx", i, *register_of(&after, i), n.reg[i]);
            return false;
        }
    expect_eq(after.rip, regs->rip + s->length);
    return ((after.rflags ^ n.rflags) & defined_flags(s)) == 0;
}

/* True: the emulator takes it for a store to @va. */
static bool try(struct regs *regs, u64 va)
{
    struct emulate_store s;
    u64 available = code_end - (u64)code;

    read_n = 0;
    read_elsewhere = false;
    if ( !emulate_decode_store(NULL, regs, va, &s) )
        return false;
    require(s.length >= 1 && s.length <= available);
    expect(!read_elsewhere);
    if ( read_n )
        expect(s.kind == STORE_MOVS && read_n == s.bytes && read_at == regs->rsi);
    if ( within(va, s.bytes, line, LINE) && !agree(&s, va, regs) )
    {
        tell(&s);
        fail_now("the processor does something else");
    }
    return true;
}

static void load(struct regs *regs, const struct input *in)
{
    *regs = (struct regs){ .cs = 0xe033,
                           .rip = (u64)code,
                           .rflags = 0x202 | (in->flags & (ARITHMETIC_FLAGS | EFLAGS_DF)) };
    for ( unsigned int i = 0; i < REGISTERS; i++ )
        *register_of(regs, i) =
            in->to_line >> i & 1 ? (u64)line + LINE / 2 + (u64)(s8)in->reg[i] : in->reg[i];
    regs->rsp = 0x5a5a5a5a5a5a5a5a; /* lest it lead to the line: the harness has another */
}

void fuzz_one(const uint8_t *data, size_t size)
{
    struct input in = { 0 };
    struct regs regs;

    map_memory();
    memcpy(&in, data, size < sizeof(in) ? size : sizeof(in));
    memset(code, 0xcc, INSN_MAX + 2);
    memcpy(code, in.code, INSN_MAX);
    code_end = (u64)code + in.available % (INSN_MAX + 2);
    memcpy(line, in.line, LINE);
    load(&regs, &in);
    for ( u64 va = (u64)line; va < (u64)line + LINE; va++ )
        if ( try(&regs, va) )
            return;
    try(&regs, regs.rdi);
}

/* ---- every form that is known, and all others of one byte */

static void seed(u8 prefix, u8 rex, bool two, u8 opcode, u8 modrm)
{
    struct input in = { .available = INSN_MAX + 1, .to_line = 1 << RDI | 1 << RSI };
    unsigned int n = 0;

    if ( prefix )
        in.code[n++] = prefix;
    if ( rex )
        in.code[n++] = rex;
    if ( two )
        in.code[n++] = 0x0f;
    in.code[n++] = opcode;
    in.code[n++] = modrm;
    for ( unsigned int i = 0; i < REGISTERS; i++ )
        in.reg[i] = i == RSI || i == RDI ? 8 * (i - RSI) : host_test_random();
    in.reg[RCX] = 1;
    for ( unsigned int i = 0; i < LINE; i++ )
        in.line[i] = (u8)host_test_random();
    if ( opcode == 0xb0 || opcode == 0xb1 ) /* a comparison that succeeds */
        memcpy(&in.reg[RAX], &in.line[LINE / 2 + 8], sizeof(u64));
    fuzz_seed(&in, sizeof(in));
}

void fuzz_seeds(void)
{
    static const u8 prefixes[] = { 0, 0x66, 0xf0, 0xf3 }, rexes[] = { 0, 0x40, 0x48, 0x4c };
    static const u8 two_bytes[] = { 0xab, 0xb0, 0xb1, 0xb3, 0xba, 0xbb, 0xc0, 0xc1, 0xc7 };

    for ( unsigned int i = 0; i < 256 * 8; i++ )
        seed(prefixes[host_test_random() % 4], rexes[host_test_random() % 4], false, (u8)(i >> 3),
             (u8)(i & 7) << 3 | 7);
    for ( unsigned int i = 0; i < sizeof(two_bytes) * 8; i++ )
        for ( unsigned int j = 0; j < 16; j++ )
            seed(prefixes[j % 4], rexes[j / 4], true, two_bytes[i >> 3], (u8)(i & 7) << 3 | 7);
}

FUZZ_TARGET(40)
