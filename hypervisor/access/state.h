/* access/'s part of a domain: which of the machine's resources it may touch. */
#ifndef ACCESS_STATE_H
#define ACCESS_STATE_H

#include "lib/rangeset.h"
#include "lib/types.h"

struct domain_access {
    struct rangeset *iomem;   /* mfns that are not RAM */
    struct rangeset *iomem_ro; /* ... of them read-only */
    struct rangeset *ioports;
    struct rangeset *irqs;    /* GSIs */
};

#endif
