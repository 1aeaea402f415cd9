/*
 * 32-bit code that has I/O privilege, in segments that don't begin at 0: the emulated instruction is read from its code
 * segment, its memory operand is in the data segment, and neither reaches beyond a limit.
 *
 * Port 0x21 is nobody's but the hypervisor's, and reads as all-ones.
 */
#include "test.h"

#define BASE 0x1000u /* of the segments: at flat addresses, there is other code */

#define CODE32      0x0040fa0000000000UL
#define DATA32      0x00c0f20000000000UL /* the limit is in pages */
#define CONST       0x00c0f00000000000UL
#define SELECTOR(n) ((n) << 3 | 7)

enum { CODE = 1, DATA, SHORT, READ_ONLY };

asm(".code32\n"
    "segments_in: inb $0x21, %al; int $0x80\n"
    "segments_insb: insb (%dx), %es:(%edi); int $0x80\n"
    "segments_repeat: rep insb (%dx), %es:(%edi); int $0x80\n"
    ".code64\n");
extern char segments_in[], segments_insb[], segments_repeat[];

static uint8_t bytes[16];
static struct cpu_frame seen;

static uint64_t segment(uint32_t base, uint32_t limit, uint64_t flags)
{
    return flags | (limit & 0xffff) | (uint64_t)(limit & 0xf0000) << 32 |
           (uint64_t)(base & 0xffffff) << 16 | (uint64_t)(base >> 24) << 56;
}

static bool look(struct cpu_frame *frame, unsigned int number)
{
    seen = *frame;
    user_fault(&(struct fault){ .vector = TRAP_NONE });
    return true;
}

static struct fault run(const char *code, unsigned int es, uint64_t rdi, uint64_t rcx)
{
    struct cpu_frame frame = user_frame(NULL, 0);

    frame.cs = SELECTOR(CODE);
    frame.ip = (uint32_t)((ulong)code - BASE);
    frame.ax = 0;
    frame.dx = 0x21;
    frame.di = rdi;
    frame.cx = rcx;
    asm volatile("mov %w0, %%es" : : "r"(SELECTOR(es)));
    return user_run_frame(&frame).fault;
}

static void check_code(void)
{
    expect_no_fault(run(segments_in, DATA, 0, 0), "in, read from its segment");
    expect_eq(seen.ax & 0xff, 0xff, "is done");
    expect_eq(seen.ip, (uint32_t)((ulong)segments_in - BASE) + 4, "and left behind");
}

static void check_data(void)
{
    uint32_t at = (uint32_t)(ulong)bytes - BASE;

    memset(bytes, 0, sizeof(bytes));
    expect_no_fault(run(segments_insb, DATA, at + 1, 0), "ins to a segment");
    expect(!bytes[0] && bytes[1] == 0xff && !bytes[2], "writes there");
    expect_eq(seen.di, at + 2, "and advances");
    expect_no_fault(run(segments_insb, DATA, 0x500000000 | (at + 3), 0), "the upper half of rdi");
    expect_eq(bytes[3], 0xff, "is of no account");
    expect_no_fault(run(segments_repeat, DATA, at + 4, 0x700000002), "a repeated ins");
    expect(bytes[4] == 0xff && bytes[5] == 0xff && !bytes[6], "counts by ecx");

    expect_fault(run(segments_insb, SHORT, at, 0), TRAP_GP, 0, "beyond the limit");
    expect_fault(run(segments_insb, READ_ONLY, at, 0), TRAP_GP, 0,
                 "to a segment that isn't writable");
}

void test_main(void)
{
    uint64_t *page = page_alloc();
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT,
                            .arg1.linear_addr = (ulong)page,
                            .arg2.nr_ents = 512 };

    page[CODE] = segment(BASE, 0xfffff, CODE32 | 1UL << 55);
    page[DATA] = segment(BASE, 0xfffff, DATA32);
    page[SHORT] = segment(BASE, 0, DATA32);
    page[READ_ONLY] = segment(BASE, 0xfffff, CONST);
    need(page_protect(page, PTE_KERNEL_RO));
    need(hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF));
    need(power_iopl(3));
    need(trap_gate(0x80, 3));
    trap_handle(0x80, look);

    check_code();
    check_data();

    asm volatile("mov %w0, %%es" : : "r"(0));
    need(power_iopl(0));
    op.arg2.nr_ents = 0;
    op.arg1.linear_addr = 0;
    need(hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF));
    page_release(page);
}
