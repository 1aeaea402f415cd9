/*
 * Emulated stores compute what the processor computes.
 *
 * Each instruction form that the page-table emulation knows is written into a page, run natively on a word
 * of memory, and decoded and computed by the emulator with the same registers: memory, registers and flags
 * must agree. So the test needs no answers of its own.
 *
 * LINK: hypervisor/pv/emulate/store.c hypervisor/pv/emulate/decode.c hypervisor/pv/segment/lookup.c
 */
#include <sys/mman.h>

#include "cpu/uaccess.h"
#include "mm/map.h"
#include "pv/emulate/decode.h"
#include "pv/emulate/emulate.h"
#include "pv/segment/segment.h"
#include "tests/host/host.h"

static u64 fetch_end = ~0UL; /* behind it nothing is mapped */

unsigned long copy_from_guest(void *to, gva_t from, unsigned long len)
{
    unsigned long there = from.n >= fetch_end ? 0 : fetch_end - from.n;

    if ( there > len )
        there = len;
    memcpy(to, (const void *)from.n, there);
    return len - there;
}

/* What an instruction under test may use: rsp, rbp, r10 and above stay ours. */
struct native {
    u64 rax, rbx, rcx, rdx, rsi, rdi, r8, r9, rflags;
};

void native_run(struct native *n, const void *code);
__asm__(".text\n"
        "native_run:\n"
        "    push %rbx; push %rbp; push %r12\n"
        "    mov %rdi, %rbp; mov %rsi, %r12\n"
        "    mov 0(%rbp), %rax; mov 8(%rbp), %rbx; mov 16(%rbp), %rcx; mov 24(%rbp), %rdx\n"
        "    mov 32(%rbp), %rsi; mov 40(%rbp), %rdi; mov 48(%rbp), %r8; mov 56(%rbp), %r9\n"
        "    push 64(%rbp); popfq\n"
        "    call *%r12\n"
        "    pushfq; pop 64(%rbp); cld\n"
        "    mov %rax, 0(%rbp); mov %rbx, 8(%rbp); mov %rcx, 16(%rbp); mov %rdx, 24(%rbp)\n"
        "    mov %rsi, 32(%rbp); mov %rdi, 40(%rbp); mov %r8, 48(%rbp); mov %r9, 56(%rbp)\n"
        "    pop %r12; pop %rbp; pop %rbx\n"
        "    ret\n");

#define ARITHMETIC_FLAGS 0x8d5UL
#define FLAG_CF          1UL
#define FLAG_AF          0x10UL

static u64 word[2] __attribute__((aligned(16)));
static u64 source[2] = { 0x1122334455667788, 0x99aabbccddeeff00 };

static u8 *code_page(void)
{
    static u8 *page;

    if ( !page )
        page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                    0);
    return page;
}

static struct regs to_regs(const struct native *n, const u8 *code)
{
    struct regs r = { .rax = n->rax,
                      .rbx = n->rbx,
                      .rcx = n->rcx,
                      .rdx = n->rdx,
                      .rsi = n->rsi,
                      .rdi = n->rdi,
                      .r8 = n->r8,
                      .r9 = n->r9,
                      .rflags = n->rflags,
                      .rip = (u64)code,
                      .cs = 0xe033 };

    return r;
}

/* Logic instructions leave AF undefined. */
static u64 defined_flags(const struct emulate_store *s)
{
    bool logic = s->kind == STORE_AND || s->kind == STORE_OR || s->kind == STORE_XOR;
    bool bits = s->kind == STORE_BTS || s->kind == STORE_BTR || s->kind == STORE_BTC;

    return bits ? FLAG_CF | 0x40 : ARITHMETIC_FLAGS & ~(logic ? FLAG_AF : 0);
}

