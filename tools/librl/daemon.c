#include "daemon.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <xenstore.h>

#include "clock.h"
#include "create.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "message.h"
#include "names.h"
#include "record.h"
#include "wait.h"

#define LOCK_PATH "/run/ringleader.lock"
#define LOG_NAME  "daemon"

extern char **environ;

/* --- one of a kind --- */

/* The lock's descriptor. -EWOULDBLOCK somebody has it. */
static int take_lock(int how)
{
    int fd = open(LOCK_PATH, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if ( fd < 0 )
        return -errno;
    if ( !flock(fd, how | LOCK_NB) )
        return fd;
    close(fd);
    return -EWOULDBLOCK;
}

bool daemon_runs(void)
{
    int fd = take_lock(LOCK_SH);

    if ( fd >= 0 )
        close(fd);
    return fd == -EWOULDBLOCK;
}

static int spawn(void)
{
    char *const argv[] = { "rl", "daemon", NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t pid;
    int error;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    for ( int fd = 0; fd <= 2; fd++ )
        posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    error = posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int daemon_start(void)
{
    int error = daemon_runs() ? 0 : spawn();

    return error ? rl_error(error,
                            "the daemon does not start (%s): on_poweroff, on_reboot and on_crash "
                            "won't be honoured",
                            strerror(error))
                 : 0;
}

/* --- what to do with a domain that stopped --- */

/* A domain that stops sooner than this after we started it would do so again and again. */
#define MIN_LIFE_NS (3 * (s64)NS_PER_S)

/* When we last started a domain of a name. Kept for good: there are not so many names. */
struct start {
    struct start *next;
    char name[RL_NAME_SIZE];
    s64 at; /* by clock_ns() */
};

static struct start *starts;

static struct start *find_start(const char *name)
{
    struct start *start = starts;

    while ( start && strcmp(start->name, name) )
        start = start->next;
    return start;
}

static void note_start(const char *name)
{
    struct start *start = find_start(name);

    if ( !start )
    {
        start = calloc(1, sizeof(*start));
        if ( !start )
            return;
        snprintf(start->name, sizeof(start->name), "%s", name);
        start->next = starts;
        starts = start;
    }
    start->at = clock_ns();
}

static bool started_just_now(const char *name)
{
    const struct start *start = find_start(name);

    return start && clock_ns() - start->at < MIN_LIFE_NS;
}

static enum rl_action wanted_action(const struct rl_domain *domain, const struct rl_config *config)
{
    enum rl_action action = domain->reason == SHUTDOWN_poweroff ? config->on_poweroff
                            : domain->reason == SHUTDOWN_reboot ? config->on_reboot
                                                                : config->on_crash;

    if ( (action == RL_RESTART || action == RL_RENAME_RESTART) && started_just_now(config->name) )
    {
        record_log(config->name, "domain %u stopped within %lld s: not started again", domain->id,
                   (long long)(MIN_LIFE_NS / (s64)NS_PER_S));
        action = RL_DESTROY;
    }
    return action;
}

static int start_again(struct rl *rl, const struct rl_config *config)
{
    struct rl_config again = *config; /* the number may still be the old domain's */
    struct rl_domain domain;
    domid_t id;
    int rc;

    again.domid = 0;
    rc = rl_create(rl, &again, &id);
    if ( !rc )
        rc = rl_domain_get(rl, id, &domain);
    if ( !rc )
        rc = rl_domain_unpause(rl, &domain);
    if ( !rc )
        note_start(config->name);
    record_log(config->name, rc ? "could not be started again" : "domain %u follows", id);
    return rc;
}

/* The old one gets a name and keeps its UUID; the new one is another. */
static int rename_restart(struct rl *rl, struct rl_domain *domain, struct rl_config *config)
{
    char name[RL_NAME_SIZE + 8];
    int rc;

    snprintf(name, sizeof(name), "%.50s-%u", domain->name, domain->id);
    rc = rl_domain_rename(rl, domain, name);
    config->has_uuid = false;
    if ( !rc )
        rc = rl_config_finish(config);
    return rc ? rc : start_again(rl, config);
}

static void settle(struct rl *rl, struct rl_domain *domain, struct rl_config *config)
{
    enum rl_action action = wanted_action(domain, config);
    int rc = record_end(rl, domain, domain->reason, action);

    record_forget(rl, domain->id); /* it is dealt with, come what may */
    if ( rc || action == RL_PRESERVE )
        return;
    if ( action == RL_RENAME_RESTART )
        rename_restart(rl, domain, config);
    else if ( !rl_domain_destroy(rl, domain) && action == RL_RESTART )
        start_again(rl, config);
}

/* A suspended domain is saved by whoever suspended it. */
static bool stopped(const struct rl_domain *domain)
{
    return domain->shutdown && !domain->dying && domain->reason != SHUTDOWN_suspend;
}

/* One of ours that we have a record of and that has stopped, or (@gone) was taken away behind our back. */
static void look_at(struct rl *rl, struct rl_domain *domain, bool gone)
{
    struct rl_config config;

    rl_config_init(&config);
    if ( !record_get_config(rl, domain->id, &config) )
    {
        if ( gone )
        {
            snprintf(domain->name, sizeof(domain->name), "%s", config.name);
            record_end(rl, domain, RL_REASON_DESTROYED, RL_DESTROY);
            record_forget(rl, domain->id);
        }
        else
        {
            rl_domain_name(rl, domain);
            settle(rl, domain, &config);
        }
    }
    rl_config_free(&config);
}

/* The store is asked only about those of whom the hypervisor says that something has happened to them. */
static void look_at_all(struct rl *rl)
{
    unsigned int count = 0;
    char **ids = xs_directory(rl->store, XBT_NULL, RECORD_DOMAIN, &count);

    for ( unsigned int i = 0; i < count; i++ )
    {
        struct rl_domain domain = { .id = (domid_t)strtoul(ids[i], NULL, 10) };
        bool gone = rl_domain_get(rl, domain.id, &domain) || domain.dying;

        if ( gone || stopped(&domain) )
            look_at(rl, &domain, gone);
    }
    free(ids);
}

/* --- the process --- */

static void log_message(const char *line)
{
    record_log(LOG_NAME, "%s", line);
}

/* What a watch told of: a name, or that some domain has stopped or gone. */
static void handle(struct rl *rl, const char *path)
{
    if ( !strcmp(path, "@releaseDomain") )
        look_at_all(rl);
    else
        names_changed(rl, path);
}

static int serve(struct rl *rl)
{
    char *path;
    int rc;

    look_at_all(rl);
    do
    {
        rc = wait_event(rl, -1, &path);
        if ( path )
            handle(rl, path);
        free(path);
    } while ( rc != -EIO );
    return rl_error(EIO, "the store is gone");
}

int daemon_run(struct rl *rl)
{
    int lock = take_lock(LOCK_EX);

    if ( lock < 0 )
        return rl_error(-lock,
                        lock == -EWOULDBLOCK ? "the daemon runs already" : "%s can't be locked",
                        LOCK_PATH);
    if ( !rl_store(rl) || !xs_watch(rl->store, "@releaseDomain", "end") ||
         !xs_watch(rl->store, NAMES_WATCH, "name") )
        return rl_error(EIO, "the store does not tell of domains that end");
    names_vouch(rl);
    if ( !isatty(STDERR_FILENO) )
        rl_set_sink(log_message);
    prctl(PR_SET_NAME, "rl-daemon"); /* we were started as /proc/self/exe */
    record_log(LOG_NAME, "started, process %d", getpid());
    return serve(rl);
}
