#include "perf.h"

#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "message.h"

typedef struct xen_sysctl_perfc_desc desc_t;

static int perfc(struct rl *rl, u32 command, const void *descs, const void *values, u32 *nr_descs,
                 u32 *nr_values)
{
    struct xen_sysctl op = { 0 };
    struct xen_sysctl_perfc_op *arg = &op.u.perfc_op;
    long rc;

    arg->cmd = command;
    set_xen_guest_handle(arg->desc, (desc_t *)descs);
    set_xen_guest_handle(arg->val, (u32 *)values);
    rc = rl_sysctl(rl, XEN_SYSCTL_perfc_op, &op);
    if ( rc < 0 )
        return rl_error((int)-rc, "the hypervisor does not tell what it counts: %s",
                        strerror((int)-rc));
    *nr_descs = arg->nr_counters;
    *nr_values = arg->nr_vals;
    return 0;
}

/* --- Names: control/sysctl_hypervisor.c makes them --- */

#define OF_BINS ": calls by ns"

/* "WHAT NAME: calls by ns" becomes two strings. False: it is a counter's name. */
static bool split(desc_t *desc, struct rl_latency *latency)
{
    char *space = strchr(desc->name, ' '), *end = strstr(desc->name, OF_BINS);

    if ( desc->nr_vals != HISTOGRAM_BINS || !space || !end || space > end )
        return false;
    *space = '\0';
    *end = '\0';
    latency->what = desc->name;
    latency->name = space + 1;
    return true;
}

/* A histogram, and the three values behind it. */
static void add_latency(struct rl_perf *perf, struct rl_latency latency, const u32 *values)
{
    const u32 *rest = values + HISTOGRAM_BINS;

    latency.bins = values;
    latency.calls = histogram_total(values);
    latency.longest = rest[0];
    latency.total = rest[1] | (u64)rest[2] << 32;
    perf->latencies[perf->nr_latencies++] = latency;
}

static void sort_out(struct rl_perf *perf, desc_t *descs, u32 nr, const u32 *values)
{
    for ( u32 i = 0; i < nr; values += descs[i++].nr_vals )
    {
        struct rl_latency latency = { 0 };

        descs[i].name[sizeof(descs[i].name) - 1] = '\0';
        if ( split(&descs[i], &latency) )
            add_latency(perf, latency, values);
        else if ( !strcmp(descs[i].name, "latencies are measured") )
            perf->measured = *values;
        else if ( descs[i].nr_vals == 1 )
            perf->counters[perf->nr_counters++] = (struct rl_counter){ descs[i].name, *values };
    }
}

/* --- Calls --- */

int rl_perf_get(struct rl *rl, struct rl_perf *perf)
{
    desc_t *descs = rl_call_array(rl);
    u32 nr, nr_values, *values;
    int rc = perfc(rl, XEN_SYSCTL_PERFCOP_query, NULL, NULL, &nr, &nr_values);

    memset(perf, 0, sizeof(*perf));
    if ( rc )
        return rc;
    if ( nr * sizeof(*descs) + nr_values * sizeof(*values) > RL_ARRAY_SIZE )
        return rl_error(E2BIG, "the hypervisor counts too much: %u values", nr_values);
    values = (u32 *)(descs + nr);
    rc = perfc(rl, XEN_SYSCTL_PERFCOP_query, descs, values, &nr, &nr_values);
    if ( rc )
        return rc;

    perf->memory = malloc(RL_ARRAY_SIZE);
    perf->counters = calloc(nr, sizeof(*perf->counters));
    perf->latencies = calloc(nr, sizeof(*perf->latencies));
    if ( !perf->memory || !perf->counters || !perf->latencies )
    {
        rl_perf_free(perf);
        return rl_no_memory();
    }
    memcpy(perf->memory, descs, RL_ARRAY_SIZE);
    descs = perf->memory;
    sort_out(perf, descs, nr, (u32 *)(descs + nr));
    return 0;
}

void rl_perf_free(struct rl_perf *perf)
{
    free(perf->memory);
    free(perf->counters);
    free(perf->latencies);
}

int rl_perf_reset(struct rl *rl)
{
    u32 ignored;

    return perfc(rl, XEN_SYSCTL_PERFCOP_reset, NULL, NULL, &ignored, &ignored);
}

int rl_perf_measure(struct rl *rl, bool on)
{
    struct xen_sysctl op = { 0 };
    char *key = rl_call_array(rl);
    long rc;

    *key = on ? 'l' : 'L';
    set_xen_guest_handle(op.u.debug_keys.keys, key);
    op.u.debug_keys.nr_keys = 1;
    rc = rl_sysctl(rl, XEN_SYSCTL_debug_keys, &op);
    return rc < 0 ? rl_error((int)-rc, "the hypervisor does not take debug keys: %s",
                             strerror((int)-rc))
                  : 0;
}
