#include "wait.h"

#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include <xenstore.h>

#include "clock.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "message.h"
#include "record.h"
#include "store.h"

/* --- time --- */

static s64 now_ms(void)
{
    return clock_ns() / (s64)NS_PER_MS;
}

/* What is left until @end for poll(); -1: for ever. */
static int left_ms(int seconds, s64 end)
{
    return seconds == WAIT_FOREVER ? -1 : (int)min(max(end - now_ms(), (s64)0), (s64)INT_MAX);
}

/* --- events --- */

/*
 * The library wakes nobody when the connection ends, but says so when it is asked for an event: so we ask now and then,
 * which costs no request.
 */
#define ASK_EVERY_MS 1000

/* 0: there may be an event. */
static int wait_readable(int fd, int ms)
{
    struct pollfd poll_fd = { fd, POLLIN, 0 };
    int rc = poll(&poll_fd, 1, ms);

    return rc < 0 ? -errno : rc ? 0 : -ETIMEDOUT;
}

int wait_event(struct rl *rl, int ms, char **path)
{
    bool forever = ms < 0;
    char **event;
    int rc;

    if ( path )
        *path = NULL;
    do
    {
        int some = forever ? ASK_EVERY_MS : min(ms, ASK_EVERY_MS);

        rc = wait_readable(xs_fileno(rl->store), some);
        event = xs_check_watch(rl->store);
        if ( !event && errno != EAGAIN )
            return -EIO;
        ms -= some;
    } while ( rc == -ETIMEDOUT && !event && (forever || ms > 0) );

    if ( !event )
        return rc;
    if ( path )
        *path = strdup(event[XS_WATCH_PATH]);
    free(event);
    return 0;
}

/* After wait_event(): is there reason to wait on? */
static bool may_come(int rc)
{
    return rc == 0 || rc == -EINTR;
}

static int watch(struct rl *rl, const char *path)
{
    if ( !rl_store(rl) )
        return -EIO;
    return xs_watch(rl->store, path, path)
               ? 0
               : rl_error(errno, "the store does not watch %s: %s", path, strerror(errno));
}

static void unwatch(struct rl *rl, const char *path)
{
    xs_unwatch(rl->store, path, path);
}

char *wait_value(struct rl *rl, const char *path, int seconds)
{
    s64 end = now_ms() + seconds * 1000LL;
    char *value = NULL;
    int rc;

    if ( watch(rl, path) )
        return NULL;
    do
    {
        free(value);
        value = store_read(rl, "%s", path);
        rc = value && *value ? -ENOENT : wait_event(rl, left_ms(seconds, end), NULL);
    } while ( may_come(rc) );
    unwatch(rl, path);
    if ( value && *value )
        return value;
    free(value);
    return NULL;
}

/* --- domains --- */

/* Seconds that the daemons get to unmap a dead domain's pages. */
#define GONE_SECONDS 20

bool wait_gone(struct rl *rl, domid_t id)
{
    struct rl_domain domain;
    struct timespec pause = { 0, 1000000 };
    s64 end = now_ms() + GONE_SECONDS * 1000LL;

    while ( now_ms() < end )
    {
        if ( rl_domain_get(rl, id, &domain) )
            return true;
        nanosleep(&pause, NULL);
        pause.tv_nsec = min(pause.tv_nsec * 2, 50000000L);
    }
    return false;
}

/* The guest tells nobody when it is done, so we look. */
#define LOOK_EVERY_MS 50

int wait_vcpus(struct rl *rl, const struct rl_domain *domain, unsigned int count, int seconds)
{
    const struct timespec pause = { 0, LOOK_EVERY_MS * 1000000L };
    s64 end = now_ms() + seconds * 1000LL;
    struct rl_domain now;

    for ( ;; )
    {
        if ( rl_domain_get(rl, domain->id, &now) || now.dying )
            return rl_error(ESRCH, "domain %u has gone meanwhile", domain->id);
        if ( now.vcpus_online == count )
            return 0;
        if ( now.shutdown )
            return rl_error(EALREADY, "domain %u has stopped (%s), with %u vcpus online",
                            domain->id, rl_reason_name(now.reason), now.vcpus_online);
        if ( !left_ms(seconds, end) )
            return rl_error(ETIMEDOUT, "%s has not %u vcpus online within %d s, but %u",
                            domain->name, count, seconds, now.vcpus_online);
        nanosleep(&pause, NULL);
    }
}

/* A domain that stopped and stays as it is: its settings say so, or it is not the daemon's. */
static bool kept(struct rl *rl, const struct rl_domain *domain)
{
    struct record_end end;

    if ( !record_get_end(rl, domain->name, &end) && end.id == domain->id )
        return end.then == RL_PRESERVE || end.then == RL_RENAME_RESTART;
    return !record_exists(rl, domain->id);
}

/* True when the wait is over. @reason is kept up to date. */
static bool reached(struct rl *rl, const struct rl_domain *domain, enum wait_state state,
                    char reason[16])
{
    struct rl_domain now;

    if ( rl_domain_get(rl, domain->id, &now) )
        return true;
    if ( now.dying )
        return wait_gone(rl, domain->id);
    if ( now.shutdown )
        snprintf(reason, 16, "%s", rl_reason_name(now.reason));
    return now.shutdown && (state == WAIT_SHUTDOWN || (state == WAIT_ENDED && kept(rl, domain)));
}

int wait_domain(struct rl *rl, const struct rl_domain *domain, enum wait_state state, int seconds,
                char reason[16])
{
    s64 end = now_ms() + seconds * 1000LL;
    char record[256];
    struct record_end ended;
    int rc = watch(rl, "@releaseDomain");

    snprintf(record, sizeof(record), RECORD_ENDED "/%s", domain->name);
    snprintf(reason, 16, "%s", rl_reason_name(RL_REASON_DESTROYED));
    if ( !rc )
        rc = watch(rl, record);
    while ( !rc && !reached(rl, domain, state, reason) )
    {
        int waited = wait_event(rl, left_ms(seconds, end), NULL);

        if ( waited == -ETIMEDOUT )
            rc = rl_error(ETIMEDOUT, "%s has not come to its end within %d s", domain->name,
                          seconds);
        else if ( !may_come(waited) )
            rc = rl_error(-waited, "the store is gone: %s may go on", domain->name);
    }
    unwatch(rl, record);
    unwatch(rl, "@releaseDomain");
    if ( !rc && !record_get_end(rl, domain->name, &ended) && ended.id == domain->id )
        memcpy(reason, ended.reason, sizeof(ended.reason));
    return rc;
}
