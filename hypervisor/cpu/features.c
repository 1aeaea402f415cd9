#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/init.h"
#include "cpu/internal.h"
#include "console/console.h"
#include "lib/string.h"

struct cpu_features cpu_features;

static bool has(u32 word, unsigned int bit)
{
    return word & (1u << bit);
}

/* The 12 characters that a leaf spells in the order ebx, @second, @third. */
static bool spells(u32 first, u32 second, u32 third, const char *word)
{
    u32 letters[3] = { first, second, third };

    return !memcmp(letters, word, sizeof(letters));
}

static enum cpu_vendor __init find_vendor(void)
{
    struct cpuid_leaf leaf = cpuid(0, 0);

    if ( spells(leaf.ebx, leaf.edx, leaf.ecx, "GenuineIntel") )
        return CPU_INTEL;
    if ( spells(leaf.ebx, leaf.edx, leaf.ecx, "AuthenticAMD") ||
         spells(leaf.ebx, leaf.edx, leaf.ecx, "HygonGenuine") )
        return CPU_AMD;
    return CPU_OTHER;
}

static void __init find_signature(struct cpu_features *f, u32 eax)
{
    f->stepping = eax & 0xf;
    f->family = (eax >> 8) & 0xf;
    f->model = (eax >> 4) & 0xf;
    if ( f->family == 0xf || f->family == 6 )
        f->model |= (eax >> 12) & 0xf0;
    if ( f->family == 0xf )
        f->family += (eax >> 20) & 0xff;
}

static void __init find_name(struct cpu_features *f, u32 max)
{
    for ( u32 i = 0; max >= 0x80000004 && i < 3; i++ )
    {
        struct cpuid_leaf leaf = cpuid(0x80000002 + i, 0);

        memcpy(f->name + 16 * i, &leaf, sizeof(leaf));
    }
}

static void __init find_basic(struct cpu_features *f)
{
    u32 max = cpuid(0, 0).eax;
    struct cpuid_leaf one = cpuid(1, 0), hypervisor = {};

    f->vendor = find_vendor();
    find_signature(f, one.eax);
    f->pcid = has(one.ecx, 17);
    f->x2apic = has(one.ecx, 21);
    f->tsc_deadline = has(one.ecx, 24);
    f->xsave = has(one.ecx, 26);
    f->monitor = has(one.ecx, 3);
    f->sysenter = has(one.edx, 11);
    if ( has(one.ecx, 31) )
        hypervisor = cpuid(0x40000000, 0);
    f->tcg = spells(hypervisor.ebx, hypervisor.ecx, hypervisor.edx, "TCGTCGTCGTCG");

    if ( max >= 7 )
    {
        struct cpuid_leaf seven = cpuid(7, 0);

        f->fsgsbase = has(seven.ebx, 0);
        f->smep = has(seven.ebx, 7);
        f->invpcid = has(seven.ebx, 10);
        f->smap = has(seven.ebx, 20);
        f->umip = has(seven.ecx, 2);
        f->arch_capabilities = has(seven.edx, 29);
    }
    if ( max >= 0xd && f->xsave )
        f->xsaveopt = has(cpuid(0xd, 1).eax, 0);
}

static void __init find_extended(struct cpu_features *f)
{
    u32 max = cpuid(0x80000000, 0).eax;
    struct cpuid_leaf one = cpuid(0x80000001, 0);

    f->page1gb = has(one.edx, 26);
    f->rdtscp = has(one.edx, 27);
    find_name(f, max);
    if ( max >= 0x80000007 )
        f->tsc_invariant = has(cpuid(0x80000007, 0).edx, 8);
    f->physical_bits = 36;
    f->virtual_bits = 48;
    if ( max >= 0x80000008 )
    {
        struct cpuid_leaf leaf = cpuid(0x80000008, 0);
        u32 eax = leaf.eax;

        f->fpu_pointers_stay = f->vendor == CPU_AMD && !has(leaf.ebx, 2);
        f->physical_bits = eax & 0xff;
        f->virtual_bits = (eax >> 8) & 0xff;
    }
}

void __init features_find(void)
{
    find_basic(&cpu_features);
    find_extended(&cpu_features);
}

void __init cpu_log_features(void)
{
    const struct cpu_features *f = &cpu_features;
    const char *name = f->name;

    while ( *name == ' ' )
        name++;
    log_info("CPU: %s, family %u model %u stepping %u, %u physical bits%s%s%s%s%s%s", name,
             f->family, f->model, f->stepping, f->physical_bits, f->xsave ? ", xsave" : "",
             f->fsgsbase ? ", fsgsbase" : "", f->page1gb ? ", 1 GiB pages" : "",
             cpu_cr4 & CR4_SMEP ? ", SMEP on" : "", cpu_cr4 & CR4_SMAP ? ", SMAP on" : "",
             f->tcg ? ", QEMU TCG" : "");
    if ( f->tcg && f->smap )
        log_info("SMAP left off: QEMU's TCG gets IRET in ring 3 wrong with it");
}
