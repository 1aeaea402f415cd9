/*
 * int 0x80 through a gate of the guest's: its DPL says who may, as with any int n, though the hypervisor's own gate
 * lets everybody in; Debian's Xen doesn't ask for it. Bit 2 masks events.
 */
#include "test.h"

static unsigned int calls;
static uint8_t mask_inside;

static bool count(struct cpu_frame *frame, unsigned int number)
{
    calls++;
    mask_inside = this_vcpu()->info->evtchn_upcall_mask;
    return true;
}

/* It ends by a fault, as system calls may need the gate, too: #UD behind the instruction, or what is raised at it. */
static long user_int80(long arg)
{
    asm volatile("int $0x80; ud2");
    return 0;
}

static void expect_rights(unsigned int flags, bool kernel, bool user, const char *who)
{
    unsigned int before = calls;

    printf("%s\n", who);
    expect_eq(trap_gate(0x80, flags), 0, "a gate");
    expect_fault(fault_of(asm volatile("int $0x80")), kernel ? TRAP_NONE : TRAP_GP,
                 kernel ? 0 : 0x402, "the kernel's");
    expect_fault(user_run(user_int80, 0).fault, user ? TRAP_UD : TRAP_GP, user ? 0 : 0x402,
                 "a process's");
    expect_eq(calls - before, kernel + user, "how often the handler ran");
    expect_eq(this_vcpu()->info->evtchn_upcall_mask, 0, "events are as before");
}

void test_main(void)
{
    trap_handle(0x80, count);
    expect_rights(0, false, false, "DPL 0 is for no one");
    expect_rights(1, true, false, "DPL 1 is for the kernel");
    expect_rights(2, true, false, "as is DPL 2");
    expect_rights(3, true, true, "DPL 3 is for everyone");
    expect_eq(mask_inside, 0, "with events enabled");
    expect_rights(3 | 4, true, true, "likewise, masking events");
    expect_eq(mask_inside, 1, "with events disabled");
    trap_handle(0x80, NULL);
    trap_init();
}
