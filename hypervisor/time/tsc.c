/*
 * What the TSC is to a domain: the machine's, or one that runs at a pace of its own, as it did where the domain came
 * from. That one is computed from system time, so all of its vcpus see the same, on whatever CPU; RDTSC traps for it.
 */
#include "time/tsc.h"

#include "cpu/asm.h"
#include "domain/domain.h"
#include "time/clock.h"

#define KHZ_MAX (1u << 30) /* what scale_make() takes, and far beyond any */

/* Two calibrations of one machine's differ by less: 1/4096. */
static bool same_pace(u32 khz)
{
    u64 difference = khz < time_tsc_khz ? time_tsc_khz - khz : khz - time_tsc_khz;

    return difference <= time_tsc_khz >> 12;
}

/* What it is at system time @ns. */
static u64 emulated_at(const struct domain_tsc *tsc, u64 ns)
{
    return tsc->offset + scale_apply(tsc->from_ns, ns);
}

/*
 * The default is the machine's TSC, for a domain that has not known another: all CPUs that run guests agree on it
 * (sync.c). The hypervisor has no other reason to emulate one.
 */
static bool must_emulate(const struct tsc_choice *choice)
{
    if ( choice->mode != TSC_DEFAULT )
        return choice->mode == TSC_ALWAYS_EMULATE;
    return choice->lives && choice->khz && !same_pace(choice->khz);
}

static void emulate(struct domain_tsc *tsc, u32 khz, u64 elapsed_ns)
{
    tsc->emulated = true;
    tsc->begun = (u64)time_now();
    tsc->khz = khz;
    tsc->from_ns = scale_make(NS_PER_S, khz * 1000UL);
    tsc->to_ns = scale_make(khz * 1000UL, NS_PER_S);
    tsc->offset = scale_apply(tsc->from_ns, elapsed_ns) - scale_apply(tsc->from_ns, tsc->begun);
}

long tsc_set(struct domain *d, const struct tsc_choice *choice)
{
    u32 khz = choice->khz ? choice->khz : (u32)time_tsc_khz;
    struct domain_tsc *tsc = &d->time.tsc;
    struct vcpu *v;

    if ( choice->mode > TSC_NEVER_EMULATE || khz > KHZ_MAX )
        return -EINVAL;

    *tsc = (struct domain_tsc){
        .mode = choice->mode,
        .incarnation = choice->lives + 1,
        .khz = (u32)time_tsc_khz,
        .to_ns = time_clock.tsc_to_ns,
    };
    if ( must_emulate(choice) )
        emulate(tsc, khz, choice->elapsed_ns);
    for_each_vcpu(d, v)
        v->time.tsc_stamp = v->time.user_stamp = 0;
    return 0;
}

u64 tsc_read(const struct domain *d)
{
    return d->time.tsc.emulated ? emulated_at(&d->time.tsc, (u64)time_now()) : rdtsc();
}

u64 tsc_elapsed_ns(const struct domain *d)
{
    return d->time.tsc.emulated ? scale_apply(d->time.tsc.to_ns, tsc_read(d)) : (u64)time_now();
}

void tsc_emulate_time_info(const struct domain *d, struct vcpu_time_info *info)
{
    const struct domain_tsc *tsc = &d->time.tsc;

    info->system_time = max(info->system_time, tsc->begun);
    info->tsc_timestamp = emulated_at(tsc, info->system_time);
    info->tsc_to_system_mul = tsc->to_ns.mul;
    info->tsc_shift = tsc->to_ns.shift;
    info->flags = 0;
}
