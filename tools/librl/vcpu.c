#include "vcpu.h"

#include <hypercall/limits.h>

#include "calls.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "message.h"

/* --- the machine --- */

unsigned int rl_nr_cpus(struct rl *rl)
{
    struct xen_sysctl op = { 0 };
    long rc = rl_sysctl(rl, XEN_SYSCTL_physinfo, &op);

    if ( rc >= 0 )
        return op.u.physinfo.max_cpu_id + 1;
    rl_error((int)-rc, "the hypervisor does not tell about the machine: %s", strerror((int)-rc));
    return 0;
}

/* --- where vcpus run --- */

/* The two maps of an affinity lie behind each other in the array of the call. */
static void prepare(struct rl *rl, struct xen_domctl *op, unsigned int vcpu,
                    const struct cpus *hard, const struct cpus *soft)
{
    struct xen_domctl_vcpuaffinity *arg = &op->u.vcpuaffinity;
    u8 *maps = rl_call_array(rl);

    *op = (struct xen_domctl){ 0 };
    arg->vcpu = vcpu;
    arg->flags = (hard ? XEN_VCPUAFFINITY_HARD : 0) | (soft ? XEN_VCPUAFFINITY_SOFT : 0);
    arg->cpumap_hard.nr_bits = CPUS_MAX;
    arg->cpumap_soft.nr_bits = CPUS_MAX;
    set_xen_guest_handle(arg->cpumap_hard.bitmap, maps);
    set_xen_guest_handle(arg->cpumap_soft.bitmap, maps + sizeof(hard->map));
    if ( hard )
        memcpy(maps, hard->map, sizeof(hard->map));
    if ( soft )
        memcpy(maps + sizeof(hard->map), soft->map, sizeof(soft->map));
}

int rl_vcpu_get(struct rl *rl, domid_t id, unsigned int vcpu, struct rl_vcpu *info)
{
    struct xen_domctl op = { 0 };
    const u8 *maps = rl_call_array(rl);
    long rc;

    *info = (struct rl_vcpu){ 0 };
    op.u.getvcpuinfo.vcpu = vcpu;
    rc = rl_domctl(rl, XEN_DOMCTL_getvcpuinfo, id, &op);
    if ( rc < 0 )
        return (int)rc;
    info->cpu = op.u.getvcpuinfo.cpu;
    info->online = op.u.getvcpuinfo.online;
    info->running = op.u.getvcpuinfo.running;
    info->blocked = op.u.getvcpuinfo.blocked;
    info->cpu_ns = op.u.getvcpuinfo.cpu_time;

    prepare(rl, &op, vcpu, &info->hard, &info->soft);
    rc = rl_domctl(rl, XEN_DOMCTL_getvcpuaffinity, id, &op);
    memcpy(info->hard.map, maps, sizeof(info->hard.map));
    memcpy(info->soft.map, maps + sizeof(info->hard.map), sizeof(info->soft.map));
    return rc < 0 ? (int)rc : 0;
}

static int check_cpus(const struct cpus *cpus, unsigned int nr)
{
    if ( !cpus || cpus->highest < (int)nr )
        return 0;
    return rl_error(EINVAL, "there is no CPU %d: this machine has CPUs 0 to %u", cpus->highest,
                    nr - 1);
}

static bool nothing(const u8 *map)
{
    for ( size_t i = 0; i < CPUS_MAX / 8; i++ )
        if ( map[i] )
            return false;
    return true;
}

/* There are such CPUs: that was checked. */
static int pin_refused(long rc, unsigned int vcpu, const struct cpus *hard, const struct cpus *soft,
                       unsigned int nr)
{
    char hard_text[CPUS_TEXT] = "as before", soft_text[CPUS_TEXT] = "as before";

    if ( rc != -EINVAL )
        return rl_error((int)-rc, "vcpu %u can't be pinned: %s", vcpu, strerror((int)-rc));
    if ( hard )
        cpus_text(hard, nr, hard_text, sizeof(hard_text));
    if ( soft )
        cpus_text(soft, nr, soft_text, sizeof(soft_text));
    return rl_error(
        EINVAL,
        "vcpu %u can't be pinned to CPUs %s, with preference %s: none of them is online "
        "in its domain's pool",
        vcpu, hard_text, soft_text);
}

