/* console. */
#include "console.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "lib/string.h"
#include "librl/message.h"
#include "librl/wait.h"
#include "verb.h"

#define ESCAPE 0x1d /* ^] */

#define TTY_SECONDS 20

int console_open(struct rl *rl, const struct rl_domain *domain)
{
    char path[64], *tty;
    int fd;

    snprintf(path, sizeof(path), "/local/domain/%u/console/tty", domain->id);
    tty = wait_value(rl, path, TTY_SECONDS);
    if ( !tty )
        return rl_error(ENXIO, "%s has no console: is xenconsoled running?", domain->name);
    fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if ( fd < 0 )
        fd = rl_error(errno, "the console of %s, %s, can't be opened: %s", domain->name, tty,
                      strerror(errno));
    free(tty);
    return fd;
}

/* --- our terminal --- */

/*
 * True if standard input is a terminal, which then hands over characters as they are typed. What was typed
 * before stays.
 */
static bool make_raw(struct termios *before)
{
    struct termios raw;

    if ( tcgetattr(STDIN_FILENO, before) )
        return false;
    raw = *before;
    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    return true;
}

/* --- passing on --- */

static bool write_all(int fd, const char *data, size_t size)
{
    while ( size )
    {
        ssize_t n = write(fd, data, size);

        if ( n < 0 && errno == EINTR )
            continue;
        if ( n <= 0 )
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

enum passed { GO_ON, INPUT_ENDED, LEAVE };

static enum passed pass_input(int fd)
{
    char data[256], *escape;
    ssize_t n = read(STDIN_FILENO, data, sizeof(data));

    if ( n <= 0 )
        return INPUT_ENDED;
    escape = memchr(data, ESCAPE, (size_t)n);
    if ( !write_all(fd, data, escape ? (size_t)(escape - data) : (size_t)n) )
        return LEAVE;
    return escape ? LEAVE : GO_ON;
}

/* xenconsoled closes its side when the domain has ended: reading then fails. */
static enum passed pass_output(int fd)
{
    char data[4096];
    ssize_t n = read(fd, data, sizeof(data));

    if ( n < 0 && errno == EINTR )
        return GO_ON;
    if ( n > 0 )
        return write_all(STDOUT_FILENO, data, (size_t)n) ? GO_ON : LEAVE;
    return INPUT_ENDED;
}

/* Returns true if the domain ended. */
static bool pass(int fd)
{
    struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 }, { fd, POLLIN, 0 } };

    for ( ;; )
    {
        if ( poll(fds, 2, -1) < 0 && errno != EINTR )
            return false;
        if ( fds[1].revents )
        {
            enum passed what = pass_output(fd);

            if ( what != GO_ON )
                return what == INPUT_ENDED;
        }
        if ( fds[0].revents )
        {
            enum passed what = pass_input(fd);

            if ( what == LEAVE )
                return false;
            if ( what == INPUT_ENDED )
                fds[0].fd = -1; /* a script's end; the guest may have more to say */
        }
    }
}

int console_run(int fd)
{
    struct termios before;
    bool raw = make_raw(&before), ended;

    if ( raw )
        fprintf(stderr, "rl: ^] leaves the console\r\n");
    ended = pass(fd);
    if ( raw )
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    close(fd);
    fprintf(stderr, ended ? "\nrl: the domain has ended\n" : "\nrl: left the console\n");
    return 0;
}

static int console(struct rl *rl, const struct arguments *arguments)
{
    struct rl_domain domain;
    int rc = rl_domain_find(rl, arguments->words[0], &domain);

    if ( rc )
        return rc;
    rc = console_open(rl, &domain);
    return rc < 0 ? rc : console_run(rc);
}

const struct verb verb_console = {
    .name = "console",
    .synopsis = "DOMAIN",
    .summary = "Attach to a domain's console",
    .help = "^] leaves; the domain runs on.\n",
    .least = 1,
    .most = 1,
    .run = console,
};