static void check_once(const u8 *insn, size_t len, struct native n, u64 initial)
{
    struct emulate_store store;
    struct regs regs, after;
    u8 *code = code_page();
    u64 old = initial, computed, mask;
    bool write;

    memset(code, 0x90, 16);
    memcpy(code, insn, len);
    code[len] = 0xc3;

    regs = to_regs(&n, code);
    word[0] = initial;
    require(emulate_decode_store(NULL, &regs, (u64)word, &store));
    expect_eq(store.length, len);
    computed = emulate_store_result(&store, old, &regs, &after, &write);
    mask = store.bytes == 8 ? ~0UL : (1UL << 8 * store.bytes) - 1;
    computed = write ? (old & ~mask) | computed : old;

    native_run(&n, code);
    expect_eq(computed, word[0]);
    expect_eq(after.rax, n.rax);
    expect_eq(after.rbx, n.rbx);
    expect_eq(after.rcx, n.rcx);
    expect_eq(after.rdx, n.rdx);
    expect_eq(after.rsi, n.rsi);
    expect_eq(after.rdi, n.rdi);
    expect_eq(after.r9, n.r9);
    expect_eq(after.rflags & defined_flags(&store), n.rflags & defined_flags(&store));
    expect_eq(after.rip, (u64)code + len);
}

/* A good mixture of operands: edges of every width, and equal ones for the compares. rdi points to the word. */
static void check(const u8 *insn, size_t len)
{
    static const u64 values[] = { 0,
                                  1,
                                  0x7f,
                                  0x80,
                                  0xff,
                                  0x7fff,
                                  0x8000,
                                  0x7fffffff,
                                  0x80000000,
                                  0xffffffff,
                                  0x7fffffffffffffff,
                                  0x8000000000000000,
                                  ~0UL,
                                  0x123456789abcdef0,
                                  0x0000000100000067 };

    for ( size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++ )
        for ( size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++ )
            for ( u64 carry = 0; carry <= 1; carry++ )
            {
                struct native n = { .rax = values[(i + j) % 15],
                                    .rbx = values[j],
                                    .rcx = 1,
                                    .rdx = values[(j + 3) % 15],
                                    .rsi = (u64)source,
                                    .rdi = (u64)word,
                                    .r8 = (u64)word,
                                    .r9 = values[j],
                                    .rflags = 0x202 | carry };

                check_once(insn, len, n, values[i]);
            }
}

#define CHECK(...)                                                                                 \
    do                                                                                             \
    {                                                                                              \
        static const u8 insn[] = { __VA_ARGS__ };                                                  \
        check(insn, sizeof(insn));                                                                 \
    } while ( 0 )

TEST(mov_of_each_width)
{
    CHECK(0x48, 0x89, 0x1f);                         /* mov %rbx, (%rdi) */
    CHECK(0x4c, 0x89, 0x0f);                         /* mov %r9, (%rdi) */
    CHECK(0x89, 0x1f);                               /* mov %ebx, (%rdi) */
    CHECK(0x66, 0x89, 0x1f);                         /* mov %bx, (%rdi) */
    CHECK(0x88, 0x1f);                               /* mov %bl, (%rdi) */
    CHECK(0x88, 0x3f);                               /* mov %bh, (%rdi) */
    CHECK(0x48, 0xc7, 0x07, 0x78, 0x56, 0x34, 0x92); /* movq $imm32, (%rdi): sign-extended */
    CHECK(0xc7, 0x07, 0x78, 0x56, 0x34, 0x92);
    CHECK(0x66, 0xc7, 0x07, 0x34, 0x92);
    CHECK(0xc6, 0x07, 0x92);
}

TEST(exchange_and_add)
{
    CHECK(0x48, 0x87, 0x1f); /* xchg %rbx, (%rdi) */
    CHECK(0x87, 0x1f);
    CHECK(0x86, 0x1f);
    CHECK(0xf0, 0x48, 0x0f, 0xc1, 0x1f); /* lock xadd %rbx, (%rdi) */
    CHECK(0x0f, 0xc1, 0x1f);
    CHECK(0x0f, 0xc0, 0x1f);
}

TEST(compare_and_exchange)
{
    CHECK(0xf0, 0x48, 0x0f, 0xb1, 0x1f); /* lock cmpxchg %rbx, (%rdi) */
    CHECK(0x0f, 0xb1, 0x1f);
    CHECK(0x66, 0x0f, 0xb1, 0x1f);
    CHECK(0x0f, 0xb0, 0x1f);
    CHECK(0xf0, 0x0f, 0xc7, 0x0f); /* lock cmpxchg8b (%rdi) */
}

