#include "trace/latency.h"

#include <hypercall/abi.h>
#include "cpu/percpu.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "smp/smp.h"
#include "trace/buffer.h"

bool latency_on;

/* A CPU's own, once it has measured: NR_LATENCIES of them. */
static struct latency *latencies[NR_CPUS];

#define ORDER 4
_Static_assert(sizeof(struct latency) * NR_LATENCIES <= PAGE_SIZE << ORDER, "a CPU's fit");

bool latency_begin(void)
{
    for ( u32 cpu = 0; cpu < NR_CPUS; cpu++ )
        if ( smp_is_online(cpu) && !latencies[cpu] )
        {
            struct latency *own = mm_alloc(ORDER);

            if ( !own )
                return false;
            atomic_store(&latencies[cpu], own);
        }
    WRITE_ONCE(latency_on, true);
    trace_watch_hypercalls(true);
    return true;
}

void latency_end(void)
{
    trace_watch_hypercalls(false);
    WRITE_ONCE(latency_on, false);
}

void latency_note(unsigned int kind, s64 ns)
{
    struct latency *own = latencies[this_cpu()->cpu];
    u64 value = ns > 0 ? (u64)ns : 0;

    if ( !own || kind >= NR_LATENCIES ) /* no buffer: the CPU has come up since */
        return;
    own += kind;
    own->calls++;
    own->total += value;
    own->longest = max(own->longest, (u32)min(value, (u64)UINT32_MAX));
    own->bins[histogram_bin(value)]++;
}

void latency_read(unsigned int kind, struct latency *sum)
{
    memset(sum, 0, sizeof(*sum));
    for ( u32 cpu = 0; cpu < NR_CPUS; cpu++ )
    {
        const struct latency *one = READ_ONCE(latencies[cpu]);

        if ( !one || !READ_ONCE(one[kind].calls) )
            continue;
        one += kind;
        sum->calls += READ_ONCE(one->calls);
        sum->total += READ_ONCE(one->total);
        sum->longest = max(sum->longest, READ_ONCE(one->longest));
        for ( unsigned int i = 0; i < HISTOGRAM_BINS; i++ )
            sum->bins[i] += READ_ONCE(one->bins[i]);
    }
}

void latency_reset(void)
{
    for ( u32 cpu = 0; cpu < NR_CPUS; cpu++ )
        if ( latencies[cpu] )
            memset(latencies[cpu], 0, sizeof(struct latency) * NR_LATENCIES);
}

static const struct {
    const char *what, *name;
    u8 kind;
} rows[] = {
#define HYPERCALL(name, args, handler, compat, who, status, summary)                               \
    { "hypercall", #name, __HYPERVISOR_##name },
#include <hypercall/hypercalls.def>
#undef HYPERCALL
#define VECTOR(nr, name, pushes_error, uses_ist, dpl, text) { "trap", text, LATENCY_TRAP(nr) },
#include "cpu/vectors.def"
#undef VECTOR
};

long latency_each(long (*row)(void *context, const char *what, const char *name, unsigned int kind),
                  void *context)
{
    long rc = 0;

    for ( size_t i = 0; i < ARRAY_SIZE(rows) && !rc; i++ )
        if ( rows[i].kind < NR_LATENCIES )
            rc = row(context, rows[i].what, rows[i].name, rows[i].kind);
    return rc;
}
