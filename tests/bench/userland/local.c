/*
 * Local communication: a byte there and back, and data by the block, through pipes, sockets and TCP.
 */
#include "measure.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define BLOCK 65536

/* Two ends, each to be read and written. */
struct channel {
    int in[2], out[2]; /* of the first end and of the second */
};

static void make_pipes(struct channel *c)
{
    int there[2], back[2];

    must(pipe(there));
    must(pipe(back));
    *c = (struct channel){ .in = { back[0], there[0] }, .out = { there[1], back[1] } };
}

static void make_sockets(struct channel *c)
{
    int ends[2];

    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    *c = (struct channel){ .in = { ends[0], ends[1] }, .out = { ends[0], ends[1] } };
}

static void make_tcp(struct channel *c)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(at);
    int listener = (int)must(socket(AF_INET, SOCK_STREAM, 0)), a, b, on = 1;

    must(bind(listener, (struct sockaddr *)&at, sizeof(at)));
    must(listen(listener, 1));
    must(getsockname(listener, (struct sockaddr *)&at, &size));
    a = (int)must(socket(AF_INET, SOCK_STREAM, 0));
    must(connect(a, (struct sockaddr *)&at, sizeof(at)));
    b = (int)must(accept(listener, NULL, NULL));
    close(listener);
    must(setsockopt(a, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
    must(setsockopt(b, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
    *c = (struct channel){ .in = { a, b }, .out = { a, b } };
}

static struct channel channel;

/* The second end: sends back each byte. */
static int echo(long arg)
{
    char byte;

    (void)arg;
    for ( ;; )
    {
        must(read(channel.in[1], &byte, 1));
        must(write(channel.out[1], &byte, 1));
    }
    return 0;
}

/* The second end: takes all. */
static int swallow(long arg)
{
    static char block[BLOCK];

    (void)arg;
    for ( ;; )
    {
        read_all(channel.in[1], block, BLOCK);
        must(write(channel.out[1], block, 1));
    }
    return 0;
}

static void end(pid_t other)
{
    kill(other, SIGTERM);
    must(waitpid(other, NULL, 0));
    for ( int i = 0; i < 2; i++ )
    {
        close(channel.in[i]);
        if ( channel.out[i] != channel.in[i] )
            close(channel.out[i]);
    }
}

static void round_trips(void (*make)(struct channel *), long count)
{
    char byte = 0;
    pid_t other;

    make(&channel);
    other = start(echo, 0);
    for ( long i = 0; i < count; i++ )
    {
        must(write(channel.out[0], &byte, 1));
        must(read(channel.in[0], &byte, 1));
    }
    end(other);
}

static void blocks(void (*make)(struct channel *), long count)
{
    static char block[BLOCK];
    pid_t other;

    make(&channel);
    other = start(swallow, 0);
    for ( long i = 0; i < count; i++ )
    {
        write_all(channel.out[0], block, BLOCK);
        must(read(channel.in[0], block, 1));
    }
    end(other);
}

static void pipe_latency(long count)
{
    round_trips(make_pipes, count);
}

static void unix_latency(long count)
{
    round_trips(make_sockets, count);
}

static void tcp_latency(long count)
{
    round_trips(make_tcp, count);
}

static void pipe_block(long count)
{
    blocks(make_pipes, count);
}

static void unix_block(long count)
{
    blocks(make_sockets, count);
}

static void tcp_block(long count)
{
    blocks(make_tcp, count);
}

const struct measure local_rows[] = {
    { "pipe_round_trip", .run = pipe_latency, .count = 300 },
    { "unix_round_trip", .run = unix_latency, .count = 300 },
    { "tcp_round_trip", .run = tcp_latency, .count = 100 },
    { "pipe_64k", .run = pipe_block, .count = 50 },
    { "unix_64k", .run = unix_block, .count = 50 },
    { "tcp_64k", .run = tcp_block, .count = 50 },
    { 0 },
};
