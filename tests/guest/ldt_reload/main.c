/*
 * The LDT's pages come and go behind the kernel's back: what was dropped is mapped anew when the processor reads it.
 *
 * Then it is often the hypervisor that reads it: on the way to a guest whose code segment lies there, when it loads a
 * vcpu's segment registers, or a selector on the guest's behalf. None of these may fail, or be told as a fault of ours.
 */
#include "test.h"

#define CODE_SEGMENT 0x00affb000000ffffUL /* 64-bit, DPL 3 */
#define DATA_SEGMENT 0x00cff3000000ffffUL /* flat, writable, DPL 3 */
#define CODE         (2 << 3 | 7)
#define DATA         (3 << 3 | 7)

static uint64_t *page;

static long set_ldt(ulong base, unsigned int entries)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT,
                            .arg1.linear_addr = base,
                            .arg2.nr_ents = entries };

    return hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF);
}

/*
 * The same LDT, with none of its pages mapped. It is never without our entries: selectors of them may be loaded, and
 * who runs us next may load them again at any time.
 */
static void drop_pages(void)
{
    need(set_ldt((ulong)page, 256));
    need(set_ldt((ulong)page, 512));
}

static long read_cs(long arg)
{
    long cs;

    asm volatile("mov %%cs, %0" : "=r"(cs));
    return cs;
}

static long read_gs(long arg)
{
    long gs;

    asm volatile("mov %%gs, %0" : "=r"(gs));
    return gs;
}

static bool no_failsafe(struct cpu_frame *frame, unsigned int number)
{
    failure("the failsafe callback came");
}

static void code_segment(void)
{
    struct cpu_frame frame = user_frame(read_cs, 0);
    struct user_result user;

    frame.cs = CODE;
    drop_pages();
    user = user_run_frame(&frame);
    expect_fault(user.fault, TRAP_NONE, 0, "to user mode, with a code segment of the LDT");
    expect_eq(user.value, CODE, "it is the one in use");

    need(set_ldt(0, 0));
    frame = user_frame(read_cs, 0);
    frame.cs = CODE;
    user = user_run_frame(&frame);
    expect_fault(user.fault, TRAP_GP, CODE & ~3, "the same without an LDT");

    need(set_ldt((ulong)page + PAGE_SIZE, 512)); /* nothing is mapped there */
    frame = user_frame(read_cs, 0);
    frame.cs = CODE;
    user = user_run_frame(&frame);
    expect_eq(user.fault.vector, TRAP_PF, "with an LDT that isn't mapped: a page fault");
    expect_eq(user.fault.cr2, (ulong)page + PAGE_SIZE + (CODE & ~7), "at the descriptor");
    expect_eq(user.fault.error & ~PF_USER, 0, "not present");
    need(set_ldt((ulong)page, 512));
}

static void data_segments(void)
{
    unsigned int es, fs;
    struct user_result user;

    expect_no_fault(fault_of(asm volatile("mov %0, %%es; mov %0, %%fs"
                                          :
                                          : "r"(DATA))),
                    "load ES and FS");
    drop_pages();
    time_wait_until(time_now() +
                    2 * NS_PER_MS); /* blocked, another vcpu runs, if only the idle one */
    asm volatile("mov %%es, %0; mov %%fs, %1" : "=r"(es), "=r"(fs));
    expect_eq(es, DATA, "ES is as it was");
    expect_eq(fs, DATA, "FS too");
    asm volatile("mov %0, %%es; mov %0, %%fs" : : "r"(0));

    drop_pages();
    need(hypercall(set_segment_base, SEGBASE_GS_USER_SEL, DATA));
    user = user_run(read_gs, 0);
    expect_eq(user.value, DATA, "GS for user mode");
    need(hypercall(set_segment_base, SEGBASE_GS_USER_SEL, 0));
}

void test_main(void)
{
    page = pages_alloc_aligned(2);
    page[2] = CODE_SEGMENT;
    page[3] = DATA_SEGMENT;
    need(page_protect(page, PTE_KERNEL_RO));
    need(table_unmap((ulong)page + PAGE_SIZE));
    trap_handle(KIT_ENTRY_FAILSAFE, no_failsafe);

    code_segment();
    data_segments();
    need(set_ldt(0, 0));
}
