/*
 * set_trap_table: entries take effect at once and one by one; the DPL says who may `int n`; bit 2 masks events.
 *
 * `int n` through a gate that is not for the caller is #GP with n * 8 + 2. QEMU 7.2 says n * 16 + 2 to hypervisors in
 * long mode. Debian's Xen takes that for gospel, so that no `int n` works on it there, and we stop.
 */
#include "test.h"

static unsigned int calls;
static uint8_t mask_inside, mask_saved;

static bool count(struct cpu_frame *frame, unsigned int number)
{
    calls++;
    mask_saved = frame->mask & 0xff;
    mask_inside = this_vcpu()->info->evtchn_upcall_mask;
    return true;
}

static long user_int_81(long arg)
{
    asm volatile("int $0x81");
    return 0;
}

static void expect_refused(struct fault f, unsigned int n, const char *text)
{
    if ( f.vector == TRAP_GP && f.error == n * 16 + 2 )
        skip("QEMU's error code reaches the guest");
    expect_fault(f, TRAP_GP, n * 8 + 2, text);
}

void test_main(void)
{
    struct user_result user;

    trap_handle(0x81, count);
    expect_refused(fault_of(asm volatile("int $0x81")), 0x81, "no gate");

    expect_eq(trap_gate(0x81, 0), 0, "a gate with DPL 0");
    expect_refused(fault_of(asm volatile("int $0x81")), 0x81, "is for no one");
    expect_eq(trap_gate(0x81, 1), 0, "a gate with DPL 1");
    expect_no_fault(fault_of(asm volatile("int $0x81")), "is for the kernel");
    expect_eq(calls, 1, "the handler ran");
    expect_eq(mask_inside, 0, "with events enabled");
    user = user_run(user_int_81, 0);
    expect_refused(user.fault, 0x81, "but not for user mode");

    expect_eq(trap_gate(0x81, 3 | 4), 0, "a gate with DPL 3, masking events");
    user = user_run(user_int_81, 0);
    expect_no_fault(user.fault, "is for everyone");
    expect_eq(calls, 2, "the handler ran");
    expect_eq(mask_inside, 1, "with events disabled");
    expect_eq(mask_saved, 0, "which were enabled");
    expect_eq(this_vcpu()->info->evtchn_upcall_mask, 0, "and are again");

    expect_eq(hypercall(set_trap_table, 0x10), -EFAULT, "a table that is not there");
    expect_eq(hypercall(set_trap_table, NULL), 0, "NULL clears it all");
    trap_init();
    expect_refused(fault_of(asm volatile("int $0x81")), 0x81, "ours has no such gate");
}