int rl_vcpu_pin(struct rl *rl, domid_t id, unsigned int vcpu, const struct cpus *hard,
                const struct cpus *soft)
{
    const u8 *maps = rl_call_array(rl);
    struct xen_domctl op;
    unsigned int nr = rl_nr_cpus(rl);
    long rc;

    if ( !nr || check_cpus(hard, nr) || check_cpus(soft, nr) )
        return -EINVAL;
    if ( !hard && !soft )
        return 0;
    prepare(rl, &op, vcpu, hard, soft);
    rc = rl_domctl(rl, XEN_DOMCTL_setvcpuaffinity, id, &op);
    if ( rc < 0 )
        return pin_refused(rc, vcpu, hard, soft, nr);
    if ( soft && nothing(maps + sizeof(soft->map)) )
        rl_warn("vcpu %u may run on none of the CPUs that it would like: it has no preference",
                vcpu);
    return 0;
}

/* --- a new domain's --- */

static int parse_list(const struct rl_cpu_lists *lists, unsigned int vcpu, struct cpus *cpus,
                      const struct cpus **found)
{
    const char *text = rl_cpu_list_of(lists, vcpu);

    *found = text ? cpus : NULL;
    return text ? cpus_parse(text, "", cpus) : 0;
}

static int check_lists(const char *name, const struct rl_cpu_lists *lists, unsigned int nr)
{
    struct cpus cpus;

    for ( unsigned int i = 0; i < lists->count; i++ )
        if ( cpus_parse(lists->text[i], "", &cpus) || check_cpus(&cpus, nr) )
            return rl_error(EINVAL, "%s asks for `%s`", name, lists->text[i]);
    return 0;
}

int rl_vcpus_check(struct rl *rl, const struct rl_config *config)
{
    unsigned int nr;
    int rc;

    if ( !config->cpus.count && !config->cpus_soft.count )
        return 0;
    nr = rl_nr_cpus(rl);
    rc = nr ? check_lists("cpus", &config->cpus, nr) : -EIO;
    return rc ? rc : check_lists("cpus_soft", &config->cpus_soft, nr);
}

int rl_vcpus_place(struct rl *rl, domid_t id, const struct rl_config *config)
{
    struct cpus hard, soft;
    const struct cpus *hard_found, *soft_found;
    int rc = 0;

    if ( !config->cpus.count && !config->cpus_soft.count )
        return 0;
    for ( unsigned int i = 0; !rc && i < config->maxvcpus; i++ )
    {
        rc = parse_list(&config->cpus, i, &hard, &hard_found);
        if ( !rc )
            rc = parse_list(&config->cpus_soft, i, &soft, &soft_found);
        if ( !rc )
            rc = rl_vcpu_pin(rl, id, i, hard_found, soft_found);
    }
    return rc;
}

/* --- which are online --- */

int rl_vcpus_set(struct rl *rl, const struct rl_domain *domain, unsigned int count)
{
    char path[64];

    if ( count < 1 || count > domain->vcpus )
        return rl_error(EINVAL, "%u vcpus are out of bounds: domain %u can have 1 to %u online",
                        count, domain->id, domain->vcpus);
    for ( unsigned int i = 0; i < domain->vcpus; i++ )
    {
        snprintf(path, sizeof(path), "/local/domain/%u/cpu/%u/availability", domain->id, i);
        batch_write(&rl->batch, path, i < count ? "online" : "offline");
    }
    return batch_commit(&rl->batch);
}

/* --- the scheduler --- */

int rl_scheduler(struct rl *rl)
{
    struct xen_sysctl op = { 0 };
    long rc = rl_sysctl(rl, XEN_SYSCTL_sched_id, &op);

    if ( rc >= 0 )
        return (int)op.u.sched_id.sched_id;
    rl_error((int)-rc, "the hypervisor does not tell its scheduler: %s", strerror((int)-rc));
    return -1;
}

const char *rl_scheduler_name(int scheduler)
{
    static const char *const names[] = {
        [XEN_SCHEDULER_CREDIT] = "credit",     [XEN_SCHEDULER_CREDIT2] = "credit2",
        [XEN_SCHEDULER_ARINC653] = "arinc653", [XEN_SCHEDULER_RTDS] = "rtds",
        [XEN_SCHEDULER_NULL] = "null",
    };

    return scheduler >= 0 && scheduler < (int)ARRAY_SIZE(names) && names[scheduler]
               ? names[scheduler]
               : "unknown";
}

