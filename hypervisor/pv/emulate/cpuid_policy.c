/*
 * Making CPUID policies: from the hardware to what a domain may have.
 *
 *     raw       what CPUID says
 *     host      ... less what the hypervisor hides from everyone
 *     max       ... cut by the features marked for PV guests
 *     default   ... less the optional ones
 *     a domain's own: starts as the default; never more than max
 *
 * Features are handled as words, in the order of the public header; where each word lies among the
 * leaves, one table says.
 */
#include "cpu/fpu.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "pv/emulate/cpuid_features.h"
#include "pv/emulate/cpuid_policy.h"

#ifdef HOST_TEST
struct cpuid_leaf host_cpuid(u32 leaf, u32 subleaf);
#define cpuid(leaf, subleaf) host_cpuid(leaf, subleaf)
#endif

static struct cpuid_policy raw, host, pv_max, pv_default;

/* --- features among leaves --- */

#define PLACE(member, reg) offsetof(struct cpuid_policy, member.reg)
#define NO_PLACE           (~0UL) /* model-specific registers, which we don't show */

static const unsigned long places[CPUID_FEATURESET_WORDS] = {
    PLACE(basic[1], edx),
    PLACE(basic[1], ecx),
    PLACE(ext[1], edx),
    PLACE(ext[1], ecx),
    PLACE(xstate[1], eax),
    PLACE(feat[0], ebx),
    PLACE(feat[0], ecx),
    PLACE(ext[7], edx),
    PLACE(ext[8], ebx),
    PLACE(feat[0], edx),
    PLACE(feat[1], eax),
    PLACE(ext[0x21], eax),
    PLACE(feat[1], ebx),
    PLACE(feat[2], edx),
    PLACE(feat[1], ecx),
    PLACE(feat[1], edx),
    NO_PLACE,
    NO_PLACE,
    PLACE(ext[0x21], ecx),
};

static u32 *word_of(struct cpuid_policy *p, unsigned int word)
{
    return places[word] == NO_PLACE ? NULL : (u32 *)((u8 *)p + places[word]);
}

static u32 get_word(const struct cpuid_policy *p, unsigned int word)
{
    return places[word] == NO_PLACE ? 0 : *(const u32 *)((const u8 *)p + places[word]);
}

bool cpuid_has(const struct cpuid_policy *p, u32 feature)
{
    return get_word(p, FEATURE_WORD(feature)) & FEATURE_BIT(feature);
}

/* AMD repeats features of leaf 1 in this one; they are no features of their own. */
#define AMD_REPEATED      0x0183f3ffu
#define AMD_REPEATED_WORD FEATURE_WORD(XEN_X86_FEATURE_SYSCALL)

static bool is_amd(const struct cpuid_policy *p)
{
    return p->basic[0].ebx == 0x68747541 /* "Auth" */ || p->basic[0].ebx == 0x6f677948 /* "Hygo" */;
}

void cpuid_policy_features(const struct cpuid_policy *p, u32 words[CPUID_FEATURESET_WORDS])
{
    for ( unsigned int i = 0; i < CPUID_FEATURESET_WORDS; i++ )
        words[i] = get_word(p, i);
}

static void set(u32 *words, u32 feature)
{
    words[FEATURE_WORD(feature)] |= FEATURE_BIT(feature);
}

static void clear(u32 *words, u32 feature)
{
    words[FEATURE_WORD(feature)] &= ~FEATURE_BIT(feature);
}

static bool has(const u32 *words, u32 feature)
{
    return words[FEATURE_WORD(feature)] & FEATURE_BIT(feature);
}

/* Features that need a model-specific register which pv/emulate does not carry out. */
static const u32 need_msr[] = {
    XEN_X86_FEATURE_IBRSB,      XEN_X86_FEATURE_STIBP,       XEN_X86_FEATURE_SSBD,
    XEN_X86_FEATURE_INTEL_PSFD, XEN_X86_FEATURE_IBPB,        XEN_X86_FEATURE_SBPB,
    XEN_X86_FEATURE_IBPB_RET,   XEN_X86_FEATURE_IBPB_BRTYPE, XEN_X86_FEATURE_DBEXT,
    XEN_X86_FEATURE_ARCH_CAPS,
};

