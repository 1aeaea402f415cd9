/*
 * A multicall ends at iret: the frame that iret leaves by is where we go on, and no entry behind it runs, nor is a
 * result stored in the middle of what we do there (XSA-213).
 */
#include "test.h"

static ulong landed_ax __attribute__((used)), landed_cx __attribute__((used)),
    landed_r11 __attribute__((used));
static struct context back __attribute__((used));
extern char multicall_iret_landing[]; /* where iret goes */

#ifdef __i386__

asm("multicall_iret_landing: mov %eax, landed_ax; push $1; push $back; call context_load");

static void multicall_with_iret(struct multicall_entry *calls, unsigned int count)
{
    ulong *frame = (ulong *)((ulong)__builtin_frame_address(0) - 2048);

    /* ax, ip, cs, flags: events stay disabled */
    memcpy(frame, (ulong[4]){ 0x1234, (ulong)multicall_iret_landing, KIT_CS, 0x2 }, 16);
    if ( !context_save(&back) )
        asm volatile("mov %0, %%esp; int $0x82"
                     :
                     : "r"(frame), "a"(__HYPERVISOR_multicall), "b"(calls), "c"(count)
                     : "memory");
}

#else

asm("multicall_iret_landing: mov %rax, landed_ax; mov %rcx, landed_cx; mov %r11, landed_r11; lea "
    "back, %rdi; mov $1, %esi; jmp context_load");

static void multicall_with_iret(struct multicall_entry *calls, unsigned int count)
{
    struct iret_context frame = {
        .rax = 0x1234,
        .rcx = 0x5678,
        .r11 = 0x9abc,
        .rip = (ulong)multicall_iret_landing,
        .cs = KIT_CS & ~3,
        .rflags = 0x2, /* events stay disabled */
        .rsp = (ulong)__builtin_frame_address(0) - 2048,
        .ss = KIT_SS,
    };

    if ( !context_save(&back) )
        asm volatile("mov %0, %%rsp; syscall"
                     :
                     : "r"(&frame), "a"(__HYPERVISOR_multicall), "D"(calls), "S"((ulong)count)
                     : "rcx", "r11", "memory");
}

#endif

void test_main(void)
{
    struct multicall_entry calls[3] = {
        { .op = __HYPERVISOR_xen_version, .result = 0x55, .args = { XENVER_version } },
        { .op = __HYPERVISOR_iret, .result = 0x55 },
        { .op = __HYPERVISOR_xen_version, .result = 0x55, .args = { XENVER_pagesize } },
    };

    events_disable();
    multicall_with_iret(calls, 3);
    expect_eq(landed_ax, 0x1234, "ax as iret's frame has it");
#ifndef __i386__
    expect_eq(landed_cx, 0x5678, "rcx");
    expect_eq(landed_r11, 0x9abc, "r11");
#endif
    expect_eq(calls[0].result, 4 << 16 | 17, "the entry before iret");
    expect_eq(calls[2].result, 0x55, "the entry behind it does not run");
    events_enable();
}
