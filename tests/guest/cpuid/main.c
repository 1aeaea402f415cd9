/*
 * CPUID by the forced prefix: the hypervisor's own leaves, and features that a PV guest can't use hidden. It is fetched
 * whole, and nothing behind it: at a page's end it does the same, and the fault is the next instruction's.
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

static ulong page_end;
static unsigned int landings;

asm("cpuid_return: ret");
extern char cpuid_return[];

/* The fetch behind the page's end: go back to who called. */
static bool landed(struct cpu_frame *frame, unsigned int number)
{
    if ( frame->ip != page_end )
        return false;
    landings++;
    frame->ip = (ulong)cpuid_return;
    return true;
}

/* @tail bytes before the page's end, the last of which may be a return. */
static struct leaf forced_at_end(uint32_t number, ulong tail)
{
    struct leaf l;

    asm volatile("call *%4"
                 : "=a"(l.a), "=b"(l.b), "=c"(l.c), "=d"(l.d)
                 : "S"(page_end - tail), "a"(number), "c"(0)
                 : "memory");
    return l;
}

static void check_page_end(uint32_t number, const char *text)
{
    struct leaf want = forced(number, 0), last, last_but_one;
    unsigned int before = landings;

    last = forced_at_end(number, 7);
    expect_eq(landings - before, 1, "the next instruction can't be fetched");
    last_but_one = forced_at_end(number, 15);
    expect_eq(landings - before, 1, "there the next one can");
    expect(!memcmp(&last, &want, sizeof(want)), text);
    expect(!memcmp(&last_but_one, &want, sizeof(want)), text);
}

static void check_page_ends(void)
{
    static const char code[15] = "\x0f\x0bxen\x0f\xa2\xc3\x0f\x0bxen\x0f\xa2";
    char *page = page_alloc();
    ulong window = table_window();

    memcpy(page + PAGE_SIZE - sizeof(code), code, sizeof(code));
    need(table_map(window, virt_to_mfn(page), PTE_KERNEL_RW));
    page_end = window + PAGE_SIZE;
    trap_handle(TRAP_PF, landed);
    check_page_end(0, "a plain leaf");
    check_page_end(1, "one that varies");
    check_page_end(0x80000000, "an extended one");
    check_page_end(0x40000000, "the hypervisor's");
    check_page_end(0xffffffff, "none");
    trap_handle(TRAP_PF, NULL);
    need(table_unmap(window));
    page_free(page);
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
    check_page_ends();
}
