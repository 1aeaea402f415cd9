#include "cpu/isolation.h"
#include "console/console.h"
#include "console/options.h"
#include "cpu/alternative.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/init.h"

struct isolation isolation;

/* Two words relative to themselves: where, and where to. */
struct isolation_jump {
    s32 where, to;
};

extern const struct isolation_jump isolation_start[], isolation_end[];

static u64 address(const s32 *relative)
{
    return (u64)relative + (u64)(s64)*relative;
}

#define ARCH_CAPABILITIES_RDCL_NO 0x1UL

/* Not known to be safe is unsafe. */
static bool __init has_meltdown(void)
{
    if ( cpu_features.vendor == CPU_AMD )
        return false;
    return !cpu_features.arch_capabilities ||
           !(rdmsr(MSR_ARCH_CAPABILITIES) & ARCH_CAPABILITIES_RDCL_NO);
}

static bool __init choose(enum option_choice choice, bool otherwise)
{
    return choice == CHOICE_DEFAULT ? otherwise : choice == CHOICE_ON;
}

void __init isolation_init(void)
{
    bool needed = has_meltdown();

    isolation.dom0 = choose(options.xpti.dom0, needed);
    isolation.domu = choose(options.xpti.domu, needed);
    if ( !isolation_in_use() )
        return;
    for ( const struct isolation_jump *j = isolation_start; j < isolation_end; j++ )
        alternative_jump(address(&j->where), address(&j->to));
}

void __init isolation_log(void)
{
    log_info(
        "Isolation of 64-bit guests' page tables: dom0 %s, others %s; the processor %s Meltdown",
        isolation.dom0 ? "on" : "off", isolation.domu ? "on" : "off",
        has_meltdown() ? "may have" : "hasn't");
}
