#include "tests/host/host.h"

#include "lib/guard.h"

#include <stdarg.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct host_test *tests, **tests_end = &tests;
static unsigned int failures;

void host_test_add(struct host_test *test)
{
    *tests_end = test;
    tests_end = &test->next;
}

void host_test_fail(const char *file, int line, const char *fmt, ...)
{
    va_list args;

    failures++;
    fprintf(stderr, "%s:%d: ", file, line);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
#ifdef FUZZ_COVERAGE
    abort(); /* libFuzzer keeps the input */
#endif
}

void host_test_end(void)
{
    exit(1);
}

#define EXIT_SKIPPED 77

/* The reason reaches the parent through this pipe. */
static int skip_pipe[2] = { -1, -1 };

void host_test_skip(const char *reason)
{
    if ( write(skip_pipe[1], reason, strlen(reason)) < 0 )
        exit(1);
    exit(EXIT_SKIPPED);
}

static bool run_here(const struct host_test *test)
{
    failures = 0;
    test->run();
    return !failures;
}

/* A case that hangs is ended: by its own CPU time first, so that a busy machine makes no difference. */
#define CPU_SECONDS  120
#define WALL_SECONDS 900

static void limit_time(void)
{
    struct rlimit limit = { CPU_SECONDS, CPU_SECONDS + 1 };

    if ( getenv("CALLS") ) /* who says how much is to be done has the time */
        return;
    setrlimit(RLIMIT_CPU, &limit);
    alarm(WALL_SECONDS);
}

/* The child leaves through exit(), so that the leak checker sees it. Its wait status, or -1. */
static int run_in_child(const struct host_test *test)
{
    int status = 0;
    pid_t pid;

    fflush(NULL);
    if ( pipe(skip_pipe) )
        return -1;
    pid = fork();
    if ( pid == 0 )
    {
        limit_time();
        exit(run_here(test) ? 0 : 1);
    }
    close(skip_pipe[1]);
    if ( pid < 0 || waitpid(pid, &status, 0) != pid )
        return -1;
    if ( WIFSIGNALED(status) )
        fprintf(stderr, "%s: ended by signal %d\n", test->name, WTERMSIG(status));
    return status;
}

/* Run one case and print its line; false if it failed. */
static bool run_and_report(const char *program, const struct host_test *test)
{
    int status = run_in_child(test);
    bool exited = status >= 0 && WIFEXITED(status), passed = exited && !WEXITSTATUS(status);
    bool skipped = exited && WEXITSTATUS(status) == EXIT_SKIPPED;
    char reason[128] = "";

    if ( skipped && read(skip_pipe[0], reason, sizeof(reason) - 1) < 0 )
        reason[0] = '\0';
    close(skip_pipe[0]);
    printf("HOST-TEST %s.%s %s%s\n", program, test->name,
           passed    ? "PASS"
           : skipped ? "SKIP "
                     : "FAIL",
           reason);
    return passed || skipped;
}

static bool chosen(const struct host_test *test, int argc, char **argv)
{
    for ( int i = 0; i < argc; i++ )
        if ( !strcmp(argv[i], test->name) )
            return true;
    return argc == 0;
}

/* NAME from the path of test_NAME.c. */
static void base_name(char *name, size_t size, const char *file)
{
    const char *slash = strrchr(file, '/');

    file = slash ? slash + 1 : file;
    if ( !strncmp(file, "test_", 5) )
        file += 5;
    snprintf(name, size, "%s", file);
    name[strcspn(name, ".")] = '\0';
}

/* Whoever calls the cases: libFuzzer's main() as well. */
static void __attribute__((constructor)) turn_guard_off(void)
{
    const char *guard = getenv("GUARD_OFF");

    if ( guard && !guard_turn_off(guard) )
    {
        fprintf(stderr, "there is no guard %s\n", guard);
        exit(2);
    }
}

int host_test_main(const char *file, int argc, char **argv)
{
    bool in_child = !(argc > 1 && !strcmp(argv[1], "-s")), ok = true;
    int skip = in_child ? 1 : 2;
    char name[64];

    setvbuf(stdout, NULL, _IOLBF, 0);
    base_name(name, sizeof(name), file);
    for ( const struct host_test *test = tests; test; test = test->next )
        if ( chosen(test, argc - skip, argv + skip) )
            ok &= in_child ? run_and_report(name, test) : run_here(test);
    return ok ? 0 : 1;
}

static uint64_t random_state = 1;

void host_test_seed(uint64_t seed)
{
    random_state = seed;
}

/* A counter scrambled by multiplications: good enough to choose inputs with. */
uint64_t host_test_random(void)
{
    uint64_t x = random_state += 0x9e3779b97f4a7c15ULL;

    x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ULL;
    x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ULL;
    return x ^ (x >> 32);
}

void *host_test_read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *data = NULL;
    size_t used = 0, room = 0, got;

    if ( !file )
        return NULL;
    do
    {
        if ( used == room )
        {
            room = room ? room * 2 : 65536;
            data = realloc(data, room);
            if ( !data )
                abort();
        }
        got = fread(data + used, 1, room - used, file);
        used += got;
    } while ( got );
    fclose(file);
    *size = used;
    return data;
}
