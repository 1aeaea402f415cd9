/* See processor.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/fuzz/processor.h"

#include <asm/ldt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE            4096UL
#define PLACE           0x20000000UL /* where 32-bit code can be */
#define FLAT_64         0x33         /* Linux's own segment */
#define FETCH           0x10         /* of a page fault's error code */
#define DATA            0
#define CODE            2 /* of struct user_desc.contents */
#define SELECTOR(entry) ((entry) << 3 | 7)

static uint8_t *end; /* of a page, behind which nothing is mapped */
static bool has_ldt;
static uint8_t handler_stack[65536];

static struct {
    uint64_t vector, error, address, rip;
} fault;

static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP };
static struct sigaction others[NSIG]; /* what was to be done before us */
static bool running;

/*
 * Jump to offset @offset of segment @selector. It comes back by on_fault(): a longjmp from there would be slow, since
 * the sanitizer cleans up the whole stack.
 */
void processor_jump(uint64_t selector, uint64_t offset);
void processor_resume(void);
uint64_t processor_stack;
__asm__(".text\n"
        "processor_jump:\n"
        "    push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "    mov %rsp, processor_stack(%rip)\n"
        "    push %rdi; push %rsi; lretq\n"
        "processor_resume:\n"
        "    mov processor_stack(%rip), %rsp\n"
        "    pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "    ret\n");

static void on_fault(int number, siginfo_t *info, void *context)
{
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

    (void)info;
    if ( !running ) /* a fault of the test's: it comes again */
    {
        sigaction(number, &others[number], NULL);
        return;
    }
    running = false;
    fault.vector = (uint64_t)regs[REG_TRAPNO];
    fault.error = (uint64_t)regs[REG_ERR];
    fault.address = (uint64_t)regs[REG_CR2];
    fault.rip = (uint64_t)regs[REG_RIP];
    regs[REG_RIP] = (greg_t)processor_resume;
    regs[REG_CSGSFS] = (regs[REG_CSGSFS] & ~0xffffL) | FLAT_64;
}

static void take_signals(void)
{
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    stack_t stack = { .ss_sp = handler_stack, .ss_size = sizeof(handler_stack) };

    sigaltstack(&stack, NULL);
    for ( unsigned int i = 0; i < sizeof(signals) / sizeof(signals[0]); i++ )
        sigaction(signals[i], &action, &others[signals[i]]);
}

static bool make_segment(unsigned int entry, uint32_t base, unsigned int contents, bool wide)
{
    struct user_desc desc = { .entry_number = entry,
                              .base_addr = base,
                              .limit = wide ? 0xfffff : 0xffff,
                              .seg_32bit = wide,
                              .contents = contents,
                              .limit_in_pages = wide,
                              .useable = 1 };

    return syscall(SYS_modify_ldt, 1, &desc, sizeof(desc)) == 0;
}

static void set_up(void)
{
    uint8_t *page;

    if ( end )
        return;
    page = mmap((void *)PLACE, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if ( page != (void *)PLACE || munmap(page + PAGE, PAGE) )
        abort();
    end = page + PAGE;
    take_signals();
    has_ldt = make_segment(CODE_32, 0, CODE, true) && make_segment(CODE_16, PLACE, CODE, false) &&
              make_segment(PROCESSOR_DATA >> 3, 0, DATA, true);
}

bool processor_load_data(void)
{
    set_up();
    if ( has_ldt )
        __asm__ volatile("mov %0, %%ds; mov %0, %%es" : : "r"(PROCESSOR_DATA));
    return has_ldt;
}

/* Where @at is in the code segment of @width. */
static uint64_t offset_of(enum width width, const uint8_t *at)
{
    return (uint64_t)at - (width == CODE_16 ? PLACE : 0);
}

enum verdict processor_verdict(enum width width, const uint8_t *code, unsigned int bytes)
{
    uint8_t *at;

    set_up();
    if ( width != CODE_64 && !has_ldt )
        return VERDICT_NONE;
    at = end - bytes;
    memcpy(at, code, bytes);
    running = true;
    processor_jump(width == CODE_64 ? FLAT_64 : SELECTOR(width), offset_of(width, at));
    switch ( fault.vector )
    {
    case 6:
        return VERDICT_INVALID;
    case 13:
        return fault.error ? VERDICT_OTHER : VERDICT_PROTECTED;
    case 14:
        if ( fault.address != (uint64_t)end || !(fault.error & FETCH) )
            return VERDICT_OTHER;
        return fault.rip == offset_of(width, end) ? VERDICT_RAN : VERDICT_LONGER;
    default:
        return VERDICT_OTHER;
    }
}
