/*
 * Files, in the folder where we run: memory is what holds them.
 */
#include "measure.h"

#include <fcntl.h>
#include <sys/select.h>
#include <sys/stat.h>

#define FILES 16
#define BLOCK 65536

static int zero, null;
static char block[BLOCK];

static void prepare_devices(void)
{
    zero = (int)must(open("/dev/zero", O_RDONLY));
    null = (int)must(open("/dev/null", O_WRONLY));
}

static void read_zero(long count)
{
    char byte;

    for ( long i = 0; i < count; i++ )
        must(read(zero, &byte, 1));
}

static void write_null(long count)
{
    for ( long i = 0; i < count; i++ )
        must(write(null, block, 1));
}

static void stat_row(long count)
{
    struct stat found;

    for ( long i = 0; i < count; i++ )
        must(stat(own_path, &found));
}

static void open_close(long count)
{
    for ( long i = 0; i < count; i++ )
        close((int)must(open(own_path, O_RDONLY)));
}

static void select_100(long count)
{
    static int fds[100];
    fd_set set;

    for ( int i = 0; i < 100; i++ )
        fds[i] = fds[i] ?: (int)must(dup(zero));
    for ( long i = 0; i < count; i++ )
    {
        struct timeval none = { 0 };

        FD_ZERO(&set);
        for ( int j = 0; j < 100; j++ )
            FD_SET(fds[j], &set);
        must(select(fds[99] + 1, &set, NULL, NULL, &none));
    }
}

static void name_of(char *name, size_t size, int i)
{
    snprintf(name, size, "measure-%d", i);
}

/* Files of @bytes made, then unlinked. */
static void make_files(size_t bytes, long count)
{
    char name[32];

    for ( long i = 0; i < count; i++ )
    {
        for ( int j = 0; j < FILES; j++ )
        {
            int fd;

            name_of(name, sizeof(name), j);
            fd = (int)must(open(name, O_CREAT | O_WRONLY, 0600));
            if ( bytes )
                write_all(fd, block, bytes);
            close(fd);
        }
        for ( int j = 0; j < FILES; j++ )
        {
            name_of(name, sizeof(name), j);
            must(unlink(name));
        }
    }
}

static void files_0k(long count)
{
    make_files(0, count);
}

static void files_10k(long count)
{
    make_files(10240, count);
}

/* A file of 1 MiB read again, a block a time. */
static void reread(long count)
{
    int fd = (int)must(open("measure-big", O_CREAT | O_RDWR, 0600));

    for ( int i = 0; i < (1 << 20) / BLOCK; i++ )
        write_all(fd, block, BLOCK);
    for ( long i = 0; i < count; i++ )
    {
        must(lseek(fd, 0, SEEK_SET));
        read_all(fd, block, BLOCK);
    }
    close(fd);
    must(unlink("measure-big"));
}

const struct measure file_rows[] = {
    { "read_zero", .prepare = prepare_devices, .run = read_zero, .count = 2000 },
    { "write_null", .run = write_null, .count = 2000 },
    { "stat", .run = stat_row, .count = 500 },
    { "open_close", .run = open_close, .count = 500 },
    { "select_100", .run = select_100, .count = 200 },
    { "file_0k", .run = files_0k, .count = 10, .per = FILES },
    { "file_10k", .run = files_10k, .count = 10, .per = FILES },
    { "reread_64k", .run = reread, .count = 50 },
    { 0 },
};
