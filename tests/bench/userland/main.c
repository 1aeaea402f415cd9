/*
 * measure: prints `RL-LINUX name instructions` for each row, the best of some rounds; `measure NAME...` only for these.
 */
#include "measure.h"

#include "guest-ports/bench/difference.h"

#include <string.h>
#include <sys/wait.h>

#define ROUNDS 5

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

static void run(const struct measure *row, char **names)
{
    for ( ; row->name; row++ )
    {
        uint64_t value;

        if ( !wanted(row->name, names) )
            continue;
        if ( row->prepare )
            row->prepare();
        value = cost(row);
        printf("RL-LINUX %s %lu.%02lu\n", row->name, value / 100, value % 100);
        fflush(stdout); /* or children would write it once more */
    }
}

int main(int argc, char **argv)
{
    own_path = argv[0];
    if ( argc > 1 && !strcmp(argv[1], "nothing") )
        return 0;
    run(process_rows, argv + 1);
    run(memory_rows, argv + 1);
    run(file_rows, argv + 1);
    run(local_rows, argv + 1);
    run(load_rows, argv + 1);
    printf("RL-LINUX-END\n");
    return 0;
}
