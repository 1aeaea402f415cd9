/* Debug key 'g': the books of grants. */
#include "grant/table.h"

#include "console/console.h"
#include "console/keys.h"
#include "grant/maptrack.h"

void grant_dump(void)
{
    for ( struct domain *d = domain_next_guest(NULL); d; d = domain_next_guest(d) )
        log_error("  d%u: %u frames of table, version %u, %u entries in use; %u frames of handles, "
                  "%u mappings",
                  d->id, grant_table_frames(d), grant_version(d), grant_entries_in_use(d),
                  grant_maptrack_frames(d), maptrack_mappings(d));
}
