/*
 * The FS and GS bases are set by hypercall; user mode has a GS base of its own, swapped on each change of mode.
 *
 * SEGBASE_GS_USER_SEL never fails, whatever the selector: Linux would BUG. A base that is not canonical would fault in
 * the hypervisor, so it is refused (XSA-193).
 */
#include "test.h"

static ulong words[4] = { 0x1111, 0x2222, 0x3333, 0x4444 };

static ulong read_fs(void)
{
    ulong value;

    asm volatile("mov %%fs:0, %0" : "=r"(value));
    return value;
}

static ulong read_gs(void)
{
    ulong value;

    asm volatile("mov %%gs:0, %0" : "=r"(value));
    return value;
}

static long user_read_gs(long arg)
{
    return (long)read_gs();
}

static void rdmsr_check(uint32_t msr, ulong want, const char *text)
{
    uint32_t low = 0, high = 0;

    expect_no_fault(fault_of(asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr))), text);
    expect_eq((ulong)high << 32 | low, want, text);
}

void test_main(void)
{
    struct user_result user;

    expect_eq(hypercall(set_segment_base, SEGBASE_FS, &words[0]), 0, "set FS");
    expect_eq(read_fs(), 0x1111, "FS works");
    expect_eq(hypercall(set_segment_base, SEGBASE_GS_KERNEL, &words[1]), 0, "set the kernel's GS");
    expect_eq(read_gs(), 0x2222, "GS works");
    expect_eq(hypercall(set_segment_base, SEGBASE_GS_USER, &words[2]), 0, "set user mode's GS");
    expect_eq(read_gs(), 0x2222, "the kernel's is as it was");
    user = user_run(user_read_gs, 0);
    expect_eq(user.value, 0x3333, "user mode sees its own");
    expect_eq(read_gs(), 0x2222, "the kernel's is as it was");

    rdmsr_check(0xc0000100, (ulong)&words[0], "MSR FS_BASE");
    rdmsr_check(0xc0000101, (ulong)&words[1], "MSR GS_BASE");
    rdmsr_check(0xc0000102, (ulong)&words[2], "MSR SHADOW_GS_BASE");

    expect_eq(hypercall(set_segment_base, SEGBASE_FS, 0x8000000000000000), -EINVAL,
              "FS, not canonical");
    expect_eq(hypercall(set_segment_base, SEGBASE_GS_KERNEL, 0x0000800000000000), -EINVAL,
              "GS, not canonical");
    expect_eq(hypercall(set_segment_base, SEGBASE_GS_USER, 0x0000800000000000), -EINVAL,
              "user GS likewise");
    expect_eq(hypercall(set_segment_base, SEGBASE_FS, HYPERVISOR_VIRT_START), 0,
              "FS in the hypervisor's range");
    expect_eq(hypercall(set_segment_base, SEGBASE_GS_USER_SEL, 0), 0, "a null selector");
    expect_eq(hypercall(set_segment_base, SEGBASE_GS_USER_SEL, KIT_SS), 0, "a good selector");
    expect_eq(hypercall(set_segment_base, SEGBASE_GS_USER_SEL, 0xffff), 0, "a bad selector");
    expect_eq(hypercall(set_segment_base, SEGBASE_GS_USER_SEL, 0x2b), 0, "another bad selector");
    expect_eq(hypercall(set_segment_base, 4, 0), -EINVAL, "a base that is none");
    expect_eq(hypercall(set_segment_base, 1UL << 32 | SEGBASE_FS, 0), 0, "its number is an int");
    hypercall(set_segment_base, SEGBASE_FS, 0);
}
