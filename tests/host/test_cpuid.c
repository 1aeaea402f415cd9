/*
 * CPUID policies: what guests see of a processor. The processor is QEMU's `-cpu max` of version 7.2; what a PV dom0
 * and a PV domU see of it under Debian's Xen 4.17 was measured, and is what we hold ours against.
 *
 * LINK: hypervisor/pv/emulate/cpuid.c hypervisor/pv/emulate/cpuid_policy.c hypervisor/pv/emulate/cpuid_leaves.c
 */
#include "tests/host/host.h"

#include "cpu/fpu.h"
#include "mm/alloc.h"
#include "mm/heap.h"
#include "pv/emulate/cpuid_policy.h"
#include "time/time.h"

/* --- the hypervisor around --- */

u64 fpu_features = 7;
u64 time_tsc_khz = 2445425;

void *heap_alloc(size_t size)
{
    require(size <= PAGE_SIZE);
    return calloc(1, size);
}

void heap_free(void *p)
{
    free(p);
}

unsigned int mm_address_bits(void)
{
    return 29;
}

/* --- the processor --- */

static struct {
    u32 leaf, subleaf;
    struct cpuid_leaf value;
} processor[] = {
    { 0, 0, { 0xd, 0x68747541, 0x444d4163, 0x69746e65 } },
    { 1, 0, { 0x00060fb1, 0x00020800, 0xfed8320b, 0x1fcbfbfd } },
    { 5, 0, { 0, 0, 3, 0 } },
    { 6, 0, { 4, 0, 0, 0 } },
    { 7, 0, { 0, 0x01c843a9, 0x8001021c, 0 } },
    { 0xb, 0, { 0, 1, 0x100, 0 } },
    { 0xd, 0, { 0x21f, 0x240, 0xa88, 0 } },
    { 0xd, 1, { 5, 0x3c8, 0, 0 } },
    { 0xd, 2, { 0x100, 0x240, 0, 0 } },
    { 0xd, 3, { 0x40, 0x3c0, 0, 0 } },
    { 0xd, 4, { 0x40, 0x400, 0, 0 } },
    { 0xd, 9, { 8, 0xa80, 0, 0 } },
    { 0x80000000, 0, { 0x8000000a, 0x68747541, 0x444d4163, 0x69746e65 } },
    { 0x80000001, 0, { 0x00060fb1, 0, 0x77, 0xedd3fbfd } },
    { 0x80000002, 0, { 0x554d4551, 0x47435420, 0x55504320, 0x72657620 } },
    { 0x80000005, 0, { 0x01ff01ff, 0x01ff01ff, 0x40020140, 0x40020140 } },
    { 0x80000006, 0, { 0, 0x42004200, 0x02008140, 0x00808140 } },
    { 0x80000008, 0, { 0x3928, 0, 0x1001, 0 } },
    { 0x8000000a, 0, { 1, 0x10, 0, 0x10010001 } },
};

static struct cpuid_leaf *hardware(u32 leaf, u32 subleaf)
{
    for ( unsigned int i = 0; i < sizeof(processor) / sizeof(processor[0]); i++ )
        if ( processor[i].leaf == leaf && processor[i].subleaf == subleaf )
            return &processor[i].value;
    return NULL;
}

struct cpuid_leaf host_cpuid(u32 leaf, u32 subleaf)
{
    struct cpuid_leaf *value = hardware(leaf, subleaf);

    return value ? *value : (struct cpuid_leaf){ 0 };
}

static struct domain domain = { .id = 3 };
static struct vcpu vcpu = { .domain = &domain, .cpu.kernel_mode = 1, .pv.xcr0 = 3 };

static void start(bool privileged)
{
    cpuid_init();
    domain.privileged = privileged;
    require(!cpuid_policy_default(&domain));
}

static struct cpuid_leaf ask(u32 leaf, u32 subleaf)
{
    struct cpuid_leaf out = { ~0u, ~0u, ~0u, ~0u };

    cpuid_guest(&vcpu, leaf, subleaf, &out);
    return out;
}

