/*
 * mca: machine checks. dom0's kernel asks for the processors, and for errors: it gets none, since one that the hardware
 * reports by an exception is the machine's end here, and nobody looks for others.
 */
#include "control/internal.h"
#include "irq/irq.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "pv/emulate/cpuid.h"

static void fill_cpu(struct mcinfo_logical_cpu *info, u32 cpu)
{
    u32 words[CPUID_FEATURESET_WORDS];

    cpuid_policy_features(cpuid_machine_policy(XEN_SYSCTL_cpu_policy_host), words);
    memset(info, 0, sizeof(*info));
    info->mc_cpunr = cpu;
    info->mc_coreid = (u16)cpu;
    info->mc_apicid = irq_acpi.apic_ids[cpu];
    info->mc_ncores = control_nr_cpus();
    info->mc_ncores_active = hweight64(smp_online);
    info->mc_nthreads = 1;
    cpuid_machine_signature(&info->mc_family, &info->mc_model, &info->mc_step);
    memcpy(info->mc_vendorid, cpuid_machine_vendor(), 12);
    info->mc_cpu_caps[MC_CAPS_STD_EDX] = words[0];
    info->mc_cpu_caps[MC_CAPS_STD_ECX] = words[1];
    info->mc_cpu_caps[MC_CAPS_AMD_EDX] = words[2];
    info->mc_cpu_caps[MC_CAPS_AMD_ECX] = words[3];
}

/* Record @nr of those at @list, of the caller's layout. */
static bool store_cpu(u64 list, u32 nr, const struct mcinfo_logical_cpu *info)
{
    bool wide = !current_vcpu()->domain->pv32;
    u64 size = wide ? sizeof(*info) : sizeof(struct compat_mcinfo_logical_cpu);

    return guest_store_as(wide, mcinfo_logical_cpu, to_gva(list + nr * size), info);
}

/* XEN_MC_physcpuinfo: a null array asks how many there are; else as many as fit. */
static long mca_cpus(struct xen_mc_physcpuinfo *arg)
{
    u32 online = hweight64(smp_online), nr = 0;

    if ( !arg->info.p )
    {
        arg->ncpus = online;
        return 0;
    }

    for ( u32 cpu = 0; cpu < control_nr_cpus() && nr < arg->ncpus; cpu++ )
    {
        struct mcinfo_logical_cpu info;

        if ( !(smp_online & (1UL << cpu)) )
            continue;
        fill_cpu(&info, cpu);
        if ( !store_cpu((u64)arg->info.p, nr, &info) )
            return -EFAULT;
        nr++;
    }
    arg->ncpus = nr;
    return 0;
}

/*
 * XEN_MC_fetch: an error to read, or to forget that was read before. -EINVAL neither kind, or both, of errors, or no
 * place for what would be read.
 */
static long mca_fetch(struct xen_mc_fetch *arg)
{
    u32 kind = arg->flags & (XEN_MC_URGENT | XEN_MC_NONURGENT);

    if ( kind != XEN_MC_URGENT && kind != XEN_MC_NONURGENT )
        return -EINVAL;
    if ( arg->flags & XEN_MC_ACK )
        return 0;
    if ( !arg->data.p )
        return -EINVAL;

    arg->flags = XEN_MC_NODATA;
    return 0;
}

#define CASE_SHOW CASE_DONE
#define CASE_DONE(operation, argument, handler)                                                    \
    case operation:                                                                                \
        return handler((argument *)&op->u);
#define CASE_SOON(operation, argument, handler)
#define CASE_NEVER(operation, argument, handler)
#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    CASE_##status(operation, argument, handler)

static long call(struct xen_mc *op)
{
    switch ( op->cmd )
    {
#include <hypercall/ops/mca.def>
    default:
        return -ENOSYS;
    }
}

long control_mca(unsigned long arg)
{
    struct xen_mc op;
    long rc;

    if ( copy_from_guest(&op, to_gva(arg), sizeof(op)) )
        return -EFAULT;
    if ( op.interface_version != XEN_MCA_INTERFACE_VERSION )
        return -EACCES;

    rc = call(&op);
    if ( !rc && copy_to_guest(to_gva(arg), &op, sizeof(op)) )
        return -EFAULT;
    return rc;
}

static long compat_cpus(gva_t at)
{
    struct xen_mc_physcpuinfo info;
    long rc;

    if ( !compat_load_physcpuinfo(&info, at) )
        return -EFAULT;
    rc = mca_cpus(&info);
    if ( !rc && !compat_store_physcpuinfo(at, &info) )
        rc = -EFAULT;
    return rc;
}

static long compat_fetch(gva_t at)
{
    struct xen_mc_fetch fetch;
    long rc;

    if ( !compat_load_mc_fetch(&fetch, at) )
        return -EFAULT;
    rc = mca_fetch(&fetch);
    if ( !rc && !compat_store_mc_fetch(at, &fetch) )
        rc = -EFAULT;
    return rc;
}

/* Of a 32-bit guest. */
long compat_mca(unsigned long arg)
{
    gva_t at = to_gva(arg + offsetof(struct xen_mc, u));
    u32 head[2]; /* cmd, interface_version */

    if ( copy_from_guest(head, to_gva(arg), sizeof(head)) )
        return -EFAULT;
    if ( head[1] != XEN_MCA_INTERFACE_VERSION )
        return -EACCES;

    switch ( head[0] )
    {
    case XEN_MC_physcpuinfo:
        return compat_cpus(at);
    case XEN_MC_fetch:
        return compat_fetch(at);
    default:
        return -ENOSYS;
    }
}
