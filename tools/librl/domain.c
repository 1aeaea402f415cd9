#include "domain.h"

#include <stdlib.h>

#include <xenstore.h>

#include "calls.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "message.h"
#include "names.h"
#include "store.h"
#include "wait.h"

/* --- names of states --- */

const char *rl_reason_name(unsigned int reason)
{
    static const char *const names[] = {
        [SHUTDOWN_poweroff] = "poweroff", [SHUTDOWN_reboot] = "reboot",
        [SHUTDOWN_suspend] = "suspend",   [SHUTDOWN_crash] = "crash",
        [SHUTDOWN_watchdog] = "watchdog", [SHUTDOWN_soft_reset] = "soft-reset",
    };

    if ( reason == RL_REASON_DESTROYED )
        return "destroyed";
    return reason < ARRAY_SIZE(names) ? names[reason] : "unknown";
}

const char *rl_state_name(const struct rl_domain *domain)
{
    if ( domain->dying )
        return "dying";
    if ( domain->shutdown )
        return "shutdown";
    if ( domain->paused )
        return "paused";
    return domain->running || !domain->blocked ? "running" : "blocked";
}

/* --- listing --- */

static void take(struct rl_domain *domain, const struct xen_domctl_getdomaininfo *info)
{
    *domain = (struct rl_domain){
        .id = info->domain,
        .running = info->flags & XEN_DOMINF_running,
        .blocked = info->flags & XEN_DOMINF_blocked,
        .paused = info->flags & XEN_DOMINF_paused,
        .shutdown = info->flags & XEN_DOMINF_shutdown,
        .dying = info->flags & XEN_DOMINF_dying,
        .reason = info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask,
        .pages = info->tot_pages,
        .max_pages = info->max_pages,
        .cpu_ns = info->cpu_time,
        .shared_info = info->shared_info_frame,
        .vcpus_online = info->nr_online_vcpus,
        .vcpus = info->max_vcpu_id == XEN_INVALID_MAX_VCPU_ID ? 0 : info->max_vcpu_id + 1,
    };
    if ( !domain->shutdown )
        domain->reason = RL_REASON_NONE;
    memcpy(domain->uuid, info->handle, sizeof(domain->uuid));
}

/* As rl_domain_list(), but what the hypervisor tells is left as it is, in the array of calls. */
static int list(struct rl *rl, domid_t first, unsigned int max)
{
    struct xen_domctl_getdomaininfo *infos = rl_call_array(rl);
    struct xen_sysctl op = { 0 };
    long rc;

    op.u.getdomaininfolist.first_domain = first;
    op.u.getdomaininfolist.max_domains = min_t(u32, max, RL_ARRAY_SIZE / sizeof(*infos));
    set_xen_guest_handle(op.u.getdomaininfolist.buffer, infos);
    rc = rl_sysctl(rl, XEN_SYSCTL_getdomaininfolist, &op);
    if ( rc < 0 )
        return rl_error((int)-rc, "the hypervisor does not list its domains: %s",
                        strerror((int)-rc));
    return (int)op.u.getdomaininfolist.num_domains;
}

int rl_domain_list(struct rl *rl, domid_t first, struct rl_domain *domains, unsigned int max)
{
    const struct xen_domctl_getdomaininfo *infos = rl_call_array(rl);
    int count = list(rl, first, max);

    for ( int i = 0; i < count; i++ )
        take(&domains[i], &infos[i]);
    return count;
}

int rl_domain_get(struct rl *rl, domid_t id, struct rl_domain *domain)
{
    struct xen_domctl op = { 0 };
    long rc = rl_domctl(rl, XEN_DOMCTL_getdomaininfo, id, &op);

    if ( rc < 0 || op.u.getdomaininfo.domain != id )
        return -ESRCH;
    take(domain, &op.u.getdomaininfo);
    return 0;
}

void rl_domain_name(struct rl *rl, struct rl_domain *domain)
{
    names_get(rl, domain, 1);
}

/* --- finding --- */

/* Names are read from the store for so many domains at once. */
#define SOME 32

static bool find_among_some(struct rl *rl, const struct xen_domctl_getdomaininfo *infos,
                            unsigned int count, const char *name, struct rl_domain *domain)
{
    struct rl_domain some[SOME];

    for ( unsigned int i = 0; i < count; i++ )
        take(&some[i], &infos[i]);
    names_get(rl, some, count);
    for ( unsigned int i = 0; i < count; i++ )
        if ( some[i].id != domain->id && !strcmp(some[i].name, name) && names_verify(rl, &some[i]) )
        {
            *domain = some[i];
            return true;
        }
    return false;
}

/* Most are sifted out without a look at more than the table of names. */
static bool find_among(struct rl *rl, struct xen_domctl_getdomaininfo *infos, unsigned int count,
                       const char *name, struct rl_domain *domain)
{
    count = names_sift(rl, name, infos, count);
    for ( unsigned int i = 0; i < count; i += SOME )
        if ( find_among_some(rl, &infos[i], min_t(unsigned int, count - i, SOME), name, domain) )
            return true;
    return false;
}

/* @domain is not looked at itself, if it is one. -ESRCH, not told: no other has the name; or the list can't be had. */
static int find_other(struct rl *rl, const char *name, struct rl_domain *domain)
{
    struct xen_domctl_getdomaininfo *infos = rl_call_array(rl);
    domid_t first = 0;
    int count;

    do
    {
        count = list(rl, first, RL_LIST_CHUNK);
        if ( count <= 0 )
            return count ? count : -ESRCH;
        first = infos[count - 1].domain + 1;
        if ( find_among(rl, infos, (unsigned int)count, name, domain) )
            return 0;
    } while ( count == RL_LIST_CHUNK );
    return -ESRCH;
}