static void expect_leaf(u32 leaf, u32 subleaf, u32 a, u32 b, u32 c, u32 d)
{
    struct cpuid_leaf got = ask(leaf, subleaf);

    if ( got.eax != a || got.ebx != b || got.ecx != c || got.edx != d )
        fail("leaf %x.%x is %08x %08x %08x %08x, not %08x %08x %08x %08x", leaf, subleaf, got.eax,
             got.ebx, got.ecx, got.edx, a, b, c, d);
}

/* --- what guests see --- */

TEST(a_guest_sees_what_it_sees_on_the_peer)
{
    start(false);
    expect_leaf(0, 0, 0xd, 0x68747541, 0x444d4163, 0x69746e65);
    expect_leaf(1, 0, 0x00060fb1, 0x00020800, 0xfed83203, 0x1fc9c3f5);
    expect_leaf(5, 0, 0, 0, 0, 0);
    expect_leaf(6, 0, 0, 0, 0, 0);
    expect_leaf(7, 0, 0, 0x01880329, 0x200, 0);
    expect_leaf(7, 1, 0, 0, 0, 0);
    expect_leaf(0xb, 0, 0, 0, 0, 0);
    expect_leaf(0xd, 0, 7, 0x240, 0x340, 0);
    expect_leaf(0xd, 1, 5, 0, 0, 0);
    expect_leaf(0xd, 2, 0x100, 0x240, 0, 0);
    expect_leaf(0xd, 3, 0, 0, 0, 0);
    expect_leaf(0xd, 9, 0, 0, 0, 0);
    expect_leaf(0xd, 63, 0, 0, 0, 0);
    expect_leaf(0xe, 0, 0, 0, 0, 0);
    expect_leaf(0x80000001, 0, 0x00060fb1, 0, 0x63, 0xe9d1cbf5);
    expect_leaf(0x80000002, 0, 0x554d4551, 0x47435420, 0x55504320, 0x72657620);
    expect_leaf(0x80000005, 0, 0x01ff01ff, 0x01ff01ff, 0x40020140, 0x40020140);
    expect_leaf(0x80000008, 0, 0x3028, 0, 0x1001, 0);
    expect_leaf(0x8000000a, 0, 0, 0, 0, 0);
    expect_leaf(0x80000100, 0, 0, 0, 0, 0);
}

TEST(the_hypervisors_own_leaves)
{
    start(true);
    expect_leaf(0x40000000, 0, 0x40000005, 0x566e6558, 0x65584d4d, 0x4d4d566e);
    expect_leaf(0x40000001, 0, 0x00040011, 0, 0, 0);
    expect_leaf(0x40000002, 0, 1, 0x40000000, 1, 0);
    expect_leaf(0x40000003, 2, 2445425, 0, 0, 0);
    expect_leaf(0x40000004, 0, 0, 0, 0, 0);
    expect_leaf(0x40000005, 0, 0, 29, 0, 0);
    expect_leaf(0x40000006, 0, 0, 0, 0, 0);
    expect_leaf(0x40000100, 0, 0, 0, 0, 0);
}

TEST(each_vcpu_has_an_apic_id_of_its_own)
{
    start(false);
    vcpu.id = 3;
    expect_eq(ask(1, 0).ebx >> 24, 6);
}

/* A process that CPUID faults in sees what its kernel set; the kernel always sees that it may use XSAVE. */
TEST(osxsave)
{
    const u32 osxsave = 1u << 27;

    start(false);
    expect(ask(1, 0).ecx & osxsave);
    vcpu.cpu.kernel_mode = 0;
    expect(!(ask(1, 0).ecx & osxsave));
    vcpu.pv.cr4 = CR4_OSXSAVE;
    expect(ask(1, 0).ecx & osxsave);
}

TEST(no_osxsave_without_xsave)
{
    fpu_features = 0;
    start(false);
    expect(!(ask(1, 0).ecx & (3u << 26)));
    expect(!(ask(1, 0).ecx & (1u << 28))); /* AVX goes with it */
    expect_leaf(0xd, 0, 0, 0, 0, 0);
    expect_leaf(0xd, 1, 0, 0, 0, 0);
    expect_leaf(0xd, 2, 0, 0, 0, 0);
}

