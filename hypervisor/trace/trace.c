#include "trace/trace.h"
#include "console/console.h"
#include "console/keys.h"

u64 trace_counters[NR_COUNTERS];

static const struct {
    const char *name, *summary;
} names[NR_COUNTERS] = {
#define COUNTER(name, summary) { #name, summary },
#include "trace/counters.def"
#undef COUNTER
};

/* Debug key 'p'. */
void trace_dump(void)
{
    for ( unsigned int i = 0; i < NR_COUNTERS; i++ )
        log_error("%-18s %12lu  %s", names[i].name, trace_counters[i], names[i].summary);
}
