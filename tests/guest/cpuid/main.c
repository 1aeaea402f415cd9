/*
 * CPUID by the forced prefix: the hypervisor's own leaves, and features that a PV guest can't use hidden.
 */
#include "test.h"

struct leaf {
    uint32_t a, b, c, d;
};

static struct leaf forced(uint32_t number, uint32_t sub)
{
    struct leaf l;

    asm volatile(XEN_CPUID : "=a"(l.a), "=b"(l.b), "=c"(l.c), "=d"(l.d) : "a"(number), "c"(sub));
    return l;
}

static void hidden(const char *name, uint32_t reg, unsigned int bit)
{
    expect_eq(reg >> bit & 1, 0, name);
}

void test_main(void)
{
    struct leaf l = forced(0x40000000, 0);

    expect(l.b == XEN_CPUID_SIGNATURE_EBX && l.c == XEN_CPUID_SIGNATURE_ECX &&
               l.d == XEN_CPUID_SIGNATURE_EDX,
           "XenVMMXenVMM");
    expect(l.a >= 0x40000005, "five leaves at least");
    l = forced(0x40000001, 0);
    expect_eq(l.a, 4 << 16 | 17, "version");
    l = forced(0x40000002, 0);
    expect_eq(l.a, 1, "one hypercall page");
    expect_eq(l.b, 0x40000000, "by this MSR");
    expect_eq(l.c & 1, 1, "PRESERVE_PT bits");
    l = forced(0x40000005, 0);
    expect(l.b >= 24 && l.b <= 52, "the machine address width");

    l = forced(1, 0);
    hidden("PSE", l.d, 3);
    hidden("PGE", l.d, 13);
    hidden("PSE36", l.d, 17);
    if ( !is_dom0() ) /* dom0 sees the machine's on Debian's Xen */
        hidden("MTRR", l.d, 12);
    hidden("VMX", l.c, 5);
    hidden("MONITOR", l.c, 3);
    hidden("PCID", l.c, 17);
    hidden("x2APIC", l.c, 21);
    hidden("TSC_DEADLINE", l.c, 24);
    expect_eq(l.d >> 25 & 1, 1, "SSE");
    expect_eq(l.c >> 31 & 1, 1, "HYPERVISOR");
    expect_eq(l.c >> 26 & 1, l.c >> 27 & 1, "OSXSAVE with XSAVE");
    l = forced(7, 0);
    hidden("SMEP", l.b, 7);
    hidden("SMAP", l.b, 20);
    hidden("INVPCID", l.b, 10);
    hidden("PKU", l.c, 3);
    hidden("UMIP", l.c, 2);
    l = forced(0x80000001, 0);
    hidden("PAGE1GB", l.d, 26);
    hidden("SVM", l.c, 2);
    expect_eq(l.d >> 29 & 1, !KIT_PV32, "long mode, for 64-bit guests");
    expect_eq(l.d >> 20 & 1, 1, "NX");
}
