/*
 * Privileged instructions whose last bytes can't be fetched: they are none, and the guest gets its fault.
 *
 * The processor raises #GP only for an instruction that it has fetched, but another vcpu may unmap the page before we
 * read it again.
 *
 * LINK: hypervisor/pv/emulate/privileged.c hypervisor/pv/emulate/decode.c hypervisor/pv/segment/lookup.c
 */
#include <sys/mman.h>

#include "access/access.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/uaccess.h"
#include "pv/bounce/bounce.h"
#include "pv/emulate/cpuid.h"
#include "pv/emulate/internal.h"
#include "pv/pagetable/pagetable.h"
#include "tests/host/host.h"
#include "trace/trace.h"

struct cpu_features cpu_features = { .fsgsbase = true, .xsave = true };

static struct percpu cpu;
__thread struct percpu *host_cpu = &cpu;

cpumask_t smp_online;

void tlb_flush_caches(void)
{
}

static unsigned long done; /* how many instructions had an effect */
static u64 fetch_end;      /* behind it nothing is mapped */

unsigned long copy_from_guest(void *to, gva_t from, unsigned long len)
{
    unsigned long there = from.n >= fetch_end ? 0 : fetch_end - from.n;

    if ( there > len )
        there = len;
    memcpy(to, (const void *)from.n, there);
    return len - there;
}

long access_check(const struct domain *who, const struct domain *target, enum access_right right)
{
    (void)who, (void)target, (void)right;
    return -EPERM;
}

mfn_t pagetable_root_of(const struct vcpu *v, u64 cr3)
{
    (void)v;
    return to_mfn(cr3 >> PAGE_SHIFT);
}

u64 pagetable_cr3_of(const struct vcpu *v, mfn_t root)
{
    (void)v;
    return root.n << PAGE_SHIFT;
}

void bounce_general_protection(struct vcpu *v, struct regs *regs)
{
    bounce_exception(v, regs, TRAP_GP, regs->error);
}

void bounce_debug(struct vcpu *v, struct regs *regs, unsigned int vector)
{
    bounce_exception(v, regs, vector, 0);
}

u64 bounce_cr2(const struct vcpu *v)
{
    return v->cpu.info->arch.cr2;
}

void bounce_set_cr2(struct vcpu *v, u64 value)
{
    v->cpu.info->arch.cr2 = value;
}

void cpuid_guest(struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_leaf *out)
{
    (void)v, (void)leaf, (void)subleaf;
    *out = (struct cpuid_leaf){ 0 };
    done++;
}

void emulate_frequent_io(struct vcpu *v, struct regs *regs, u64 code)
{
    (void)code;
    done++;
    emulate_finish(v, regs, 1);
}

u64 tsc_read(const struct domain *d)
{
    (void)d;
    return rdtsc();
}

enum emulated emulate_io(struct vcpu *v, struct regs *regs, struct insn *insn)
{
    (void)v, (void)regs, (void)insn;
    done++;
    return EMULATED_DONE;
}

bool emulate_msr_read(struct vcpu *v, u32 msr, u64 *value)
{
    (void)v, (void)msr;
    *value = 0;
    done++;
    return true;
}

bool emulate_msr_write(struct vcpu *v, u32 msr, u64 value)
{
    (void)v, (void)msr, (void)value;
    done++;
    return true;
}

bool emulate_xsetbv(struct vcpu *v, u32 index, u64 value)
{
    (void)v, (void)index, (void)value;
    done++;
    return true;
}

long emulate_write_dr(struct vcpu *v, unsigned int reg, u64 value)
{
    (void)v, (void)reg, (void)value;
    done++;
    return 0;
}

long emulate_get_debugreg(unsigned long reg)
{
    (void)reg;
    done++;
    return 0;
}

long emulate_fpu_taskswitch(unsigned long set)
{
    (void)set;
    done++;
    return 0;
}

long pagetable_set_root(struct vcpu *v, mfn_t mfn, bool user)
{
    (void)v, (void)mfn, (void)user;
    done++;
    return 0;
}

static bool refused;

static void refuse(struct vcpu *v, struct regs *regs, unsigned int vector, u32 error)
{
    (void)v, (void)regs;
    expect_eq(vector, TRAP_GP);
    expect_eq(error, 0);
    refused = true;
}

/* The first @bytes of the instruction end where the mapping does: was it emulated? */
static bool emulated_with(const u8 *code, unsigned int bytes)
{
    static struct vcpu_info info;
    static struct domain domain;
    struct vcpu v = { .domain = &domain,
                      .cpu = { .kernel_mode = 1, .info = &info, .mode.deliver_exception = refuse },
                      .pv.cr4 = CR4_OSXSAVE };
    u8 *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct regs regs = { .cs = 0xe033 };
    bool emulated;

    require(page != MAP_FAILED);
    fetch_end = (u64)page + 4096;
    memcpy(page + 4096 - bytes, code, bytes);
    regs.rip = (u64)page + 4096 - bytes;
    done = 0;
    refused = false;
    emulate_privileged(&v, &regs);
    emulated = !refused;
    expect_eq(emulated, done > 0 || info.arch.cr2 != 0);
    if ( emulated )
        expect_eq(regs.rip, fetch_end);
    info.arch.cr2 = 0;
    munmap(page, 8192);
    return emulated;
}

static void whole_or_not_at_all(const u8 *code, unsigned int length)
{
    expect(emulated_with(code, length));
    for ( unsigned int bytes = 1; bytes < length; bytes++ )
        if ( emulated_with(code, bytes) )
            fail("%u bytes of %02x %02x were enough", bytes, code[0], code[1]);
}

#define CHECK(...)                                                                                 \
    do                                                                                             \
    {                                                                                              \
        static const u8 code[] = { __VA_ARGS__ };                                                  \
        whole_or_not_at_all(code, sizeof(code));                                                   \
    } while ( 0 )

TEST(an_instruction_that_runs_into_a_hole_is_none)
{
    CHECK(0x0f, 0x22, 0xd8);       /* mov %rax, %cr3 */
    CHECK(0x41, 0x0f, 0x22, 0xd8); /* mov %r8, %cr3 */
    CHECK(0x0f, 0x23, 0xc0);       /* mov %rax, %dr0 */
    CHECK(0x0f, 0x21, 0xf8);       /* mov %dr7, %rax */
    CHECK(0x0f, 0x30);             /* wrmsr */
    CHECK(0x0f, 0x32);             /* rdmsr */
    CHECK(0x0f, 0xa2);             /* cpuid */
    CHECK(0x0f, 0x01, 0xd1);       /* xsetbv */
    CHECK(0x0f, 0x06);             /* clts */
}

HOST_TEST_MAIN
