/* grant/'s part of a domain. */
#ifndef GRANT_STATE_H
#define GRANT_STATE_H

#include "lib/types.h"

struct domain_grant {
    struct grant_table *table;
};

#endif