TEST(arithmetic_and_logic)
{
    for ( u8 op = 0; op < 7; op++ )
    {
        u8 wide[] = { 0xf0, 0x48, (u8)(op << 3 | 1), 0x1f }, narrow[] = { (u8)(op << 3), 0x1f };
        u8 imm8[] = { 0x48, 0x83, (u8)(op << 3 | 7), 0x85 },
           imm32[] = { 0x81, (u8)(op << 3 | 7), 1, 2, 3, 0x84 };
        u8 imm16[] = { 0x66, 0x81, (u8)(op << 3 | 7), 2, 0x83 },
           byte[] = { 0x80, (u8)(op << 3 | 7), 0x99 };

        check(wide, sizeof(wide));
        check(narrow, sizeof(narrow));
        check(imm8, sizeof(imm8));
        check(imm32, sizeof(imm32));
        check(imm16, sizeof(imm16));
        check(byte, sizeof(byte));
    }
    CHECK(0x48, 0xf7, 0x17); /* notq */
    CHECK(0x48, 0xf7, 0x1f); /* negq */
    CHECK(0xf6, 0x1f);       /* negb */
    CHECK(0x48, 0xff, 0x07); /* incq */
    CHECK(0xff, 0x0f);       /* decl */
    CHECK(0xfe, 0x07);       /* incb */
}

TEST(bits)
{
    CHECK(0xf0, 0x48, 0x0f, 0xba, 0x2f, 5);  /* lock btsq $5, (%rdi) */
    CHECK(0xf0, 0x48, 0x0f, 0xba, 0x37, 63); /* btr */
    CHECK(0x0f, 0xba, 0x3f, 31);             /* btcl */
    CHECK(0x66, 0x0f, 0xba, 0x3f, 31);       /* beyond the operand: taken modulo */
    CHECK(0xf0, 0x48, 0x0f, 0xab, 0x0f);     /* lock bts %rcx, (%rdi); rcx is 1 */
    CHECK(0x0f, 0xb3, 0x0f);
}

TEST(string_stores)
{
    CHECK(0x48, 0xab);       /* stosq */
    CHECK(0xaa);             /* stosb */
    CHECK(0xa5);             /* movsl */
    CHECK(0x48, 0xa5);       /* movsq */
    CHECK(0xf3, 0x48, 0xab); /* rep stosq, once */
}

TEST(addressing)
{
    CHECK(0x48, 0x89, 0x5f, 0x00);                   /* disp8 */
    CHECK(0x48, 0x89, 0x9f, 0x00, 0x00, 0x00, 0x00); /* disp32 */
    CHECK(0x48, 0x89, 0x1c, 0x27);                   /* SIB without index */
    CHECK(0x48, 0x89, 0x5c, 0xcf, 0xf8);             /* -8(%rdi, %rcx, 8); rcx is 1 */
    CHECK(0x49, 0x89, 0x18);                         /* (%r8) */
}

/* A bit number in a register reaches beyond the operand: the word that is written lies elsewhere. */
TEST(bit_offset_moves_the_operand)
{
    static const u8 insn[] = { 0x48, 0x0f, 0xab, 0x0f }; /* bts %rcx, (%rdi) */
    struct emulate_store store;
    struct native n = { .rcx = 64 + 3, .rdi = (u64)word };
    struct regs regs;

    memcpy(code_page(), insn, sizeof(insn));
    regs = to_regs(&n, code_page());
    expect(!emulate_decode_store(NULL, &regs, (u64)word, &store));
    expect(emulate_decode_store(NULL, &regs, (u64)&word[1], &store));
    regs.rcx = (u64)-1L;
    expect(emulate_decode_store(NULL, &regs, (u64)word - 8, &store));
}

/* A repeated store is left only when rcx has run out. */
TEST(repeat_stays_at_the_instruction)
{
    static const u8 insn[] = { 0xf3, 0x48, 0xab };
    struct emulate_store store;
    struct native n = { .rcx = 2, .rdi = (u64)word };
    struct regs regs, after;
    bool write;

    memcpy(code_page(), insn, sizeof(insn));
    regs = to_regs(&n, code_page());
    require(emulate_decode_store(NULL, &regs, (u64)word, &store));
    emulate_store_result(&store, 0, &regs, &after, &write);
    expect_eq(after.rip, regs.rip);
    expect_eq(after.rcx, 1);
    expect_eq(after.rdi, (u64)&word[1]);
}

