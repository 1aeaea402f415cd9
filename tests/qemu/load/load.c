/*
 * Loads a Linux system and checks what comes out: right results, not just a living machine.
 *
 *   load fork COUNT        COUNT times fork, exec of ourselves, wait; the child's answer is checked
 *   load busy PROCESSES N  PROCESSES processes compute N rounds each at the same time; every result is checked
 *   load faults MB         maps, fills, checks, shares by fork, changes and unmaps memory, MB in total
 *   load memory MB         keeps MB at once, written, then read back in another order: swaps when RAM is less
 *
 * Exits 0 and prints `load OK ...`, or prints what was wrong and exits 1.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE  4096ul
#define WORDS (PAGE / sizeof(uint64_t))

static _Noreturn void fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    printf("load FAILED: ");
    vprintf(format, args);
    printf("\n");
    exit(1);
}

/* A well mixed function of @x (splitmix64's finish): different inputs give different patterns. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15ul;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ul;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebul;
    return x ^ (x >> 31);
}

/*
 * @rounds of mixing, in integer and in floating-point registers, so that a lost FPU state shows. Not to be optimised
 * across calls: calling it twice must compute twice.
 */
__attribute__((noipa)) static uint64_t compute(uint64_t seed, unsigned long rounds)
{
    double sum = 0;

    for ( unsigned long i = 0; i < rounds; i++ )
    {
        seed = mix(seed);
        sum += (double)(seed >> 40) / 3;
    }
    return seed ^ (uint64_t)sum;
}

static void fill(uint64_t *page, uint64_t seed)
{
    for ( unsigned int i = 0; i < WORDS; i++ )
        page[i] = seed + i;
}

static int holds(const uint64_t *page, uint64_t seed)
{
    for ( unsigned int i = 0; i < WORDS; i++ )
    {
        if ( page[i] != seed + i )
            return 0;
    }
    return 1;
}

/* Waits for one child, any when @pid is -1; its exit status, or failure when a signal ended it. */
static int child_status(pid_t pid)
{
    int status;

    if ( waitpid(pid, &status, 0) < 0 )
        fail("waitpid");
    if ( !WIFEXITED(status) )
        fail("a child ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

/* The child that load_fork() executes: its status is a function of its argument. */
static int answer(unsigned long n)
{
    return (int)(mix(n) & 0x7f);
}

static void load_fork(unsigned long count)
{
    for ( unsigned long i = 0; i < count; i++ )
    {
        pid_t pid = fork();

        if ( pid < 0 )
            fail("fork %lu", i);
        if ( !pid )
        {
            char number[24];

            snprintf(number, sizeof(number), "%lu", i);
            execl("/proc/self/exe", "load", "answer", number, NULL);
            _exit(127);
        }
        if ( child_status(pid) != answer(i) )
            fail("child %lu gave a wrong answer", i);
    }
}

static void load_busy(unsigned long processes, unsigned long rounds)
{
    for ( unsigned long i = 0; i < processes; i++ )
    {
        pid_t pid = fork();

        if ( pid < 0 )
            fail("fork %lu", i);
        if ( !pid )
        {
            /* The same twice, while the others run in between: a register or page mixed up shows. */
            uint64_t first = compute(i, rounds), second = compute(i, rounds);

            _exit(first == second ? 0 : 1);
        }
    }
    for ( unsigned long i = 0; i < processes; i++ )
    {
        if ( child_status(-1) )
            fail("a process computed something else the second time");
    }
}

static uint64_t *map(unsigned long bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if ( memory == MAP_FAILED )
        fail("mmap of %lu bytes", bytes);
    return memory;
}

/* After a fork both sides write all pages: each must see its own values only. */
static void check_copy_on_write(uint64_t *memory, unsigned long pages, uint64_t seed)
{
    pid_t pid = fork();
    uint64_t mine = pid ? mix(seed) : mix(seed + 1);

    if ( pid < 0 )
        fail("fork");
    for ( unsigned long i = 0; i < pages; i++ )
    {
        if ( !holds(memory + i * WORDS, seed + i) )
            fail("page %lu differs after fork", i);
        fill(memory + i * WORDS, mine + i);
    }
    for ( unsigned long i = 0; i < pages; i++ )
    {
        if ( !holds(memory + i * WORDS, mine + i) )
            fail("page %lu differs after copy-on-write", i);
    }
    if ( !pid )
        _exit(0);
    if ( child_status(pid) )
        fail("the child saw wrong pages");
}

static void load_faults(unsigned long mb)
{
    const unsigned long chunk_mb = 16, pages = chunk_mb * 256;

    for ( unsigned long done = 0; done < mb; done += chunk_mb )
    {
        uint64_t *memory = map(pages * PAGE);
        uint64_t seed = mix(done);

        for ( unsigned long i = 0; i < pages; i++ )
        {
            if ( memory[i * WORDS] )
                fail("a fresh page isn't zero");
            fill(memory + i * WORDS, seed + i);
        }
        if ( done % 128 == 0 )
            check_copy_on_write(memory, pages, seed);
        if ( mprotect(memory, pages * PAGE, PROT_READ) || munmap(memory, pages * PAGE) )
            fail("mprotect or munmap");
    }
}

static void load_memory(unsigned long mb)
{
    /* Blocks of pages are visited out of order, the pages of a block in order: seldom enough for reading ahead. */
    const unsigned long block = 64, stride = 257;
    const unsigned long wanted = mb * 256 / block,
                        blocks = wanted + (wanted % stride == 0); /* no common divisor */
    uint64_t *memory = map(blocks * block * PAGE);

    for ( unsigned long i = 0; i < blocks * block; i++ )
        fill(memory + i * WORDS, mix(i));
    for ( unsigned long i = 0, b = 0; i < blocks; i++, b = (b + stride) % blocks )
    {
        for ( unsigned long page = b * block; page < (b + 1) * block; page++ )
        {
            if ( !holds(memory + page * WORDS, mix(page)) )
                fail("page %lu changed", page);
        }
    }
}

int main(int argc, char **argv)
{
    unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
    const char *what = argc > 2 ? argv[1] : "";

    setvbuf(stdout, NULL, _IONBF, 0);
    if ( !strcmp(what, "answer") )
        return answer(n);
    if ( !strcmp(what, "fork") )
        load_fork(n);
    else if ( !strcmp(what, "busy") && argc > 3 )
        load_busy(n, strtoul(argv[3], NULL, 0));
    else if ( !strcmp(what, "faults") )
        load_faults(n);
    else if ( !strcmp(what, "memory") )
        load_memory(n);
    else
        fail("usage: load fork COUNT | busy PROCESSES ROUNDS | faults MB | memory MB");
    printf("load OK: %s %lu\n", what, n);
    return 0;
}
