/*
 * measure: prints `RL-LINUX name instructions` for each row, the best of some rounds; `measure NAME...` only for these.
 * `measure trace NAME...` runs them between marks for tests/qemu/count/path.c instead, and prints how many operations
 * those are: `RL-TRACED name operations`.
 */
#include "measure.h"

#include "guest-ports/bench/difference.h"

#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>

#define ROUNDS 5
#define TRACED 4 /* times, at least, that a row runs between marks */

/* tests/qemu/count/plugin.h has their numbers. In bytes, as tcc, which compiles this for a row, knows no nopl. */
#define MARK(number) asm volatile(".byte 0x0f, 0x1f, 0x80; .long " #number ::: "memory")

char *own_path;

static uint64_t rdtsc(void)
{
    uint32_t low, high;

    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

void wait_for(int count)
{
    for ( int i = 0; i < count; i++ )
    {
        int status;

        must(wait(&status));
        if ( status )
        {
            fprintf(stderr, "a child ended with status %x\n", (unsigned int)status);
            exit(1);
        }
    }
}

size_t read_all(int fd, void *buffer, size_t size)
{
    size_t done = 0;

    while ( done < size )
    {
        ssize_t n = must(read(fd, (char *)buffer + done, size - done));

        if ( !n )
            break;
        done += (size_t)n;
    }
    return done;
}

void write_all(int fd, const void *buffer, size_t size)
{
    for ( size_t done = 0; done < size; )
        done += (size_t)must(write(fd, (const char *)buffer + done, size - done));
}

static uint64_t time_of(const struct measure *row, long count)
{
    uint64_t start = rdtsc();

    row->run(count);
    return rdtsc() - start;
}

/* A hundredth of an instruction is the unit. Loads are run once; all else is the difference of two lengths. */
static uint64_t cost(const struct measure *row)
{

    if ( row->count == 1 )
        return time_of(row, 1) * 100 / (row->per ?: 1);
    time_of(row, 2);
    return DIFFERENCE_OF_LEAST(ROUNDS, time_of(row, row->count), time_of(row, 2 * row->count)) *
           100 / (uint64_t)row->count / (row->per ?: 1);
}

static int wanted(const char *name, char **names)
{
    int any = 0;

    for ( ; *names; names++, any = 1 )
        if ( !strcmp(*names, name) )
            return 1;
    return !any;
}

static void print_cost(const struct measure *row)
{
    uint64_t value = cost(row);

    printf("RL-LINUX %s %lu.%02lu\n", row->name, value / 100, value % 100);
}

/* Twice as many the second time: what the loop is entered and left by is in both. */
static void trace(const struct measure *row)
{
    long times = row->count / 10 > TRACED ? row->count / 10 : TRACED;

    row->run(times);
    for ( long count = times; count <= 2 * times; count += times )
    {
        MARK(0x524c0001);
        row->run(count);
        MARK(0x524c0002);
    }
    printf("RL-TRACED %s %u\n", row->name, (unsigned int)times * (row->per ?: 1));
}

static void run(const struct measure *row, char **names, void (*how)(const struct measure *row))
{
    for ( ; row->name; row++ )
    {
        if ( !wanted(row->name, names) )
            continue;
        if ( row->prepare )
            row->prepare();
        how(row);
        fflush(stdout); /* or children would write it once more */
    }
}

/*
 * Begins anew where nothing lies at an address of chance: that decides whether a mapping shares a table with its
 * neighbours or needs one of its own, which costs more than the mapping does.
 */
static void lie_still(char **argv)
{
    unsigned long now = (unsigned long)must(personality(0xffffffff));

    if ( now & ADDR_NO_RANDOMIZE )
        return;
    must(personality(now | ADDR_NO_RANDOMIZE));
    must(execv(argv[0], argv));
}

int main(int argc, char **argv)
{
    static const struct measure *const rows[] = { process_rows, memory_rows, file_rows, local_rows,
                                                  load_rows };
    int traced = argc > 1 && !strcmp(argv[1], "trace");

    own_path = argv[0];
    if ( argc > 1 && !strcmp(argv[1], "nothing") )
        return 0;
    lie_still(argv);
    for ( size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++ )
        run(rows[i], argv + 1 + traced, traced ? trace : print_cost);
    printf("RL-LINUX-END\n");
    return 0;
}