int rl_domain_named(struct rl *rl, const char *name, struct rl_domain *domain)
{
    *domain = (struct rl_domain){ .id = DOMID_INVALID };
    return find_other(rl, name, domain);
}

/* 0 if no other than @other itself has the name. */
static int name_free(struct rl *rl, const char *name, struct rl_domain *other)
{
    int rc = find_other(rl, name, other);

    if ( !rc )
        return rl_error(EEXIST, "domain %u is called %s already: destroy it, or say name=ANOTHER",
                        other->id, other->name);
    return rc == -ESRCH ? 0 : rc;
}

int rl_name_check(struct rl *rl, const char *name)
{
    struct rl_domain other = { .id = DOMID_INVALID };

    return name_free(rl, name, &other);
}

/*
 * Noted before we look: of two who take one name at the same time both may be refused, but never none.
 */
int rl_domain_take_name(struct rl *rl, struct rl_domain *domain, const char *name)
{
    struct rl_domain other = *domain;

    snprintf(domain->name, sizeof(domain->name), "%s", name);
    names_promise(rl, domain);
    return name_free(rl, name, &other);
}

int rl_domain_find(struct rl *rl, const char *name, struct rl_domain *domain)
{
    uint64_t id;
    int rc = -ESRCH;

    if ( parse_u64_all(name, &id) )
    {
        if ( id < DOMID_FIRST_RESERVED && !rl_domain_get(rl, (domid_t)id, domain) )
        {
            rl_domain_name(rl, domain);
            return 0;
        }
    }
    else
        rc = rl_domain_named(rl, name, domain);
    if ( rc != -ESRCH )
        return rc;
    return rl_error(ESRCH, "there is no domain `%s`: `rl list` shows those there are", name);
}

/* --- doing --- */

static int simple(struct rl *rl, const struct rl_domain *domain, u32 command, const char *what)
{
    struct xen_domctl op = { 0 };
    long rc = rl_domctl(rl, command, domain->id, &op);

    if ( rc < 0 )
        return rl_error((int)-rc, "domain %u can't be %s: %s", domain->id, what,
                        strerror((int)-rc));
    return 0;
}

int rl_domain_pause(struct rl *rl, const struct rl_domain *domain)
{
    return simple(rl, domain, XEN_DOMCTL_pausedomain, "paused");
}

int rl_domain_unpause(struct rl *rl, const struct rl_domain *domain)
{
    return simple(rl, domain, XEN_DOMCTL_unpausedomain, "unpaused");
}

/* The hypervisor stops now and then so that we may take signals. */
static long kill_domain(struct rl *rl, domid_t id)
{
    struct xen_domctl op = { 0 };
    long rc;

    do
        rc = rl_domctl(rl, XEN_DOMCTL_destroydomain, id, &op);
    while ( rc == -EAGAIN || rc == -ERESTART );
    return rc;
}

static int destroy(struct rl *rl, const struct rl_domain *domain, bool in_store)
{
    long rc;

    if ( domain->id == 0 )
        return rl_error(EINVAL,
                        "domain 0 is the one that we are in: `poweroff` ends it, and the machine");
    rc = kill_domain(rl, domain->id);
    if ( rc < 0 && rc != -ESRCH )
        return rl_error((int)-rc, "domain %u can't be destroyed: %s", domain->id,
                        strerror((int)-rc));
    if ( in_store )
        store_forget_domain(rl, domain->id, domain->uuid);
    if ( !wait_gone(rl, domain->id) )
        return rl_error(EBUSY,
                        "domain %u is dead, but somebody still has its memory mapped: are "
                        "xenstored and xenconsoled "
                        "well?",
                        domain->id);
    return 0;
}

int rl_domain_destroy(struct rl *rl, const struct rl_domain *domain)
{
    return destroy(rl, domain, true);
}

int rl_domain_abandon(struct rl *rl, const struct rl_domain *domain)
{
    return destroy(rl, domain, false);
}

int rl_domain_request(struct rl *rl, const struct rl_domain *domain, const char *request)
{
    if ( domain->id == 0 )
        return rl_error(EINVAL,
                        "domain 0 is the one that we are in: use its own `poweroff` or `reboot`");
    if ( domain->shutdown )
        return rl_error(EALREADY, "domain %u has stopped already (%s)", domain->id,
                        rl_reason_name(domain->reason));
    return store_write(rl, XBT_NULL, request, "/local/domain/%u/control/shutdown", domain->id);
}

/* Both or none: who watches the second believes that he hears of all changes of the first. */
static int write_name(struct rl *rl, const struct rl_domain *domain, const char *name)
{
    char uuid[RL_UUID_TEXT];
    bool done;
    int rc;

    rl_uuid_text(domain->uuid, uuid);
    do
    {
        uint32_t t = rl_store(rl) ? xs_transaction_start(rl->store) : XBT_NULL;

        if ( t == XBT_NULL )
            return rl_error(EIO, "the store can't be written to");
        rc = store_write(rl, t, name, "/local/domain/%u/name", domain->id);
        if ( !rc )
            rc = store_write(rl, t, name, "/vm/%s/name", uuid);
        done = xs_transaction_end(rl->store, t, rc);
    } while ( !done && errno == EAGAIN );
    if ( !rc && !done )
        rc = rl_error(errno, "the store does not take the name: %s", strerror(errno));
    return rc;
}

int rl_domain_rename(struct rl *rl, struct rl_domain *domain, const char *name)
{
    int rc = write_name(rl, domain, name);

    if ( rc )
        return rc;
    snprintf(domain->name, sizeof(domain->name), "%s", name);
    names_note(rl, domain);
    return 0;
}
