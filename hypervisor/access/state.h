/* access/'s part of a domain: which of the machine's resources it may touch. */
#ifndef ACCESS_STATE_H
#define ACCESS_STATE_H

#include "lib/rangeset.h"
#include "lib/types.h"

/* Allocated by access_domain_create, all under access/'s one lock. */
struct domain_access {
    struct rangeset *iomem; /* mfns that are not RAM */
    struct rangeset *ioports;
    u64 hot_ports;         /* one of its ranges, which is looked at first: resources.c */
    struct rangeset *irqs; /* GSIs */
};

#endif