/* What is no store, or none that we know, is refused: the guest gets its fault. */
TEST(refused)
{
    static const u8 insns[][8] = {
        { 0x48, 0x8b, 0x1f },             /* a load */
        { 0x48, 0x39, 0x1f },             /* cmp */
        { 0x48, 0x89, 0xd8 },             /* register to register */
        { 0x48, 0x0f, 0xc7, 0x0f },       /* cmpxchg16b */
        { 0x0f, 0x11, 0x07 },             /* movups */
        { 0x48, 0x81, 0x3f, 1, 2, 3, 4 }, /* cmp $imm, (%rdi) */
        { 0x0f, 0xc3, 0x07 },             /* movnti */
    };
    struct native n = { .rdi = (u64)word };
    struct emulate_store store;

    for ( size_t i = 0; i < sizeof(insns) / sizeof(insns[0]); i++ )
    {
        struct regs regs;

        memcpy(code_page(), insns[i], sizeof(insns[i]));
        regs = to_regs(&n, code_page());
        if ( emulate_decode_store(NULL, &regs, (u64)word, &store) )
            fail("form %zu was taken for a store", i);
    }
}

/* ---- code and data in segments */

#define SEGMENT(base, limit, flags)                                                                \
    ((flags) | ((limit)&0xffffUL) | ((limit)&0xf0000UL) << 32 | ((base)&0xffffffUL) << 16 |        \
     ((base) >> 24) << 56)
#define CODE32 0x0040fa0000000000UL /* readable, DPL 3, byte-granular */
#define CODE16 0x0000fa0000000000UL
#define CODE64 0x0020fa0000000000UL
#define DATA32 0x0040f20000000000UL
#define DOWN32 0x0040f60000000000UL
#define CONST  0x0040f00000000000UL
#define PAGES  0x0080000000000000UL /* the limit is in pages */
#define DPL0   0x00409a0000000000UL

#define LDT(n) ((n) << 3 | 7)
#define GDT(n) ((n) << 3 | 3)

/* A vcpu with one page of GDT, an LDT of 16 entries, and code and data below 4 GiB. */
static struct vcpu *segmented(u64 **gdt, u64 **ldt, u8 **low)
{
    static u64 window[VCPU_MAP_PAGES * PAGE_SIZE / 8];
    static struct vcpu v;

    v.pv.window = (u64)window;
    v.pv.ldt_entries = 16;
    *gdt = window;
    *ldt = window + VCPU_MAP_LDT_PAGE * PAGE_SIZE / 8;
    *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    require(*low != MAP_FAILED);
    return &v;
}

TEST(code_is_fetched_from_its_segment)
{
    struct regs regs = { .rip = 0x10 };
    u64 *gdt, *ldt, va;
    struct insn insn;
    u8 *low;
    struct vcpu *v = segmented(&gdt, &ldt, &low);

    low[0x110] = 0xec; /* in %dx, %al */
    gdt[5] = SEGMENT((u64)low + 0x100, 0xfffUL, CODE32);
    ldt[2] = SEGMENT((u64)low + 0x100, 0xfffUL, CODE16);
    ldt[3] = SEGMENT(0UL, 0xfffffUL, CODE64 | PAGES);

    regs.cs = GDT(5);
    require(insn_begin(&insn, v, &regs));
    expect(!insn.long_mode && insn.opcode == 0xec && insn.at == 1);
    expect(insn_width(&insn) == 4 && insn_address_width(&insn) == 4);

    regs.cs = LDT(2);
    require(insn_begin(&insn, v, &regs));
    expect(insn.opcode == 0xec && insn_width(&insn) == 2 && insn_address_width(&insn) == 2);
    low[0x110] = 0x66; /* in 16-bit code it makes operands longer */
    low[0x111] = 0xed;
    require(insn_begin(&insn, v, &regs));
    expect(insn.opcode == 0xed && insn_width(&insn) == 4);

    regs.cs = LDT(3);
    regs.rip = (u64)low + 0x111;
    require(insn_begin(&insn, v, &regs));
    expect(insn.long_mode && insn.opcode == 0xed && insn_address_width(&insn) == 8);
    expect(insn_address(v, &regs, &va) && va == regs.rip);
}

