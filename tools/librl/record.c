#include "record.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <xenstore.h>

#include "lib/string.h"
#include "message.h"
#include "store.h"

#define LOG_HOME "/var/log/ringleader"

/* --- logs --- */

void record_log(const char *name, const char *fmt, ...)
{
    char path[256], line[512];
    time_t now = time(NULL);
    size_t used = strftime(line, sizeof(line), "%Y-%m-%d %H:%M:%S ", localtime(&now));
    va_list args;
    int fd;

    va_start(args, fmt);
    vsnprintf(line + used, sizeof(line) - used - 1, fmt, args);
    va_end(args);
    used = strlen(line);
    line[used++] = '\n';

    mkdir(LOG_HOME, 0750);
    snprintf(path, sizeof(path), LOG_HOME "/%s.log", name);
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if ( fd < 0 )
        return;
    if ( write(fd, line, used) < 0 )
        rl_debug("%s can't be written", path);
    close(fd);
}

/* --- ends --- */

int record_end(struct rl *rl, const struct rl_domain *domain, unsigned int reason,
               enum rl_action then)
{
    char value[64];
    const char *name = *domain->name ? domain->name : "(none)";

    record_log(name, "domain %u ended: %s; then: %s", domain->id, rl_reason_name(reason),
               rl_action_name(then));
    snprintf(value, sizeof(value), "%u %s %s", domain->id, rl_reason_name(reason),
             rl_action_name(then));
    return store_write(rl, XBT_NULL, value, RECORD_ENDED "/%s", name);
}

int record_get_end(struct rl *rl, const char *name, struct record_end *end)
{
    char *value = store_read(rl, RECORD_ENDED "/%s", name);
    char then[16];
    unsigned int id;
    bool good;

    if ( !value )
        return -ENOENT;
    good = sscanf(value, "%u %15s %15s", &id, end->reason, then) == 3 &&
           rl_action_named(then, &end->then);
    free(value);
    if ( !good )
        return -ENOENT;
    snprintf(end->name, sizeof(end->name), "%s", name);
    end->id = (domid_t)id;
    return 0;
}

/* --- settings --- */

int record_get_config(struct rl *rl, domid_t id, struct rl_config *config)
{
    char *text = store_read(rl, RECORD_DOMAIN "/%u", id);
    int rc;

    if ( !text )
        return -ENOENT;
    rc = rl_config_parse(config, text, "record");
    free(text);
    return rc ? rc : rl_config_finish(config);
}

bool record_exists(struct rl *rl, domid_t id)
{
    char *text = store_read(rl, RECORD_DOMAIN "/%u", id);

    free(text);
    return text != NULL;
}

void record_forget(struct rl *rl, domid_t id)
{
    char path[64];

    snprintf(path, sizeof(path), RECORD_DOMAIN "/%u", id);
    store_remove(rl, path);
}
