/*
 * A hypercall from the very last canonical bytes of user space would return to an address that is not canonical: SYSRET
 * to it faults in the hypervisor on some processors, with our stack (XSA-7). It must be a #GP of ours instead.
 *
 * Once more with work to do on the way out, which looks at the call's whole frame. What that said before was ours to
 * choose, in a word of the iret frame that means nothing: we say there that this is a handler's frame.
 */
#include "test.h"

#define LAST_PAGE      0x00007ffffffff000UL
#define HANDLERS_FRAME (0x80000100UL << 32) /* where the hypervisor notes how a frame came to be */

static struct cpu_frame seen;

static bool look(struct cpu_frame *frame, unsigned int number)
{
    seen = *frame;
    return false;
}

/* As vcpu_op, with a timer that is due. */
static void call_by_iret(void)
{
    struct vcpu_set_singleshot_timer timer = { 1, 0 };
    struct iret_context frame = {
        .rax = __HYPERVISOR_vcpu_op,
        .flags = HANDLERS_FRAME,
        .rip = LAST_PAGE + 4094,
        .cs = KIT_CS & ~3,
        .rflags = 0x202,
        .rsp = (ulong)__builtin_frame_address(0) - 2048,
        .ss = KIT_SS,
    };

    asm volatile("mov %0, %%rsp; syscall"
                 :
                 : "r"(&frame), "a"(__HYPERVISOR_iret), "D"(VCPUOP_set_singleshot_timer),
                   "S"(this_vcpu()->id), "d"(&timer)
                 : "memory");
}

void test_main(void)
{
    uint8_t *page = page_alloc();
    struct fault f;
    long rc = __HYPERVISOR_xen_version;

    page[4094] = 0x0f;
    page[4095] = 0x05; /* syscall */
    trap_handle(TRAP_GP, look);
    need(table_map(LAST_PAGE, virt_to_mfn(page), PTE_USER_RO));
    f = fault_of(asm volatile("jmp *%1"
                              : "+a"(rc)
                              : "r"(LAST_PAGE + 4094), "D"(0), "S"(0)
                              : "rcx", "r11", "memory"));
    expect_eq(f.vector, TRAP_GP, "a general protection fault");
    expect_eq(f.error, 0, "its error code");
    expect_eq(f.ip, LAST_PAGE + 4096, "at the address that is not canonical");
    expect_eq(seen.cs, KIT_CS & ~3, "cs");
    expect_eq(seen.cx, f.ip, "rcx and");
    expect_eq(seen.r11 & 0x202, 0x202, "r11 are what SYSCALL left");
    f = fault_of(call_by_iret());
    expect_fault(f, TRAP_GP, 0, "with work to do");
    expect_eq(f.ip, LAST_PAGE + 4096, "likewise");
    need(table_unmap(LAST_PAGE));
    page_free(page);
}