/*
 * Stores of 32-bit code: what their operands mean. Through SS, since the host's own DS is not ours to
 * choose.
 */
TEST(stores_of_32_bit_code)
{
    static const struct {
        u8 code[8], length;
        u32 at;
        u8 bytes;
    } forms[] = {
        { { 0x89, 0x45, 0x04 }, 3, 0x204, 4 },                        /* mov %eax, 4(%ebp) */
        { { 0x66, 0x89, 0x45, 0xfe }, 4, 0x1fe, 2 },                  /* mov %ax, -2(%ebp) */
        { { 0x89, 0x04, 0x24 }, 3, 0x300, 4 },                        /* mov %eax, (%esp) */
        { { 0x89, 0x44, 0x8d, 0x00 }, 4, 0x210, 4 },                  /* mov %eax, (%ebp,%ecx,4) */
        { { 0x36, 0x89, 0x05, 0x40, 0, 0, 0 }, 7, 0x40, 4 },          /* mov %eax, %ss:0x40 */
        { { 0x36, 0xa3, 0x44, 0, 0, 0 }, 6, 0x44, 4 },                /* the short form of it */
        { { 0x36, 0xa2, 0x44, 0, 0, 0 }, 6, 0x44, 1 },                /* mov %al, %ss:0x44 */
        { { 0xf0, 0x0f, 0xc7, 0x4d, 0x00 }, 5, 0x200, 8 },            /* lock cmpxchg8b (%ebp) */
        { { 0x36, 0x87, 0x90, 0xf0, 0xff, 0xff, 0xff }, 7, 0xf0, 4 }, /* xchg %edx, %ss:-16(%eax) */
    };
    struct regs regs = {
        .rip = 0, .cs = GDT(5), .ss = GDT(6), .rax = 0x100, .rcx = 4, .rbp = 0x200, .rsp = 0x300
    };
    struct emulate_store store;
    u64 *gdt, *ldt;
    u8 *low;
    struct vcpu *v = segmented(&gdt, &ldt, &low);

    gdt[5] = SEGMENT((u64)low, 0xfffUL, CODE32);
    gdt[6] = SEGMENT(0x10000000UL, 0xfffffUL, DATA32 | PAGES);
    for ( size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++ )
    {
        memcpy(low, forms[i].code, sizeof(forms[i].code));
        if ( !emulate_decode_store(v, &regs, 0x10000000 + forms[i].at, &store) ||
             store.length != forms[i].length || store.bytes != forms[i].bytes )
            fail("form %zu was not taken for what it is", i);
        if ( emulate_decode_store(v, &regs, forms[i].at, &store) )
            fail("form %zu was taken for a store without the segment's base", i);
    }

    /* Addresses wrap at 4 GiB; those of 16 bits, and segments that aren't there, are refused. */
    memcpy(low, "\x89\x45\x04", 3);
    regs.rbp = 0xf0000000;
    require(emulate_decode_store(v, &regs, 4, &store));
    memcpy(low, "\x67\x89\x46\x04", 4);
    expect(!emulate_decode_store(v, &regs, 4, &store));
    memcpy(low, "\x89\x45\x04", 3);
    regs.ss = GDT(7);
    expect(!emulate_decode_store(v, &regs, 4, &store));
}

TEST(code_ends_at_the_limit)
{
    struct regs regs = { .rip = 0x10, .cs = LDT(1) };
    u64 *gdt, *ldt;
    struct insn insn;
    u8 *low;
    struct vcpu *v = segmented(&gdt, &ldt, &low);

    low[0x10] = 0xe4; /* in $0x80, %al */
    low[0x11] = 0x80;
    ldt[1] = SEGMENT((u64)low, 0x10UL, CODE32);
    require(insn_begin(&insn, v, &regs));
    insn_byte(&insn);
    expect(insn.overrun);
    regs.rip = 0x11;
    expect(!insn_begin(&insn, v, &regs));
}

