/*
 * Loads: what many of the operations cost together. A build's processes, a file server's clients, a web server's.
 */
#include "measure.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* --- A build: for each of its files a shell that runs a program that reads, computes and writes --- */

#define SOURCES 20

static void build(long count)
{
    char command[512];

    (void)count;
    for ( int i = 0; i < SOURCES; i++ )
    {
        snprintf(
            command, sizeof(command),
            "head -c 65536 /dev/zero > source-%d && md5sum < source-%d > object-%d && "
            "cat source-%d object-%d | wc -c > listing-%d && rm source-%d object-%d listing-%d",
            i, i, i, i, i, i, i, i, i);
        if ( system(command) )
            exit(1);
    }
}

/* --- Compilations: of what lies in SOURCE_FOLDER, preprocessed, by Debian's tcc --- */

#define SOURCE_FOLDER "/measure.src"
#define COMPILATIONS  30 /* six files, again and again */

static void compile(long count)
{
    (void)count;
    for ( int i = 0; i < COMPILATIONS / 6; i++ )
    {
        if ( system("for f in " SOURCE_FOLDER
                    "/*.i; do tcc -c -o object $f && rm object || exit 1; done") )
            exit(1);
    }
}

/* --- Clients of a file server: each makes, writes, reads, renames and removes in a folder of its own --- */

#define CLIENTS 8
#define ROUNDS  20
#define BYTES   16384

static int file_client(long me)
{
    static char data[BYTES];
    char folder[32], from[64], to[64];
    struct stat found;
    int fd;

    snprintf(folder, sizeof(folder), "client-%ld", me);
    must(mkdir(folder, 0700));
    for ( int i = 0; i < ROUNDS; i++ )
    {
        snprintf(from, sizeof(from), "%s/new-%d", folder, i);
        snprintf(to, sizeof(to), "%s/old-%d", folder, i);
        fd = (int)must(open(from, O_CREAT | O_RDWR, 0600));
        write_all(fd, data, BYTES);
        must(lseek(fd, 0, SEEK_SET));
        if ( read_all(fd, data, BYTES) != BYTES )
            return 1;
        close(fd);
        must(rename(from, to));
        must(stat(to, &found));
        must(unlink(to));
    }
    must(rmdir(folder));
    return 0;
}

static void file_server(long count)
{
    (void)count;
    for ( long i = 0; i < CLIENTS; i++ )
        start(file_client, i);
    wait_for(CLIENTS);
}

/* --- A web server with a process a connection, and its clients, over the loopback device --- */

#define REQUESTS 25
#define PAGE     8192

static struct sockaddr_in address;
static int listener;

static int serve(long fd)
{
    static char page[PAGE];
    char request[256];

    must(read((int)fd, request, sizeof(request)));
    if ( strncmp(request, "GET / ", 6) )
        return 1;
    write_all((int)fd, page, PAGE);
    return 0;
}

static int server(long connections)
{
    for ( long i = 0; i < connections; i++ )
    {
        int fd = (int)must(accept(listener, NULL, NULL));

        start(serve, fd);
        close(fd);
    }
    wait_for((int)connections);
    return 0;
}

static int web_client(long arg)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    static char page[PAGE];

    (void)arg;
    for ( int i = 0; i < REQUESTS; i++ )
    {
        int fd = (int)must(socket(AF_INET, SOCK_STREAM, 0));

        must(connect(fd, (struct sockaddr *)&address, sizeof(address)));
        write_all(fd, request, sizeof(request));
        if ( read_all(fd, page, PAGE) != PAGE )
            return 1;
        close(fd);
    }
    return 0;
}

static void web(long count)
{
    socklen_t size = sizeof(address);

    (void)count;
    address =
        (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    listener = (int)must(socket(AF_INET, SOCK_STREAM, 0));
    must(bind(listener, (struct sockaddr *)&address, sizeof(address)));
    must(listen(listener, 64));
    must(getsockname(listener, (struct sockaddr *)&address, &size));
    start(server, CLIENTS * REQUESTS);
    for ( long i = 0; i < CLIENTS; i++ )
        start(web_client, i);
    wait_for(CLIENTS + 1);
    close(listener);
}

const struct measure load_rows[] = {
    { "load_build", .run = build, .count = 1, .per = SOURCES },
    { "load_compile", .run = compile, .count = 1, .per = COMPILATIONS },
    { "load_files", .run = file_server, .count = 1, .per = CLIENTS * ROUNDS },
    { "load_web", .run = web, .count = 1, .per = CLIENTS * REQUESTS },
    { 0 },
};
