/*
 * Virtual memory.
 */
#include "measure.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#define PAGE  4096
#define PAGES 256

static char *map_pages(size_t pages)
{
    char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    must(at == MAP_FAILED ? -1 : 0);
    return at;
}

static void touch(volatile char *at, size_t pages)
{
    for ( size_t i = 0; i < pages; i++ )
        at[i * PAGE] = 1;
}

/* 64 KiB of a file mapped, read from each page, unmapped. */
static int file;

static void prepare_file(void)
{
    static char block[16 * PAGE];

    file = (int)must(open("measure-mapped", O_CREAT | O_RDWR, 0600));
    must(unlink("measure-mapped"));
    write_all(file, block, sizeof(block));
}

static void map_file(long count)
{
    for ( long i = 0; i < count; i++ )
    {
        volatile char *at = mmap(NULL, 16 * PAGE, PROT_READ, MAP_SHARED, file, 0);

        must(at == MAP_FAILED ? -1 : 0);
        for ( int page = 0; page < 16; page++ )
            (void)at[page * PAGE];
        must(munmap((void *)at, 16 * PAGE));
    }
}

/* 64 KiB of memory mapped, written to each page, unmapped. */
static void map_memory(long count)
{
    for ( long i = 0; i < count; i++ )
    {
        char *at = map_pages(16);

        touch(at, 16);
        must(munmap(at, 16 * PAGE));
    }
}

/* Pages once touched and given back: each touch is a fault. */
static char *pages;

static void prepare_pages(void)
{
    pages = map_pages(PAGES);
    must(madvise(pages, PAGES * PAGE, MADV_NOHUGEPAGE));
    touch(pages, PAGES);
}

static void give_back(void)
{
    must(madvise(pages, PAGES * PAGE, MADV_DONTNEED));
}

/* Fault and give back together: what giving back costs is row `unmap`'s. */
static void fault_and_back(long count)
{
    for ( long i = 0; i < count; i++ )
    {
        give_back();
        touch(pages, PAGES);
    }
}

/* A mapping of one page, which has no neighbours to be split from or merged with. */
static char *single;

static void prepare_single(void)
{
    single = map_pages(3);
    must(munmap(single, PAGE));
    must(munmap(single + 2 * PAGE, PAGE));
    single += PAGE;
    touch(single, 1);
}

static void protect(long count)
{
    for ( long i = 0; i < count; i++ )
    {
        must(mprotect(single, PAGE, PROT_READ));
        must(mprotect(single, PAGE, PROT_READ | PROT_WRITE));
    }
}

static sigjmp_buf back;

static void jump_back(int sig)
{
    (void)sig;
    siglongjmp(back, 1);
}

static char *readonly;

static void prepare_readonly(void)
{
    struct sigaction action = { .sa_handler = jump_back, .sa_flags = SA_NODEFER };

    readonly = map_pages(1);
    touch(readonly, 1);
    must(mprotect(readonly, PAGE, PROT_READ));
    must(sigaction(SIGSEGV, &action, NULL));
}

/* A write that is forbidden, its signal, and out of the handler. */
static void protection_fault(long count)
{
    for ( volatile long i = 0; i < count; i++ )
        if ( !sigsetjmp(back, 0) )
            *(volatile char *)readonly = 1;
}

const struct measure memory_rows[] = {
    { "map_file_64k", .prepare = prepare_file, .run = map_file, .count = 100 },
    { "map_memory_64k", .run = map_memory, .count = 100 },
    { "page_fault", .prepare = prepare_pages, .run = fault_and_back, .count = 5, .per = PAGES },
    { "mprotect", .prepare = prepare_single, .run = protect, .count = 500, .per = 2 },
    { "protection_fault", .prepare = prepare_readonly, .run = protection_fault, .count = 500 },
    { 0 },
};