TEST(the_size_of_the_area_follows_xcr0)
{
    start(false);
    vcpu.pv.xcr0 = 7;
    expect_eq(ask(0xd, 0).ebx, 0x340);
    vcpu.pv.xcr0 = 1;
    expect_eq(ask(0xd, 0).ebx, 0x240);
    expect_eq(cpuid_xcr0_allowed(&domain), 7);
}

/* What would hurt if it were shown: large pages, supervisor features, timers, virtualization. */
TEST(hidden_features)
{
    static const u32 hidden[] = {
        XEN_X86_FEATURE_PSE,     XEN_X86_FEATURE_PSE36,     XEN_X86_FEATURE_PGE,
        XEN_X86_FEATURE_PAGE1GB, XEN_X86_FEATURE_VME,       XEN_X86_FEATURE_PCID,
        XEN_X86_FEATURE_SMEP,    XEN_X86_FEATURE_INVPCID,   XEN_X86_FEATURE_SMAP,
        XEN_X86_FEATURE_UMIP,    XEN_X86_FEATURE_PKU,       XEN_X86_FEATURE_TSC_DEADLINE,
        XEN_X86_FEATURE_VMX,     XEN_X86_FEATURE_SVM,       XEN_X86_FEATURE_X2APIC,
        XEN_X86_FEATURE_XSAVES,  XEN_X86_FEATURE_MTRR,      XEN_X86_FEATURE_IBRSB,
        XEN_X86_FEATURE_CET_SS,  XEN_X86_FEATURE_MONITOR,   XEN_X86_FEATURE_SSBD,
        XEN_X86_FEATURE_DBEXT,   XEN_X86_FEATURE_ARCH_CAPS,
    };

    for ( unsigned int i = 0; i < sizeof(processor) / sizeof(processor[0]); i++ )
        if ( processor[i].leaf == 1 || processor[i].leaf == 7 || processor[i].leaf == 0x80000001 )
            processor[i].value.ecx = processor[i].value.edx =
                ~0u; /* a processor that has everything */
    hardware(7, 0)->ebx = ~0u;
    hardware(0xd, 1)->eax = ~0u;
    start(true);
    for ( unsigned int i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++ )
        if ( cpuid_has(domain.pv.cpuid, hidden[i]) )
            fail("feature %u*32+%u is shown", hidden[i] / 32, hidden[i] % 32);
    expect(cpuid_has(domain.pv.cpuid, XEN_X86_FEATURE_AVX2));
    expect(!cpuid_has(domain.pv.cpuid, XEN_X86_FEATURE_AVX512F)); /* XCR0 lacks its states */
    expect(!cpuid_has(domain.pv.cpuid, XEN_X86_FEATURE_AVX512BW));
}

/* --- the toolstack's view --- */

static xen_cpuid_leaf_t leaves[CPUID_MAX_LEAVES];

static xen_cpuid_leaf_t *find(u32 nr, u32 leaf, u32 subleaf)
{
    for ( u32 i = 0; i < nr; i++ )
        if ( leaves[i].leaf == leaf && leaves[i].subleaf == subleaf )
            return &leaves[i];
    fail_now("there is no leaf %x.%x", leaf, subleaf);
}

static long write_policy(u32 nr)
{
    struct cpuid_policy *change = cpuid_change_begin(&domain);
    long rc = 0;

    for ( u32 i = 0; !rc && i < nr; i++ )
        rc = cpuid_change_set_leaf(change, &leaves[i]);
    if ( rc )
        cpuid_change_drop(change);
    else
        cpuid_change_commit(&domain, change);
    return rc;
}