TEST(descriptors_that_are_none)
{
    u64 *gdt, *ldt, descriptor;
    u8 *low;
    struct vcpu *v = segmented(&gdt, &ldt, &low);

    ldt[15] = ldt[16] = gdt[0] = SEGMENT(0UL, 0xfffffUL, DATA32);
    expect(segment_lookup(v, LDT(15), &descriptor));
    expect(!segment_lookup(v, LDT(16), &descriptor)); /* beyond the LDT's limit (XSA-298) */
    expect(!segment_lookup(v, 3, &descriptor));       /* NULL */
    expect(!segment_lookup(v, GDT(0x1e00), &descriptor));
    ldt[1] = SEGMENT(0UL, 0xfffffUL, DPL0);
    expect(!segment_lookup(v, LDT(1), &descriptor));
    ldt[1] = SEGMENT(0UL, 0xfffffUL, DATA32) & ~(1UL << 47); /* not present */
    expect(!segment_lookup(v, LDT(1), &descriptor));
    ldt[1] = 0x0000ec0000000000UL; /* a gate */
    expect(!segment_lookup(v, LDT(1), &descriptor));
}

TEST(how_far_a_segment_goes)
{
    expect_eq(segment_room(SEGMENT(0UL, 0xffUL, DATA32), 0xf8, SEGMENT_WRITE), 8);
    expect_eq(segment_room(SEGMENT(0UL, 0xffUL, DATA32), 0x100, SEGMENT_READ), 0);
    expect_eq(segment_room(SEGMENT(0UL, 0xffUL, DATA32 | PAGES), 0xffff8, SEGMENT_READ), 8);
    expect_eq(segment_room(SEGMENT(0UL, 0xfffffUL, DATA32 | PAGES), 0, SEGMENT_READ), 1UL << 32);
    expect_eq(segment_room(SEGMENT(0UL, 0xffUL, DOWN32), 0xff, SEGMENT_WRITE), 0);
    expect_eq(segment_room(SEGMENT(0UL, 0xffUL, DOWN32), 0xfffffff8, SEGMENT_WRITE), 8);
    expect_eq(segment_room(SEGMENT(0UL, 0xffUL, CONST), 0, SEGMENT_WRITE), 0);
    expect_eq(segment_room(SEGMENT(0UL, 0xffUL, CONST), 0, SEGMENT_READ), 0x100);
    expect_eq(segment_room(SEGMENT(0UL, 0xffUL, CODE32), 0, SEGMENT_READ), 0x100);
    expect_eq(segment_room(SEGMENT(0UL, 0xffUL, CODE32), 0, SEGMENT_WRITE), 0);
    expect_eq(segment_room(SEGMENT(0UL, 0xffUL, DATA32), 0, SEGMENT_EXECUTE), 0);
    expect_eq(segment_base(SEGMENT(0x12345678UL, 0UL, DATA32)), 0x12345678);
}

/*
 * An instruction at the end of what is mapped: those of its bytes that are there are taken, and an
 * instruction that goes on behind them is none.
 */
TEST(fetch_that_runs_into_a_hole)
{
    u8 *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct regs regs = { .cs = 0xe033 };
    struct insn insn;

    fetch_end = (u64)pages + 4096;
    pages[4093] = 0x0f; /* mov %cr4, %rax: all three bytes are there */
    pages[4094] = 0x20;
    pages[4095] = 0xe0;
    regs.rip = (u64)pages + 4093;
    require(insn_begin(&insn, NULL, &regs));
    insn.modrm = insn_byte(&insn);
    expect(!insn.overrun && insn_reg(&insn) == 4 && insn.at == 3);

    pages[4094] = 0x0f; /* the ModRM byte is behind the end */
    pages[4095] = 0x20;
    regs.rip = (u64)pages + 4094;
    require(insn_begin(&insn, NULL, &regs));
    insn_byte(&insn);
    expect(insn.overrun);
    regs.rip = (u64)pages + 4095; /* and here the second byte of the opcode */
    pages[4095] = 0x0f;
    expect(!insn_begin(&insn, NULL, &regs));
    fetch_end = ~0UL;
}

HOST_TEST_MAIN
