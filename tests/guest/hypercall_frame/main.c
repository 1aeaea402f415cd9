/*
 * An event that comes at a hypercall's end finds the hypercall's own registers in its frame: where it returns to, cs,
 * ss, and in rcx and r11 what SYSCALL put there. The hypervisor saves little of that before it knows that it is wanted.
 *
 * First an exception leaves other values where the frame is to be, and an iret other selectors, of a GDT of ours: so we
 * see if any of them is still there. The event is one that we mark ourselves, so that any hypercall ends with it: one
 * that is done at once, one that doesn't exist, and one that moves our vcpu_info.
 */
#include "test.h"

#ifdef __i386__
#define HYPERCALL   "int $0x82"
#define KERNEL_CS   KIT_CS
#define ADDRESS     "movl $1f, %[back]\n"
#define CLOBBERS    "memory", "cc"
#define LEAVE_STALE "nop\n"
#else
#define HYPERCALL "syscall"
#define KERNEL_CS (KIT_CS & ~3)
#define ADDRESS   "lea 1f(%%rip), %%rcx; mov %%rcx, %[back]\n"
#define CLOBBERS  "rcx", "r11", "memory", "cc"
/* The iret's frame, below what the compiler may have there: ss, rsp, rflags, cs, rip, flags, rcx, r11 and rax. */
#define LEAVE_STALE                                                                                \
    "mov $0x57a1e, %%ecx; mov $0x57a1e, %%r11d; ud2\n"                                             \
    "mov %%rsp, %%rcx; lea -128(%%rsp), %%rsp\n"                                                   \
    "push %[stale_ss]; push %%rcx; pushfq; push %[stale_cs]; lea 2f(%%rip), %%rcx; push %%rcx\n"   \
    "push $0; push $0x57a1e; push $0x57a1e; push %%rax; mov %[iret], %%eax; syscall\n"             \
    "2:\n"
#endif

#define STALE_CODE (2 << 3)
#define STALE_DATA (3 << 3 | 3)

static struct cpu_frame seen;
static bool came;
static struct vcpu_info
    *moved; /* where our vcpu_info is when the call has come to its end, and not before */
static ulong back, sp; /* where the last call returns to, and on which stack */

static bool look(struct cpu_frame *frame, unsigned int number)
{
    if ( !came && frame->ip == back )
    {
        seen = *frame;
        came = true;
        if ( moved )
            this_vcpu()->info = moved;
    }
    return false;
}

static bool step_over_ud2(struct cpu_frame *frame, unsigned int number)
{
    frame->ip += 2;
    return true;
}

/* A hypercall with the carry set, behind an exception, and with 1 in *@pending. */
static long call(uint8_t *pending, ulong number, ulong a1, ulong a2, ulong a3)
{
    came = false;
    asm volatile(
        LEAVE_STALE ADDRESS "mov %%" KIT_SP ", %[sp]; stc; movb $1, %[pending]\n" HYPERCALL "\n1:"
        : "+a"(number), KIT_ARG_1, KIT_ARG_2,
          KIT_ARG_3, [pending] "=m"(*pending), [back] "=m"(back), [sp] "=m"(sp)
        : [iret] "i"(__HYPERVISOR_iret), [stale_cs] "i"(STALE_CODE), [stale_ss] "i"(STALE_DATA)
        : CLOBBERS);
    return (long)number;
}

static void expect_frame(long rc, long result, const char *what)
{
    printf("%s\n", what);
    expect_eq(rc, result, "its result");
    expect(came, "an upcall at the hypercall's end");
    expect_eq(seen.sp, sp, "on its stack");
    expect_eq((long)seen.ax, result, "with its result");
    expect_eq(seen.cs & 0xffff, KERNEL_CS, "the kernel's cs");
    expect_eq(seen.ss & ~3UL, KIT_SS & ~3, "ss");
    expect_eq(seen.flags & 0x201, 0x201, "flags: events enabled, and the carry");
#ifndef __i386__
    expect_eq(seen.cx, back, "rcx is what SYSCALL left");
    expect_eq(seen.r11 & 0x201, 0x201, "so is r11");
#endif
}

/* An interrupt may deliver the event before the call does: try again. */
static long call_with_event(ulong number, ulong a1)
{
    unsigned int tries = 0;
    long rc;

    do
        rc = call(&this_vcpu()->info->evtchn_upcall_pending, number, a1, 0, 0);
    while ( !came && ++tries < 100 );
    return rc;
}

static long move_vcpu_info(void)
{
    struct vcpu_info *old = this_vcpu()->info, *info = page_alloc();
    struct vcpu_register_vcpu_info op = { .mfn = virt_to_mfn(info) };
    uint8_t nothing;
    long rc;

    moved = info; /* the upcall comes before we are back */
    rc = call(&nothing, __HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, this_vcpu()->id,
              (ulong)&op);
    old->evtchn_upcall_mask = 1;
    return rc;
}

/* Flat segments with other selectors than those that the hypervisor offers. */
static uint64_t *install_gdt(void)
{
    uint64_t *gdt = page_alloc();
    xen_pfn_t frame = virt_to_mfn(gdt);

    gdt[STALE_CODE >> 3] = KIT_PV32 ? 0 : 0x00affa000000ffff;
    gdt[STALE_DATA >> 3] = KIT_PV32 ? 0 : 0x00cff2000000ffff;
    need(page_protect(gdt, PTE_KERNEL_RO));
    need(hypercall(set_gdt, &frame, 512));
    return gdt;
}

static void remove_gdt(uint64_t *gdt)
{
    need(hypercall(set_gdt, NULL, 0));
    page_release(gdt);
}

void test_main(void)
{
    uint64_t *gdt = install_gdt();

    trap_handle(TRAP_UD, step_over_ud2);
    trap_handle(KIT_ENTRY_EVENT, look);
    expect_frame(call_with_event(__HYPERVISOR_xen_version, XENVER_version), 4 << 16 | 17,
                 "done at once");
    expect_frame(call_with_event(1000, 0), -ENOSYS, "no such hypercall");
    expect_frame(move_vcpu_info(), 0, "a new vcpu_info");
    remove_gdt(gdt);
}
