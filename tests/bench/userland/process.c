/*
 * System calls, signals, processes, threads, context switches.
 */
#include "measure.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static void getpid_row(long count)
{
    for ( long i = 0; i < count; i++ )
        syscall(SYS_getpid);
}

static void gettime(long count)
{
    struct timespec now;

    for ( long i = 0; i < count; i++ )
        clock_gettime(CLOCK_MONOTONIC, &now);
}

static void nothing(int sig)
{
    (void)sig;
}

static void install(long count)
{
    struct sigaction action = { .sa_handler = nothing };

    for ( long i = 0; i < count; i++ )
        sigaction(SIGUSR1, &action, NULL);
}

static void prepare_signal(void)
{
    install(1);
}

static void deliver(long count)
{
    pid_t self = getpid();

    for ( long i = 0; i < count; i++ )
        kill(self, SIGUSR1);
}

/* --- Processes --- */

static int leave(long arg)
{
    (void)arg;
    return 0;
}

static int execute(long arg)
{
    (void)arg;
    execl(own_path, own_path, "nothing", (char *)NULL);
    return 1;
}

static int execute_shell(long arg)
{
    char command[256];

    (void)arg;
    snprintf(command, sizeof(command), "%s nothing", own_path);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    return 1;
}

static void children(int (*function)(long), long count)
{
    for ( long i = 0; i < count; i++ )
    {
        start(function, 0);
        wait_for(1);
    }
}

static void fork_exit(long count)
{
    children(leave, count);
}

static void fork_exec(long count)
{
    children(execute, count);
}

static void fork_shell(long count)
{
    children(execute_shell, count);
}

static void *thread(void *arg)
{
    return arg;
}

static void threads(long count)
{
    for ( long i = 0; i < count; i++ )
    {
        pthread_t id;

        if ( pthread_create(&id, NULL, thread, NULL) || pthread_join(id, NULL) )
            exit(1);
    }
}

/* --- Context switches: a token goes round a ring of pipes, and each who has it sums up his own memory --- */

static struct ring {
    int processes, pipes[16][2];
    size_t bytes;
} ring;

static void touch(char *memory)
{
    for ( size_t i = 0; i < ring.bytes; i += 64 )
        memory[i]++;
}

static void pass(int i, char *memory)
{
    char token;

    must(read(ring.pipes[i][0], &token, 1));
    touch(memory);
    must(write(ring.pipes[(i + 1) % ring.processes][1], &token, 1));
}

static int pass_on(long i)
{
    char *memory = calloc(1, ring.bytes + 1);

    for ( ;; )
        pass((int)i, memory);
    return 0;
}

static void switches(int processes, size_t bytes, long count)
{
    char *memory = calloc(1, bytes + 1), token = 0;
    pid_t others[16];

    ring.processes = processes;
    ring.bytes = bytes;
    for ( int i = 0; i < processes; i++ )
        must(pipe(ring.pipes[i]));
    for ( int i = 1; i < processes; i++ )
        others[i] = start(pass_on, i);
    for ( long i = 0; i < count; i++ )
    {
        must(write(ring.pipes[1][1], &token, 1));
        must(read(ring.pipes[0][0], &token, 1));
        touch(memory);
    }
    for ( int i = 1; i < processes; i++ )
        kill(others[i], SIGTERM);
    for ( int i = 1; i < processes; i++ )
        must(waitpid(others[i], NULL, 0));
    for ( int i = 0; i < processes; i++ )
    {
        close(ring.pipes[i][0]);
        close(ring.pipes[i][1]);
    }
    free(memory);
}

static void switch_2(long count)
{
    switches(2, 0, count);
}

static void switch_2_16(long count)
{
    switches(2, 16384, count);
}

static void switch_16_16(long count)
{
    switches(16, 16384, count);
}

static void switch_16_64(long count)
{
    switches(16, 65536, count);
}

const struct measure process_rows[] = {
    { "getpid", .run = getpid_row, .count = 2000 },
    { "clock_gettime", .run = gettime, .count = 2000 },
    { "signal_install", .run = install, .count = 2000 },
    { "signal", .prepare = prepare_signal, .run = deliver, .count = 1000 },
    { "fork_exit", .run = fork_exit, .count = 20 },
    { "fork_exec", .run = fork_exec, .count = 10 },
    { "fork_shell", .run = fork_shell, .count = 10 },
    { "thread", .run = threads, .count = 50 },
    { "switch_2p_0k", .run = switch_2, .count = 500, .per = 2 },
    { "switch_2p_16k", .run = switch_2_16, .count = 200, .per = 2 },
    { "switch_16p_16k", .run = switch_16_16, .count = 50, .per = 16 },
    { "switch_16p_64k", .run = switch_16_64, .count = 50, .per = 16 },
    { 0 },
};
