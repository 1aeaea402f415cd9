#include "trace/trace.h"
#include "console/console.h"
#include "console/keys.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "smp/smp.h"

enum kind { SUM, MOST };

static const struct {
    const char *name, *summary;
    enum kind kind;
} rows[NR_COUNTERS] = {
#define COUNTER(name, kind, summary) { #name, summary, kind },
#include "trace/counters.def"
#undef COUNTER
};

u64 trace_read(enum counter c)
{
    u64 value = 0;

    for ( u32 cpu = 0; cpu < NR_CPUS; cpu++ )
    {
        const struct percpu *percpu = smp_percpu(cpu);
        u64 one = percpu ? percpu->counters[c] : 0;

        value = rows[c].kind == SUM ? value + one : max(value, one);
    }
    return value;
}

const char *trace_summary(enum counter c)
{
    return rows[c].summary;
}

void trace_reset(void)
{
    for ( u32 cpu = 0; cpu < NR_CPUS; cpu++ )
    {
        struct percpu *percpu = smp_percpu(cpu);

        if ( percpu )
            memset(percpu->counters, 0, sizeof(percpu->counters));
    }
}

/* Debug key 'p'. */
void trace_dump(void)
{
    for ( enum counter c = 0; c < NR_COUNTERS; c++ )
        log_error("%-18s %12lu  %s", rows[c].name, trace_read(c), rows[c].summary);
}
