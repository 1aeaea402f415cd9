#include "cpu/isolation.h"
#include "console/console.h"
#include "console/options.h"
#include "cpu/alternative.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/init.h"

struct isolation isolation;
struct l1tf l1tf;

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

/* Not known to be safe is unsafe. What is safe from Meltdown is from the L1 terminal fault. */
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
    l1tf.dom0 = choose(options.pv_l1tf.dom0, false);
    l1tf.domu = choose(options.pv_l1tf.domu, needed);
    l1tf.addresses = (1UL << cpu_features.physical_bits) - 1;
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
    log_info("Entries that lead the L1 terminal fault to memory: dom0's %s, others' %s",
             l1tf.dom0 ? "refused" : "allowed", l1tf.domu ? "refused" : "allowed");
}
