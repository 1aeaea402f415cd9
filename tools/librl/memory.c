#include "memory.h"

#include <stdlib.h>

#include "calls.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "message.h"
#include "store.h"

#define MIB_KIB 1024

/* Below this no guest, and no dom0, lives. */
#define LEAST_KIB      (1 * MIB_KIB)
#define LEAST_DOM0_KIB (128 * MIB_KIB)

/* A number of the domain's memory in the store; @fallback: there is none. */
static u64 stored(struct rl *rl, const struct rl_domain *domain, const char *name, u64 fallback)
{
    char *text = store_read(rl, "/local/domain/%u/memory/%s", domain->id, name);
    uint64_t value;

    if ( !text || !parse_u64_all(text, &value) )
        value = fallback;
    free(text);
    return value;
}

/* What the domain can grow to. Where the store doesn't tell, as of domain 0: the hypervisor's limit, or the machine. */
static int find_most(struct rl *rl, const struct rl_domain *domain, u64 *most)
{
    struct xen_sysctl op = { 0 };
    long rc = rl_sysctl(rl, XEN_SYSCTL_physinfo, &op);

    if ( rc < 0 )
        return rl_error((int)-rc, "the hypervisor does not tell about the machine: %s",
                        strerror((int)-rc));
    *most = stored(rl, domain, "static-max",
                   min(domain->max_pages, (u64)op.u.physinfo.total_pages) << (PAGE_SHIFT - 10));
    return 0;
}

static int set_limit(struct rl *rl, const struct rl_domain *domain, u64 kib)
{
    struct xen_domctl op = { 0 };
    long rc;

    op.u.max_mem.max_memkb = kib;
    rc = rl_domctl(rl, XEN_DOMCTL_max_mem, domain->id, &op);
    return rc < 0 ? rl_error((int)-rc, "the hypervisor refuses a limit of %llu KiB: %s",
                             (unsigned long long)kib, strerror((int)-rc))
                  : 0;
}

static int set_target(struct rl *rl, const struct rl_domain *domain, u64 kib)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)kib);
    return store_write(rl, XBT_NULL, text, "/local/domain/%u/memory/target", domain->id);
}

/* The limit is above the target by as much as it was: room for what the guest has beside its memory. */
static u64 limit_for(struct rl *rl, const struct rl_domain *domain, u64 kib)
{
    u64 limit = domain->max_pages << (PAGE_SHIFT - 10);
    u64 target = stored(rl, domain, "target", limit);

    return kib + (limit > target ? limit - target : 0);
}

int rl_memory_set(struct rl *rl, const struct rl_domain *domain, u64 kib)
{
    u64 least = domain->id ? LEAST_KIB : LEAST_DOM0_KIB, most = 0;
    int rc = find_most(rl, domain, &most);

    if ( rc )
        return rc;
    if ( kib < least || kib > most )
        return rl_error(EINVAL, "%llu KiB are out of bounds: domain %u can have %llu to %llu KiB",
                        (unsigned long long)kib, domain->id, (unsigned long long)least,
                        (unsigned long long)most);
    if ( domain->id )
        rc = set_limit(rl, domain, limit_for(rl, domain, kib));
    return rc ? rc : set_target(rl, domain, kib);
}