/* What is nothing without something else. In an order such that each follows what it needs. */
static const struct {
    u32 feature, needs;
} dependencies[] = {
    { XEN_X86_FEATURE_XSAVEOPT, XEN_X86_FEATURE_XSAVE },
    { XEN_X86_FEATURE_XSAVEC, XEN_X86_FEATURE_XSAVE },
    { XEN_X86_FEATURE_XGETBV1, XEN_X86_FEATURE_XSAVE },
    { XEN_X86_FEATURE_AVX, XEN_X86_FEATURE_XSAVE },
    { XEN_X86_FEATURE_FMA, XEN_X86_FEATURE_AVX },
    { XEN_X86_FEATURE_FMA4, XEN_X86_FEATURE_AVX },
    { XEN_X86_FEATURE_F16C, XEN_X86_FEATURE_AVX },
    { XEN_X86_FEATURE_XOP, XEN_X86_FEATURE_AVX },
    { XEN_X86_FEATURE_AVX2, XEN_X86_FEATURE_AVX },
    { XEN_X86_FEATURE_VAES, XEN_X86_FEATURE_AVX },
    { XEN_X86_FEATURE_VPCLMULQDQ, XEN_X86_FEATURE_AVX },
    { XEN_X86_FEATURE_AVX_VNNI, XEN_X86_FEATURE_AVX2 },
    { XEN_X86_FEATURE_AVX512F, XEN_X86_FEATURE_AVX2 },
    { XEN_X86_FEATURE_AVX512DQ, XEN_X86_FEATURE_AVX512F },
    { XEN_X86_FEATURE_AVX512_IFMA, XEN_X86_FEATURE_AVX512F },
    { XEN_X86_FEATURE_AVX512PF, XEN_X86_FEATURE_AVX512F },
    { XEN_X86_FEATURE_AVX512ER, XEN_X86_FEATURE_AVX512F },
    { XEN_X86_FEATURE_AVX512CD, XEN_X86_FEATURE_AVX512F },
    { XEN_X86_FEATURE_AVX512BW, XEN_X86_FEATURE_AVX512F },
    { XEN_X86_FEATURE_AVX512VL, XEN_X86_FEATURE_AVX512F },
    { XEN_X86_FEATURE_AVX512_VBMI, XEN_X86_FEATURE_AVX512BW },
    { XEN_X86_FEATURE_AVX512_VBMI2, XEN_X86_FEATURE_AVX512BW },
    { XEN_X86_FEATURE_AVX512_BITALG, XEN_X86_FEATURE_AVX512BW },
    { XEN_X86_FEATURE_AVX512_BF16, XEN_X86_FEATURE_AVX512BW },
    { XEN_X86_FEATURE_AVX512_VNNI, XEN_X86_FEATURE_AVX512F },
    { XEN_X86_FEATURE_AVX512_VPOPCNTDQ, XEN_X86_FEATURE_AVX512F },
    { XEN_X86_FEATURE_AVX512_4VNNIW, XEN_X86_FEATURE_AVX512F },
    { XEN_X86_FEATURE_AVX512_4FMAPS, XEN_X86_FEATURE_AVX512F },
    { XEN_X86_FEATURE_AVX512_VP2INTERSECT, XEN_X86_FEATURE_AVX512F },
};

static void cut_dependents(u32 *words)
{
    for ( unsigned int i = 0; i < ARRAY_SIZE(dependencies); i++ )
    {
        if ( !has(words, dependencies[i].needs) )
            clear(words, dependencies[i].feature);
    }
}

/* --- extended states --- */