/* The schedulers that weigh domains differ in where the numbers are. */
static int call_share(struct rl *rl, domid_t id, u32 command, struct rl_share *share)
{
    struct xen_domctl op = { 0 };
    struct xen_domctl_scheduler_op *arg = &op.u.scheduler_op;
    int scheduler = rl_scheduler(rl);
    u16 *weight, *cap;
    long rc;

    if ( scheduler < 0 )
        return -EIO;
    if ( scheduler != XEN_SCHEDULER_CREDIT && scheduler != XEN_SCHEDULER_CREDIT2 )
        return rl_error(EOPNOTSUPP, "the scheduler (%s) has neither weights nor caps",
                        rl_scheduler_name(scheduler));
    arg->sched_id = (u32)scheduler;
    arg->cmd = command;
    weight = scheduler == XEN_SCHEDULER_CREDIT ? &arg->u.credit.weight : &arg->u.credit2.weight;
    cap = scheduler == XEN_SCHEDULER_CREDIT ? &arg->u.credit.cap : &arg->u.credit2.cap;
    *weight = (u16)share->weight;
    *cap = (u16)share->cap;
    rc = rl_domctl(rl, XEN_DOMCTL_scheduler_op, id, &op);
    if ( rc == -ESRCH )
        return -ESRCH;
    if ( rc < 0 )
        return rl_error((int)-rc, "the hypervisor refuses weight or cap of domain %u: %s", id,
                        strerror((int)-rc));
    *share = (struct rl_share){ *weight, *cap };
    return 0;
}

int rl_share_get(struct rl *rl, domid_t id, struct rl_share *share)
{
    *share = (struct rl_share){ 0 };
    return call_share(rl, id, XEN_DOMCTL_SCHEDOP_getinfo, share);
}

int rl_share_check(const struct rl_share *share, unsigned int vcpus)
{
    unsigned int most = SCHED_CAP_PER_VCPU * vcpus;

    if ( share->weight < SCHED_WEIGHT_MIN || share->weight > SCHED_WEIGHT_MAX )
        return rl_error(EINVAL, "weight %u is out of bounds: %u to %u", share->weight,
                        SCHED_WEIGHT_MIN, SCHED_WEIGHT_MAX);
    if ( share->cap > most )
        return rl_error(EINVAL, "cap %u is out of bounds: 0 to %u, %u for each of %u vcpus",
                        share->cap, most, SCHED_CAP_PER_VCPU, vcpus);
    return 0;
}

int rl_share_set(struct rl *rl, domid_t id, unsigned int vcpus, const struct rl_share *share)
{
    struct rl_share copy = *share;
    int rc = rl_share_check(share, vcpus);

    return rc ? rc : call_share(rl, id, XEN_DOMCTL_SCHEDOP_putinfo, &copy);
}

static long call_ratelimit(struct rl *rl, u32 command, u32 *us)
{
    struct xen_sysctl op = { 0 };
    struct xen_sysctl_scheduler_op *arg = &op.u.scheduler_op;
    int scheduler = rl_scheduler(rl);
    long rc;

    if ( scheduler < 0 )
        return -EIO;
    arg->sched_id = (u32)scheduler;
    arg->cmd = command;
    arg->u.sched_credit2.ratelimit_us = *us;
    rc = scheduler == XEN_SCHEDULER_CREDIT2 ? rl_sysctl(rl, XEN_SYSCTL_scheduler_op, &op)
                                            : -EOPNOTSUPP;
    *us = arg->u.sched_credit2.ratelimit_us;
    return rc;
}

int rl_ratelimit_get(struct rl *rl, unsigned int *us)
{
    long rc;

    *us = 0;
    rc = call_ratelimit(rl, XEN_SYSCTL_SCHEDOP_getinfo, us);
    if ( rc < 0 && rc != -EOPNOTSUPP )
        return rl_error((int)-rc, "the hypervisor does not tell its rate limit: %s",
                        strerror((int)-rc));
    return (int)rc;
}

int rl_ratelimit_set(struct rl *rl, unsigned int us)
{
    unsigned int copy = us;
    long rc = call_ratelimit(rl, XEN_SYSCTL_SCHEDOP_putinfo, &copy);

    return rc < 0 ? rl_error((int)-rc, "the scheduler takes no rate limit of %u us: %s", us,
                             strerror((int)-rc))
                  : 0;
}
