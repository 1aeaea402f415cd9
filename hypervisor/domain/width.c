/* A domain's width: what of its shared_info is where. */
#include "domain/domain.h"
#include "event/event.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "time/time.h"

void domain_width_chosen(struct domain *d)
{
    u8 *shared = (u8 *)d->shared_info;
    size_t kept =
        sizeof(d->shared_info->vcpu_info); /* as large in both, and with the mask in one place */

    BUILD_BUG_ON(sizeof(struct compat_vcpu_info) != sizeof(struct vcpu_info));
    memset(shared + kept, 0, sizeof(*d->shared_info) - kept);
    event_set_width(d);
    time_update_wallclock(d);
}
