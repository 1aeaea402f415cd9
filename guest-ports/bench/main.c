/*
 * bench: measures every row, or those that `rows=a,b` names, and prints `RL-BENCH name value median worst`. The
 * value is what an operation takes in the best of a few loops; median and worst are those of single operations.
 * All is printed at the end, so that a console that has to be emptied disturbs nobody.
 *
 * With the word `trace` each row runs TRACED times between marks, then twice as often between further marks,
 * and `RL-TRACED name operations` tells how many operations the first of the two did. What the second has more
 * is the operations' own, without what surrounds the loop.
 */
#include "bench.h"
#include "difference.h"

#define ROUNDS  5
#define COUNT   40
#define SAMPLES 101
#define TRACED  8
#define ROWS    128

void *bench_page;
ulong bench_va;
pte_t *bench_entry;

/* In hundredths of an instruction; a row of a count of things has none but value. */
static struct result {
    const struct bench *row;
    ulong value, median, worst;
} results[ROWS];
static unsigned int nr_results;

static uint64_t time_of(const struct bench *b, long count)
{
    uint64_t start = rdtsc();

    b->run(count);
    return rdtsc() - start;
}

static ulong cost(const struct bench *b)
{
    time_of(b, 2); /* first uses set up what stays */
    return DIFFERENCE_OF_LEAST(ROUNDS, time_of(b, COUNT), time_of(b, 3 * COUNT)) * 100 /
           (2 * COUNT) / (b->per ?: 1);
}

static void sort(uint64_t *values, unsigned int count)
{
    for ( unsigned int i = 1; i < count; i++ )
    {
        uint64_t value = values[i];
        unsigned int j = i;

        for ( ; j && values[j - 1] > value; j-- )
            values[j] = values[j - 1];
        values[j] = value;
    }
}

/* Single operations: a time of two less the least time of one, which has the same surroundings. */
static void spread(const struct bench *b, struct result *result)
{
    static uint64_t samples[SAMPLES];
    uint64_t one = ~0UL;

    for ( unsigned int i = 0; i < SAMPLES; i++ )
    {
        uint64_t time = time_of(b, 1);

        one = time < one ? time : one;
    }
    for ( unsigned int i = 0; i < SAMPLES; i++ )
    {
        uint64_t time = time_of(b, 2);

        samples[i] = (time > one ? time - one : 0) * 100 / (b->per ?: 1);
    }
    sort(samples, SAMPLES);
    result->median = samples[SAMPLES / 2];
    result->worst = samples[SAMPLES - 1];
}

/* Rows that are no loops: the least, the median and the worst of their tries. */
static void try(const struct bench *b, struct result *result)
{
    static uint64_t samples[SAMPLES];
    unsigned int tries = b->tries ?: 1;

    for ( unsigned int i = 0; i < tries; i++ )
        samples[i] = (uint64_t)b->measure() * 100;
    sort(samples, tries);
    result->value = samples[0];
    result->median = samples[tries / 2];
    result->worst = samples[tries - 1];
}

static bool wanted(const char *name)
{
    const char *rows = arg_value("rows");

    return !rows || strstr(rows, name);
}

static void trace(const struct bench *b)
{
    mark_begin();
    b->run(TRACED);
    mark_end();
    mark_begin();
    b->run(2 * TRACED);
    mark_end();
}

static void run(const struct bench *b)
{
    for ( ; b->name; b++ )
    {
        struct result *result = &results[nr_results];

        if ( !wanted(b->name) || (b->dom0 && !is_dom0()) )
            continue;
        if ( nr_results++ == ROWS )
            panic("more than %u rows", ROWS);
        result->row = b;
        if ( b->prepare )
            b->prepare();
        if ( b->measure )
            try(b, result);
        else
        {
            result->value = cost(b);
            spread(b, result);
        }
        if ( b->run && arg_flag("trace") )
            trace(b);
        trap_init(); /* rows may register handlers of their own */
    }
}

static void print(const struct result *r)
{
    printf("RL-BENCH %s %lu.%02lu %lu.%02lu %lu.%02lu\n", r->row->name, r->value / 100,
           r->value % 100, r->median / 100, r->median % 100, r->worst / 100, r->worst % 100);
    if ( r->row->run && arg_flag("trace") )
        printf("RL-TRACED %s %u\n", r->row->name, TRACED * (r->row->per ?: 1));
}

static void run_all(void)
{
    run(bench_calls);
    run(bench_tables);
    run(bench_batches);
    run(bench_traps);
    run(bench_events_rows);
    run(bench_memory);
    run(bench_switches);
}

static bool has_role(const char *name)
{
    const char *role = arg_value("role");

    return role && !strncmp(role, name, strlen(name));
}

void guest_main(void)
{
    if ( has_role("follower") )
        bench_follow();
    bench_page = page_alloc();
    bench_va = table_window();
    bench_entry = table_make(bench_va, 1);
    check(table_map(bench_va, virt_to_mfn(bench_page), PTE_USER_RW));
    hypercall(vcpu_op, VCPUOP_stop_periodic_timer, 0, NULL);

    if ( has_role("leader") )
        run(bench_pairs);
    else
        run_all();
    for ( unsigned int i = 0; i < nr_results; i++ )
        print(&results[i]);
    printf("RL-BENCH-END\n");
}
