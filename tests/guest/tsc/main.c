/*
 * The TSC, the machine's or an emulated one, as CPUID's leaf 0x40000003 tells: it runs at the pace that the leaf and
 * the clock page say, never back, for the kernel and its processes alike, by RDTSC, RDTSCP and RDMSR; and a kernel can
 * keep its processes from it, not itself.
 */
#include "test.h"

#define LEAF_TSC 0x40000003U
#define EMULATED 1U
#define MSR_TSC  0x10
#define CR4_TSD  4UL

static bool have_rdtscp;

static void leaf(uint32_t subleaf, uint32_t out[4])
{
    asm volatile("ud2; .ascii \"xen\"; cpuid"
                 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                 : "0"(LEAF_TSC), "2"(subleaf));
}

static uint64_t rdtscp(void)
{
    uint32_t low, high;

    asm volatile("rdtscp" : "=a"(low), "=d"(high) : : "ecx");
    return (uint64_t)high << 32 | low;
}

static uint64_t read_msr(void)
{
    uint32_t low, high;

    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_TSC));
    return (uint64_t)high << 32 | low;
}

/* What happens in between takes less than a second: a process's difference fits into a long of either width. */
static uint64_t process_base;

static long process_reads(long arg)
{
    return (long)((arg ? rdtscp() : rdtsc()) - process_base);
}

static void all_ways(void)
{
    uint64_t first = rdtsc(), second = read_msr(), third = have_rdtscp ? rdtscp() : rdtsc();

    expect(second - first < 1UL << 30, "RDMSR goes on where RDTSC was");
    expect(third - second < 1UL << 30, "and RDTSCP");
    for ( long way = 0; way <= have_rdtscp; way++ )
    {
        struct user_result result;

        process_base = rdtsc();
        result = user_run(process_reads, way);
        expect_no_fault(result.fault, "a process may read it");
        expect(result.value > 0 && result.value < 1 << 30, "its TSC is its kernel's");
    }
}

static void never_back(void)
{
    uint64_t last = rdtsc();

    for ( unsigned int i = 0; i < 20000; i++ )
    {
        uint64_t now = rdtsc();

        if ( now < last )
            failure("it went back by %lu", (ulong)(last - now));
        last = now;
    }
}

/* kHz by the clock page: so many ticks are so many ns. */
static uint64_t khz_of_clock(void)
{
    const volatile struct vcpu_time_info *t = &this_vcpu()->info->time;
    uint64_t khz = (1000000ULL << 32) / t->tsc_to_system_mul;

    return t->tsc_shift >= 0 ? khz >> t->tsc_shift : khz << -t->tsc_shift;
}

static void pace(void)
{
    uint32_t zero[4], one[4], two[4];
    uint64_t khz, clock = khz_of_clock();

    leaf(0, zero);
    leaf(1, one);
    leaf(2, two);
    khz = zero[2];
    printf("tsc: mode %u, %s, %u kHz of %u\n", zero[1], zero[0] & EMULATED ? "emulated" : "native",
           zero[2], two[0]);
    expect(two[0] > 1000, "the machine's own pace");
    if ( khz ) /* who has the machine's TSC isn't always told */
        expect(khz > clock - clock / 1000 && khz < clock + clock / 1000,
               "the leaf and the clock say the same");
    if ( one[2] )
    {
        expect_eq(one[2], this_vcpu()->info->time.tsc_to_system_mul, "the clock's multiplier");
        expect_eq((int8_t)one[3], this_vcpu()->info->time.tsc_shift, "and its shift");
    }
    expect((khz && one[2]) || !(zero[0] & EMULATED), "of an emulated one all is told");
    if ( arg_flag("emulated") )
        expect(zero[0] & EMULATED, "it is emulated, as was asked for");
    if ( zero[1] == 2 )
        expect(!(zero[0] & EMULATED), "never emulated, as was asked for");
}

static void kept_from_processes(void)
{
    uint64_t first = rdtsc();
    ulong cr4;

    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    expect(!(cr4 & CR4_TSD), "CR4 doesn't show what makes it trap");
    asm volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_TSD));
    expect_fault(user_run(process_reads, 0).fault, TRAP_GP, 0, "a process may not");
    expect(rdtsc() - first < 1UL << 30, "its kernel may");
    asm volatile("mov %0, %%cr4" : : "r"(cr4));
    expect_no_fault(user_run(process_reads, 0).fault, "and it may again");
}

void test_main(void)
{
    uint32_t a, d;

    asm volatile("cpuid" : "=a"(a), "=d"(d) : "0"(0x80000001U) : "ebx", "ecx");
    have_rdtscp = d >> 27 & 1;
    pace();
    all_ways();
    never_back();
    kept_from_processes();
}