#define XCR0_X87          0x001u
#define XCR0_SSE          0x002u
#define XCR0_YMM          0x004u
#define XCR0_ZMM          0x0e0u /* opmask and both halves: all or none */
#define XSAVE_LEGACY_SIZE (512 + 64)

u64 cpuid_xcr0(const struct cpuid_policy *p)
{
    return p->xstate[0].eax | (u64)p->xstate[0].edx << 32;
}

u32 cpuid_xsave_size(const struct cpuid_policy *p, u64 xcr0)
{
    u32 size = XSAVE_LEGACY_SIZE;

    for ( unsigned int i = 2; i < CPUID_XSTATES; i++ )
    {
        if ( xcr0 & (1UL << i) )
            size = max(size, p->xstate[i].ebx + p->xstate[i].eax);
    }
    return size;
}

/* The components that the features bring with them. */
static u64 xcr0_of(const struct cpuid_policy *p)
{
    u64 xcr0 = 0;

    if ( cpuid_has(p, XEN_X86_FEATURE_XSAVE) )
        xcr0 |= XCR0_X87 | XCR0_SSE;
    if ( cpuid_has(p, XEN_X86_FEATURE_AVX) )
        xcr0 |= XCR0_YMM;
    if ( cpuid_has(p, XEN_X86_FEATURE_AVX512F) )
        xcr0 |= XCR0_ZMM;
    return xcr0;
}

static void restrict_xstate(struct cpuid_policy *p, u64 xcr0)
{
    for ( unsigned int i = 2; i < CPUID_XSTATES; i++ )
    {
        if ( xcr0 & (1UL << i) )
            p->xstate[i].ecx &= 2; /* alignment in the compacted form; never a supervisor state */
        else
            p->xstate[i] = (struct cpuid_leaf){ 0 };
        p->xstate[i].edx = 0;
    }
    p->xstate[0] = (struct cpuid_leaf){ .eax = (u32)xcr0,
                                        .ecx = xcr0 ? cpuid_xsave_size(p, xcr0) : 0,
                                        .edx = (u32)(xcr0 >> 32) };
    p->xstate[1] = (struct cpuid_leaf){ .eax = p->xstate[1].eax };
}

/* --- a policy that is consistent --- */

static void set_words(struct cpuid_policy *p, const u32 *words)
{
    for ( unsigned int i = 0; i < CPUID_FEATURESET_WORDS; i++ )
    {
        u32 *word = word_of(p, i);

        if ( word )
            *word = words[i];
    }
    if ( is_amd(p) )
        p->ext[1].edx |= p->basic[1].edx & AMD_REPEATED;
}

/*
 * Leaves that PV guests are shown nothing of: serial number, MWAIT, power, DCA, performance
 * counters.
 */
static const u8 blank_basic[] = { 3, 5, 6, 8, 9, 0xa, LEAF_TOPO, 0xc };

static void restrict_basic(struct cpuid_policy *p)
{
    for ( unsigned int i = 0; i < sizeof(blank_basic); i++ )
        p->basic[blank_basic[i]] = (struct cpuid_leaf){ 0 };
    if ( is_amd(p) )
        p->basic[2] = (struct cpuid_leaf){ 0 };

    p->basic[0].eax = min_t(u32, p->basic[0].eax, CPUID_BASIC_LEAVES - 1);
    p->basic[1].ebx &= 0x00ffffff; /* the APIC id is each vcpu's own */
    for ( unsigned int i = p->basic[0].eax + 1; i < CPUID_BASIC_LEAVES; i++ )
        p->basic[i] = (struct cpuid_leaf){ 0 };
}