/* libxc reads the default, changes it a little, writes it: what comes back unchanged must change nothing. */
TEST(a_policy_survives_the_round_trip)
{
    struct cpuid_policy before;
    u32 nr;

    start(false);
    before = *domain.pv.cpuid;
    nr = cpuid_policy_get_leaves(cpuid_machine_policy(XEN_SYSCTL_cpu_policy_pv_default), leaves);
    expect_eq(write_policy(nr), 0);
    expect(!memcmp(&before, domain.pv.cpuid, sizeof(before)));
}

TEST(features_can_be_taken_but_not_made)
{
    u32 nr;

    start(false);
    nr = cpuid_policy_get_leaves(domain.pv.cpuid, leaves);
    find(nr, 1, XEN_CPUID_NO_SUBLEAF)->c &= ~(1u << 26); /* XSAVE, and all that needs it */
    find(nr, 7, 0)->b |= 1u << 20;                       /* SMAP: not a guest's */
    find(nr, 7, 0)->b |= 1u << 16;                       /* AVX512F: not the processor's */
    find(nr, 0xd, 2)->b = 0x7fffffff;                    /* a size made up */
    expect_eq(write_policy(nr), 0);

    expect(!(ask(1, 0).ecx & (1u << 26)) && !(ask(1, 0).ecx & (1u << 28)) &&
           !(ask(1, 0).ecx & (1u << 27)));
    expect_eq(ask(7, 0).ebx & ((1u << 20) | (1u << 16)), 0);
    expect_leaf(0xd, 0, 0, 0, 0, 0);
    expect_eq(cpuid_xcr0_allowed(&domain), 0);
}

TEST(bad_leaves_are_refused)
{
    struct cpuid_policy *change;

    start(false);
    change = cpuid_change_begin(&domain);
    expect_eq(cpuid_change_set_leaf(change, &(xen_cpuid_leaf_t){ .leaf = 0x12, .subleaf = ~0u }),
              -ERANGE);
    expect_eq(
        cpuid_change_set_leaf(change, &(xen_cpuid_leaf_t){ .leaf = 0x80000022, .subleaf = ~0u }),
        -ERANGE);
    expect_eq(cpuid_change_set_leaf(change, &(xen_cpuid_leaf_t){ .leaf = 1, .subleaf = 0 }),
              -ERANGE);
    expect_eq(cpuid_change_set_leaf(change, &(xen_cpuid_leaf_t){ .leaf = 0xd, .subleaf = 63 }),
              -ERANGE);
    expect_eq(cpuid_change_set_leaf(change, &(xen_cpuid_leaf_t){ .leaf = 7, .subleaf = 3 }),
              -ERANGE);
    expect_eq(cpuid_change_set_msr(change, &(xen_msr_entry_t){ .idx = 0xce }), 0);
    expect_eq(cpuid_change_set_msr(change, &(xen_msr_entry_t){ .idx = 0xce, .flags = 1 }), -EINVAL);
    expect_eq(cpuid_change_set_msr(change, &(xen_msr_entry_t){ .idx = 0x10a, .val = 1 }), -EINVAL);
    expect_eq(cpuid_change_set_msr(change, &(xen_msr_entry_t){ .idx = 0x48 }), -ERANGE);
    cpuid_change_drop(change);
}

static void expect_too_large(u32 base)
{
    struct cpuid_policy *change = cpuid_change_begin(&domain);
    xen_cpuid_leaf_t limit = { .leaf = base, .subleaf = ~0u, .a = base + 0xff };
    u32 leaf = ~0u;

    expect_eq(cpuid_change_check(change, &leaf), 0);
    expect_eq(cpuid_change_set_leaf(change, &limit), 0);
    expect_eq(cpuid_change_check(change, &leaf), -EINVAL);
    expect_eq(leaf, base);
    cpuid_change_drop(change);
}

/* What a policy says of its size is looked at when all of it is there. */
TEST(policies_that_are_too_large_are_refused)
{
    start(false);
    expect_too_large(0);
    expect_too_large(0x80000000);
}

