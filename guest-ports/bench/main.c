/*
 * bench: measures every row and prints `RL-BENCH name value`, or those that `rows=a,b` names (by a part of their name).
 * With the word `trace` each row runs TRACED times more, between marks, and prints `RL-TRACED name operations`.
 */
#include "bench.h"

#define ROUNDS 5
#define COUNT  40
#define TRACED 8

void *bench_page;
ulong bench_va;
pte_t *bench_entry;

static uint64_t time_of(const struct bench *b, long count)
{
    uint64_t start = rdtsc();

    b->run(count);
    return rdtsc() - start;
}

/* Hundredths of an instruction for one operation: the least of some rounds, which an interrupt may lengthen. */
static ulong cost(const struct bench *b)
{
    uint64_t best = ~0UL;

    time_of(b, 2); /* first uses set up what stays */
    for ( unsigned int round = 0; round < ROUNDS; round++ )
    {
        uint64_t little = time_of(b, COUNT), much = time_of(b, 3 * COUNT);

        if ( much > little && much - little < best )
            best = much - little;
    }
    return best * 100 / (2 * COUNT) / (b->per ?: 1);
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
    printf("RL-TRACED %s %u\n", b->name, TRACED * (b->per ?: 1));
}

static void run(const struct bench *b)
{
    for ( ; b->name; b++ )
    {
        ulong value;

        if ( !wanted(b->name) )
            continue;
        if ( b->prepare )
            b->prepare();
        value = b->run ? cost(b) : (ulong)b->measure() * 100;
        printf("RL-BENCH %s %lu.%02lu\n", b->name, value / 100, value % 100);
        if ( b->run && arg_flag("trace") )
            trace(b);
        trap_init(); /* rows may register handlers of their own */
    }
}

void guest_main(void)
{
    bench_page = page_alloc();
    bench_va = table_window();
    bench_entry = table_make(bench_va, 1);
    check(table_map(bench_va, virt_to_mfn(bench_page), PTE_USER_RW));
    hypercall(vcpu_op, VCPUOP_stop_periodic_timer, 0, NULL);

    run(bench_calls);
    run(bench_tables);
    run(bench_traps);
    run(bench_events_rows);
    run(bench_memory);
    printf("RL-BENCH-END\n");
}
