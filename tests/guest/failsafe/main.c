/*
 * A segment register that can't be loaded when the vcpu comes back to a processor: the failsafe
 * callback, with the selectors that were wanted, and NULL in the register. Linux looks for the one
 * that differs: where none does, it takes the callback for a bad IRET.
 */
#include "test.h"

#define INDEX        5
#define SELECTOR     (INDEX << 3 | 3)
#define DATA_SEGMENT 0x00cff3000000ffffUL

static volatile unsigned int calls;
static unsigned int es_inside, fs_inside;

static bool failed(struct cpu_frame *frame, unsigned int number)
{
    asm volatile("mov %%es, %0; mov %%fs, %1" : "=r"(es_inside), "=r"(fs_inside));
#ifdef __i386__
    es_inside = frame->es; /* our entry loads it, and the way back this one */
#endif
    calls++;
    return true;
}

static volatile bool stop;

static void other(void *arg)
{
    while ( !stop )
        hypercall(sched_op, SCHEDOP_yield, NULL);
}

static uint64_t time_blocked(void)
{
    struct vcpu_runstate_info info;

    need(hypercall(vcpu_op, VCPUOP_get_runstate_info, 0, &info));
    return info.time[RUNSTATE_blocked];
}

/*
 * Another vcpu runs in between, if we have not a processor for each; else the idle one, for which not every hypervisor
 * gives up our registers.
 *
 * No event may come: 32-bit entries load ES again by themselves, on their way back, and what is gone faults there.
 */
static void switch_away(void)
{
    uint64_t end = time_now() + 2 * NS_PER_MS, before = time_blocked();
    bool enabled = events_disable();

    while ( time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    /* A time may have passed before we come to wait for it. */
    for ( uint64_t ns = NS_PER_MS; time_blocked() == before; ns *= 2 )
    {
        struct sched_poll poll = { .timeout = time_now() + ns };

        hypercall(sched_op, SCHEDOP_poll, &poll);
    }
    if ( enabled )
        events_enable();
}

static bool more_than_a_vcpu(void)
{
    return hypercall(vcpu_op, VCPUOP_is_up, 1, NULL) >= 0;
}

/* The compiler's code does, in 32 bits. */
static void use_es(void)
{
    asm volatile("mov %0, %%es" : : "r"(KIT_PV32 ? KIT_SS : 0));
}

static void end(uint64_t *gdt)
{
    stop = true;
    for ( unsigned int i = 1; i < 4; i++ )
        while ( hypercall(vcpu_op, VCPUOP_is_up, i, NULL) == 1 )
            hypercall(sched_op, SCHEDOP_yield, NULL);
    need(hypercall(set_gdt, NULL, 0));
    page_release(gdt);
}

void test_main(void)
{
    uint64_t *gdt = page_alloc();
    ulong frame = virt_to_mfn(gdt);
    unsigned int es_after;

    stop = false;
    for ( unsigned int i = 1; i < 4 && hypercall(vcpu_op, VCPUOP_is_up, i, NULL) == 0; i++ )
        need(vcpu_start(i, other, NULL));
    gdt[INDEX] = DATA_SEGMENT;
    need(page_protect(gdt, PTE_KERNEL_RO));
    need(hypercall(set_gdt, &frame, 512));
    trap_handle(KIT_ENTRY_FAILSAFE, failed);

    expect_no_fault(fault_of(asm volatile("mov %0, %%es" : : "r"(SELECTOR))), "load ES");
    switch_away();
    expect_eq(calls, 0, "a good selector is loaded again");
    need(hypercall(update_descriptor, virt_to_machine(&gdt[INDEX]), 0));
    switch_away();
    asm volatile("mov %%es, %0" : "=r"(es_after));
    use_es();
    if ( !calls && (is_dom0() || more_than_a_vcpu()) )
    {
        end(gdt);
        skip("nobody else ran on our processor");
    }
    expect_eq(calls, 1, "its descriptor has gone: one failsafe callback");
    expect_eq((uint16_t)kit_failsafe_selectors[1], SELECTOR, "which tells the selector");
    expect_eq(es_inside, 0, "ES is NULL");
    expect_eq(es_after, 0, "... and stays it");
    expect_eq((uint16_t)kit_failsafe_selectors[2], fs_inside, "FS is what it is told to be");
    asm volatile("mov %0, %%es" : : "r"(0));
    switch_away();
    use_es();
    expect_eq(calls, 1, "NULL is no failure");

    end(gdt);
}