static void restrict_ext(struct cpuid_policy *p)
{
    u32 max_leaf = p->ext[0].eax;
    u32 linear = cpuid_has(p, XEN_X86_FEATURE_LM) ? 48 : 32;

    p->ext[0].eax = min_t(u32, max_leaf, CPUID_EXT_BASE + CPUID_EXT_LEAVES - 1);
    p->ext[7] = (struct cpuid_leaf){ .edx = p->ext[7].edx };
    p->ext[8].eax = (p->ext[8].eax & 0xff) | linear << 8;
    p->ext[8].edx = 0;
    for ( unsigned int i = 9; i < CPUID_EXT_LEAVES; i++ ) /* SVM, TLBs, IBS, topology, SEV... */
        p->ext[i] = (struct cpuid_leaf){ .eax = i == 0x21 ? p->ext[i].eax : 0,
                                         .ecx = i == 0x21 ? p->ext[i].ecx : 0 };
}

static void restrict_feat(struct cpuid_policy *p)
{
    p->feat[0].eax = min_t(u32, p->feat[0].eax, CPUID_FEAT_LEAVES - 1);
    for ( unsigned int i = p->feat[0].eax + 1; i < CPUID_FEAT_LEAVES; i++ )
        p->feat[i] = (struct cpuid_leaf){ 0 };
    p->feat[2] = (struct cpuid_leaf){ .edx = p->feat[2].edx };
}

void cpuid_restrict(struct cpuid_policy *p, const u32 allowed[CPUID_FEATURESET_WORDS])
{
    u32 words[CPUID_FEATURESET_WORDS];

    for ( unsigned int i = 0; i < CPUID_FEATURESET_WORDS; i++ )
        words[i] = get_word(p, i) & allowed[i];
    words[AMD_REPEATED_WORD] &= ~AMD_REPEATED;
    set(words, XEN_X86_FEATURE_HYPERVISOR);
    clear(words, XEN_X86_FEATURE_OSXSAVE);
    cut_dependents(words);
    set_words(p, words);

    restrict_basic(p);
    restrict_feat(p);
    restrict_ext(p);
    restrict_xstate(p, xcr0_of(p));
}

/* --- the machine's --- */

static void read_basic(struct cpuid_policy *p)
{
    u32 max_leaf = cpuid(0, 0).eax;

    for ( u32 i = 0; i <= max_leaf && i < CPUID_BASIC_LEAVES; i++ )
    {
        if ( i != LEAF_CACHE && i != LEAF_FEAT && i != LEAF_TOPO && i != LEAF_XSTATE )
            p->basic[i] = cpuid(i, 0);
    }

    for ( u32 i = 0; max_leaf >= LEAF_CACHE && i < CPUID_CACHE_LEAVES; i++ )
    {
        p->cache[i] = cpuid(LEAF_CACHE, i);
        if ( !(p->cache[i].eax & 0x1f) )
            break;
    }
    if ( max_leaf >= LEAF_FEAT )
    {
        u32 max_subleaf = min_t(u32, cpuid(LEAF_FEAT, 0).eax, CPUID_FEAT_LEAVES - 1);

        for ( u32 i = 0; i <= max_subleaf; i++ )
            p->feat[i] = cpuid(LEAF_FEAT, i);
    }
}

static void read_xstate(struct cpuid_policy *p)
{
    u64 states;

    if ( p->basic[0].eax < LEAF_XSTATE )
        return;

    p->xstate[0] = cpuid(LEAF_XSTATE, 0);
    p->xstate[1] = cpuid(LEAF_XSTATE, 1);
    states = cpuid_xcr0(p);
    for ( u32 i = 2; i < CPUID_XSTATES; i++ )
    {
        if ( states & (1UL << i) )
            p->xstate[i] = cpuid(LEAF_XSTATE, i);
    }
    p->xstate[0].ebx = 0; /* what is enabled now */
    p->xstate[1].ebx = 0;
}

static void read_ext(struct cpuid_policy *p)
{
    u32 max_leaf = cpuid(CPUID_EXT_BASE, 0).eax;

    if ( max_leaf >> 16 != CPUID_EXT_BASE >> 16 )
        return;
    for ( u32 i = 0; i < CPUID_EXT_LEAVES && CPUID_EXT_BASE + i <= max_leaf; i++ )
        p->ext[i] = cpuid(CPUID_EXT_BASE + i, 0);
    p->ext[0].eax = min_t(u32, max_leaf, CPUID_EXT_BASE + CPUID_EXT_LEAVES - 1);
}