/* Subleaf limits that the toolstack makes up must not lead beyond our arrays. */
TEST(made_up_limits_stay_within_bounds)
{
    u32 nr;

    start(false);
    nr = cpuid_policy_get_leaves(domain.pv.cpuid, leaves);
    find(nr, 7, 0)->a = 0x7fffffff;
    find(nr, 0xd, 0)->a = ~0u;
    find(nr, 0xd, 0)->d = ~0u;
    expect_eq(write_policy(nr), 0);
    nr = cpuid_policy_get_leaves(domain.pv.cpuid, leaves);
    expect(nr <= CPUID_MAX_LEAVES);
    expect_eq(cpuid_xcr0_allowed(&domain), 7);
    expect_leaf(7, 3, 0, 0, 0, 0);
}

/* Nothing is shown beyond the last leaf, whatever the toolstack wrote there. */
TEST(leaves_beyond_the_last_are_zero)
{
    u32 nr;

    start(false);
    nr = cpuid_policy_get_leaves(domain.pv.cpuid, leaves);
    *find(nr, 0, ~0u) = (xen_cpuid_leaf_t){ 0, ~0u, 1, 0x756e6547, 0x6c65746e, 0x49656e69 };
    find(nr, 2, ~0u)->a = 0x76036301; /* an Intel's caches */
    expect_eq(write_policy(nr), 0);
    for ( u32 leaf = 2; leaf <= 0xf; leaf++ )
        expect_leaf(leaf, 0, 0, 0, 0, 0);
    expect_leaf(0, 0, 1, 0x756e6547, 0x6c65746e, 0x49656e69);

    find(nr, 0, ~0u)->a = 2;
    expect_eq(write_policy(nr), 0);
    expect_leaf(2, 0, 0x76036301, 0, 0, 0);
}

TEST(the_array_of_leaves_is_never_overrun)
{
    for ( unsigned int i = 0; i < sizeof(processor) / sizeof(processor[0]); i++ )
        if ( processor[i].leaf == 0 || processor[i].leaf == 0x80000000 )
            processor[i].value.eax |= 0xffff;
    hardware(0xd, 0)->eax = ~0u;
    hardware(0xd, 0)->edx = ~0u;
    hardware(7, 0)->eax = ~0u;
    cpuid_init();
    for ( u32 i = 0; i < 6; i++ )
        if ( cpuid_machine_policy(i) )
            expect(cpuid_policy_get_leaves(cpuid_machine_policy(i), leaves) <= CPUID_MAX_LEAVES);
}

TEST(featuresets_as_on_the_peer)
{
    static const u32 pv[] = { 0x1fc9c3f5, 0xf6d83203, 0xe8500800, 0x63, 5, 0x01880329, 0x200 };
    static const u32 raw[] = {
        0x1fcbfbfd, 0xfed8320b, 0xedd3fbfd, 0x77, 5, 0x01c843a9, 0x8001021c
    };
    u32 words[CPUID_FEATURESET_WORDS];

    start(false);
    cpuid_policy_features(cpuid_machine_policy(XEN_SYSCTL_cpu_policy_raw), words);
    expect(!memcmp(words, raw, sizeof(raw)));
    cpuid_policy_features(cpuid_machine_policy(XEN_SYSCTL_cpu_policy_pv_default), words);
    words[2] &= ~0x0183f3ffu; /* what AMD repeats */
    expect(!memcmp(words, pv, sizeof(pv)));
    expect(!cpuid_machine_policy(XEN_SYSCTL_cpu_policy_hvm_max));
}

TEST(vendor_and_signature)
{
    u32 family, model, stepping;

    start(false);
    cpuid_machine_signature(&family, &model, &stepping);
    expect_eq(family, 0xf);
    expect_eq(model, 0x6b);
    expect_eq(stepping, 1);
    expect(!memcmp(cpuid_machine_vendor(), "AuthenticAMD", 12));
}

/* The masks come from the public header by a script: another header, other masks. */
TEST(the_feature_masks_are_current)
{
    const char *awk =
        "awk -f hypercall/gen-cpuid-features /usr/include/xen/arch-x86/cpufeatureset.h | "
        "cmp -s - hypervisor/pv/emulate/cpuid_features.h";

    expect_eq(system(awk), 0);
}

HOST_TEST_MAIN
