/* Rights of domains over each other and over the machine: the rules. */
#include "access/access.h"

/* What a right needs. */
enum rule {
    NEVER,
    ALWAYS,
    DEVICES, /* some of the machine's I/O memory or ports was given to it */
};

/* One row a right: what a plain or a privileged domain gets over itself, and over another. */
static const struct {
    u8 self, other;
} rules[ACCESS_RIGHTS][2] = {
    /*                    plain               privileged     */
    [ACCESS_ADMIN] = { { NEVER, NEVER }, { ALWAYS, ALWAYS } },
    [ACCESS_CONTROL] = { { ALWAYS, NEVER }, { ALWAYS, ALWAYS } },
    [ACCESS_MAP] = { { ALWAYS, NEVER }, { ALWAYS, ALWAYS } },
    [ACCESS_HARDWARE] = { { DEVICES, NEVER }, { ALWAYS, ALWAYS } },
};

static bool has_devices(const struct domain *d)
{
    return !rangeset_empty(d->access.iomem) || !rangeset_empty(d->access.ioports);
}

long access_check(const struct domain *who, const struct domain *target, enum access_right right)
{
    bool privileged = domain_is_privileged(who);
    u8 rule = who == target ? rules[right][privileged].self : rules[right][privileged].other;

    if ( rule == ALWAYS || (rule == DEVICES && has_devices(who)) )
        return 0;
    return -EPERM;
}

/* The two domains that own what is nobody's RAM: I/O memory, and frames that the hypervisor shows. */
static struct domain *special_domain(domid_t id)
{
    return id == DOMID_IO ? domain_io : id == DOMID_XEN ? domain_xen : NULL;
}

static long check_special(const struct domain *who, const struct domain *special,
                          enum access_right right)
{
    if ( right != ACCESS_MAP )
        return -ESRCH; /* no domain that lives */
    return access_check(who, special, right);
}

long access_domain(struct domain *who, domid_t id, enum access_right right, struct domain **out)
{
    struct domain *d = special_domain(id);
    long rc;

    if ( id == DOMID_SELF || id == who->id )
    {
        rc = access_check(who, who, right);
        if ( rc )
            return rc;
        domain_hold(who);
        *out = who;
        return 0;
    }

    if ( d )
    {
        rc = check_special(who, d, right);
        if ( rc )
            return rc;
        domain_hold(d);
        *out = d;
        return 0;
    }

    d = domain_get(id);
    if ( !d )
        return -ESRCH;

    rc = access_check(who, d, right);
    if ( rc )
        domain_put(d);
    else
        *out = d;
    return rc;
}
