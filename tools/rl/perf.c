/* perf: what the hypervisor counts, and how long hypercalls and traps take. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "librl/message.h"
#include "librl/perf.h"
#include "verb.h"

/* --- A table --- */

static int by_total(const void *a, const void *b)
{
    const struct rl_latency *x = a, *y = b;

    return x->total < y->total ? 1 : x->total > y->total ? -1 : strcmp(x->name, y->name);
}

static void print_latency(const struct rl_latency *l)
{
    char title[80];

    snprintf(title, sizeof(title), "%s %s", l->what, l->name);
    printf("%-42s %10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %10u %10" PRIu64 "\n", title, l->calls,
           histogram_percentile(l->bins, 50), histogram_percentile(l->bins, 99), l->longest,
           l->total / 1000);
}

static void print_table(struct rl_perf *perf)
{
    for ( unsigned int i = 0; i < perf->nr_counters; i++ )
        printf("%-42s %10u\n", perf->counters[i].name, perf->counters[i].value);
    printf("\n%-42s %10s %8s %8s %10s %10s\n",
           perf->measured ? "in ns, being measured" : "in ns, not being measured", "calls", "p50",
           "p99", "max", "us in all");
    qsort(perf->latencies, perf->nr_latencies, sizeof(*perf->latencies), by_total);
    for ( unsigned int i = 0; i < perf->nr_latencies; i++ )
        if ( perf->latencies[i].calls )
            print_latency(&perf->latencies[i]);
}

/* --- JSON --- */

static struct json_object *json_latency(const struct rl_latency *l)
{
    struct json_object *o = json_object_new_object();

    json_add_text(o, "kind", l->what);
    json_add_text(o, "name", l->name);
    json_add_number(o, "calls", l->calls);
    json_add_number(o, "p50_ns", histogram_percentile(l->bins, 50));
    json_add_number(o, "p99_ns", histogram_percentile(l->bins, 99));
    json_add_number(o, "max_ns", l->longest);
    json_add_number(o, "total_ns", l->total);
    return o;
}

static void print_json(const struct rl_perf *perf)
{
    struct json_object *o = json_object_new_object(), *counters = json_object_new_object(),
                       *latencies = json_object_new_array();

    json_object_object_add(o, "measured", json_object_new_boolean(perf->measured));
    json_object_object_add(o, "counters", counters);
    json_object_object_add(o, "latencies", latencies);
    for ( unsigned int i = 0; i < perf->nr_counters; i++ )
        json_add_number(counters, perf->counters[i].name, perf->counters[i].value);
    for ( unsigned int i = 0; i < perf->nr_latencies; i++ )
        if ( perf->latencies[i].calls )
            json_object_array_add(latencies, json_latency(&perf->latencies[i]));
    json_print(o);
}

/* --- Prometheus: its text format, version 0.0.4 --- */

#define LATENCY "ringleader_latency_seconds"

/* What each value of a kind is labelled with. */
static void print_labels(const struct rl_latency *l, const char *suffix)
{
    printf(LATENCY "%s{kind=\"%s\",name=\"%s\"", suffix, l->what, l->name);
}

/* A bucket for each power of two, which holds what lies below it: all that is less, too. */
static void print_histogram(const struct rl_latency *l)
{
    u64 sum = 0;
    unsigned int bin = 0;

    for ( unsigned int bits = 5; bits < 32; bits++ )
    {
        for ( ; histogram_from(bin) < 1UL << bits; bin++ )
            sum += l->bins[bin];
        print_labels(l, "_bucket");
        printf(",le=\"%.9g\"} %" PRIu64 "\n", (double)((1UL << bits) - 1) / 1e9, sum);
    }
    print_labels(l, "_bucket");
    printf(",le=\"+Inf\"} %" PRIu64 "\n", l->calls);
    print_labels(l, "_sum");
    printf("} %.9f\n", (double)l->total / 1e9);
    print_labels(l, "_count");
    printf("} %" PRIu64 "\n", l->calls);
}

static void print_prometheus(const struct rl_perf *perf)
{
    printf("# HELP ringleader_counter What the hypervisor counts.\n# TYPE ringleader_counter "
           "untyped\n");
    for ( unsigned int i = 0; i < perf->nr_counters; i++ )
        printf("ringleader_counter{name=\"%s\"} %u\n", perf->counters[i].name,
               perf->counters[i].value);
    printf("# HELP " LATENCY " How long hypercalls and traps take, way in and out excluded.\n"
           "# TYPE " LATENCY " histogram\n");
    for ( unsigned int i = 0; i < perf->nr_latencies; i++ )
        if ( perf->latencies[i].calls )
            print_histogram(&perf->latencies[i]);
    printf("# HELP " LATENCY "_max The longest so far.\n# TYPE " LATENCY "_max gauge\n");
    for ( unsigned int i = 0; i < perf->nr_latencies; i++ )
        if ( perf->latencies[i].calls )
        {
            print_labels(&perf->latencies[i], "_max");
            printf("} %.9f\n", perf->latencies[i].longest / 1e9);
        }
}

/* --- The verb --- */

/* Measure for so long, from 0; then all is as it was, but for the figures. */
static int measure_for(struct rl *rl, unsigned int seconds)
{
    struct rl_perf before;
    int rc = rl_perf_get(rl, &before);

    if ( rc )
        return rc;
    rl_perf_free(&before);
    rc = rl_perf_reset(rl);
    if ( !rc && !before.measured )
        rc = rl_perf_measure(rl, true);
    if ( rc )
        return rc;
    while ( seconds )
        seconds = sleep(seconds);
    return before.measured ? 0 : rl_perf_measure(rl, false);
}

static int prepare(struct rl *rl, const struct arguments *arguments)
{
    int seconds, rc = option_number(arguments, 's', 0, &seconds);

    if ( !rc && arguments->option['r'] )
        rc = rl_perf_reset(rl);
    if ( !rc && arguments->option['b'] )
        rc = rl_perf_measure(rl, true);
    if ( !rc && arguments->option['e'] )
        rc = rl_perf_measure(rl, false);
    if ( !rc && seconds )
        rc = measure_for(rl, (unsigned int)seconds);
    return rc;
}

static int perf(struct rl *rl, const struct arguments *arguments)
{
    struct rl_perf found;
    int rc = prepare(rl, arguments);

    if ( !rc )
        rc = rl_perf_get(rl, &found);
    if ( rc )
        return rc;
    if ( arguments->option['p'] )
        print_prometheus(&found);
    else if ( arguments->option['j'] )
        print_json(&found);
    else
        print_table(&found);
    rl_perf_free(&found);
    return 0;
}

const struct verb verb_perf = {
    .name = "perf",
    .synopsis = "",
    .summary = "Tell what the hypervisor counts, and how long hypercalls and traps take",
    .help =
        "Latencies are measured on demand: --begin and --end, or --seconds, which begins at 0.\n",
    .run = perf,
    .options = { OPTION_JSON,
                 { 'p', "prometheus", NULL, "print it as Prometheus reads it" },
                 { 'b', "begin", NULL, "measure latencies from now on" },
                 { 'e', "end", NULL, "... or no longer" },
                 { 's', "seconds", "SECONDS", "measure for so long, then print" },
                 { 'r', "reset", NULL, "set all to 0 first" } },
};
