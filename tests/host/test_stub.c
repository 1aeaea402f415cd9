/*
 * What SYSCALL enters, byte by byte, and the frame that it leaves, as reports of crashes and debug keys show it: in a
 * hypercall that is what SYSCALL implies, whatever else still lies there.
 *
 * LINK: hypervisor/cpu/stub.c
 */
#include "tests/host/host.h"

#include "cpu/percpu.h"
#include "cpu/segments.h"
#include "cpu/stub.h"

const u8 hypercall_return[1];

/* The top of a CPU's stack. */
static struct {
    u64 return_address;
    struct regs regs;
    struct percpu cpu;
} top;
__thread struct percpu *host_cpu = &top.cpu;

static struct regs shown(u64 return_address)
{
    struct regs copy;

    top.return_address = return_address;
    top.regs = (struct regs){ .rax = 1,
                              .rcx = 2,
                              .r11 = 3,
                              .rip = 4,
                              .rflags = 5,
                              .rsp = 6,
                              .error = 7,
                              .vector = 8,
                              .cs = 9,
                              .ss = 10 };
    stub_guest_regs(&copy);
    expect(copy.rax == 1 && copy.rip == 4 && copy.rflags == 5 && copy.rsp == 6);
    return copy;
}

TEST(frame_of_a_hypercall)
{
    struct regs regs = shown((u64)hypercall_return);

    expect(regs.rcx == 4 && regs.r11 == 5);
    expect(regs.cs == SEL_USER_CS64 && regs.ss == SEL_USER_DS);
    expect(regs.vector == VECTOR_SYSCALL && regs.error == 0);
    expect_eq(top.regs.rcx, 2); /* it is left as it is */
}

TEST(any_other_frame)
{
    struct regs regs = shown(0x1234);

    expect(!memcmp(&regs, &top.regs, sizeof(regs)));
}

TEST(stub)
{
    static const u8 expected[] = {
        0x48, 0x89, 0x25, 0xe9, 0x0f, 0,    0, /* mov %rsp, the frame's rsp */
        0x48, 0x8d, 0x25, 0x4a, 0x0f, 0,    0, /* lea the frame, %rsp */
        0x48, 0x83, 0xf8, 0x17,                /* cmp $iret, %rax */
        0x0f, 0x85, 0xe8, 0xff, 0xff, 0xff,    /* jne before */
        0xe9, 0xe3, 0x00, 0x00, 0x00,          /* jmp behind */
    };
    u8 code[SYSCALL_STUB_SIZE] = { 0 };

    syscall_stub_write(code, 0x1000, 0x2000, (void *)0x1000, (void *)0x1100);
    expect(!memcmp(code, expected, sizeof(expected)));
    for ( size_t i = sizeof(expected); i < sizeof(code); i++ )
        expect_eq(code[i], 0);
}

HOST_TEST_MAIN