/* The features that the hypervisor takes from everyone. */
static void make_host(void)
{
    u32 words[CPUID_FEATURESET_WORDS];

    host = raw;
    cpuid_policy_features(&host, words);
    clear(words, XEN_X86_FEATURE_OSXSAVE);
    if ( is_amd(&host) ) /* SYSENTER does not work in long mode there */
        clear(words, XEN_X86_FEATURE_SEP);
    if ( !(fpu_features & XCR0_SSE) )
        clear(words, XEN_X86_FEATURE_XSAVE);
    if ( !(fpu_features & XCR0_YMM) )
        clear(words, XEN_X86_FEATURE_AVX);
    if ( (fpu_features & XCR0_ZMM) != XCR0_ZMM )
        clear(words, XEN_X86_FEATURE_AVX512F);
    cut_dependents(words);
    set_words(&host, words);
}

static void make_pv(struct cpuid_policy *p, const u32 *marked)
{
    u32 words[CPUID_FEATURESET_WORDS];

    *p = host;
    memcpy(words, marked, sizeof(words));
    for ( unsigned int i = 0; i < ARRAY_SIZE(need_msr); i++ )
        clear(words, need_msr[i]);
    set(words, XEN_X86_FEATURE_FDP_EXCP_ONLY); /* no features, but how the hardware is */
    set(words, XEN_X86_FEATURE_NO_FPU_SEL);
    cpuid_restrict(p, words);
}

void cpuid_init(void)
{
    BUILD_BUG_ON(CPUID_FEATURE_WORDS != CPUID_FEATURESET_WORDS);

    read_basic(&raw);
    read_xstate(&raw);
    read_ext(&raw);
    make_host();
    make_pv(&pv_max, features_at_most);
    make_pv(&pv_default, features_by_default);
}

const struct cpuid_policy *cpuid_machine_policy(u32 index)
{
    switch ( index )
    {
    case XEN_SYSCTL_cpu_policy_raw:
        return &raw;
    case XEN_SYSCTL_cpu_policy_host:
        return &host;
    case XEN_SYSCTL_cpu_policy_pv_max:
        return &pv_max;
    case XEN_SYSCTL_cpu_policy_pv_default:
        return &pv_default;
    default:
        return NULL;
    }
}

const char *cpuid_machine_vendor(void)
{
    static u32 letters[3];

    letters[0] = raw.basic[0].ebx;
    letters[1] = raw.basic[0].edx;
    letters[2] = raw.basic[0].ecx;
    return (const char *)letters;
}

/* The extended fields count for family 15 (and, of the model, for 6) alone. */
void cpuid_machine_signature(u32 *family, u32 *model, u32 *stepping)
{
    u32 eax = raw.basic[1].eax, base = (eax >> 8) & 0xf;

    *family = base + (base == 0xf ? (eax >> 20) & 0xff : 0);
    *model = ((eax >> 4) & 0xf) + (base == 0xf || base == 6 ? (eax >> 12) & 0xf0 : 0);
    *stepping = eax & 0xf;
}

/* --- a domain's --- */

long cpuid_policy_default(struct domain *d)
{
    struct cpuid_policy *p = heap_new(struct cpuid_policy);

    if ( !p )
        return -ENOMEM;

    *p = pv_default;
    if ( domain_is_privileged(d) && cpuid_has(&host, XEN_X86_FEATURE_ITSC) )
        p->ext[7].edx |= FEATURE_BIT(XEN_X86_FEATURE_ITSC); /* it never migrates */
    d->pv.cpuid = p;
    return 0;
}

void cpuid_policy_free(struct domain *d)
{
    if ( d->pv.cpuid )
        heap_free(d->pv.cpuid);
    d->pv.cpuid = NULL;
}

/*
 * The features that @d may have at most. 32-bit guests have no long mode, nor Intel's SYSCALL,
 * which is a part of it.
 */
