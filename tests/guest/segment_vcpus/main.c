/*
 * A vcpu's segment bases, and what RDTSCP tells, are its own, whether its kernel has turned on the instructions for the
 * bases or not, and whatever selectors it has loaded.
 *
 * Two vcpus on one processor, with bases of their own each, take turns. Each time around both choose anew: CR4.FSGSBASE
 * or not, null selectors or not, bases that are the other's or not. Whoever comes back finds all as he left it. Nor
 * does it matter whether a vcpu leaves or comes back in user mode, or changes its mode in between.
 */
#include "test.h"

#define CR4_FSGSBASE  0x10000UL
#define MSR_FS_BASE   0xc0000100
#define MSR_GS_BASE   0xc0000101
#define MSR_GS_SHADOW 0xc0000102
#define MSR_TSC_AUX   0xc0000103
#define CHOICES       16
#define OVER          2 /* nobody's turn any more */

static volatile unsigned int turn;
static ulong words[2][3]; /* what the bases point to */
static bool has_fsgsbase, has_rdtscp;

static ulong rdmsr(uint32_t msr)
{
    uint32_t low, high;

    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (ulong)high << 32 | low;
}

static void wrmsr(uint32_t msr, ulong value)
{
    asm volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static void choose_cr4(bool fsgsbase)
{
    ulong cr4;

    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    cr4 = fsgsbase && has_fsgsbase ? cr4 | CR4_FSGSBASE : cr4 & ~CR4_FSGSBASE;
    asm volatile("mov %0, %%cr4" : : "r"(cr4));
}

static void load_selectors(uint16_t selector)
{
    asm volatile("mov %0, %%fs; mov %0, %%gs" : : "r"((ulong)selector));
}

static uint16_t fs_selector(void)
{
    ulong value;

    asm volatile("mov %%fs, %0" : "=r"(value));
    return (uint16_t)value;
}

/* Bits of @choice: the instructions; selectors; the bases of who comes second; ... for user mode's GS alone. */
static void choose(unsigned int who, unsigned int choice)
{
    choose_cr4(choice & 1);
    load_selectors(choice & 2 ? KIT_SS : 0);
    who = choice & 4 ? 1 : who;
    need(hypercall(set_segment_base, SEGBASE_FS, &words[who][0]));
    need(hypercall(set_segment_base, SEGBASE_GS_KERNEL, &words[who][1]));
    if ( choice & 4 )
        wrmsr(MSR_GS_SHADOW, (ulong)&words[choice & 8 ? 1 : who][2]);
    else
        need(hypercall(set_segment_base, SEGBASE_GS_USER, &words[choice & 8 ? 1 : who][2]));
    if ( has_rdtscp )
        wrmsr(MSR_TSC_AUX, 7 + who);
}

static uint32_t tsc_aux(void)
{
    uint32_t aux;

    asm volatile("rdtscp" : "=c"(aux) : : "eax", "edx");
    return aux;
}

static void look(unsigned int who, unsigned int choice)
{
    unsigned int bases = choice & 4 ? 1 : who, user = choice & 8 ? 1 : bases;

    expect_eq(rdmsr(MSR_FS_BASE), (ulong)&words[bases][0], "FS's base");
    expect_eq(rdmsr(MSR_GS_BASE), (ulong)&words[bases][1], "GS's base");
    expect_eq(rdmsr(MSR_GS_SHADOW), (ulong)&words[user][2], "user mode's GS base");
    expect_eq(fs_selector(), choice & 2 ? KIT_SS : 0, "FS's selector");
    if ( has_rdtscp )
        expect_eq(tsc_aux(), 7 + bases, "TSC_AUX");
}

/* The other's turn, until it is ours again. */
static void pass(unsigned int to, unsigned int back)
{
    uint64_t end = time_now() + PATIENCE;

    turn = to;
    while ( turn != back && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    if ( turn != back )
        failure("the other vcpu doesn't run");
}

/* In user mode the other has his turn; then a system call, in which he has another, or a fault. */
enum user_end { USER_RETURNS, USER_CALLS, USER_FAULTS };

static long in_user_mode(long end)
{
    ulong value;

    turn = 1;
    while ( turn != 0 )
        ;
    if ( end == USER_CALLS )
        user_call(7, 0);
    if ( end == USER_FAULTS )
        *(volatile char *)8 = 0;
    asm volatile("mov %%gs:0, %0" : "=r"(value));
    return (long)value;
}

static bool system_call(struct cpu_frame *frame, unsigned int number)
{
    (void)number;
    if ( frame->ax == USER_EXIT )
        return false;
    pass(1, 0);
    return true;
}

/* The other's turn comes between each two steps: whatever it is that changes a base, it has to be noticed by itself. */
static void from_user_mode(unsigned int choice)
{
    choose(0, choice);
    pass(1, 0);
    expect_eq(user_run(in_user_mode, USER_RETURNS).value, words[0][2], "GS in user mode");
    look(0, choice);
    expect_eq(user_run(in_user_mode, USER_CALLS).value, words[0][2], "GS behind a system call");
    look(0, choice);
    expect_eq(user_run(in_user_mode, USER_FAULTS).fault.vector, TRAP_PF, "a fault");
    pass(1, 0);
    look(0, choice);
}

/* By a selector, whose descriptor says 0, as no base was on this processor before. */
static void by_selector(unsigned int choice)
{
    choose(0, choice);
    pass(1, 0);
    need(hypercall(set_segment_base, SEGBASE_GS_USER_SEL, KIT_SS));
    for ( unsigned int turns = 0; turns < 2; turns++ )
    {
        pass(1, 0);
        expect_eq(rdmsr(MSR_GS_SHADOW), 0, "user mode's GS base, by a selector");
        expect_eq(rdmsr(MSR_GS_BASE), (ulong)&words[0][1], "GS's base");
    }
}

static void other(void *arg)
{
    (void)arg;
    for ( unsigned int choice = 0; choice < CHOICES; choice++ )
        for ( unsigned int rounds = 0; rounds < CHOICES; rounds++ )
        {
            while ( turn != 1 )
                hypercall(sched_op, SCHEDOP_yield, NULL);
            choose(1, choice);
            turn = 0;
            while ( turn != 1 )
                hypercall(sched_op, SCHEDOP_yield, NULL);
            look(1, choice);
            turn = 0;
        }
    for ( ;; )
    {
        while ( turn == 0 )
            hypercall(sched_op, SCHEDOP_yield, NULL);
        if ( turn == OVER )
            return;
        choose(1, 0);
        turn = 0;
    }
}

static uint32_t cpuid(uint32_t leaf, unsigned int which)
{
    uint32_t out[4] = { leaf, 0, 0, 0 };

    asm volatile(XEN_EMULATE_PREFIX "cpuid"
                 : "+a"(out[0]), "=b"(out[1]), "+c"(out[2]), "=d"(out[3]));
    return out[which];
}

void test_main(void)
{
    if ( hypercall(vcpu_op, VCPUOP_is_up, 1, NULL) < 0 )
        skip("needs 2 vcpus");
    has_fsgsbase = cpuid(7, 1) & 1;
    has_rdtscp = cpuid(0x80000001, 3) >> 27 & 1;
    need(vcpu_start(1, other, NULL));
    for ( unsigned int theirs = 0; theirs < CHOICES; theirs++ )
        for ( unsigned int ours = 0; ours < CHOICES; ours++ )
        {
            choose(0, ours);
            pass(1, 0);
            look(0, ours);
            choose(0, ours);
            pass(1, 0);
            look(0, ours);
        }
    words[0][2] = 0x1234;
    trap_handle(KIT_ENTRY_SYSCALL, system_call);
    for ( unsigned int choice = 0; choice < 2; choice++ )
    {
        by_selector(choice);
        from_user_mode(choice);
    }
    need(hypercall(vm_assist, VMASST_CMD_enable, VMASST_TYPE_architectural_iopl));
    from_user_mode(0); /* an iret that isn't plain */
    from_user_mode(1);
    need(hypercall(vm_assist, VMASST_CMD_disable, VMASST_TYPE_architectural_iopl));
    turn = OVER;
    choose_cr4(false);
    load_selectors(0);
    hypercall(set_segment_base, SEGBASE_FS, 0);
}
