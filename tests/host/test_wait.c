/*
 * How rl waits for what the store tells, beside a store of ours: a pipe with a byte for each event, and a connection
 * that can end.
 *
 * FLAGS: -D_GNU_SOURCE -Itools
 * LINK: tools/librl/wait.c tools/librl/message.c
 */
#include "tests/host/host.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <xenstore.h>

#include "librl/handle.h"
#include "librl/message.h"
#include "librl/record.h"
#include "librl/store.h"
#include "librl/wait.h"

static struct rl rl;
static int watch_pipe[2];
static bool ended;              /* the connection */
static struct rl_domain domain; /* what the hypervisor says */
static char told[512];

/* --- the store --- */

struct xs_handle *rl_store(struct rl *of)
{
    return of->store;
}

int xs_fileno(struct xs_handle *h)
{
    (void)h;
    return watch_pipe[0];
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
    (void)h, (void)path, (void)token;
    return true;
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
    (void)h, (void)path, (void)token;
    return true;
}

/* As libxenstore does: EAGAIN there is none yet, EINVAL there will be none. */
char **xs_check_watch(struct xs_handle *h)
{
    static const char path[] = "/path";
    char **event, byte;

    (void)h;
    if ( read(watch_pipe[0], &byte, 1) != 1 )
    {
        errno = ended ? EINVAL : EAGAIN;
        return NULL;
    }
    event = malloc(2 * sizeof(*event) + sizeof(path));
    event[XS_WATCH_PATH] = memcpy(event + 2, path, sizeof(path));
    event[XS_WATCH_TOKEN] = event[XS_WATCH_PATH];
    return event;
}

char *store_read(struct rl *of, const char *format, ...)
{
    (void)of, (void)format;
    return NULL;
}

/* --- domains --- */

int rl_domain_get(struct rl *of, domid_t id, struct rl_domain *to)
{
    (void)of, (void)id;
    *to = domain;
    return 0;
}

const char *rl_reason_name(unsigned int reason)
{
    (void)reason;
    return "reason";
}

int record_get_end(struct rl *of, const char *name, struct record_end *end)
{
    (void)of, (void)name, (void)end;
    return -ENOENT;
}

bool record_exists(struct rl *of, domid_t id)
{
    (void)of, (void)id;
    return true;
}

static void keep_line(const char *line)
{
    snprintf(told, sizeof(told), "%s", line);
}

static void start(void)
{
    require(pipe2(watch_pipe, O_NONBLOCK) == 0);
    rl.store = (struct xs_handle *)&rl;
    rl_set_sink(keep_line);
    snprintf(domain.name, sizeof(domain.name), "guest");
    domain.id = 7;
    domain.vcpus = domain.vcpus_online = 2;
}

/* --- the tests --- */

TEST(an_event)
{
    char *path;

    start();
    require(write(watch_pipe[1], "!", 1) == 1);
    expect_eq(wait_event(&rl, -1, &path), 0);
    expect_str(path, "/path");
    free(path);
    expect_eq(wait_event(&rl, 10, &path), -ETIMEDOUT);
    expect(!path);
}

/* Nothing wakes who waits for ever when the store dies, so he looks. */
TEST(the_store_ends)
{
    char reason[16];

    start();
    ended = true;
    expect_eq(wait_event(&rl, -1, NULL), -EIO);
    expect(!wait_value(&rl, "/path", WAIT_FOREVER));
    expect_eq(wait_domain(&rl, &domain, WAIT_ENDED, WAIT_FOREVER, reason), -EIO);
    expect_str(told, "the store is gone: guest may go on");
}

TEST(a_value_that_never_comes)
{
    start();
    expect(!wait_value(&rl, "/path", 0));
}

static void end_store(int signal)
{
    (void)signal;
    ended = true;
}

/* More milliseconds than an int can tell: as one they would be 704, and be over before the store ends. */
TEST(a_long_time)
{
    const struct itimerval later = { .it_value.tv_usec = 999999 };
    char reason[16];

    start();
    signal(SIGALRM, end_store);
    require(setitimer(ITIMER_REAL, &later, NULL) == 0);
    expect_eq(wait_domain(&rl, &domain, WAIT_SHUTDOWN, 4294968, reason), -EIO);
}

/* A guest that has stopped takes no vcpu off or on any more. */
TEST(vcpus_of_one_that_stopped)
{
    start();
    domain.shutdown = true;
    expect_eq(wait_vcpus(&rl, &domain, 2, WAIT_FOREVER), 0);
    expect_eq(wait_vcpus(&rl, &domain, 1, WAIT_FOREVER), -EALREADY);
    expect_str(told, "domain 7 has stopped (reason), with 2 vcpus online");
    domain.shutdown = false;
    expect_eq(wait_vcpus(&rl, &domain, 1, 0), -ETIMEDOUT);
    domain.dying = true;
    expect_eq(wait_vcpus(&rl, &domain, 1, WAIT_FOREVER), -ESRCH);
}

HOST_TEST_MAIN