static void allowed_features(const struct domain *d, u32 words[CPUID_FEATURESET_WORDS])
{
    cpuid_policy_features(&pv_max, words);
    if ( !d->pv32 )
        return;
    clear(words, XEN_X86_FEATURE_LM);
    if ( !is_amd(&host) )
        clear(words, XEN_X86_FEATURE_SYSCALL);
}

void cpuid_policy_restrict(struct domain *d)
{
    u32 allowed[CPUID_FEATURESET_WORDS];

    allowed_features(d, allowed);
    cpuid_restrict(d->pv.cpuid, allowed);
}

struct cpuid_policy *cpuid_change_begin(struct domain *d)
{
    struct cpuid_policy *change = heap_new(struct cpuid_policy);

    if ( change )
        *change = *d->pv.cpuid;
    return change;
}

long cpuid_change_set_leaf(struct cpuid_policy *change, const xen_cpuid_leaf_t *leaf)
{
    struct cpuid_leaf *slot;

    /*
     * Where libxc finds the limits of the hypervisor's own leaves, and the topology: neither is the
     * toolstack's to set.
     */
    if ( leaf->leaf == XEN_CPUID_FIRST_LEAF || leaf->leaf == XEN_CPUID_FIRST_LEAF + 0x100 ||
         (leaf->leaf == LEAF_TOPO && leaf->subleaf < 2) )
        return 0;

    slot = cpuid_slot(change, leaf->leaf, leaf->subleaf);
    if ( !slot )
        return -ERANGE;
    *slot = (struct cpuid_leaf){ leaf->a, leaf->b, leaf->c, leaf->d };
    return 0;
}

long cpuid_change_set_msr(struct cpuid_policy *change, const xen_msr_entry_t *msr)
{
    (void)change;
    if ( msr->flags )
        return -EINVAL;
    if ( msr->idx != MSR_PLATFORM_INFO && msr->idx != MSR_ARCH_CAPABILITIES )
        return -ERANGE;
    return msr->val ? -EINVAL : 0; /* neither shows anything that could be set */
}

long cpuid_change_check(const struct cpuid_policy *change, u32 *leaf)
{
    if ( change->basic[0].eax > pv_max.basic[0].eax )
        *leaf = 0;
    else if ( change->ext[0].eax > pv_max.ext[0].eax )
        *leaf = CPUID_EXT_BASE;
    else
        return 0;
    return -EINVAL;
}

/* States are the hardware's, whatever the toolstack said: sizes and offsets come from there. */
void cpuid_change_commit(struct domain *d, struct cpuid_policy *change)
{
    u32 allowed[CPUID_FEATURESET_WORDS];
    struct cpuid_policy *old = d->pv.cpuid;
    u32 xsave_features = change->xstate[1].eax;

    memcpy(change->xstate, pv_max.xstate, sizeof(change->xstate));
    change->xstate[1].eax = xsave_features;
    allowed_features(d, allowed);
    cpuid_restrict(change, allowed);

    d->pv.cpuid = change;
    heap_free(old);
}

void cpuid_change_drop(struct cpuid_policy *change)
{
    heap_free(change);
}

u64 cpuid_xcr0_allowed(const struct domain *d)
{
    return cpuid_xcr0(d->pv.cpuid);
}

bool cpuid_xcr0_ok(const struct domain *d, u64 xcr0)
{
    u64 zmm = xcr0 & XCR0_ZMM;

    if ( !(xcr0 & XCR0_X87) || (xcr0 & ~cpuid_xcr0_allowed(d)) )
        return false;
    if ( (xcr0 & XCR0_YMM) && !(xcr0 & XCR0_SSE) )
        return false;
    return zmm == 0 || (zmm == XCR0_ZMM && (xcr0 & XCR0_YMM));
}

u32 cpuid_xsave_area(const struct domain *d, u64 components)
{
    return cpuid_xsave_size(d->pv.cpuid, components);
}
