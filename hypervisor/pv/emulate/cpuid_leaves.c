/* CPUID policies as arrays of leaves: the form in which the toolstack reads and writes them. */
#include "lib/bits.h"
#include "pv/emulate/cpuid_policy.h"

static struct cpuid_leaf *slot_with_subleaves(struct cpuid_policy *p, u32 leaf, u32 subleaf)
{
    switch ( leaf )
    {
    case LEAF_CACHE:
        return subleaf < CPUID_CACHE_LEAVES ? &p->cache[subleaf] : NULL;
    case LEAF_FEAT:
        return subleaf < CPUID_FEAT_LEAVES ? &p->feat[subleaf] : NULL;
    case LEAF_XSTATE:
        return subleaf < CPUID_XSTATES ? &p->xstate[subleaf] : NULL;
    default:
        return NULL;
    }
}

static bool has_subleaves(u32 leaf)
{
    return leaf == LEAF_CACHE || leaf == LEAF_FEAT || leaf == LEAF_TOPO || leaf == LEAF_XSTATE;
}

struct cpuid_leaf *cpuid_slot(struct cpuid_policy *p, u32 leaf, u32 subleaf)
{
    if ( has_subleaves(leaf) )
        return slot_with_subleaves(p, leaf, subleaf);
    if ( subleaf != XEN_CPUID_NO_SUBLEAF )
        return NULL;
    if ( leaf < CPUID_BASIC_LEAVES )
        return &p->basic[leaf];
    if ( leaf >= CPUID_EXT_BASE && leaf < CPUID_EXT_BASE + CPUID_EXT_LEAVES )
        return &p->ext[leaf - CPUID_EXT_BASE];
    return NULL;
}

/* An array being filled. */
struct writer {
    xen_cpuid_leaf_t *leaves;
    u32 nr;
};

static void put(struct writer *w, u32 leaf, u32 subleaf, const struct cpuid_leaf *value)
{
    w->leaves[w->nr++] =
        (xen_cpuid_leaf_t){ leaf, subleaf, value->eax, value->ebx, value->ecx, value->edx };
}

static void put_cache(struct writer *w, const struct cpuid_policy *p)
{
    for ( u32 i = 0; i < CPUID_CACHE_LEAVES; i++ )
    {
        put(w, LEAF_CACHE, i, &p->cache[i]);
        if ( !(p->cache[i].eax & 0x1f) )
            return;
    }
}

static void put_xstate(struct writer *w, const struct cpuid_policy *p)
{
    u32 last = max_t(u32, fls64(cpuid_xcr0(p)), 2);

    for ( u32 i = 0; i < last && i < CPUID_XSTATES; i++ )
        put(w, LEAF_XSTATE, i, &p->xstate[i]);
}

static void put_basic(struct writer *w, const struct cpuid_policy *p, u32 leaf)
{
    static const struct cpuid_leaf nothing;

    switch ( leaf )
    {
    case LEAF_CACHE:
        put_cache(w, p);
        break;
    case LEAF_FEAT:
        for ( u32 i = 0; i <= p->feat[0].eax && i < CPUID_FEAT_LEAVES; i++ )
            put(w, leaf, i, &p->feat[i]);
        break;
    case LEAF_TOPO:
        put(w, leaf, 0, &nothing);
        break;
    case LEAF_XSTATE:
        put_xstate(w, p);
        break;
    default:
        put(w, leaf, XEN_CPUID_NO_SUBLEAF, &p->basic[leaf]);
    }
}

u32 cpuid_policy_get_leaves(const struct cpuid_policy *p, xen_cpuid_leaf_t *leaves)
{
    static const struct cpuid_leaf no_limit; /* the hypervisor's own leaves: as many as there are */
    struct writer w = { leaves, 0 };

    for ( u32 i = 0; i <= p->basic[0].eax && i < CPUID_BASIC_LEAVES; i++ )
        put_basic(&w, p, i);

    put(&w, XEN_CPUID_FIRST_LEAF, XEN_CPUID_NO_SUBLEAF, &no_limit);
    put(&w, XEN_CPUID_FIRST_LEAF + 0x100, XEN_CPUID_NO_SUBLEAF, &no_limit);

    for ( u32 i = 0; i < CPUID_EXT_LEAVES && CPUID_EXT_BASE + i <= p->ext[0].eax; i++ )
        put(&w, CPUID_EXT_BASE + i, XEN_CPUID_NO_SUBLEAF, &p->ext[i]);
    return w.nr;
}

u32 cpuid_policy_get_msrs(const struct cpuid_policy *p, xen_msr_entry_t *msrs)
{
    (void)p;
    msrs[0] = (xen_msr_entry_t){ .idx = MSR_PLATFORM_INFO };
    msrs[1] = (xen_msr_entry_t){ .idx = MSR_ARCH_CAPABILITIES };
    return CPUID_MAX_MSRS;
}
